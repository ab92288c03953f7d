"""One tool and one notebook in a process of its own; run as a script, in an environment that has the tool.

``python snapshot_shell.py run|restore TOOL FOLDER`` reads ``{"cells", "scale", "think", "middle"}`` as JSON from its input and prints what
it measured as JSON: seconds, bytes. Without a tool the cells alone are run.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pickle
import re
import sys
import time
from pathlib import Path
from typing import Any

_OWN = re.compile(r"_i?\d+|_|__|___|_i|_ii|_iii|_ih|_oh|_dh|In|Out|exit|quit|open|get_ipython|__\w+__|SCALE")


def new_shell() -> Any:
    """A bare shell that keeps no history."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    return InteractiveShell.instance(config=config)


class Nothing:
    """No tool at all; what the others share."""

    def __init__(self, shell: Any, folder: Path) -> None:
        self.shell, self.folder = shell, folder

    def before(self) -> None:
        """A cell is about to run."""

    def take(self, number: int) -> None:
        """Keep the state after cell `number`."""

    @property
    def waited_s(self) -> float:
        """How long cells have waited for what the tool does by itself."""
        return 0.0

    def flush(self) -> None:
        """Return when all is on disk."""

    def back(self, number: int) -> None:
        """Go to the state after cell `number`."""

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


class Dump(Nothing):
    """The whole namespace in one pickle after each cell; what makes it fail is left out from then on, without a word."""

    def __init__(self, shell: Any, folder: Path, tool: str) -> None:
        super().__init__(shell, folder)
        self.dumps = importlib.import_module(tool).dumps
        self.bad: set[str] = set()
        self.written = 0

    def data(self) -> bytes:
        """The namespace, pickled."""
        values = {name: self.shell.user_ns[name] for name in self.shell.user_ns if not _OWN.fullmatch(name)}
        values = {name: value for name, value in values.items() if name not in self.bad}
        with contextlib.suppress(Exception):
            found: bytes = self.dumps(values, protocol=5)
            return found
        for name in list(values):
            try:
                self.dumps(values[name], protocol=5)
            except Exception:
                self.bad.add(name)
                del values[name]
        found = self.dumps(values, protocol=5)
        return found

    def take(self, number: int) -> None:
        data = self.data()
        (self.folder / f"{number}.pkl").write_bytes(data)
        self.written += len(data)

    def back(self, number: int) -> None:
        self.shell.user_ns.update(pickle.loads((self.folder / f"{number}.pkl").read_bytes()))


class Kishu(Nothing):
    """Kishu, its hooks called by hand."""

    def __init__(self, shell: Any, folder: Path, cells: list[str]) -> None:
        super().__init__(shell, folder)
        notebook = folder / "nb.ipynb"
        os.environ.update(KISHU_PATH_ROOT=str(folder), ENV_KISHU_TEST_MODE="true", TEST_NOTEBOOK_PATH=str(notebook))
        if not notebook.exists():
            blank: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
            content = [{**blank, "id": f"c{number}", "source": cell} for number, cell in enumerate(cells)]
            document = {"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            notebook.write_text(json.dumps(document))
        jupyterint = importlib.import_module("kishu.jupyterint")
        notebook_id = importlib.import_module("kishu.notebook_id").NotebookId("bench", notebook, "bench_kernel")
        self.kishu = jupyterint.KishuForJupyter(notebook_id, ip=shell)
        self.kishu._commit_id_mode = "uuid4"
        shell.user_ns[jupyterint.KISHU_INSTRUMENT] = self.kishu

    def before(self) -> None:
        self.kishu.pre_run_cell(None)

    def take(self, number: int) -> None:
        self.kishu.post_run_cell(self.shell.last_execution_result)
        (self.folder / f"{number}.id").write_text(self.kishu._kishu_branch.get_head().commit_id)

    def back(self, number: int) -> None:
        self.kishu.checkout((self.folder / f"{number}.id").read_text(), skip_notebook=True)


class Mlnb(Nothing):
    """mlnb, as its extension loads it; in a notebook that is run as a whole it takes snapshots by itself."""

    def __init__(self, shell: Any, folder: Path, by_itself: bool) -> None:
        super().__init__(shell, folder)
        os.environ.update(MLNB_HOME=str(folder / "home"), MLNB_KEYS=str(folder / "keys"))
        shell.run_line_magic("load_ext", "mlnb")
        import mlnb

        self.snapshots = mlnb.snapshots
        self.snapshots.set_auto("each_run" if by_itself else "off")
        self.ids: dict[int, str] = {}
        self.by_itself, self.waited, self.trigger = by_itself, 0.0, shell.events.trigger
        shell.events.trigger = self.timed_trigger
        mlnb.order.set_mode("off")  # what it costs is measured elsewhere

    def timed_trigger(self, event: str, *given: Any) -> None:
        """What listens to IPython's events, timed."""
        begun = time.perf_counter()
        self.trigger(event, *given)
        self.waited += time.perf_counter() - begun

    @property
    def waited_s(self) -> float:
        return self.waited if self.by_itself else 0.0

    def take(self, number: int) -> None:
        if not self.by_itself:
            self.ids[number] = self.snapshots.take().id

    def flush(self) -> None:
        self.snapshots.flush()
        (self.folder / "ids").write_text(json.dumps(self.ids))

    def back(self, number: int) -> None:
        ids = json.loads((self.folder / "ids").read_text())
        self.snapshots.restore(ids[str(number)])


def tool_named(name: str, shell: Any, folder: Path, cells: list[str], *, by_itself: bool = False) -> Nothing:
    """The tool `name`, loaded; `by_itself`: it takes snapshots by itself, where it can."""
    if name == "mlnb":
        return Mlnb(shell, folder, by_itself)
    if name == "kishu":
        return Kishu(shell, folder, cells)
    return Dump(shell, folder, name) if name else Nothing(shell, folder)


def timed(work: Any, *given: Any) -> float:
    """How long `work` takes, in seconds; what it prints goes nowhere."""
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work(*given)
    return time.perf_counter() - begun


def run(tool: Nothing, shell: Any, given: dict[str, Any], name: str) -> dict[str, Any]:
    """All cells, one after the other, then, where there was time to think, back to the middle and forth again."""
    pauses, cells, processor = [], [], []
    shell.user_ns["SCALE"] = given["scale"]
    for number, cell in enumerate(given["cells"]):
        time.sleep(given["think"])
        before, begun = timed(tool.before), time.process_time()
        waited = tool.waited_s
        took = timed(lambda cell=cell: shell.run_cell(cell, store_history=True).raise_error())
        waited = tool.waited_s - waited
        cells.append(took - waited)
        processor.append(time.process_time() - begun)
        pauses.append(before + waited + timed(tool.take, number))
    drained = timed(tool.flush)
    size = tool.written if isinstance(tool, Dump) else tool.size_bytes
    found = {"pauses": pauses, "cells": cells, "processor": sum(processor), "drained": drained, "bytes": size}
    if name == "cloudpickle" and isinstance(tool, Dump):
        found["live"] = len(tool.data())
    if name and given["think"]:
        last = len(given["cells"]) - 1
        found |= {"undo": timed(tool.back, given["middle"]), "redo": timed(tool.back, last)}
    return found


def main() -> None:
    """See the module's own words."""
    action, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    given = json.loads(sys.stdin.read())
    os.chdir(folder.parent)
    shell = new_shell()
    if action == "run":
        tool = tool_named(name, shell, folder, given["cells"], by_itself=not given["think"])
        found = run(tool, shell, given, name)
    else:
        tool = tool_named(name, shell, folder, [])
        begun, used = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            tool.back(len(given["cells"]) - 1)
        found = {"restore": time.perf_counter() - begun, "processor": time.process_time() - used}
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
