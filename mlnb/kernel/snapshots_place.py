"""Where a kernel stands in the history of its notebook, and who is told when that changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol

from mlnb.kernel.snapshots_taken import TakenSnapshot
from mlnb.snapshots.types import Manifest, Restored

Listener = Callable[[str, Mapping[str, Any]], object]
"""Told the name of an event, ``snapshot_taken`` or ``snapshot_restored``, and what there is to know of it."""


class Steps(Protocol):
    """What was restored, so that it can be taken back and done again."""

    @property
    def can_undo(self) -> bool:
        """Whether there is a restore to take back."""

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""


class Knower(Protocol):
    """Who knows what the cells of a kernel are worth: order."""

    def froze(self, snapshot_id: str) -> None:
        """A snapshot was taken: what is known now belongs to it."""

    def went_back(self, snapshot_id: str, back: Collection[str], ran: Mapping[str, datetime]) -> None:
        """All variables were brought back; `back` are those that are as they were, `ran` the cells that had run, with the moment."""


class Place:
    """Where one kernel stands: at the snapshot that was taken or restored last.

    Args:
        log: told what a listener could not do.
    """

    def __init__(self, log: Callable[[str], object]) -> None:
        self.snapshot: str | None = None
        self.runs = 0  # cell runs when it was reached
        self.listeners: list[Listener] = []
        self.knowers: list[Knower] = []
        self._log = log

    def took(self, taken: TakenSnapshot, runs: int, cell_id: str | None) -> None:
        """A snapshot was taken after so many cell runs, the last of them of `cell_id`; listeners hear of it once it is on disk."""
        self.snapshot, self.runs = taken.id, runs
        taken.taking.written.add_done_callback(lambda written: self._tell_written(written, cell_id))

    def went(self, snapshot_id: str, runs: int) -> None:
        """The kernel was brought to the state of a snapshot."""
        self.snapshot, self.runs = snapshot_id, runs
        self._tell("snapshot_restored", {"id": snapshot_id})

    def froze(self, snapshot_id: str) -> None:
        """The variables were frozen as they are, at this moment."""
        for knower in self.knowers:
            knower.froze(snapshot_id)

    def back(self, manifest: Manifest, restored: Restored) -> None:
        """All variables of `manifest` were brought back, as far as `restored` says."""
        ran = {run.cell_id: manifest.created_at for run in manifest.cell_runs if run.cell_id}
        for knower in self.knowers:
            knower.went_back(manifest.id, restored.restored, ran)

    def where(self, runs: int, auto: str, steps: Steps | None) -> dict[str, object]:
        """Where the kernel stands, for front ends.

        Args:
            runs: how many cells ran in it; the answer's ``runs`` is how many since it reached the snapshot.
            auto: when snapshots are taken by themselves.
            steps: what was restored; None: nothing.
        """
        return {
            "snapshot": self.snapshot,
            "runs": runs - self.runs,
            "is_new": runs == 0 and self.snapshot is None,
            "auto": auto,
            "can_undo": steps is not None and steps.can_undo,
            "can_redo": steps is not None and steps.can_redo,
        }

    def _tell_written(self, written: Future[Manifest], cell_id: str | None) -> None:
        if not written.cancelled() and written.exception() is None:
            manifest = written.result()
            self._tell("snapshot_taken", {"id": manifest.id, "cell_id": cell_id, "reason": manifest.reason})

    def _tell(self, event: str, data: Mapping[str, Any]) -> None:
        for listener in list(self.listeners):
            try:
                listener(event, data)
            except Exception as error:  # noqa: BLE001 - nobody's cell breaks because a front end has gone
                self._log(f"a front end was not told of {event}: {error}")
