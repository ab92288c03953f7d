"""What snapshots tell order: that one was taken, and that one was gone back to."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from mlnb.kernel.order_judge import Judge
from mlnb.kernel.order_restored import Moments, take_back
from mlnb.kernel.order_runs import Runs


class GoesBack:
    """The part of a kernel's order that follows its snapshots; the rest is in `mlnb.kernel.order`."""

    _lock: threading.RLock
    _runs: Runs
    _judge: Judge
    _moments: Moments

    if TYPE_CHECKING:

        def following(self, doing: str) -> AbstractContextManager[None]:
            """Follow what is done; a fault of ours turns order off."""

        def is_off(self) -> bool:
            """Whether nothing is followed."""

        def tell(self) -> None:
            """Tell who listens."""

    def froze(self, snapshot_id: str) -> None:
        """A snapshot was taken: what is known now belongs to it."""
        with self._lock, self.following("noting a snapshot"):
            if self._runs.is_in_code:
                self._moments.wait(snapshot_id)
            else:
                self._keep(snapshot_id)

    def went_back(self, snapshot_id: str, back: Collection[str], ran: Mapping[str, datetime]) -> None:
        """All variables were brought back from a snapshot: the cells count as they did then, where that was in this kernel.

        Args:
            snapshot_id: which.
            back: the names whose values are as they were.
            ran: when the state was kept, for each cell that had run.
        """
        with self._lock, self.following("noting that variables were brought back"):
            then = self._moments.of(snapshot_id)
            self._moments.brought = dict(ran) if then is None else {}
            if then is not None and not self.is_off():
                take_back(self._runs.tracker, then, back, is_running=self._runs.is_running)
                self._runs.failed = set(then.failed)
            self._judge.forget()
        self.tell()

    def _keep(self, *snapshot_ids: str) -> None:
        if not snapshot_ids and not self._moments.is_waited_for:
            return
        if not self.is_off() and not self._runs.is_in_code:
            if not self._runs.is_running:
                self._runs.tracker.has_news()
            self._moments.keep(self._runs.tracker, self._runs.failed, *snapshot_ids)
