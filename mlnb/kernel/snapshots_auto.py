"""Snapshots that are taken by themselves.

Cells may follow each other faster than their states can be written: when a whole notebook is run, for one. Then states in between are
left out, so that the cells keep the processors. The newest is always kept: it is taken as soon as the ones before it are written. The state
that a failed cell left is never left out.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlnb.snapshots import rules
from mlnb.snapshots.types import CellRun

if TYPE_CHECKING:
    from mlnb.snapshots.plugins.taking import Taking

_MOST_WAITING = 4


class AutoSnapshots:
    """When this kernel takes snapshots by itself.

    Args:
        take: takes one, for the reason given, and says that it is on its way; None: it could not be taken.
        waiting: how many are not on disk yet.

    Attributes:
        mode: as the user said it.
        turn: held by whoever takes a snapshot or begins a cell, so that these never happen at once.
    """

    def __init__(self, take: Callable[[str], Taking | None], waiting: Callable[[], int]) -> None:
        self.mode = "off"
        self.turn = threading.RLock()
        self._auto = rules.Auto()
        self._take_now, self._waiting = take, waiting
        self._last_taken = time.monotonic()
        self._on_its_way: Taking | None = None
        self._left_out = ""  # why the state as it is now was to be taken; empty: it was taken, or need not be
        self._is_running = False
        self._will_finish = False

    def set_mode(self, mode: str) -> None:
        """See `mlnb.snapshots.set_auto`.

        Raises:
            BadInput: there is no such mode.
        """
        self._auto, self.mode = rules.auto_from_mode(mode), mode

    def took(self) -> None:
        """A snapshot was taken, by whomever: the state as it is now is kept."""
        self._last_taken = time.monotonic()
        self._left_out = ""

    def before_run(self) -> None:
        """A cell is about to run: the last chance to take what was left out, when what came before it is written by now."""
        with self.turn:
            if self._left_out and self._waiting() < _MOST_WAITING:
                self._take(self._left_out)
            self._is_running = True

    def after_run(self, run: CellRun | None) -> None:
        """A cell has run; None: what ran was no cell."""
        with self.turn:
            self._is_running = False
            if run is None and self._left_out and self._waiting() < _MOST_WAITING:
                self._take(self._left_out)
            if run is None or not rules.is_due(self._auto, run.succeeded, time.monotonic() - self._last_taken):
                return
            reason = f"after cell run {run.order}" if run.succeeded else f"cell run {run.order} failed"
            if run.succeeded and self._on_its_way is not None and self._waiting() >= _MOST_WAITING:
                self._leave_out(reason, self._on_its_way)
            else:
                self._take(reason)

    def finish(self) -> None:
        """Take what was left out, unless a cell runs that may have changed it."""
        with self.turn:
            if self._left_out and not self._is_running:
                self._take(self._left_out)

    def _take(self, reason: str) -> None:
        self._left_out = ""
        self._on_its_way = self._take_now(reason)

    def _leave_out(self, reason: str, before: Taking) -> None:
        self._left_out = reason
        if not self._will_finish:
            self._will_finish = True
            atexit.register(self.finish)
        # a thread of its own, because the one that calls back listens to the copies that somebody with the turn may wait for
        before.written.add_done_callback(lambda _: threading.Thread(target=self.finish, daemon=True).start())
