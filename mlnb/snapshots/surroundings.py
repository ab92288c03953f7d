"""The nouns of what a snapshot knows besides variables: data files read, parameters, packages, and where git stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from mlnb.core.records import dataclass, field

FORMAT = 2
"""The version of the stored form that this mlnb writes; it reads every one up to it."""

DataKind = Literal["file", "folder", "dvc", "download", "database", "query", "remote"]


@dataclass(frozen=True)
class DataFile:
    """A pointer to something that cells read.

    Attributes:
        path: absolute; for what does not lie on this computer what is known of it, such as its address without credentials.
        kind: ``dvc`` a file that a ``.dvc`` pointer or a ``dvc.lock`` names; ``download`` weights or data in the cache of a
            hub; ``database`` a file of SQLite or DuckDB, or a server that was asked; ``query`` what such a database answered;
            ``remote`` something else on another computer.
        size_bytes: None when it was not found, or has none.
        modified_at: UTC.
        digest: BLAKE3 of the bytes; of a query a hash of its rows that does not depend on their order, columns and types included;
            empty when they were not read.
        version: what names the content elsewhere: ``md5:...`` of a ``.dvc`` pointer, ``bert-base@1dbc166`` of a hub,
            ``version_id:...``, ``generation:...`` or ``etag:...`` of an object in a store.
        cells: ids of the cells that read it.
        kept: which of the snapshot's kept blocks of bytes is its content; None: it is not kept.
        note: what is special: ``changed after it was read``, ``not found``.
        query: its text, credentials masked; empty for all other kinds.
        rows: how many rows the query gave; None when that was not seen.
    """

    path: str
    kind: DataKind = "file"
    size_bytes: int | None = None
    modified_at: datetime | None = None
    digest: str = ""
    version: str = ""
    cells: tuple[str, ...] = ()
    kept: int | None = None
    note: str = ""
    query: str = ""
    rows: int | None = None


@dataclass(frozen=True)
class GitDetails:
    """What git says beside the commit.

    Attributes:
        branch: empty when no branch is checked out.
        changed: files that differ from the commit, relative to the repository.
        untracked: files that git does not know.
        patch: which of the snapshot's kept blocks of bytes is the diff to the commit, credentials masked; None: nothing differs.
        is_cut: whether the diff was longer than what is kept of it.
    """

    branch: str = ""
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    patch: int | None = None
    is_cut: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What a snapshot knows besides variables, document and cell runs.

    Attributes:
        data: what cells have read, sorted by path; None when nobody watched.
        parameters: values of the names that cells tagged ``parameters`` or ``injected-parameters`` set, short, credentials masked.
        packages: versions by name, ``python`` among them; empty when not known.
        git: None outside a repository.
        notes: what could not be found out, in sentences.
    """

    data: tuple[DataFile, ...] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    git: GitDetails | None = None
    notes: tuple[str, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True)
class ReadFile:
    """What is known of a file that cells read.

    Attributes:
        cells: ids of the cells.
        is_as_read: tells whether it is still what they read; may take as long as reading it.
        is_folder: whether its names were read, not content.
    """

    cells: tuple[str, ...]
    is_as_read: Callable[[], bool] = lambda: True
    is_folder: bool = False


@dataclass(frozen=True)
class QueryRead:
    """What a database was asked.

    Attributes:
        place: the file, the address without credentials, or the library.
        text: the query, or the name of a table; credentials masked.
        rows: how many it gave; None when that was not seen.
        digest: of the rows, in any order; empty when they were not seen.
        cells: ids of the cells.
        note: why something is not known.
    """

    place: str
    text: str
    rows: int | None = None
    digest: str = ""
    cells: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class ObjectRead:
    """An object in a store that was opened: its address, and what named its content then."""

    address: str
    version: str = ""
    size_bytes: int | None = None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Readings:
    """What cells of a kernel have read: files by absolute path; by what is known of it, what lies elsewhere, with the cells; what
    databases answered; objects in stores."""

    files: Mapping[str, ReadFile] = field(default_factory=dict)
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queries: tuple[QueryRead, ...] = ()
    objects: tuple[ObjectRead, ...] = ()
