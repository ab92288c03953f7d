"""What `mlnb.snapshots.take` returns: a snapshot that is on its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mlnb.snapshots import rules
from mlnb.snapshots.plugins.taking import Taking
from mlnb.snapshots.types import Snapshot, Variable


class TakenSnapshot:
    """A snapshot that was taken and is on its way to the disk.

    Attributes:
        id: its id.
        created_at: when, UTC.
        reason: why it was taken.
        taking: its way.

    Every other attribute of `Snapshot` waits until it is on disk.
    """

    def __init__(self, id: str, created_at: datetime, reason: str, taking: Taking) -> None:
        self.id = id
        self.created_at = created_at
        self.reason = reason
        self.taking = taking

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Each variable's state, reason and digest; waits until each is decided.

        Raises:
            StoreUnavailable: the process that looked at them has ended early.
        """
        return self.taking.found.result().variables

    def wait(self, timeout_s: float | None = None) -> Snapshot:
        """The whole snapshot, once it is on disk.

        Raises:
            StoreUnavailable: it could not be written.
            TimeoutError: it is not on disk within `timeout_s`.
        """
        return rules.snapshot_from_manifest(self.taking.written.result(timeout_s), has_document=False)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - an attribute of Snapshot
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.wait(), name)

    def __repr__(self) -> str:
        lost = [name for name, variable in self.variables.items() if variable.state != "saved"]
        kept = len(self.variables) - len(lost)
        return f"<snapshot {self.id}: {kept} variables saved" + (f", not {', '.join(lost)}>" if lost else ">")
