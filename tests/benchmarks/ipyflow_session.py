"""Plays cases in an environment with ipyflow, with its own verdicts: a cell is stale if it waits, is ready, or changed since it ran.

The other process runs this file in an environment without mlnb: it needs the standard library and IPython only.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from oracle import kernels

_CODE = "from benchmarks import ipyflow_session; ipyflow_session.serve()"


class IpyflowKernels(kernels.Kernels):
    """As `oracle.kernels.Kernels`, in the environment of the interpreter `python`; nothing is started when that is empty."""

    def __init__(self, python: str) -> None:
        self._python = python

    def __enter__(self) -> IpyflowKernels:
        if self._python:
            super().__enter__()
            environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg",
                           "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "IPYTHONDIR": f"{self._home}/ipython"}  # fmt: skip
            self._end_process()
            self._process = subprocess.Popen(
                [self._python, "-c", _CODE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._python:
            super().__exit__()

    def _end_process(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


# ---- in the other process


def serve() -> None:
    """As `oracle.kernels.serve`, with ipyflow in the place of mlnb."""
    kernels._prepare = _prepare
    kernels._Session = _Session  # type: ignore[misc]
    kernels.serve()


def _prepare() -> None:
    import ipyflow.flow  # noqa: F401
    import pandas  # noqa: F401
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell: Any = InteractiveShell.instance(config=config)
    shell.displayhook.write_output_prompt = lambda: None
    shell.showtraceback = lambda *_, **__: None
    shell.showsyntaxerror = lambda *_, **__: None


class _Session(kernels._Session):
    def _load(self) -> Any:
        self.shell.run_line_magic("load_ext", "ipyflow")
        return _Order(self.shell)

    def _run(self, cell_id: str, source: str) -> kernels.Seen:
        self.order.begin(cell_id, source)
        seen = super()._run(cell_id, source)
        self.order.end(cell_id)
        return seen


class _Order:
    """ipyflow behind the calls that the session makes."""

    def __init__(self, shell: Any) -> None:
        from ipyflow.singletons import flow

        self._flow: Any = flow()
        self._cells: list[Mapping[str, str]] = []
        self._ran: dict[str, str] = {}
        self._has_begun = False

    def sync(self, cells: Sequence[Mapping[str, str]]) -> None:
        self._cells = list(cells)
        if self._has_begun:
            self._flow.comm_manager.handle({"type": "notify_content_changed", "cell_metadata_by_id": self._about()})
        else:
            self._flow.initialize(interface="jupyterlab", cell_metadata_by_id=self._about())
            self._has_begun = True

    def begin(self, cell_id: str, source: str) -> None:
        self._flow.set_active_cell(cell_id)
        self._ran[cell_id] = source

    def end(self, cell_id: str) -> None:
        self._ask(executed_cell_id=cell_id)

    def status(self) -> dict[str, Any]:
        told = self._ask()
        failed = not told or told.get("success") is False
        bad = set() if failed else {*told["waiting_cells"], *told["ready_cells"]}
        found = {}
        for cell in self._cells:
            is_fresh = self._ran.get(cell["id"]) == cell["source"] and cell["id"] not in bad
            found[cell["id"]] = SimpleNamespace(
                state="unknown" if failed else "fresh" if is_fresh else "stale", reasons=[]
            )
        return found

    def plan(self) -> list[str]:
        return []

    def _ask(self, **more: str) -> Any:
        message = {"type": "compute_exec_schedule", "cell_metadata_by_id": self._about(), **more}
        return self._flow.comm_manager.handle_compute_exec_schedule(message)

    def _about(self) -> dict[str, Any]:
        more = {"type": "code", "override_live_refs": None, "override_dead_refs": None}
        return {cell["id"]: {"index": n, "content": cell["source"], **more} for n, cell in enumerate(self._cells)}
