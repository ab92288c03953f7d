"""The worker: one process per ``MLNB_HOME`` that owns the queue, outlives JupyterLab, and ends when it has nothing to do."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

from mlnb.core.clock import utc_now
from mlnb.core.errors import MlnbError
from mlnb.core.events import Event, EventSink
from mlnb.core.files import locked, write_atomically
from mlnb.core.secrets import mask
from mlnb.core.version import __version__
from mlnb.core.wire import dumps
from mlnb.jobs.engine import Engine
from mlnb.jobs.ports import Executor, WorkerStarter
from mlnb.jobs.process import lock_path, note_path
from mlnb.jobs.repo import JobRepo

_LOCK_TRIES = 50
_LOCK_PAUSE_S = 0.02
_DELIVER_AFTER_S = 1.0
_DELIVER_AT_LATEST_S = 20.0
_log = logging.getLogger("mlnb.worker")


class Worker:
    """Takes queued jobs over and has the engine carry them.

    Args:
        repo: the jobs.
        engine: the queue; its `run` is the driver.
        executors: those to warm up at start.
        events: where changes are told.
        successor: starts another worker, when a job came at the very moment this one ended.
        deliver: brings runs and snapshots of ended jobs in; called in a thread, may take seconds.
        poll_s: how often to look for new jobs.
        idle_stop_s: ends after this long without a job.
    """

    def __init__(
        self,
        repo: JobRepo,
        engine: Engine,
        executors: list[Executor],
        events: EventSink,
        successor: WorkerStarter,
        deliver: Callable[[], None],
        *,
        poll_s: float,
        idle_stop_s: float,
    ) -> None:
        self._repo = repo
        self._engine = engine
        self._executors = executors
        self._events = events
        self._successor = successor
        self._deliver = deliver
        self._poll_s = poll_s
        self._idle_stop_s = idle_stop_s
        self._stopping = threading.Event()
        self._delivering: threading.Thread | None = None
        self._ended_at: float | None = time.monotonic()  # a former worker may have left something to deliver
        self._first_ended_at = time.monotonic()

    def run(self) -> bool:
        """Work until idle or told to end (SIGTERM, SIGINT); False when another worker has this home.

        Does not return after having worked: it ends the process, so that nothing of the engine holds it back. Jobs that run are
        taken up by the next worker.

        Raises:
            StoreUnavailable: the stores cannot be used.
        """
        for _ in range(_LOCK_TRIES):
            with locked(lock_path(), blocking=False) as is_held:
                if is_held:
                    self._work()
                    break
            time.sleep(_LOCK_PAUSE_S)  # somebody may only be looking whether a worker runs
        else:
            return False
        if not self._stopping.is_set() and lock_path().exists() and self._repo.unfinished():
            self._successor.ensure()
        logging.shutdown()
        os._exit(0)

    def job_ended(self) -> None:
        """Note that a job has ended: its runs and snapshots are to be brought in soon."""
        now = time.monotonic()
        if self._ended_at is None:
            self._first_ended_at = now
        self._ended_at = now

    def _work(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        started_at = utc_now()
        note = {"pid": os.getpid(), "started_at": started_at, "version": __version__, "ready": False}
        write_atomically(note_path(), dumps(note).encode(), durable=False)
        try:
            for executor in self._executors:
                executor.warm_up()
            self._engine.start()
            self._reconcile()
            write_atomically(note_path(), dumps(note | {"ready": True}).encode(), durable=False)
            self._events.publish(Event("worker_changed", str(os.getpid()), {"running": True}))
            _log.info("worker %s started", os.getpid())
        except BaseException:
            self._engine.stop()
            note_path().unlink(missing_ok=True)
            raise
        self._serve()
        note_path().unlink(missing_ok=True)

    def _serve(self) -> None:
        try:
            self._loop()
            _log.info("worker %s ends: %s", os.getpid(), "told to" if self._stopping.is_set() else "nothing to do")
            if lock_path().exists():
                self._events.publish(Event("worker_changed", str(os.getpid()), {"running": False}))
        except Exception:  # noqa: BLE001 - whatever it was: threads of the engine would keep the process, and with it the lock
            _log.exception("worker %s ends", os.getpid())
            note_path().unlink(missing_ok=True)
            os._exit(1)
        self._engine.stop()

    def _reconcile(self) -> None:
        for job_id, number in self._repo.unfinished():
            self._take(job_id, number)

    def _take(self, job_id: str, number: int) -> None:
        self._engine.carry(job_id, number)
        self._repo.taken(job_id, number)

    def _loop(self) -> None:
        busy_at, told = time.monotonic(), ""
        while not self._stopping.wait(self._poll_s):
            try:
                for job_id, number in self._repo.waiting():
                    self._take(job_id, number)
                    busy_at = time.monotonic()
                if time.monotonic() - busy_at > min(1.0, self._idle_stop_s) and self._is_busy():
                    busy_at = time.monotonic()
                self._perhaps_deliver()
                told = ""
            except MlnbError as error:  # the store is away: jobs that run are not touched by that
                if error.message != told:
                    told = error.message
                    _log.warning("waiting: %s", mask(error.message))
            if time.monotonic() - busy_at > self._idle_stop_s or not lock_path().exists():
                return  # nothing to do, or the whole home was removed

    def _is_busy(self) -> bool:
        is_delivering = self._delivering is not None and self._delivering.is_alive()
        return is_delivering or self._ended_at is not None or bool(self._repo.unfinished())

    def _perhaps_deliver(self) -> None:
        if self._ended_at is None or (self._delivering is not None and self._delivering.is_alive()):
            return
        now = time.monotonic()
        if now - self._ended_at > _DELIVER_AFTER_S or now - self._first_ended_at > _DELIVER_AT_LATEST_S:
            self._ended_at = None
            if self._repo.undelivered():
                self._delivering = threading.Thread(target=self._deliver, daemon=True)
                self._delivering.start()
