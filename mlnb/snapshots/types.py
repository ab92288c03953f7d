"""The nouns of notebook state: what a snapshot is, what a restore did, how two snapshots differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from mlnb.core.records import dataclass, field

FORMAT = 1
"""The version of the manifest that this mlnb writes; it reads every one up to it."""

DOCUMENT_FORMAT = 2
"""The version of a document's record; in 1 its bytes were one chunk, and small ones are still stored so."""

VariableState = Literal["saved", "recompute", "not_restorable"]


@dataclass(frozen=True)
class Variable:
    """One variable of the notebook as it was at the snapshot.

    Attributes:
        state: ``saved``: comes back as it was; ``recompute``: comes back by running cells again; ``not_restorable``: does not
            come back, `reason` says why.
        type: its type, such as ``pandas.core.frame.DataFrame``.
        size_bytes: about how much memory its value covers.
        digest: equal between two snapshots exactly while the value is unchanged.
        reason: empty for ``saved``.
    """

    state: VariableState
    type: str
    size_bytes: int
    digest: str
    reason: str = ""


@dataclass(frozen=True)
class CellRun:
    """One execution of one cell in the kernel session that the snapshot was taken in.

    Attributes:
        order: 1, 2, 3, ... within the session.
        cell_id: the cell's id, or None when the front end told none.
        source_digest: BLAKE3 of the source as it was run.
        started_at: when, UTC.
        duration_s: how long it took.
        succeeded: whether it ended without an exception.
    """

    order: int
    cell_id: str | None
    source_digest: str
    started_at: datetime
    duration_s: float
    succeeded: bool


@dataclass(frozen=True)
class Git:
    """Where the notebook's folder stood in git: the commit, and whether files differed from it (None: not known)."""

    commit: str
    is_dirty: bool | None = None


@dataclass(frozen=True)
class Chunk:
    """Some bytes of a saved value: where they lie and how to know them again.

    Attributes:
        digest: BLAKE3 of the bytes themselves.
        pack: digest of the blob that holds them.
        offset: where they begin in it.
        stored_bytes: how long they are there.
        size_bytes: how long they are.
        encoding: ``raw`` or ``zstd``.
    """

    digest: str
    pack: str
    offset: int
    stored_bytes: int
    size_bytes: int
    encoding: Literal["raw", "zstd"]


@dataclass(frozen=True)
class Buffer:
    """A block of memory kept outside the stream: `chunks` are positions in the manifest's list of chunks."""

    size_bytes: int
    is_readonly: bool
    chunks: tuple[int, ...]


@dataclass(frozen=True)
class Component:
    """Variables that are saved together because they share objects, so that they share them again afterwards.

    Attributes:
        names: sorted; none for the state of the process that no variable holds, whose codec is ``process``.
        codec: the plug-in of ``mlnb.codecs`` that wrote it.
        digest: equal exactly while the values and what they share are unchanged.
        stream: positions in the manifest's list of chunks.
        buffers: large blocks of memory that the stream refers to, in its order.
    """

    names: tuple[str, ...]
    codec: str
    digest: str
    stream: tuple[int, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True)
class Manifest:
    """All that a snapshot is, as it stands in its signed file.

    Attributes:
        format: version of this form.
        notebook: absolute path, or None when the kernel has no notebook.
        owner: the user who took it.
        session: names the kernel session, so that cell runs of one session can be told from another's.
        has_kernel: whether it holds variables of a kernel (else it is the document alone).
        mlnb: version of mlnb that wrote it.
        parent: the snapshot whose state the kernel stood at before: the one taken or restored last; None for a kernel's first one.
    """

    id: str
    created_at: datetime
    reason: str
    notebook: str | None
    owner: str
    session: str
    has_kernel: bool
    env_id: str
    git: Git | None
    python: str
    mlnb: str
    cell_runs: tuple[CellRun, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    parent: str | None = None
    format: int = FORMAT


@dataclass(frozen=True)
class Document:
    """The notebook with its outputs, attached to a snapshot after the kernel's part was written.

    Attributes:
        snapshot: id of the snapshot.
        notebook: absolute path it was read from.
        notebook_id: the UUID in its metadata, or None.
        content: where its bytes lie; of one that is stored in parts what they are as a whole, with an empty `Chunk.pack`.
        parts: where its bytes lie, one after the other, when they are stored in parts, so that states share what they have in common.
        is_clean: whether no cell was stale or edited then, as order said; cells that never ran, or that it cannot judge, do not count.
            None: nobody asked.
    """

    snapshot: str
    notebook: str
    notebook_id: str | None
    attached_at: datetime
    content: Chunk
    is_clean: bool | None = None
    parts: tuple[Chunk, ...] = ()
    format: int = FORMAT

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Where its bytes lie, one after the other."""
        return self.parts or (self.content,)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as it is listed.

    Attributes:
        cell_runs: how many cell runs its kernel session had seen.
        variables: by name, sorted.
        env_id: names the environment, empty when unknown.
        git_commit: the commit of the notebook's folder, or None.
        git_dirty: whether files differed from that commit.
        size_bytes: size of what it refers to in the store, shared parts counted.
        has_kernel: whether it holds variables of a kernel, else it is the document alone.
        has_document: whether the notebook document is attached.
        is_trusted: whether this user signed it; a foreign one is never unpickled.
        notebook_id: the UUID of the notebook, as the attached document has it, or None.
        parent: the snapshot whose state the kernel stood at before, or None.
        cell_id: the cell of the last cell run, or None.
        succeeded: whether that run ended without an exception; None when there was none.
        name: what a person called it afterwards; empty: nothing.
        is_clean: whether no cell was stale or edited then, as order said (cells that never ran, or that it cannot judge, do not count), and
            the last run of none had failed. None: none had failed, and order was not asked.
    """

    id: str
    notebook: str | None
    created_at: datetime
    reason: str
    cell_runs: int
    variables: Mapping[str, Variable]
    env_id: str
    git_commit: str | None
    git_dirty: bool | None
    size_bytes: int
    owner: str
    session: str
    has_kernel: bool
    has_document: bool = False
    is_trusted: bool = True
    notebook_id: str | None = None
    parent: str | None = None
    cell_id: str | None = None
    succeeded: bool | None = None
    name: str = ""
    is_clean: bool | None = None


@dataclass(frozen=True)
class SnapshotPage:
    """Some snapshots, newest first; `cursor` asks for the next ones, None at the end; `total` counts all."""

    snapshots: tuple[Snapshot, ...]
    total: int
    cursor: str | None = None


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        id: the snapshot.
        restored: names whose value is now as it was (those that still were are counted too).
        recomputed: names that came back by running cells again.
        not_restored: name -> why; such a variable is left as it was before, if it existed.
        removed: names that the snapshot did not have; they are in the snapshot `undo`.
        undo: id of the snapshot of the state before; restoring it takes this restore back.
        process: parts of the process's own state that were set, such as ``random`` or ``working folder``; a restore of chosen
            variables sets none.
    """

    id: str
    restored: tuple[str, ...]
    recomputed: tuple[str, ...]
    not_restored: Mapping[str, str]
    removed: tuple[str, ...] = ()
    undo: str | None = None
    process: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """A snapshot taken through the service: `part` says whether a live kernel gave its variables."""

    snapshot: Snapshot
    part: Literal["kernel_and_document", "kernel", "document"]
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a stored snapshot: which file or variable, and what."""

    snapshot: str
    what: str
    detail: str


@dataclass(frozen=True)
class Verified:
    """What re-reading everything found; `is_ok` when `problems` is empty."""

    is_ok: bool
    snapshots: int
    blobs: int
    size_bytes: int
    problems: tuple[Problem, ...]
