"""The worker as others see it: whether it runs, start it, end it. It is one process per ``MLNB_HOME``, told by a lock it holds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlnb.core.clock import datetime_from_iso
from mlnb.core.errors import Unavailable
from mlnb.core.files import locked, store_error
from mlnb.core.home import home
from mlnb.core.secrets import mask
from mlnb.jobs.types import WorkerStatus

_START_WAIT_S = 60.0
_STOP_WAIT_S = 20.0
_LOOK_S = 0.02
_MOST_FAILURES = 3
_NOT_INHERITED = ("JPY_", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLNB_SPOOL")


def lock_path() -> Path:
    """The file that a worker holds locked for as long as it lives."""
    return home() / "worker.lock"


def note_path() -> Path:
    """Where a worker says who it is."""
    return home() / "worker.json"


def log_path() -> Path:
    """Where a worker writes its log."""
    return home() / "logs" / "worker.log"


class WorkerProcess:
    """Starts and ends the worker of this home.

    Args:
        command: what runs it in the foreground.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._failures = 0

    def status(self) -> WorkerStatus:
        """Whether it runs, and who it is."""
        if not _is_held():
            return WorkerStatus(False)
        note = _note()
        if note is None:
            return WorkerStatus(True)
        return WorkerStatus(True, note["pid"], datetime_from_iso(note["started_at"]), note["version"])

    def ensure(self) -> None:
        """Start it unless it runs; does not wait for it. Two at the same time are no harm: the second ends at once.

        Raises:
            StoreUnavailable: its log cannot be written.
            Unavailable: the process cannot be started.
        """
        if _is_held():
            return
        path = log_path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            log = path.open("ab")
        except OSError as error:
            raise store_error(path, error) from error
        env = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        try:
            with log:  # a session of its own and no inherited files: it outlives whoever starts it
                self._child = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home(), env=env,
                    start_new_session=True, close_fds=True,
                )  # fmt: skip
        except OSError as error:
            raise Unavailable(
                f"cannot start the worker: {error.strerror}", "Is this environment whole? See `mlnb doctor`."
            ) from error

    def keep(self) -> None:
        """See that it runs while somebody waits for a job: one that has ended is started again.

        Raises:
            Unavailable: it ends as soon as it is started; the message says what its log said last.
            StoreUnavailable: its log cannot be written.
        """
        if _is_held():
            self._failures = 0
        elif self._child is None or self._child.poll() == 0:
            self.ensure()
        elif self._child.poll() is not None:
            self._failures += 1
            if self._failures >= _MOST_FAILURES:
                raise Unavailable(f"the worker ends as soon as it is started: {_last_words()}", f"See {log_path()}.")
            self.ensure()

    def start(self) -> WorkerStatus:
        """Start it unless it runs, and wait until it takes jobs.

        Raises:
            Unavailable: it did not come up; the hint names its log.
            StoreUnavailable: its log cannot be written.
        """
        self.ensure()
        end = time.monotonic() + _START_WAIT_S
        while time.monotonic() < end:
            note = _note() if _is_held() else None
            if note is not None and note["ready"]:
                return self.status()
            if self._child is not None and self._child.poll() not in (None, 0):
                break
            time.sleep(_LOOK_S)
        raise Unavailable("the worker did not start", f"See {log_path()}.")

    def stop(self) -> bool:
        """End it; jobs that run go on and are taken up by the next worker. Returns whether one ran.

        Raises:
            Unavailable: it does not end.
        """
        if not _is_held():
            return False
        end = time.monotonic() + _STOP_WAIT_S
        while _is_held() and time.monotonic() < end:
            note = _note()
            if note is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(note["pid"], signal.SIGTERM)
            time.sleep(_LOOK_S)
        if _is_held():
            raise Unavailable("the worker does not end", f"See {log_path()}.")
        return True


def _is_held() -> bool:
    if not lock_path().exists():
        return False
    with locked(lock_path(), blocking=False) as is_free:
        return not is_free


def _last_words() -> str:
    try:
        lines = log_path().read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "it said nothing"
    return mask(next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")).rstrip(".")


def _note() -> dict[str, Any] | None:
    try:
        found = json.loads(note_path().read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
