"""The verbs of order outside a kernel: check a saved notebook, mend it, verify it by a fresh run, ask what its certificates are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

from mlnb.core.clock import Clock, utc_now
from mlnb.core.ids import new_id
from mlnb.core.secrets import mask_tree
from mlnb.order.certify import Certificates, parameters_digest
from mlnb.order.errors import KernelOnly
from mlnb.order.mend import mend
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.ports import Analyzer, NotebookRunner
from mlnb.order.repo import CertificateRepo
from mlnb.order.rules.compare import compare_cell, first_different, worst
from mlnb.order.rules.frozen import FrozenNeed
from mlnb.order.rules.static import check_notebook
from mlnb.order.saved import KEPT_TAGS, CertificateList, CertificateStatus, Certification, FixReport
from mlnb.order.thaw import needs_of
from mlnb.order.types import CellVerdict, Certificate, CheckReport, SavedNotebook, Verification


class OrderService:
    """Order for server, command line and Python outside kernels.

    Args:
        certificates: where certificates are kept.
        runner: runs a notebook afresh.
        analyzer: the analyser of a kernel language; raises `NotFound` where there is none.
        env_id: names the environment of the interpreter at a path; of the one that runs this when None.
        clock: the time.
    """

    def __init__(
        self,
        certificates: CertificateRepo,
        runner: NotebookRunner,
        analyzer: Callable[[str], Analyzer],
        env_id: Callable[[Path | None], str],
        clock: Clock = utc_now,
    ) -> None:
        self._runner = runner
        self._analyzer = analyzer
        self._env_id = env_id
        self._clock = clock
        self._certificates = Certificates(certificates, analyzer, self._env_of_kernel)

    def check(self, path: Path) -> CheckReport:
        """The order findings of the saved notebook at `path`; nothing runs.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
        """
        return check_notebook(read_notebook(path), self._analyzer)

    def fix(self, path: Path, *, write: bool = True) -> FixReport:
        """Mend what is safe in the saved notebook at `path`; everything else in the file stays byte for byte.

        Args:
            path: the notebook.
            write: False to be told what would change.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
            StoreUnavailable: it cannot be written.
        """
        return mend(path, self._analyzer, write=write)

    def verify(self, path: Path, parameters: Mapping[str, Any] | None = None) -> Verification:
        """Run the notebook at `path` afresh and compare every code cell with what is saved; keeps a signed certificate.

        A notebook that was saved without outputs is run twice, and the two runs are compared.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
            BadInput: it declares no such parameter.
            FrozenValueMissing: a frozen cell defines what others read, and its values cannot be had; nothing was run.
            Unavailable: no kernel could be started.
        """
        path, given = path.absolute(), dict(parameters or {})
        saved = read_notebook(path)
        source = self._certificates.source(saved)
        files = self._runner.files_below(path.parent)
        fresh = self._runner.run(path, given)
        compared_with: Literal["saved", "second_run"] = "saved"
        old = saved
        if _is_stored_clean(saved):
            compared_with, old = "second_run", fresh
            if not _has_failed(fresh):
                fresh = self._runner.run(path, given)
        cells = self._compare(saved, old, fresh)
        after = self._runner.files_below(path.parent)
        certificate = self._certificates.sign(
            Certificate(
                new_id("cert"), str(path), source.digest, worst(cells), cells,
                {name: str(value) for name, value in mask_tree(given).items()}, self._env_of_kernel(saved.kernel), self._clock(),
                notebook_id=saved.notebook_id, parameters_digest=parameters_digest(given), cell_digests=source.cells,
                compared_with=compared_with,
            )
        )  # fmt: skip
        written = sorted(name for name, state in after.items() if files and files.get(name) != state)
        return Verification(
            certificate.verdict, cells, certificate.id, str(path), first_different(cells), compared_with, written
        )

    def frozen_needs(self, path: Path) -> Sequence[FrozenNeed]:
        """What the frozen cells of the notebook at `path` have to bring into a run; empty where no cell builds on one.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
            FrozenValueMissing: it is in a language whose names mlnb cannot read.
        """
        saved = read_notebook(path)
        return needs_of(saved, self._analyzer) if any("frozen" in cell.tags for cell in saved.cells) else []

    def certificate(self, certificate_id: str) -> CertificateStatus:
        """A certificate and what it is worth now, for the notebook as it stands at the path that it names.

        Raises:
            NotFound: there is none of that id.
        """
        return self._certificates.status(self._certificates.get(certificate_id))

    def certificates(self, path: Path) -> CertificateList:
        """The certificates of the notebook at `path`, the latest first, and what each is worth now.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
        """
        return self._certificates.of(path.absolute())

    def certification(self, path: Path, parameters: Mapping[str, Any] | None = None) -> Certification:
        """Whether a certificate says that the notebook at `path`, as it is now, with `parameters` and in the environment of its
        kernel gives what is saved; why not, and the way out.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
        """
        return self._certificates.certification(path.absolute(), dict(parameters or {}))

    def is_certified(self, path: Path, parameters: Mapping[str, Any] | None = None) -> bool:
        """`certification` as yes or no.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
        """
        return self.certification(path, parameters).is_certified

    def _compare(self, saved: SavedNotebook, old: SavedNotebook, fresh: SavedNotebook) -> list[CellVerdict]:
        now = self._clock()
        cells: list[CellVerdict] = []
        is_reached = True
        for named, before, after in zip(saved.cells, old.cells, fresh.cells, strict=True):
            if named.cell_type != "code" or not named.source.strip():
                continue
            verdict = compare_cell(named, before, after, is_reached=is_reached, now=now)
            is_reached = is_reached and verdict.verdict != "failed"
            cells.append(verdict)
        return cells

    def _env_of_kernel(self, kernel: str | None) -> str:
        return self._env_id(self._runner.interpreter(kernel))

    # ---- what only a kernel can tell

    def sync(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Only in a kernel.

        Raises:
            KernelOnly: always.
        """
        self._only_in_a_kernel()

    def status(self) -> NoReturn:
        """Only in a kernel.

        Raises:
            KernelOnly: always.
        """
        self._only_in_a_kernel()

    def plan(self, cell_id: str | None = None) -> NoReturn:
        """Only in a kernel.

        Raises:
            KernelOnly: always.
        """
        self._only_in_a_kernel()

    def set_mode(self, mode: str) -> NoReturn:
        """Only in a kernel.

        Raises:
            KernelOnly: always.
        """
        self._only_in_a_kernel()

    def _only_in_a_kernel(self) -> NoReturn:
        raise KernelOnly(
            "only a kernel knows which cells are stale",
            "In a notebook: %load_ext mlnb. For a saved one: mlnb check FILE.",
        )


def _is_stored_clean(notebook: SavedNotebook) -> bool:
    """Whether the notebook was saved with neither outputs nor counts, so that there is nothing to compare a run with."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and not set(KEPT_TAGS).intersection(cell.tags)]
    return all(not cell.outputs and cell.execution_count is None for cell in code)


def _has_failed(fresh: SavedNotebook) -> bool:
    return any(
        output.kind == "error" and "raises-exception" not in cell.tags
        for cell in fresh.cells
        for output in cell.outputs
    )
