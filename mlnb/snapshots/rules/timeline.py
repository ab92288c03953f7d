"""How a notebook's history hangs together, from the listings of its snapshots."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlnb.snapshots.rules.diff_since import OF_RUNS, is_clean
from mlnb.snapshots.rules.retention import is_named
from mlnb.snapshots.rules.wording import words_from_reason
from mlnb.snapshots.timelines import Entry, Kind, Timeline
from mlnb.snapshots.types import Snapshot

_BEFORE = re.compile(r"before restore of (\S+)")
WHICH: dict[str, tuple[Kind, ...]] = {"named": ("named",), "jobs": ("job",)}
"""The kinds that a filter lets through; another name lets all through."""


def timeline(snapshots: Sequence[Snapshot], which: str, limit: int, cursor: str | None) -> Timeline:
    """A page of the history.

    Args:
        snapshots: all of the notebook, newest first.
        which: ``all``, ``named`` or ``jobs``.
        limit: at most so many entries.
        cursor: the id of the last entry of the page before.
    """
    same = _same(snapshots)
    parents = _parents(snapshots)
    entries = [entry_of(one, _visible(parents[one.id], same)) for one in snapshots if one.id not in same]
    kinds = WHICH.get(which)
    chosen = [one for one in entries if kinds is None or one.kind in kinds]
    start = next((number for number, one in enumerate(chosen) if cursor is None or one.id < cursor), len(chosen))
    page = chosen[start : start + limit]
    return Timeline(
        entries=tuple(page),
        total=len(chosen),
        cursor=page[-1].id if start + limit < len(chosen) and page else None,
        same=same,
        last_clean=next((one.id for one in entries if one.is_clean), None),
    )


def entry_of(snapshot: Snapshot, parent: str | None) -> Entry:
    """`snapshot` as an entry that follows `parent`."""
    linked = next((snapshot.reason.removeprefix("end of ") for one in OF_RUNS if snapshot.reason.startswith(one)), None)
    has_name = bool(snapshot.name) or is_named(snapshot.reason)
    kind: Kind = "auto"
    if linked:
        kind = "job"
    elif has_name:
        kind = "named"
    elif _BEFORE.fullmatch(snapshot.reason):
        kind = "before"
    elif not snapshot.has_kernel:
        kind = "document"
    return Entry(
        id=snapshot.id,
        created_at=snapshot.created_at,
        kind=kind,
        name=snapshot.name or (words_from_reason(snapshot.reason) if has_name or linked else ""),
        parent=parent,
        session=snapshot.session,
        cell_id=snapshot.cell_id,
        cell_runs=snapshot.cell_runs,
        succeeded=snapshot.succeeded,
        is_clean=is_clean(snapshot),
        variables=len(snapshot.variables),
        lost=sum(1 for one in snapshot.variables.values() if one.state != "saved"),
        size_bytes=snapshot.size_bytes,
        has_kernel=snapshot.has_kernel,
        has_document=snapshot.has_document,
        is_trusted=snapshot.is_trusted,
        job=linked,
    )


def _parents(snapshots: Sequence[Snapshot]) -> dict[str, str | None]:
    """For each snapshot the one that it follows, among `snapshots`.

    What a snapshot says itself counts. Where that one is gone, or it says nothing (an older mlnb wrote it), it is the one before it in
    the same kernel; behind a restore, the restored one. A document alone follows whatever came before it.
    """
    known = {one.id for one in snapshots}
    latest: dict[str, Snapshot] = {}
    newest: Snapshot | None = None
    found: dict[str, str | None] = {}
    for one in reversed(snapshots):
        before = latest.get(one.session) if one.has_kernel else newest
        parent = one.parent if one.parent in known else None
        if parent is None and before is not None:
            restored = _BEFORE.fullmatch(before.reason)
            parent = restored[1] if restored and restored[1] in known and not one.parent else before.id
        found[one.id] = parent
        if one.has_kernel:
            latest[one.session] = one
        newest = one
    return found


def _same(snapshots: Sequence[Snapshot]) -> dict[str, str]:
    """Snapshots of what a restore replaced that hold just what the one before them held, with that one."""
    parents = _parents(snapshots)
    by_id = {one.id: one for one in snapshots}
    same: dict[str, str] = {}
    for one in reversed(snapshots):
        parent = by_id.get(parents[one.id] or "")
        if parent is not None and _BEFORE.fullmatch(one.reason) and not one.name and _values(one) == _values(parent):
            same[one.id] = same.get(parent.id, parent.id)
        elif parent is None and _BEFORE.fullmatch(one.reason) and not one.variables and not one.name:
            same[one.id] = ""  # a new kernel in which nothing was yet
    return same


def _visible(snapshot_id: str | None, same: dict[str, str]) -> str | None:
    return (same.get(snapshot_id, snapshot_id) or None) if snapshot_id else None


def _values(snapshot: Snapshot) -> dict[str, str]:
    return {name: variable.digest for name, variable in snapshot.variables.items()}
