"""Notebook state: capture, restore, compare, list. These functions speak for the kernel they are called in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlnb.snapshots.differences import Diff
    from mlnb.snapshots.previews import Preview
    from mlnb.snapshots.types import Restored, Snapshot

__all__ = [
    "changes", "delete", "diff", "exclude", "flush", "include", "list", "name", "preview", "redo", "restore", "set_auto", "take", "undo",
]  # fmt: skip


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


def restore(id: str, names: Sequence[str] | None = None, *, trust: bool = False, recompute: bool = False) -> Restored:
    """Make the notebook's variables (or only `names`) what they were at the snapshot `id`; nothing else changes on an error.

    Either everything that can come back does, in one step, or the old state stays. Variables whose value has not changed since are
    left untouched. A variable that does not come back is named and left as it is. Without `names`, variables that the snapshot did
    not have are removed. The state before is kept in a snapshot of its own, `Restored.undo`; `undo` goes there.

    Args:
        id: the snapshot.
        names: which variables, None for all.
        trust: you trust who made it: of a snapshot from elsewhere, too, the variables are loaded, which may run code. It is said once.
            Without it, plain values and arrays of such a snapshot can be had by `names`; they are read as data.
        recompute: run the cells again that make what was not saved, in their order, where they write no file, use no network, no
            clock and no chance; where they do, they are named.

    Raises:
        SnapshotNotFound: there is none of that id.
        BadInput: it has no variable of a name in `names`.
        NotTrusted: it is foreign; nothing of it was loaded.
        Damaged: something of it was changed on disk; nothing of it was loaded.
        Conflict: a restore is going on already.
        StoreUnavailable: the state before could not be kept; nothing was changed.
    """
    done: Restored = _kernel().restore(id, names, trust=trust, recompute=recompute)
    return done


def preview(id: str) -> Preview:
    """What `restore(id)` would do: variable by variable, cells that differ, the environment. Nothing is loaded or changed.

    Raises:
        SnapshotNotFound: there is none of that id.
        Damaged: it was changed on disk.
    """
    found: Preview = _kernel().preview(id)
    return found


def undo() -> Restored:
    """Take the last restore in this kernel back; again, the one before. `redo` does it again.

    Raises:
        Conflict: nothing was restored here.
    """
    done: Restored = _kernel().undo()
    return done


def redo() -> Restored:
    """Do again what `undo` took back last.

    Raises:
        Conflict: nothing was taken back, or something was restored since.
    """
    done: Restored = _kernel().redo()
    return done


def diff(a: str, b: str) -> Diff:
    """How snapshot `b` differs from snapshot `a`.

    Raises:
        SnapshotNotFound: there is none of that id.
    """
    found: Diff = _kernel().diff(a, b)
    return found


def changes(since: str = "commit") -> Diff:
    """How this notebook, with its variables as they are now and its document as it is saved, differs from an earlier state.

    Args:
        since: ``commit``: the last commit; ``run``: the end of its last `mlnb run` or job; ``clean``: the last state in which no cell was
            stale or edited and the last run of none had failed; ``yesterday``: the last state before today; or the id of a snapshot.

    Raises:
        BadInput: `since` is none of these, or this kernel belongs to no notebook.
        NotFound: there is no such state.
        SnapshotNotFound: there is no snapshot of that id.
        Unavailable: this process is no kernel with mlnb loaded.
    """
    found: Diff = _kernel().changes(since)
    return found


def set_auto(mode: str) -> None:
    """When snapshots are taken by themselves: ``off``, ``each_run``, ``on_failure`` or ``every 5m``.

    Raises:
        BadInput: it is none of these.
    """
    _kernel().set_auto(mode)


def exclude(*names: str) -> Sequence[str]:
    """Keep no value of these variables in the snapshots of this notebook, from now on; which are left out then.

    A snapshot names each with the reason, and no restore touches it. It is remembered for the notebook; `include` takes it back.

    Raises:
        BadInput: one is no name of a variable.
    """
    left_out: Sequence[str] = _kernel().left_out.change(names, is_out=True)
    return left_out


def include(*names: str) -> Sequence[str]:
    """Keep these variables again that `exclude` left out; which are still left out.

    Raises:
        BadInput: one is no name of a variable.
    """
    left_out: Sequence[str] = _kernel().left_out.change(names, is_out=False)
    return left_out


def name(id: str, name: str) -> Snapshot:
    """Call the snapshot `id` something, so that it stays for ever; an empty `name` takes that back.

    Raises:
        SnapshotNotFound: there is none of that id.
        BadInput: the name is too long.
    """
    named: Snapshot = _history().name(id, name)
    return named


def delete(id: str) -> None:
    """Forget the snapshot `id` for good.

    Raises:
        SnapshotNotFound: there is none of that id.
        Conflict: a job or a run points to it.
    """
    _history().delete(id)


def _history() -> Any:  # noqa: ANN401 - mlnb.snapshots.history.History
    from mlnb.core import current

    service = current.service("snapshots")
    if hasattr(service, "set_auto"):
        service.flush()  # in a kernel: what was just taken can be named
    return current.composed("snapshots").history


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
