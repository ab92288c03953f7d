"""The nouns of a notebook's history as it is drawn: light entries, each with the one that it follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["auto", "named", "job", "before", "document"]
"""``auto``: taken by itself; ``named``: somebody gave a reason or a name; ``job``: at the end of a job or run; ``before``: what a restore
replaced; ``document``: the notebook alone, at an autosave."""


@dataclass(frozen=True)
class Entry:
    """One state in the history of a notebook.

    Attributes:
        name: what a person called it, else the reason that they or a job gave; empty: nothing.
        parent: the entry that it follows, among those of this history; None: it begins one.
        session: the life of the kernel it was taken in; empty without one.
        cell_id: the cell that ran last.
        cell_runs: how many cells had run in that kernel.
        succeeded: whether that last run ended without an exception; None: nothing ran.
        is_clean: whether, as far as it is known, no cell was stale or edited and the last run of none had failed.
        variables: how many; `lost`: of these, how many do not come back as they were saved.
        size_bytes: of what it refers to, shared parts counted.
        job: the job or run at whose end it was taken, or None.
    """

    id: str
    created_at: datetime
    kind: Kind
    name: str
    parent: str | None
    session: str
    cell_id: str | None
    cell_runs: int
    succeeded: bool | None
    is_clean: bool
    variables: int
    lost: int
    size_bytes: int
    has_kernel: bool
    has_document: bool
    is_trusted: bool
    job: str | None = None


@dataclass(frozen=True)
class Timeline:
    """Some entries, newest first.

    Attributes:
        total: how many there are of the kind asked for.
        cursor: asks for the next ones; None at the end.
        same: snapshots that are left out because they hold what an entry holds, with that entry: what a restore replaced when nothing
            had changed since.
        last_clean: the newest entry that is clean, of all; None: there is none.
    """

    entries: tuple[Entry, ...]
    total: int
    cursor: str | None
    same: dict[str, str]
    last_clean: str | None


@dataclass(frozen=True)
class Label:
    """What a person called a snapshot after it was taken. Not part of the snapshot, which never changes."""

    snapshot: str
    name: str
    owner: str
    named_at: datetime
