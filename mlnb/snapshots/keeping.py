"""The nouns of keeping house: what is kept and why, how much disk it takes, what was cleared away, what was purged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlnb.snapshots.rules.retention import Why


@dataclass(frozen=True)
class NotebookUsage:
    """How much the snapshots of one notebook take.

    Attributes:
        notebook: its path in the latest of them; None: kernels without a notebook.
        snapshots: how many.
        size_bytes: of what they refer to, shared parts counted once, as it is stored.
        own_bytes: of that, what no other notebook's snapshots refer to.
        saved_bytes: what they would take if each stood alone.
    """

    notebook: str | None
    snapshots: int
    size_bytes: int
    own_bytes: int
    saved_bytes: int


@dataclass(frozen=True)
class DiskUsage:
    """How much disk the snapshots take.

    Attributes:
        size_bytes: of all packs on this machine that snapshots refer to.
        unused_bytes: of packs that none refers to; `mlnb snapshot gc` frees them.
        away_bytes: of what is in the remote store only.
        cap_bytes: the limit for all; `cap_notebook_bytes`: for each notebook.
        notebooks: the largest first.
    """

    home: str
    snapshots: int
    packs: int
    size_bytes: int
    unused_bytes: int
    away_bytes: int
    cap_bytes: int
    cap_notebook_bytes: int
    notebooks: tuple[NotebookUsage, ...] = ()


@dataclass(frozen=True)
class Cleaned:
    """What clearing away did, or would do when `is_dry_run`.

    Attributes:
        snapshots: those removed, oldest first.
        kept: how many are kept, by reason.
        files: how many files went beside the snapshots' own.
        size_bytes: how much disk that freed.
        uploaded: packs copied to the remote store.
        dropped: packs that now are in the remote store only.
        note: what could not be done.
    """

    is_dry_run: bool
    snapshots: tuple[str, ...]
    kept: Mapping[Why, int]
    files: int
    size_bytes: int
    uploaded: int = 0
    dropped: int = 0
    note: str = ""


@dataclass(frozen=True)
class Trace:
    """A place that still shows a purged value: a file, or a snapshot, and what of it."""

    where: str
    what: str


@dataclass(frozen=True)
class Purged:
    """What a purge did. It cannot be undone.

    Attributes:
        name: the variable.
        snapshots: those that held its value and do not any more; their ids stay.
        along: variables that shared objects with it and went with it, by snapshot.
        packs: how many files of values were written anew or removed.
        size_bytes: how much smaller the store is.
        traces: where its text still shows, because it is no value of this variable.
        searched: how many texts of the value were looked for; 0: it had none, so that outputs were not searched.
        live: notebooks whose running kernels may still hold the value and save it again.
        notes: what the user should know besides.
    """

    name: str
    snapshots: tuple[str, ...]
    along: Mapping[str, tuple[str, ...]]
    packs: int
    size_bytes: int
    traces: tuple[Trace, ...] = ()
    searched: int = 0
    live: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
