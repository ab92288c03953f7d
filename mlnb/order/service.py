"""The verbs of order outside a kernel: check a saved notebook, verify it by a fresh run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from mlnb.core import signing
from mlnb.core.clock import Clock, utc_now
from mlnb.core.errors import NotFound
from mlnb.core.ids import new_id
from mlnb.core.secrets import mask_tree
from mlnb.core.wire import dumps
from mlnb.order.errors import KernelOnly
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.ports import Analyzer, NotebookRunner
from mlnb.order.repo import CertificateRepo
from mlnb.order.rules.compare import compare_cell, worst
from mlnb.order.rules.static import check_notebook
from mlnb.order.types import Certificate, CheckReport, Verification

PURPOSE = "mlnb.order.certificate"


class OrderService:
    """Order for server, command line and Python outside kernels.

    Args:
        certificates: where certificates are kept.
        runner: runs a notebook afresh.
        analyzer: the analyser of a kernel language; raises `NotFound` where there is none.
        env_id: names the environment.
        clock: the time.
    """

    def __init__(
        self,
        certificates: CertificateRepo,
        runner: NotebookRunner,
        analyzer: Callable[[str], Analyzer],
        env_id: Callable[[], str],
        clock: Clock = utc_now,
    ) -> None:
        self._certificates = certificates
        self._runner = runner
        self._analyzer = analyzer
        self._env_id = env_id
        self._clock = clock

    def check(self, path: Path) -> CheckReport:
        """The order findings of the saved notebook at `path`; nothing runs.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
        """
        return check_notebook(read_notebook(path), self._analyzer)

    def verify(self, path: Path, parameters: Mapping[str, Any] | None = None) -> Verification:
        """Run the notebook at `path` afresh and compare every code cell with what is saved; keeps a signed certificate.

        Raises:
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
            BadInput: it declares no such parameter.
            Unavailable: no kernel could be started.
        """
        saved = read_notebook(path)
        fresh = self._runner.run(path, parameters or {})
        cells = []
        is_reached = True
        for old, new in zip(saved.cells, fresh.cells, strict=True):
            if old.cell_type != "code":
                continue
            if not old.source.strip():
                continue
            verdict = compare_cell(old, new, is_reached=is_reached)
            is_reached = is_reached and verdict.verdict != "failed"
            cells.append(verdict)
        certificate = self._sign(
            Certificate(
                new_id("cert"), str(path), saved.digest, worst(cells), cells,
                {name: str(value) for name, value in mask_tree(dict(parameters or {})).items()}, self._env_id(), self._clock(),
            )
        )  # fmt: skip
        self._certificates.add(certificate)
        return Verification(certificate.verdict, cells, certificate.id, str(path))

    def certificate(self, certificate_id: str) -> tuple[Certificate, bool]:
        """A certificate, and whether this user's own key signed it as it is.

        Raises:
            NotFound: there is none of that id.
        """
        found = self._certificates.get(certificate_id)
        if found is None:
            raise NotFound(f"there is no certificate {certificate_id}", "Make one: mlnb verify NOTEBOOK.")
        return found, signing.is_signed(_signed_part(found), found.signature, PURPOSE)

    def _sign(self, certificate: Certificate) -> Certificate:
        named = dataclasses.replace(certificate, key_id=signing.key_id())
        return dataclasses.replace(named, signature=signing.sign(_signed_part(named), PURPOSE))

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


def _signed_part(certificate: Certificate) -> bytes:
    return dumps(dataclasses.replace(certificate, signature="")).encode()
