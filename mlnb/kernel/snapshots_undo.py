"""What a kernel restored, one after the other, so that it can be taken back and done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlnb.core.errors import Conflict
from mlnb.core.records import dataclass, field
from mlnb.snapshots.types import Restored


@dataclass(frozen=True)
class Step:
    """A state to go to.

    Attributes:
        snapshot: of it.
        held: values beside it that no snapshot can hold, by name.
        same: another snapshot of the same state, where that one could not be written in the end; empty: there is none.
    """

    snapshot: str
    held: Mapping[str, Any] = field(default_factory=dict)
    same: str = ""


class Steps:
    """The restores of one kernel.

    Args:
        go: restores a step and returns what it did, and the step that leads back.
    """

    def __init__(self, go: Callable[[Step], tuple[Restored, Step]]) -> None:
        self._go = go
        self._back: list[Step] = []
        self._forth: list[Step] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a restore to take back."""
        return bool(self._back)

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return bool(self._forth)

    def note(self, way_back: Step) -> None:
        """Something was restored; what was undone before can no longer be done again."""
        self._back.append(way_back)
        self._forth.clear()

    def undo(self) -> Restored:
        """Take the last restore back.

        Raises:
            Conflict: there is none.
        """
        return self._move(self._back, self._forth, "nothing was restored in this kernel that could be taken back")

    def redo(self) -> Restored:
        """Do again what `undo` took back last.

        Raises:
            Conflict: there is nothing.
        """
        return self._move(self._forth, self._back, "nothing was taken back in this kernel that could be done again")

    def _move(self, source: list[Step], target: list[Step], nothing: str) -> Restored:
        if not source:
            raise Conflict(nothing, "mlnb.snapshots.list() shows every state there is to go to.")
        restored, way_back = self._go(source[-1])
        source.pop()
        target.append(way_back)
        return restored
