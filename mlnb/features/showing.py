"""The first rows of a stored table as plain JSON values, fit to be shown: credentials masked, bytes counted, not printed."""

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlnb.core.clock import iso_from_datetime
from mlnb.core.secrets import MASK, is_secret_name, mask
from mlnb.features.tables import arrow_from_frame, read_arrow
from mlnb.features.types import Cell, Preview

if TYPE_CHECKING:
    import pandas as pd

_LONGEST = 200


def preview_of(file: Path, rows: int, of: Literal["materialized", "sample"]) -> Preview:
    """The first `rows` rows of the Parquet file `file`.

    Raises:
        SourceMissing: it cannot be read.
    """
    table = read_arrow(file, rows)
    columns = tuple(table.column_names)
    found = [tuple(_shown(name, row[name]) for name in columns) for row in table.to_pylist()]
    return Preview(columns, tuple(found), of)


def rows_of(frame: pd.DataFrame) -> list[list[Cell]]:
    """All rows of `frame` as plain JSON values, as they are: this is data that was asked for, not a preview of it."""
    table = arrow_from_frame(frame)
    return [[_plain(row[name]) for name in table.column_names] for row in table.to_pylist()]


def _shown(column: str, value: object) -> Cell:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    plain = _plain(value)
    if not isinstance(plain, str) or isinstance(value, date):
        return plain
    text = MASK if is_secret_name(column) else mask(plain)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _plain(value: object) -> Cell:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return iso_from_datetime(value) if value.tzinfo else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
