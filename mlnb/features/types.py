"""The nouns of features, as they go over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cell = str | int | float | bool | None
"""A value as a preview shows it."""

Change = Literal["created", "new_version", "updated", "unchanged"]
"""What registering did: a new view, a new version (its values change), new words about it, or nothing."""


@dataclass(frozen=True)
class Entity:
    """What the features describe.

    Attributes:
        name: for people; the key columns joined by commas.
        join_keys: the key columns.
    """

    name: str
    join_keys: tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One feature of a view.

    Attributes:
        name: the column.
        type: such as ``int64``, ``float64``, ``string``, ``bool``, ``timestamp``.
    """

    name: str
    type: str


@dataclass(frozen=True)
class Freshness:
    """How new the data of a view is.

    Attributes:
        at: the newest event time where it is known, else when the file was last written. UTC.
        basis: which of the two it is.
        of: the stored features, or (nothing is stored yet) the source.
    """

    at: datetime
    basis: Literal["event_time", "file_time"]
    of: Literal["materialized", "source"]


@dataclass(frozen=True)
class FeatureView:
    """A table of features with the code that makes it.

    Attributes:
        name: unique in the catalogue.
        version: counts from 1; a definition that makes other values is a new version.
        owner: who answers for it.
        description: what it means.
        entity: what it describes.
        source: what it is made from, as the author wrote it.
        timestamp: column of the event time; None when its values hold at any time.
        created: column that says when a row was written; None when there is none.
        ttl_s: how long a row stays valid, in seconds; None: until the next one.
        fields: its features, in column order.
        tags: free labels.
        schedule: cron expression; None when it has none.
        file: absolute path of the defining Python file; None when it was defined in a notebook.
        folder: absolute path of the folder that a relative source starts from.
        code: the function and what it uses of its own file.
        code_hash: short name of `code`, for people.
        created_at: when this version was registered, UTC.
        materialized_at: when it was last computed and stored, UTC; None: never.
        freshness: how new its data is; None when its source is gone and nothing is stored.
    """

    name: str
    version: int
    owner: str
    description: str
    entity: Entity
    source: str
    timestamp: str | None
    created: str | None
    ttl_s: float | None
    fields: tuple[Field, ...]
    tags: dict[str, str]
    schedule: str | None
    file: str | None
    folder: str
    code: str
    code_hash: str
    created_at: datetime
    materialized_at: datetime | None = None
    freshness: Freshness | None = None


@dataclass(frozen=True)
class FeatureViewPage:
    """Some of the catalogue.

    Attributes:
        views: the newest version of each.
        total: how many there are in all.
        cursor: where the next page begins; None at the end.
    """

    views: tuple[FeatureView, ...]
    total: int
    cursor: str | None


@dataclass(frozen=True)
class Preview:
    """A few rows of a view, with everything that looks like a credential masked.

    Attributes:
        columns: keys, time and features.
        rows: values as plain JSON.
        of: the stored features, or what the function made of the first rows of its source.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    of: Literal["materialized", "sample"]


@dataclass(frozen=True)
class ViewVersion:
    """One version of a view, in its history."""

    version: int
    code_hash: str
    owner: str
    created_at: datetime


@dataclass(frozen=True)
class FeatureViewDetail:
    """A view with its history and a preview.

    Attributes:
        view: the version asked for.
        versions: all versions, newest first.
        preview: a few rows; None when none are stored any more.
    """

    view: FeatureView
    versions: tuple[ViewVersion, ...]
    preview: Preview | None


@dataclass(frozen=True)
class Applied:
    """What a file's definitions became.

    Attributes:
        views: each as it now stands in the catalogue, in the order of the file.
        changes: per view, what registering did.
    """

    views: tuple[FeatureView, ...]
    changes: dict[str, Change]


@dataclass(frozen=True)
class Materialized:
    """A computed and stored view.

    Attributes:
        view: its name.
        version: which version.
        rows: how many were stored.
        duplicates: rows whose key and times equal an earlier row's; reads take the last of them.
        size_bytes: of the file.
        path: of the Parquet file.
        newest_event_at: UTC; None when it has no times.
        source_state: what the source looked like (to see whether it changed since).
        materialized_at: UTC.
    """

    view: str
    version: int
    rows: int
    duplicates: int
    size_bytes: int
    path: str
    newest_event_at: datetime | None
    source_state: str
    materialized_at: datetime
