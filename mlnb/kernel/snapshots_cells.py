"""Which cells ran in this kernel, in order: the record that each snapshot carries."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mlnb.core.clock import utc_now
from mlnb.core.content import digest_of
from mlnb.snapshots.types import CellRun


class CellRecorder:
    """Listens to IPython's events and keeps one `CellRun` per cell run.

    Args:
        before_run: called before whatever runs.
        after_run: called after whatever ran; with its record when it was a cell.
    """

    def __init__(self, before_run: Callable[[], None], after_run: Callable[[CellRun | None], None]) -> None:
        self.runs: list[CellRun] = []
        self.sources: dict[str, str] = {}  # by digest, as they were run
        self._before_run, self._after_run = before_run, after_run
        self._started: tuple[datetime, float] | None = None

    def attach(self, events: Any) -> None:  # noqa: ANN401 - IPython's EventManager
        """Begin to listen."""
        events.register("pre_run_cell", self._before)
        events.register("post_run_cell", self._after)

    def detach(self, events: Any) -> None:  # noqa: ANN401
        """Stop listening."""
        events.unregister("pre_run_cell", self._before)
        events.unregister("post_run_cell", self._after)

    def _before(self, _info: object = None) -> None:
        self._before_run()
        self._started = (utc_now(), time.perf_counter())

    def _after(self, result: Any = None) -> None:  # noqa: ANN401 - IPython's ExecutionResult
        self._after_run(self._record(result))

    def _record(self, result: Any) -> CellRun | None:  # noqa: ANN401
        started, self._started = self._started, None
        info = getattr(result, "info", None)
        if started is None or info is None or not getattr(info, "store_history", True):
            return None  # a call of a front end, not a cell
        if getattr(info, "mlnb_kept", ""):
            return None  # its tag kept it from running
        run = CellRun(
            order=len(self.runs) + 1,
            cell_id=getattr(info, "cell_id", None),
            source_digest=digest_of(str(info.raw_cell).encode(errors="surrogatepass")),
            started_at=started[0],
            duration_s=time.perf_counter() - started[1],
            succeeded=bool(result.success),
        )
        self.runs.append(run)
        self.sources[run.source_digest] = str(info.raw_cell)
        return run
