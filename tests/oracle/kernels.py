"""Runs cells in processes that know nothing of earlier runs: one process that has loaded the usual libraries is forked per run.

`Kernels` is the door; the other process runs `serve`.
"""

from __future__ import annotations

import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Document = list[tuple[str, str]]
Step = Mapping[str, Any]
_TIME_LIMIT_S = 60
_OF_IPYTHON = re.compile(r"_{1,3}$|_\d+$|_i+$|_i\d+$|_[iod]h$|__\w+__$|In$|Out$|exit$|quit$|get_ipython$|open$")
_ENVIRONMENT_NOISE = re.compile(r"OLDPWD|LINES|COLUMNS|MLNB_|MLFLOW_")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Seen:
    """What one run of a cell showed and left.

    Attributes:
        cell_id: the cell; source: its code at the time.
        shown: what it wrote and its result, in text; error: kind and message, or empty.
        touched: names (and ``@`` names of the outside) that hold another object or another content than before.
        after: a description of every name after the run.
        earlier_kernel: whether the kernel has been restarted since.
    """

    cell_id: str
    source: str
    shown: str
    error: str
    touched: frozenset[str]
    after: Mapping[str, str]
    earlier_kernel: bool = False


@dataclass(frozen=True)
class Played:
    """A session as it was after its steps: the document, every run, what the names hold, and mlnb's verdicts if it was there."""

    document: Document
    runs: Sequence[Seen]
    live: Mapping[str, str]
    states: Mapping[str, str]
    reasons: Mapping[str, Sequence[str]]
    plan: Sequence[str] = ()
    judging_s: float = 0.0


class Kernels:
    """The process that is forked; a context manager."""

    def __enter__(self) -> Kernels:
        code = "from oracle import kernels; kernels.serve()"
        tests = Path(__file__).resolve().parents[1]
        environment = {
            **os.environ, "PYTHONPATH": f"{tests}:{tests.parent}", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg",
            "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "IPYTHONDIR": str(Path(tempfile.gettempdir()) / "mlnb-oracle-ipython"),
        }  # fmt: skip
        self._home = tempfile.mkdtemp(prefix="oracle-")
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def play(
        self, document: Document, files: Mapping[str, str], steps: Sequence[Step], *, judged: bool, watched: bool = True
    ) -> Played:
        """Play `steps` from `document` in a folder of its own that holds `files`.

        Args:
            document: ids and sources of the code cells.
            files: text by relative path.
            steps: see `cases_values.json`.
            judged: with mlnb in the kernel.
            watched: describe all values around each run.
        """
        folder = str(Path(self._home, "work"))  # the same path each time: cells may show or keep it
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir()
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        runs: list[Seen] = []
        played = None
        for part in _parts_between_restarts(steps):
            runs = [_of_earlier_kernel(run) for run in runs]
            played = self._ask((document, part, folder, judged, watched))
            document = played.document
            runs += played.runs
        assert played is not None
        return Played(played.document, runs, played.live, played.states, played.reasons, played.plan, played.judging_s)

    def _ask(self, job: object) -> Played:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(job, self._process.stdin)
        self._process.stdin.flush()
        kind, answer = pickle.load(self._process.stdout)
        if kind == "failed":
            raise RuntimeError(answer)
        return answer


def _parts_between_restarts(steps: Sequence[Step]) -> list[list[Step]]:
    parts: list[list[Step]] = [[]]
    for step in steps:
        if step["op"] == "restart":
            parts.append([])
        else:
            parts[-1].append(step)
    return parts


def _of_earlier_kernel(run: Seen) -> Seen:
    return Seen(run.cell_id, run.source, run.shown, run.error, run.touched, run.after, earlier_kernel=True)


# ---- in the other process


def serve() -> None:
    """Fork for each job that comes in; never returns before the pipe is closed."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _prepare()
    while True:
        try:
            job = pickle.load(jobs)
        except EOFError:
            return
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(ours)
                _answer(job, theirs)
            finally:
                os._exit(0)
        os.close(theirs)
        with os.fdopen(ours, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        answers.write(answer or pickle.dumps(("failed", "the kernel died or took too long")))
        answers.flush()


def _prepare() -> None:
    import sqlite3  # noqa: F401

    import pandas  # noqa: F401
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import mlnb.kernel.extension
    import mlnb.order  # noqa: F401

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    shell.displayhook.write_output_prompt = lambda: None
    shell.showtraceback = lambda *_, **__: None
    shell.showsyntaxerror = lambda *_, **__: None


def _answer(job: tuple[Any, ...], pipe: int) -> None:
    import traceback

    signal.alarm(_TIME_LIMIT_S)
    try:
        answer = ("done", _Session(*job).play())
    except BaseException:
        answer = ("failed", traceback.format_exc()[-2000:])
    with os.fdopen(pipe, "wb") as file:
        pickle.dump(answer, file)


class _Session:
    def __init__(self, document: Document, steps: Sequence[Step], folder: str, judged: bool, watched: bool) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.document = [(cell_id, source) for cell_id, source in document]
        self.steps, self.folder, self.watched = steps, folder, watched
        self.shell = InteractiveShell.instance()
        os.chdir(self.folder)
        self.order = self._load() if judged else None

    def _load(self) -> Any:
        import mlnb

        os.environ["MLNB_HOME"] = self.folder.rpartition("/")[0] + "/home"
        os.environ["MLNB_KEYS"] = os.environ["MLNB_HOME"] + "/keys"
        self.shell.run_line_magic("load_ext", "mlnb")
        mlnb.snapshots.set_auto("off")
        mlnb.order.set_mode("mark")
        return mlnb.order

    def play(self) -> Played:
        sys.path.insert(0, "")
        sys.dont_write_bytecode = True
        random.seed(os.urandom(4))
        sys.modules["numpy"].random.seed(int.from_bytes(os.urandom(4), "big"))
        self.shell.user_ns["__name__"] = "__main__"
        self.screen = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - the process ends with it
        os.dup2(self.screen.fileno(), 1)
        os.dup2(self.screen.fileno(), 2)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        runs = []
        self._sync()
        for step in self.steps:
            if step["op"] == "run":
                runs.append(self._run(step["cell"], dict(self.document)[step["cell"]]))
            else:
                self._change(step)
            self._sync()
        begun = time.process_time()
        found = self.order.status() if self.order else {}
        judging_s = time.process_time() - begun
        return Played(
            self.document, runs, self._values() if self.watched else {},
            {cell_id: status.state for cell_id, status in found.items()},
            {cell_id: list(status.reasons) for cell_id, status in found.items()},
            self.order.plan() if self.order else [], judging_s,
        )  # fmt: skip

    def _sync(self) -> None:
        if self.order:
            self.order.sync(
                [{"id": cell_id, "cell_type": "code", "source": source} for cell_id, source in self.document]
            )

    def _change(self, step: Step) -> None:
        operation, cell_id = step["op"], step.get("cell")
        place = next((place for place, (known, _) in enumerate(self.document) if known == cell_id), -1)
        if operation == "edit":
            self.document[place] = (cell_id, step["source"])
        elif operation == "delete":
            del self.document[place]
        elif operation in ("add", "move"):
            cell = self.document.pop(place) if operation == "move" else (cell_id, step["source"])
            after = step.get("after")
            self.document.insert(0 if after is None else [known for known, _ in self.document].index(after) + 1, cell)
        elif operation == "write":
            target = Path(self.folder, step["path"])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step["text"])
            later = time.time() + 2
            os.utime(target, (later, later))
        elif operation == "remove":
            Path(self.folder, step["path"]).unlink()
        else:
            raise ValueError(operation)

    def _run(self, cell_id: str, source: str) -> Seen:
        before = self._objects() if self.watched else {}
        os.ftruncate(self.screen.fileno(), 0)
        os.lseek(self.screen.fileno(), 0, os.SEEK_SET)
        result = self.shell.run_cell(source, store_history=True, cell_id=cell_id)
        sys.stdout.flush()
        size = os.fstat(self.screen.fileno()).st_size
        text = os.pread(self.screen.fileno(), size, 0).decode("utf-8", "replace")
        error = result.error_before_exec or result.error_in_exec
        after = self._objects() if self.watched else {}
        from oracle.descriptions import without_addresses

        return Seen(
            cell_id, source, without_addresses(_COLOURS.sub("", text)).replace("\r", ""),
            "" if error is None else f"{type(error).__name__}: {without_addresses(_message(error))}",
            frozenset(name for name in {*before, *after} if before.get(name) != after.get(name)),
            {name: known[1] for name, known in after.items()},
        )  # fmt: skip

    def _objects(self) -> dict[str, tuple[int, str]]:
        from oracle.descriptions import description

        names = self.shell.user_ns
        found = {
            name: (id(value), description(value)) for name, value in list(names.items()) if not _OF_IPYTHON.match(name)
        }
        outside = {
            "@folder": os.getcwd() if os.path.isdir(".") else "",
            "@random": hash(random.getstate()), "@path": list(sys.path),
            "@numpy random": str(sys.modules["numpy"].random.get_state()),
        }  # fmt: skip
        variables = {
            f"@environment {name}": (0, value)
            for name, value in os.environ.items()
            if not _ENVIRONMENT_NOISE.match(name)
        }
        files = {f"@file {path}": (0, repr(text)) for path, text in self._files().items()}
        return found | {name: (0, description(value)) for name, value in outside.items()} | variables | files

    def _files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(Path(self.folder).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    def _values(self) -> dict[str, str]:
        return {name: known[1] for name, known in self._objects().items()}


def _message(error: BaseException) -> str:
    return str(error.msg) if isinstance(error, SyntaxError) else str(error)
