"""What can go wrong with snapshots, besides what the store and the signing key can say."""

from __future__ import annotations

from mlnb.core.errors import Conflict, MlnbError, NotFound, Refused, StoreUnavailable, Unavailable


class SnapshotNotFound(NotFound):
    """There is no snapshot of that id."""

    code = "snapshot_not_found"


class NoLiveKernel(Conflict):
    """The notebook has no running kernel that has mlnb loaded."""

    code = "no_live_kernel"


class KernelBusy(Unavailable):
    """The kernel did not answer in time, most likely because a cell is running."""

    code = "kernel_busy"


class StoreChanged(StoreUnavailable):
    """What a snapshot relies on was moved or removed in the store while the snapshot was on its way."""

    code = "store_changed"


class CannotSave(MlnbError):
    """A value that does not survive being stored; the message is the reason that the snapshot names."""

    code = "cannot_save"


class NeedsConsent(Refused):
    """A value of a foreign snapshot names code; it is not loaded without the user's word."""

    code = "needs_consent"


def not_found(snapshot_id: str) -> SnapshotNotFound:
    """The error for an unknown id."""
    return SnapshotNotFound(f"there is no snapshot {snapshot_id!r}", "See `mlnb snapshot list`.")
