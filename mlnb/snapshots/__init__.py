"""Notebook state: capture, restore, compare, list. These functions speak for the kernel they are called in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlnb.snapshots.differences import Diff
    from mlnb.snapshots.types import Restored, Snapshot

__all__ = ["diff", "flush", "list", "restore", "set_auto", "take"]


def take(reason: str = "") -> Snapshot:
    """Freeze the notebook's variables as they are now; ``.variables`` has each one's state, reason and digest.

    It returns when the state is fixed: later writes never reach what was taken. `flush` waits until it is on disk.

    Raises:
        Unavailable: this process is no kernel with mlnb loaded.
    """
    taken: Snapshot = _kernel().take(reason)
    return taken


def flush(timeout_s: float | None = None) -> None:
    """Return when everything taken so far is durable.

    Raises:
        StoreUnavailable: something could not be written, or not within `timeout_s`.
    """
    _kernel().flush(timeout_s)


def list() -> Sequence[Snapshot]:
    """The snapshots of this notebook, newest first."""
    found: Sequence[Snapshot] = _kernel().list()
    return found


def restore(id: str, names: Sequence[str] | None = None) -> Restored:
    """Make the notebook's variables (or only `names`) what they were at the snapshot `id`; nothing else changes on an error.

    Raises:
        SnapshotNotFound: there is none of that id.
        BadInput: it has no variable of a name in `names`.
        NotTrusted: this user did not sign it; nothing of it was loaded.
        Damaged: something of it was changed on disk; nothing of it was loaded.
        StoreUnavailable: the state before could not be kept; nothing was changed.
    """
    done: Restored = _kernel().restore(id, names)
    return done


def diff(a: str, b: str) -> Diff:
    """How snapshot `b` differs from snapshot `a`.

    Raises:
        SnapshotNotFound: there is none of that id.
    """
    found: Diff = _kernel().diff(a, b)
    return found


def set_auto(mode: str) -> None:
    """When snapshots are taken by themselves: ``off``, ``each_run``, ``on_failure`` or ``every 5m``.

    Raises:
        BadInput: it is none of these.
    """
    _kernel().set_auto(mode)


def _kernel() -> Any:  # noqa: ANN401 - mlnb.kernel.snapshots.KernelSnapshots, which an area does not import
    from mlnb.core import current
    from mlnb.core.errors import Unavailable

    service = current.service("snapshots")
    if not hasattr(service, "set_auto"):
        raise Unavailable(
            "there is no kernel with mlnb loaded in this process",
            "Run %load_ext mlnb in a notebook, or use `mlnb snapshot` on the command line.",
        )
    return service
