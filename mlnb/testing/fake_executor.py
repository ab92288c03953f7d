"""An executor that runs nothing: it plays what it is told to, and counts what it was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mlnb.core.errors import MlnbError
from mlnb.jobs import folder as files
from mlnb.jobs.folder import RunnerResult
from mlnb.jobs.lines import event_line
from mlnb.jobs.types import Attempt, Ended, ExecutorInfo, FailedCell

STARTED = event_line("started", pid=1, run_id="run-1")
PREPARED = event_line("prepared", total=1)
CELL_STARTED = event_line("cell_started", index=0, id="c0", number=1, total=1)
CELL_ENDED = event_line("cell_ended", index=0, id="c0", number=1, total=1, state="succeeded")
ENDED = event_line("ended", exit_code=0, error="")
GOOD = RunnerResult(0, run_id="run-1")
WHOLE = (STARTED, PREPARED, CELL_STARTED, CELL_ENDED, ENDED)


class FakeExecutor:
    """Plays an attempt.

    Args:
        lines: what the attempt writes.
        result: what its runner leaves; None for one that was killed.
        ended: how it ends; from `result` when None.
        refuses: raised by `check` and by the first call of `submit`.

    Attributes:
        started: markers of the attempts that were really started, in order.
        released: references that were released.
        cancelled: references whose end was asked for.
        during: called in each turn of `follow`; a test puts there what shall happen meanwhile.
    """

    name = "fake"

    def __init__(
        self,
        lines: Sequence[str] = WHOLE,
        result: RunnerResult | None = GOOD,
        ended: Ended | None = None,
        refuses: MlnbError | None = None,
    ) -> None:
        self.lines = list(lines)
        self.result = result
        self.end = ended or Ended(result.exit_code if result else None)
        self.refuses = refuses
        self.started: list[str] = []
        self.released: list[str] = []
        self.cancelled: list[str] = []
        self.during: Callable[[], None] = lambda: None
        self._known: set[str] = set()

    @classmethod
    def failing(cls, error: str = "ValueError: no") -> FakeExecutor:
        """One whose notebook raises in its only cell."""
        lines = [STARTED, PREPARED, CELL_STARTED, event_line("ended", exit_code=1, error=error)]
        return cls(lines, RunnerResult(1, error, FailedCell(0, "c0", error), "run-1"))

    def check(self, attempt: Attempt) -> None:
        """Raise what it was told to refuse with."""
        if self.refuses is not None:
            raise self.refuses

    def submit(self, attempt: Attempt) -> str:
        """Count a start, unless it was started."""
        if self.refuses is not None:
            refusal, self.refuses = self.refuses, None
            raise refusal
        if attempt.marker not in self._known:
            self._known.add(attempt.marker)
            self.started.append(attempt.marker)
        return str(attempt.folder)

    def find(self, attempt: Attempt) -> str | None:
        """The folder of an attempt that was started."""
        return str(attempt.folder) if attempt.marker in self._known else None

    def forget(self) -> None:
        """Lose everything that was started, as a machine that went away does."""
        self._known.clear()

    def follow(self, ref: str) -> Iterator[list[str]]:
        """The lines, one batch each."""
        for line in self.lines:
            self.during()
            yield [line]

    def ended(self, ref: str) -> Ended:
        """How it ended."""
        return self.end

    def cancel(self, ref: str, grace_s: float) -> None:
        """Note the wish; the attempt ends as interrupted."""
        self.cancelled.append(ref)
        self.result, self.end = RunnerResult(130, "interrupted"), Ended(130)

    def fetch(self, ref: str, dest: Path) -> None:
        """Leave output and result in `dest`."""
        if self.result is not None:
            shutil.copy(dest / files.INPUT, dest / files.OUTPUT)
            files.write_result(dest, self.result)

    def release(self, ref: str) -> None:
        """Note it."""
        self.released.append(ref)

    def warm_up(self) -> None:
        """Nothing to get ready."""

    def capacity(self) -> ExecutorInfo:
        """Always there."""
        return ExecutorInfo(self.name, True)


class WorkerAtRest:
    """Stands for the worker process and starts none: jobs stay queued. `wanted` counts how often one was asked for."""

    def __init__(self) -> None:
        self.wanted = 0

    def ensure(self) -> None:
        """Count it."""
        self.wanted += 1

    def keep(self) -> None:
        """Nothing: none was started."""
