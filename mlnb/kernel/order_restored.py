"""What order knew when a snapshot was taken, and takes back when its variables are brought back in the same kernel.

A judgement is made of traces, which never change. So to know what was known then costs references: to the runs, and to the prints of
the names, with which the values that came back are compared. What came back otherwise counts as changed by no cell; what shares objects
otherwise, and what lies outside the names and is not as the runs of then left it, makes its last writer stale.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from mlnb.core.records import dataclass, field
from mlnb.kernel.order_memory import Moment
from mlnb.kernel.order_trace import Tracker
from mlnb.kernel.order_values import Print
from mlnb.order.rules.traces import ABSENT, Fingerprint, Key, Knowledge, Seen, is_name

_MOST: Final = 300
_OF_READERS: Final = ("@there:", "@in:", "@names:", "@library:pyplot/")  # what lies at a path is looked at in itself
_VARYING: Final = frozenset({"@random", "@numpy random"})

Shape = tuple[tuple[str, ...], ...]
"""Who else holds each of the objects that a name shares with others."""


@dataclass(frozen=True, slots=True)
class Then:
    """What was known at one moment.

    Attributes:
        moment: the runs.
        prints: of the names.
        lineage: where objects come from that cannot be looked into.
        disk: what lay on disk before runs changed it.
        failed: cells whose last run had failed.
        displaced, noted, noted_at: see `Knowledge`.
    """

    moment: Moment
    prints: Mapping[str, Print]
    lineage: Mapping[int, str]
    disk: Mapping[str, Mapping[str, Fingerprint]]
    failed: frozenset[str]
    displaced: frozenset[Key] = frozenset()
    noted: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    noted_at: int = 0


class Moments:
    """What was known at the latest snapshots of one kernel, by their ids."""

    def __init__(self) -> None:
        self._kept: dict[str, Then] = {}
        self._waiting: list[str] = []
        self.brought: Mapping[str, datetime] = {}

    def wait(self, snapshot_id: str) -> None:
        """A snapshot was taken in the middle of a run: what is known after it counts, and what the rest of it changes will show."""
        self._waiting.append(snapshot_id)

    @property
    def is_waited_for(self) -> bool:
        """Whether a snapshot was taken in the middle of the run that has just ended."""
        return bool(self._waiting)

    def keep(self, tracker: Tracker, failed: Collection[str], *snapshot_ids: str) -> None:
        """Keep what is known now for these snapshots, and for those that wait."""
        ids, self._waiting = [*self._waiting, *snapshot_ids], []
        if not ids:
            return
        lineage = tracker.names.context.lineage
        then = Then(
            tracker.memory.moment(), dict(tracker.names.prints), dict(lineage), tracker.outside.disk_before(), frozenset(failed),
            frozenset(tracker.displaced), tracker.noted, tracker.noted_at,
        )  # fmt: skip
        for one in ids:
            self._kept[one] = then
        while len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def of(self, snapshot_id: str) -> Then | None:
        """What was known at a snapshot; None where that is no longer remembered, or was in another kernel."""
        return self._kept.get(snapshot_id)

    def forget(self) -> None:
        """What was seen can no longer be relied on."""
        self._kept.clear()
        self._waiting.clear()

    def why_never_run(self, cell_id: str) -> str:
        """Why a cell that has not run in this kernel has its values all the same; empty where it has not."""
        at = self.brought.get(cell_id)
        if at is None:
            return ""
        return f"its values were brought back from the state of {at.astimezone():%H:%M}; it has not run in this kernel"


def take_back(tracker: Tracker, then: Then, back: Collection[str], *, is_running: bool) -> None:
    """Know again what was known then, and note what is not as it was.

    Args:
        tracker: of the kernel; its names have been set.
        then: what was known.
        back: the names that a restore says it brought back as they were.
        is_running: whether the restore was done by a cell: what it sets is set by that cell.
    """
    names, memory = tracker.names, tracker.memory
    replaced = names.refresh()
    _name_origins(tracker, then, back)
    gone = {key for run in memory.runs for key in run.trace.outputs if key.startswith("@library:")}
    memory.take_back(then.moment)
    tracker.outside.take_back(then.disk)
    apart = _shared_otherwise(then.prints, names.prints)
    tracker.noted, tracker.noted_at = _noted(tracker, then, apart), memory.number
    if is_running:
        tracker.replaced |= replaced
        return
    tracker.displaced = {key for key in then.displaced if is_name(key)} | apart
    tracker.displaced |= _left_outside(tracker, gone)
    changed = {
        name: names.digest(name)
        for name in {*then.prints, *names.prints}
        if names.digest(name) != (then.prints[name].digest if name in then.prints else ABSENT)
    }
    if changed:
        tracker.note(changed)


def _name_origins(tracker: Tracker, then: Then, back: Collection[str]) -> None:
    """An object that cannot be looked into and was brought back as it was comes from where it came from then."""
    names = tracker.names
    lineage = names.context.lineage
    again = set()
    for name in back:
        before, now = then.prints.get(name), names.prints.get(name)
        if before is None or now is None or len(before.blind) != len(now.blind):
            continue
        for (old, _), (new, _) in zip(before.blind, now.blind, strict=True):
            if old in then.lineage and lineage.get(new) != then.lineage[old]:
                lineage[new] = then.lineage[old]
                again.add(name)
    for name in again:
        names.look(name)


def _shared_otherwise(then: Mapping[str, Print], now: Mapping[str, Print]) -> set[str]:
    """Names that look as they did and do not share their objects with the same names."""
    before, after = _shapes(then), _shapes(now)
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) and name in then and name in now
    }


def _shapes(prints: Mapping[str, Print]) -> dict[str, Shape]:
    holders: dict[int, list[str]] = {}
    for name in sorted(prints):
        for identity in prints[name].object_ids:
            holders.setdefault(identity, []).append(name)
    found = {}
    for name, known in prints.items():
        shared = [tuple(holders[one]) for one, _ in known.objects if len(holders[one]) > 1]
        if shared:
            found[name] = tuple(shared)
    return found


def _noted(tracker: Tracker, then: Then, apart: Collection[str]) -> dict[str, tuple[Seen, ...]]:
    """The objects that the names had as runs left them, with those that stand for them now; not of names that share otherwise (`apart`)."""
    live = {name: known.objects for name, known in then.prints.items() if known.objects}
    known = Knowledge(then.moment.runs, {}, {}, live_shared=live, noted=then.noted, noted_at=then.noted_at)
    now = tracker.names.prints
    stands_for: dict[int, int] = {}
    for name, seen in live.items():
        objects = now[name].objects if name in now else ()
        if len(objects) == len(seen):
            for (old, _), (new, _) in zip(seen, objects, strict=True):
                stands_for.setdefault(old, new)
    return {
        name: tuple((stands_for.get(one, -one), place) for one, place in seen)
        for name, seen in known.shared_as_noted().items()
        if name in now and name not in apart and now[name].digest == then.prints[name].digest
    }


def _left_outside(tracker: Tracker, gone: Collection[Key]) -> set[Key]:
    """What lies outside the names and is not now what the last run that counts left there.

    Args:
        tracker: with the runs that count.
        gone: settings of libraries that any run had set; others are as they were.
    """
    left: dict[Key, Fingerprint] = {}
    for run in tracker.runs:
        if run.number > 0:
            left.update((key, value) for key, value in run.trace.outputs.items() if not is_name(key))
    keys = {key for key in {*tracker.outside.now, *left, *gone} if not key.startswith((*_OF_READERS, "@all:"))}
    now = tracker.outside.look(keys)
    compared = keys & left.keys() - _VARYING
    return {key for key in compared if not left[key].startswith("folder ") and now.get(key) != left[key]}
