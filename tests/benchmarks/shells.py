"""Shells in processes of their own, which run cells and tell what CPU time each took.

`Shells` starts one process per kind of shell, which loads the usual libraries and then forks for every row of a table, so that rows
do not disturb each other. This file also runs in environments without mlnb: it needs the standard library and IPython only.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

KINDS = ("IPython", "mlnb", "ipyflow")


class Shell:
    """The parent's end of one process.

    Args:
        kind: ``IPython`` (nothing else in it), ``mlnb`` or ``ipyflow``.
        python: the interpreter to use.
    """

    def __init__(self, kind: str, python: str = sys.executable) -> None:
        tests = Path(__file__).resolve().parents[1]
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="mlnb-bench-")
        environment = {
            **os.environ, "PYTHONPATH": f"{tests}:{tests.parent}" if kind == "mlnb" else str(tests), "PYTHONHASHSEED": "0",
            "MLNB_HOME": f"{self._folder.name}/home", "MLNB_KEYS": f"{self._folder.name}/keys",
            "IPYTHONDIR": f"{self._folder.name}/ipython", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        code = f"from benchmarks import shells; shells.serve({kind!r})"
        self._process = subprocess.Popen(
            [python, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._folder.name, env=environment,
            stderr=subprocess.DEVNULL if kind == "ipyflow" else None,
        )  # fmt: skip

    def ask(self, call: str, *arguments: object) -> Any:
        """The answer of the method `call` of `_Child` in the process (``open`` begins a fresh shell, ``close`` ends it)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((call, arguments), self._process.stdin)
        self._process.stdin.flush()
        answer = pickle.load(self._process.stdout)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def end(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


def alternate(
    shells: Sequence[Shell], setup: Sequence[str], source: str, repeats: Mapping[str, int], blocks: int = 5
) -> dict[str, list[float]]:
    """Milliseconds of CPU time of each run of the cell `source`, by kind of shell; the shells take turns.

    Args:
        shells: the shells.
        setup: cells that run before, not measured.
        source: the cell.
        repeats: how often it runs, by kind of shell; kinds that are missing are left out.
        blocks: how many turns each takes.
    """
    taking_part = [shell for shell in shells if repeats.get(shell.kind)]
    found: dict[str, list[float]] = {shell.kind: [] for shell in taking_part}
    for shell in taking_part:
        shell.ask("open", list(setup))
    for block in range(blocks):
        for shell in taking_part:
            times = repeats[shell.kind]
            count = times * (block + 1) // blocks - times * block // blocks
            if block == 0:
                shell.ask("time", source, 1)  # the first run is another one: it imports, compiles, allocates
            found[shell.kind] += shell.ask("time", source, count)
    for shell in taking_part:
        shell.ask("close")
    return found


# ---- in the other process


def serve(kind: str) -> None:
    """Answer until the pipe is closed; every ``open`` is a fork that answers until ``close``."""
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    _import_all(kind)
    while True:
        try:
            call, arguments = pickle.load(asked)
        except EOFError:
            return
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        try:
            _answer(_CHILDREN[kind](), call, arguments, asked, answers)
        finally:
            os._exit(0)


def _import_all(kind: str) -> None:
    import IPython.core.interactiveshell  # noqa: F401

    for name in (
        "numpy",
        "pandas",
        *{"mlnb": ("mlnb.kernel.extension", "mlnb.order"), "ipyflow": ("ipyflow", "ipyflow.flow")}.get(kind, ()),
    ):
        try:
            __import__(name)
        except ImportError:
            if name not in ("numpy", "pandas"):
                raise


def _answer(child: _Child, call: str, arguments: tuple[Any, ...], asked: Any, answers: Any) -> None:
    while True:
        try:
            answer = getattr(child, call)(*arguments)
        except Exception as error:
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        pickle.dump(answer, answers)
        answers.flush()
        if call == "close":
            return
        call, arguments = pickle.load(asked)


class _Child:
    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.shell: Any = InteractiveShell.instance(config=config)

    def open(self, setup: Sequence[str]) -> None:
        """Run the cells of `setup`."""
        for number, source in enumerate(setup):
            self.run(source, f"setup{number}")

    def run(self, source: str, cell_id: str) -> None:
        """Run one cell."""
        self.shell.run_cell(source, store_history=True, cell_id=cell_id).raise_error()

    def time(self, source: str, times: int) -> list[float]:
        """Run `source` so many times; milliseconds of CPU time of each run."""
        taken = []
        for _ in range(times):
            begun = time.process_time()
            self.run(source, "c0")
            taken.append(1000 * (time.process_time() - begun))
        return taken

    def status(self, cells: int, times: int) -> list[float]:
        """Milliseconds of CPU time to tell the state of each cell of a notebook of so many cells, after a cell has run."""
        sources = {f"s{n}": f"v{n} = {'0' if n < 2 else f'v{n - 1}'} + 1" for n in range(cells)}
        self.begin(sources)
        for cell_id, source in sources.items():
            self.run(source, cell_id)
        taken = []
        for _ in range(times):
            self.run(sources[f"s{cells - 1}"], f"s{cells - 1}")
            begun = time.process_time()
            self.look(sources)
            taken.append(1000 * (time.process_time() - begun))
        return taken

    def outputs(self, sources: Sequence[str]) -> list[str]:
        """What each cell writes to both streams: text, results, errors."""
        found = []
        with tempfile.TemporaryFile() as screen:
            for descriptor in (1, 2):
                os.dup2(screen.fileno(), descriptor)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            for number, source in enumerate(sources):
                screen.truncate(0)
                screen.seek(0)
                self.shell.run_cell(source, store_history=True, cell_id=f"o{number}")
                sys.stdout.flush()
                sys.stderr.flush()
                screen.seek(0)
                found.append(screen.read().decode("utf-8", "replace"))
        return found

    def begin(self, sources: Mapping[str, str]) -> None:
        """Take the cells `sources` for the document."""

    def look(self, sources: Mapping[str, str]) -> None:
        """Tell the state of every cell."""

    def close(self) -> None:
        """Nothing: the process ends after the answer."""


class _WithMlnb(_Child):
    def __init__(self) -> None:
        super().__init__()
        self.shell.run_line_magic("load_ext", "mlnb")

    def open(self, setup: Sequence[str]) -> None:
        self.begin({"c0": ""})
        super().open(setup)

    def time(self, source: str, times: int) -> list[float]:
        taken = super().time(source, times)
        assert self.shell._mlnb_loaded.order.mode == "mark", "a fault ended order: nothing was measured"
        return taken

    def begin(self, sources: Mapping[str, str]) -> None:
        import mlnb

        mlnb.order.sync([{"id": name, "cell_type": "code", "source": text} for name, text in sources.items()])

    def inside(self, source: str, times: int) -> tuple[list[float], list[float]]:
        """Milliseconds of CPU time of the code of the cell `source` alone: in mode off and watched, in turns, in this one process.

        Two processes differ by some percent in the same loop, for where their memory lies.
        """
        import mlnb

        self.shell.user_ns["clock"] = time.process_time
        timed = f"begun = clock()\n{source}\ntook = 1000 * (clock() - begun)"
        found: dict[str, list[float]] = {"off": [], "mark": []}
        for _ in range(times):
            for mode, taken in found.items():
                mlnb.order.set_mode(mode)
                self.run(timed, "c0")
                taken.append(self.shell.user_ns["took"])
        return found["off"], found["mark"]

    def look(self, sources: Mapping[str, str]) -> None:
        import mlnb

        self.begin(sources)
        states = mlnb.order.status()
        assert all(status.state == "fresh" for status in states.values()), "a chain that ran in order is fresh"


class _WithIpyflow(_Child):
    def __init__(self) -> None:
        super().__init__()
        self.shell.run_line_magic("load_ext", "ipyflow")
        from ipyflow.singletons import flow

        self._flow: Any = flow()
        self._has_document = False

    def run(self, source: str, cell_id: str) -> None:
        if not self._has_document:
            self.shell.run_cell(source, store_history=True).raise_error()
            return
        self._flow.set_active_cell(cell_id)
        super().run(source, cell_id)

    def begin(self, sources: Mapping[str, str]) -> None:
        self._flow.initialize(interface="jupyterlab", cell_metadata_by_id=_as_ipyflow(sources))
        self._has_document = True

    def look(self, sources: Mapping[str, str]) -> None:
        self._flow.comm_manager.handle_compute_exec_schedule(
            {"type": "compute_exec_schedule", "cell_metadata_by_id": _as_ipyflow(sources)}
        )


def _as_ipyflow(sources: Mapping[str, str]) -> dict[str, Any]:
    more = {"type": "code", "override_live_refs": None, "override_dead_refs": None}
    return {cell_id: {"index": n, "content": text, **more} for n, (cell_id, text) in enumerate(sources.items())}


_CHILDREN = {"IPython": _Child, "mlnb": _WithMlnb, "ipyflow": _WithIpyflow}
