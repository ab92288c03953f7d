"""What running a definition tells: plain values that travel between the process that runs it and the one that asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlnb.features.definition import FeatureDefinition
from mlnb.features.types import Field


@dataclass(frozen=True)
class Tried:
    """What a definition makes of the first rows of its source.

    Attributes:
        fields: its features.
        created: the column of creation times that the result really has, or None.
    """

    fields: tuple[Field, ...]
    created: str | None


@dataclass(frozen=True)
class Described:
    """A definition with its code and what it makes: all that the catalogue needs to know.

    Attributes:
        definition: what its author said.
        code: the function and what it uses of its own file.
        file: absolute path of the defining file; None when it was defined in a notebook.
        folder: absolute path of the folder that a relative source starts from.
        tried: what it makes of the first rows of its source.
    """

    definition: FeatureDefinition
    code: str
    file: str | None
    folder: str
    tried: Tried


@dataclass(frozen=True)
class Stored:
    """What was computed and written.

    Attributes:
        rows: how many.
        duplicates: rows whose key and times equal an earlier row's.
        size_bytes: of the file.
        newest_event_at: UTC; None without times.
        source_state: what the source looked like just before it was read.
    """

    rows: int
    duplicates: int
    size_bytes: int
    newest_event_at: datetime | None
    source_state: str
