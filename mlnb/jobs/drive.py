"""One attempt from the queue to its final state. Everything here may happen twice: the engine calls again after a kill."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from mlnb.core.clock import Clock, utc_now
from mlnb.core.errors import MlnbError, Unavailable
from mlnb.core.events import Event, EventSink
from mlnb.core.secrets import mask
from mlnb.jobs import folder as files
from mlnb.jobs.folder import prepare_again
from mlnb.jobs.journal import Journal
from mlnb.jobs.ports import Executor
from mlnb.jobs.repo import JobRepo
from mlnb.jobs.rules import LOST_CODE, outcome
from mlnb.jobs.types import Attempt, Ended, Job, State

CANCEL_GRACE_S = 5.0
_LOOK_S = 0.1
_AWAY_S = 300.0
_log = logging.getLogger("mlnb.worker")


class Driver:
    """Carries attempts.

    Args:
        repo: the jobs.
        executor: the executor of a name.
        events: where changes are told.
        on_end: called after a job has ended.
        end_run: marks the tracked run of an attempt that was killed before it could end it.
        clock: time.
    """

    def __init__(
        self,
        repo: JobRepo,
        executor: Callable[[str], Executor],
        events: EventSink,
        on_end: Callable[[], None] = lambda: None,
        end_run: Callable[[str], None] = lambda _run_id: None,
        clock: Clock = utc_now,
    ) -> None:
        self._repo = repo
        self._executor = executor
        self._events = events
        self._on_end = on_end
        self._end_run = end_run
        self._clock = clock

    def drive(self, job_id: str, number: int) -> None:
        """Bring attempt `number` of the job to its end. Never raises."""
        try:
            self._drive(job_id, number)
        except Exception as error:  # noqa: BLE001 - an item of work that raised would be neither ended nor tried again
            _log.exception("%s attempt %d", job_id, number)
            self._close(job_id, number, State.FAILED, f"mlnb could not run it: {mask(str(error))}", Ended(None))

    def _drive(self, job_id: str, number: int) -> None:
        job = self._repo.get(job_id)
        executor = self._executor(job.executor)
        attempt = self._repo.attempt(job_id, number)
        if job.attempt != number or job.state.is_final:
            if (ref := executor.find(attempt)) is not None:
                executor.release(ref)  # a former worker was killed after the end, before it tidied up
            return
        if job.state is State.QUEUED:
            if self._repo.move(job_id, State.STARTING, number=number) is None:
                return
            self._tell(job_id, State.STARTING)
        ref = self._start(executor, attempt, was_running=job.state is State.RUNNING)
        if ref is None:
            return
        self._repo.note_ref(job_id, number, ref)
        self._see_through(job, attempt, executor, ref)

    def _start(self, executor: Executor, attempt: Attempt, *, was_running: bool) -> str | None:
        """The reference of the started attempt; None when it could not be started, and the job has been closed."""
        away_since: float | None = None
        while True:
            try:
                if was_running:
                    found = executor.find(attempt)
                    if found is None:
                        self._close(
                            attempt.job_id, attempt.number, State.LOST, "it is gone from where it ran", Ended(None)
                        )
                    return found
                return executor.submit(attempt)
            except Unavailable as error:
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > _AWAY_S:
                    state = State.LOST if was_running else State.FAILED
                    self._close(attempt.job_id, attempt.number, state, mask(error.message), Ended(None))
                    return None
                time.sleep(1.0)
            except MlnbError as error:
                self._close(attempt.job_id, attempt.number, State.FAILED, mask(error.message), Ended(None))
                return None

    def _see_through(self, job: Job, attempt: Attempt, executor: Executor, ref: str) -> None:
        watch = _Watch(self._repo, executor, ref, job)
        away_since: float | None = None
        while True:
            try:
                self._follow(job.id, attempt, executor, ref, watch)
                executor.fetch(ref, attempt.folder)
                ended = executor.ended(ref)
                break
            except Unavailable as error:  # the executor went away while it ran: the job may well go on there
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > _AWAY_S:
                    self._close(job.id, attempt.number, State.LOST, mask(error.message), Ended(None))
                    return
                time.sleep(1.0)
        result = files.read_result(attempt.folder)
        if ended.exit_code == LOST_CODE and result is None:
            self._close(job.id, attempt.number, State.LOST, "another runner had it, and left no result", ended)
            return
        state, reason = outcome(
            ended,
            error=result.error if result else "",
            was_cancelled=watch.was_cancelled,
            timed_out_s=watch.timed_out_s,
            memory_bytes=job.resources.memory_bytes,
        )
        self._close(job.id, attempt.number, state, reason, ended)
        executor.release(ref)

    def _follow(self, job_id: str, attempt: Attempt, executor: Executor, ref: str, watch: _Watch) -> None:
        journal = Journal(attempt.folder)
        for lines in executor.follow(ref):
            news = journal.take(lines)
            if news.has_started and self._repo.move(
                job_id, State.RUNNING, number=attempt.number, started_at=self._clock(), run_id=news.run_id
            ):
                watch.started()
                self._tell(job_id, State.RUNNING)
            if news.has_progress:
                done, total = journal.progress.done, journal.progress.total
                self._repo.progress(job_id, attempt.number, done=done, total=total, run_id=news.run_id)
                self._events.publish(Event("job_progressed", job_id, {"cell": done, "cells": total}))
            watch.look()

    def _close(self, job_id: str, number: int, state: State, reason: str, ended: Ended) -> None:
        attempt = self._repo.attempt(job_id, number)
        job = self._repo.get(job_id)
        if job.state.is_final or job.attempt != number:
            return
        result = files.read_result(attempt.folder)
        if state is State.FAILED and result is not None and result.failed_cell is not None and result.error == reason:
            reason = f"cell {result.failed_cell.index + 1} raised {reason}"
        files.hand_over_spool(attempt.folder)
        if result is None and job.run_id is not None:
            self._end_run(job.run_id)
        if state in (State.FAILED, State.LOST) and number <= job.retries:
            self._repo.close_attempt(job_id, number, state, reason, ended.exit_code)
            prepare_again(job_id, number)
            self._repo.again(job_id, number, reason=f"attempt {number} {state.value}: {reason}")
            self._tell(job_id, State.QUEUED)
            return
        values: dict[str, object] = {
            "reason": reason,
            "ended_at": self._clock(),
            "output": _output(attempt.folder) if job.started_at is not None or result is not None else None,
            "is_cancelling": False,
            "is_delivered": False,
        }
        if result is not None:
            values |= {"run_id": result.run_id, "snapshot_id": result.snapshot_id, "failed_cell": result.failed_cell}
        if self._repo.move(job_id, state, number=number, **values) is None:
            return
        self._repo.close_attempt(job_id, number, state, reason, ended.exit_code)
        self._tell(job_id, state)
        self._on_end()

    def _tell(self, job_id: str, state: State) -> None:
        self._events.publish(Event("job_changed", job_id, {"state": state.value}))


class _Watch:
    """Looks, while an attempt runs, whether it has to be stopped."""

    def __init__(self, repo: JobRepo, executor: Executor, ref: str, job: Job) -> None:
        self._repo, self._executor, self._ref, self._job = repo, executor, ref, job
        self._next = 0.0
        self._deadline = float("inf")
        self.was_cancelled = False
        self.timed_out_s: float | None = None
        if job.started_at is not None and job.timeout_s is not None:
            self._deadline = time.monotonic() + job.timeout_s - (utc_now() - job.started_at).total_seconds()

    def started(self) -> None:
        """The attempt has begun to run: its time counts from now."""
        if self._job.timeout_s is not None:
            self._deadline = time.monotonic() + self._job.timeout_s

    def look(self) -> None:
        """Stop the attempt when somebody asked for it, or its time is over."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _LOOK_S
        if not self.was_cancelled and self._repo.get(self._job.id).is_cancelling:
            self.was_cancelled = True
        if self.timed_out_s is None and not self.was_cancelled and now > self._deadline:
            self.timed_out_s = self._job.timeout_s
        if self.was_cancelled or self.timed_out_s is not None:
            self._executor.cancel(self._ref, CANCEL_GRACE_S)


def _output(folder: Path) -> str:
    output = folder / files.OUTPUT
    if not output.exists():  # it ended before a first save: the notebook as it was is what there is
        shutil.copy2(folder / files.INPUT, output)
    return str(output)
