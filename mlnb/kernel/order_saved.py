"""What can be asked of a saved notebook from inside a kernel: check and mend it here; verify it in a process of its own.

A fresh run and its certificates need the whole of mlnb, its stores and a kernel of their own, which is the command line's business.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlnb.core.errors import MlnbError, NotInstalled
from mlnb.core.wire import from_wire
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.ports import Analyzer
from mlnb.order.rules.static import check_notebook
from mlnb.order.saved import CertificateList, Certification, FixReport
from mlnb.order.types import CheckReport, Verification

_COMMAND = (sys.executable, "-c", "from mlnb.cli.main import main; main()", "verify", "--json")
_OF_THIS_KERNEL = ("JPY_SESSION_NAME", "JPY_PARENT_PID", "MLNB_NOTEBOOK", "MLNB_SPOOL", "MLFLOW_RUN_ID")


class SavedNotebooks:
    """Verbs on saved notebooks, as `mlnb.order.service.OrderService` has them.

    Args:
        analyzer: reads the code of cells.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def check(self, path: Path) -> CheckReport:
        """The order findings of the saved notebook at `path`, as outside a kernel.

        Raises:
            BadInput: there is no such file, or it is not a notebook.
        """
        return check_notebook(read_notebook(path), lambda _language: self._analyzer)

    def fix(self, path: Path, *, write: bool = True) -> FixReport:
        """Mend what is safe in the saved notebook at `path`, as outside a kernel.

        Raises:
            BadInput: there is no such file, or it is not a notebook.
            StoreUnavailable: it cannot be written.
        """
        from mlnb.order.mend import mend  # noqa: PLC0415 - only when asked for

        return mend(path, lambda _language: self._analyzer, write=write)

    def verify(self, path: Path, parameters: Mapping[str, Any] | None = None) -> Verification:
        """Run the notebook at `path` afresh, in another process, and compare it with what is saved.

        Raises:
            MlnbError: it cannot be read, declares no such parameter, or could not be run.
            NotInstalled: there is only the kernel half of mlnb here.
        """
        return from_wire(Verification, _ask(path, parameters))

    def certificates(self, path: Path) -> CertificateList:
        """The certificates of the notebook at `path` and what each is worth now.

        Raises:
            MlnbError: there is no such notebook.
            NotInstalled: there is only the kernel half of mlnb here.
        """
        return from_wire(CertificateList, _ask(path, None, "--list"))

    def certification(self, path: Path, parameters: Mapping[str, Any] | None = None) -> Certification:
        """Whether a certificate holds for the notebook at `path` with `parameters`, why not, and the way out.

        Raises:
            MlnbError: there is no such notebook.
            NotInstalled: there is only the kernel half of mlnb here.
        """
        return from_wire(Certification, _ask(path, parameters, "--check"))


def _ask(path: Path, parameters: Mapping[str, Any] | None, *options: str) -> Any:  # noqa: ANN401 - JSON
    import subprocess  # noqa: PLC0415 - only when asked for

    pairs = [f"-p{name}={json.dumps(value)}" for name, value in (parameters or {}).items()]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THIS_KERNEL}
    done = subprocess.run(
        [*_COMMAND, *options, *pairs, "--", str(path.absolute())],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no further words"])[-1]
        raise NotInstalled(
            f"the command line of mlnb does not work here: {last}", "Install the whole: pip install mlnb."
        ) from None
    if "error" in found:
        raise _kinds(MlnbError).get(found["error"]["code"], MlnbError)(
            found["error"]["message"], found["error"]["hint"]
        )
    return found


def _kinds(kind: type[MlnbError]) -> dict[str, type[MlnbError]]:
    """The errors known here, by code; of two with one code the more general."""
    found: dict[str, type[MlnbError]] = {}
    for inner in kind.__subclasses__():
        found = {**_kinds(inner), **found}
    return {**found, kind.code: kind}
