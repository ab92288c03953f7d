"""Jobs as processes on this machine: each in a session of its own, so that it outlives the worker and is found again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mlnb.core.errors import BadInput
from mlnb.core.files import store_error
from mlnb.jobs import folder as files
from mlnb.jobs.errors import ExecutorUnavailable
from mlnb.jobs.plugins.warm import WarmStart
from mlnb.jobs.types import Attempt, Ended, ExecutorInfo

BEAT_S = 0.02
_NOT_INHERITED = ("JPY_", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLNB_SPOOL", "COLUMNS", "LINES")


class LocalExecutor:
    """Runs attempts as ``python -m mlnb.runner`` of the interpreter that was asked for. A reference is the attempt's folder."""

    name = "local"

    def __init__(self) -> None:
        self._started: dict[str, subprocess.Popen[bytes] | int] = {}
        self._cancelled: dict[str, float] = {}
        self._warm = WarmStart()
        self._lock = threading.Lock()

    def check(self, attempt: Attempt) -> None:
        """Accept `attempt`: nothing is asked for that a plain process cannot give."""
        if attempt.resources.memory_bytes is not None or attempt.resources.cpus is not None:
            raise BadInput(
                "the local executor sets no memory or processor limits",
                "Choose the docker executor, or leave the limits out.",
            )
        if attempt.image is not None:
            raise BadInput("the local executor runs no images", "Choose the docker executor, or leave the image out.")
        if not os.access(attempt.interpreter, os.X_OK):
            raise BadInput(f"there is no Python at {attempt.interpreter}", "Submit from an environment that exists.")

    def submit(self, attempt: Attempt) -> str:
        """Start the runner of `attempt` unless one has it already."""
        ref = str(attempt.folder)
        if self.find(attempt) is not None:
            return ref
        with self._lock:
            if ref in self._started:
                return ref
            self._started[ref] = self._start(attempt)
        return ref

    def _start(self, attempt: Attempt) -> subprocess.Popen[bytes] | int:
        if not Path(attempt.interpreter).exists():
            raise BadInput(
                f"the Python of this job is gone: {attempt.interpreter}", "Submit it again from one that exists."
            )
        env = environment(attempt.interpreter)
        warm = self._warm.start(attempt, env, str(attempt.folder))
        if warm is not None:
            return warm
        try:
            with (attempt.folder / files.STREAM).open("ab") as stream:
                return subprocess.Popen(
                    [attempt.interpreter, "-m", "mlnb.runner", str(attempt.folder)],
                    stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
                    cwd=attempt.folder, env=env, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            if error.filename == str(attempt.folder / files.STREAM):
                raise store_error(attempt.folder, error) from error
            raise ExecutorUnavailable(
                f"cannot start {attempt.interpreter}: {error.strerror}", "See `mlnb doctor`."
            ) from error

    def find(self, attempt: Attempt) -> str | None:
        """The attempt's folder, once a runner has claimed it."""
        return None if files.read_claim(attempt.folder) is None else str(attempt.folder)

    def follow(self, ref: str) -> Iterator[list[str]]:
        """What the runner writes, until it has ended."""
        position, rest = 0, b""
        while True:
            is_running = self._is_running(ref)  # asked before reading: what it wrote before its end is then seen
            data = _read_from(Path(ref) / files.STREAM, position)
            position += len(data)
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            if not is_running:
                yield [line.decode(errors="replace") for line in [*lines, *([rest] if rest else [])]]
                return
            self._press(ref)
            yield [line.decode(errors="replace") for line in lines]
            time.sleep(BEAT_S)

    def _is_running(self, ref: str) -> bool:
        started = self._started.get(ref)
        is_ours = _is_alive(started) if started is not None else False
        claim = files.read_claim(Path(ref))
        return claim.is_alive if claim is not None else is_ours

    def ended(self, ref: str) -> Ended:
        """How the runner ended, by its own last word; without one it was killed."""
        result = files.read_result(Path(ref))
        if result is not None:
            return Ended(result.exit_code)
        started = self._started.get(ref)
        code = started.returncode if isinstance(started, subprocess.Popen) else None
        return Ended(code if code not in (None, 0) else None)

    def cancel(self, ref: str, grace_s: float) -> None:
        """Interrupt the runner; `follow` kills it and its kernel when the time is up."""
        claim = files.read_claim(Path(ref))
        if claim is not None and claim.is_alive and ref not in self._cancelled:
            self._cancelled[ref] = time.monotonic() + grace_s
            _signal(claim.pid, signal.SIGINT)

    def _press(self, ref: str) -> None:
        if time.monotonic() < self._cancelled.get(ref, float("inf")):
            return
        claim = files.read_claim(Path(ref))
        if claim is not None and claim.is_alive:
            _kill_kernel(claim)
            _signal(claim.pid, signal.SIGKILL)

    def fetch(self, ref: str, dest: Path) -> None:
        """Nothing to bring: the runner wrote into the attempt's folder."""

    def release(self, ref: str) -> None:
        """End a kernel that a killed runner left behind, and forget the process."""
        claim = files.read_claim(Path(ref))
        if claim is not None and files.read_result(Path(ref)) is None:
            _kill_kernel(claim)
        self._cancelled.pop(ref, None)
        with self._lock:
            self._started.pop(ref, None)
        with contextlib.suppress(FileNotFoundError):
            (Path(ref) / files.STREAM).unlink()

    def capacity(self) -> ExecutorInfo:
        """Always there."""
        return ExecutorInfo(self.name, True)

    def warm_up(self) -> None:
        """Have a warm process of this interpreter ready for the first job."""
        self._warm.prepare(sys.executable, environment(sys.executable))


def environment(interpreter: str) -> dict[str, str]:
    """The environment of a runner of `interpreter`: the worker's own, without what belongs to a session or another job."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    env["PATH"] = f"{Path(interpreter).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["PYTHONUNBUFFERED"] = "1"
    if interpreter != sys.executable:
        env.pop("VIRTUAL_ENV", None)
    return env


def _is_alive(process: subprocess.Popen[bytes] | int) -> bool:
    if isinstance(process, subprocess.Popen):
        return process.poll() is None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _kill_kernel(claim: files.Claim) -> None:
    if claim.kernel_pid is not None and files.start_mark(claim.kernel_pid) == claim.kernel_mark:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(claim.kernel_pid, signal.SIGKILL)


def _read_from(path: Path, position: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""
