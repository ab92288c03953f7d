"""Which snapshots are kept: the last ones, one a day for a while, and for ever what a person named or a job or run points to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from mlnb.core.records import dataclass, field

Why = Literal["named", "linked", "foreign", "young", "last", "daily"]
"""Why a snapshot is kept: somebody gave a reason; a job or a run points to it; somebody else made it and it was taken over by hand;
it is too young to judge; it is among the last; it is the last of its day."""

AUTOSAVE = "autosave"
"""The reason of a snapshot of the document alone that was taken by itself."""
YOUNG = timedelta(hours=1)
_LINKED = ("end of job-", "end of run-")
_BY_ITSELF = re.compile(
    r"(?:after cell run \d+|cell run \d+ failed|autosave"
    r"|before (?:restore of|undo of|redo of|going back to) \S+|to compare with "
    r"(?:yesterday|another snapshot|the last (?:commit|run|clean state)))?"
)


@dataclass(frozen=True)
class Retention:
    """How much history is kept.

    Attributes:
        keep_last: so many snapshots of each notebook, and as many of what was typed in it; 0: all.
        keep_daily_days: the last one of each day (UTC) for so many days, today counted.
    """

    keep_last: int = 100
    keep_daily_days: int = 30


@dataclass(frozen=True)
class Record:
    """What has to be known of a snapshot; `notebook` is anything that is the same for the snapshots of one notebook."""

    id: str
    notebook: str | None
    created_at: datetime
    reason: str
    is_trusted: bool = True


@dataclass(frozen=True)
class Verdict:
    """Which snapshots stay, with the reason, and which go, oldest first."""

    kept: Mapping[str, Why] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


def is_named(reason: str) -> bool:
    """Whether a person gave `reason`; those that mlnb gives, and none, are no names."""
    return not _BY_ITSELF.fullmatch(reason) and not reason.startswith(_LINKED)


def judge(records: Iterable[Record], rules: Retention, now: datetime, linked: Collection[str] = ()) -> Verdict:
    """What becomes of each of `records`.

    Args:
        records: all snapshots.
        rules: how much is kept.
        now: the present moment.
        linked: ids that jobs and runs point to.
    """
    kept: dict[str, Why] = {}
    removed: list[Record] = []
    places: dict[tuple[str | None, bool], int] = {}
    days: set[tuple[str | None, date]] = set()
    oldest_day = now.date() - timedelta(days=rules.keep_daily_days)
    for record in sorted(records, key=lambda one: (one.created_at, one.id), reverse=True):
        day = (record.notebook, record.created_at.date())
        why = _for_ever(record, linked)
        which = (record.notebook, record.reason == AUTOSAVE)  # much typing must not push out what was computed
        place = places.setdefault(which, 0)
        if why is None and (rules.keep_last == 0 or place < rules.keep_last):
            places[which] += 1
            why = "last"
        if why is None and now - record.created_at < YOUNG:
            why = "young"
        if why is None and day[1] > oldest_day and day not in days:
            why = "daily"
        if why is None:
            removed.append(record)
            continue
        kept[record.id] = why
        days.add(day)
    return Verdict(kept, tuple(record.id for record in reversed(removed)))


def _for_ever(record: Record, linked: Collection[str]) -> Why | None:
    if not record.is_trusted:
        return "foreign"
    if record.id in linked or record.reason.startswith(_LINKED):
        return "linked"
    return "named" if is_named(record.reason) else None
