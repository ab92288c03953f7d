"""What a kernel's snapshots offer to front ends and to the server, by name; arguments by keyword, JSON values out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlnb.core.wire import to_wire

if TYPE_CHECKING:
    from mlnb.kernel.snapshots import KernelSnapshots
    from mlnb.snapshots.types import Restored


def doors(snapshots: KernelSnapshots) -> dict[str, Callable[..., Any]]:
    """The functions of one kernel's snapshots."""

    def on_disk(done: Restored) -> object:
        """What was done, once others can find the state that it replaced: a front end gives that state its document."""
        snapshots.settle()
        return to_wire(done)

    return {
        "snapshots.take": lambda reason="": to_wire(snapshots.take(reason).wait()),
        "snapshots.list": lambda: to_wire({"snapshots": snapshots.list()}),
        "snapshots.restore": lambda id, names=None, trust=False, recompute=False: on_disk(
            snapshots.restore(id, names, trust=trust, recompute=recompute)
        ),
        "snapshots.preview": lambda id: to_wire(snapshots.preview(id)),
        "snapshots.undo": lambda: on_disk(snapshots.undo()),
        "snapshots.redo": lambda: on_disk(snapshots.redo()),
        "snapshots.set_auto": snapshots.set_auto,
        "snapshots.where": snapshots.where,
    }
