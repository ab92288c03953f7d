"""Running the function of a feature view on its source, and checking and storing what it returns."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pandas as pd
import pyarrow as pa

from mlnb.core.secrets import mask
from mlnb.features.code import code_of, file_of
from mlnb.features.definition import CREATED, FeatureDefinition, definition_of
from mlnb.features.errors import ColumnMissing, DefinitionInvalid, FunctionFailed, OutputInvalid
from mlnb.features.results import Described, Stored, Tried
from mlnb.features.rules import type_name
from mlnb.features.sources import open_source
from mlnb.features.tables import arrow_from_frame, write_parquet
from mlnb.features.types import Field

SAMPLE_ROWS = 10_000
"""Rows of the source that a definition is tried on before it is registered."""
KEPT_ROWS = 100
"""Rows of the result that are kept of that for previews."""


def describe(function: Callable[..., object], sample: Path) -> Described:
    """Everything about a decorated `function`; a few rows of what it makes are kept in the Parquet file `sample`.

    Raises:
        DefinitionInvalid: it is not decorated, or its source cannot be found.
        SourceMissing: the data it is made from is not there.
        FunctionFailed: the function raised.
        ColumnMissing: a key or time column is not in the result.
        OutputInvalid: the result is not a table of keys, times and features.
    """
    definition = _definition(function)
    file = file_of(function)
    folder = file.parent if file else Path.cwd()
    tried = try_out(function, definition, folder, sample)
    return Described(definition, code_of(function), str(file) if file else None, str(folder), tried)


def _definition(function: Callable[..., object]) -> FeatureDefinition:
    definition = definition_of(function)
    if definition is None:
        raise DefinitionInvalid(
            f"{getattr(function, '__name__', function)!r} is not a feature view",
            'Write @mlnb.feature_view(entity="customer_id", source="events.parquet") above the function.',
        )
    return definition


def try_out(function: Callable[..., object], definition: FeatureDefinition, folder: Path, sample: Path) -> Tried:
    """Run `function` on the first rows of its source and keep a few rows of the result in the Parquet file `sample`.

    Raises:
        SourceMissing: there is no source.
        FunctionFailed: the function raised.
        ColumnMissing: a key or time column is not in the result.
        OutputInvalid: the result is not a table of keys, times and features.
        StoreUnavailable: the sample cannot be written.
    """
    frame = _computed(function, definition, folder, SAMPLE_ROWS)
    table = arrow_from_frame(frame)
    created = definition.created if definition.created in frame.columns else None
    if created is not None and not _is_time(table.schema.field(created).type):
        created = None  # a feature that happens to be called "created"
    others = {*definition.entity, definition.timestamp, created}
    fields = tuple(Field(one.name, type_name(str(one.type))) for one in table.schema if one.name not in others)
    if not fields:
        raise OutputInvalid(
            f"{definition.name} returned no features: only {', '.join(frame.columns)}",
            "Return the features as columns.",
        )
    write_parquet(table.slice(0, KEPT_ROWS), sample)
    return Tried(fields, created)


def compute(function: Callable[..., object], definition: FeatureDefinition, folder: Path, target: Path) -> Stored:
    """Run `function` on its whole source and write the result to the Parquet file `target`.

    Raises:
        SourceMissing: there is no source.
        FunctionFailed: the function raised.
        ColumnMissing: a key or time column is not in the result.
        OutputInvalid: the result is not a table of keys, times and features.
        StoreUnavailable: the file cannot be written; what was there before is still there.
    """
    state = open_source(definition.source, folder).state()
    frame = _computed(function, definition, folder, None)
    times = [definition.timestamp] if definition.timestamp else []
    created = definition.created
    if created in frame.columns and created is not None and isinstance(frame[created].dtype, pd.DatetimeTZDtype):
        times.append(created)
    newest = frame[definition.timestamp].max() if definition.timestamp else pd.NaT
    return Stored(
        rows=len(frame),
        duplicates=int(frame.duplicated([*definition.entity, *times]).sum()),
        size_bytes=write_parquet(arrow_from_frame(frame), target),
        newest_event_at=None if pd.isna(newest) else newest.to_pydatetime(warn=False).astimezone(UTC),
        source_state=state,
    )


def try_rows(function: Callable[..., object], rows: int) -> pd.DataFrame:
    """The first `rows` rows of what a decorated `function` makes of the first rows of its source.

    Raises:
        DefinitionInvalid: it is not decorated.
        SourceMissing: there is no source.
        FunctionFailed: the function raised.
        ColumnMissing: a key or time column is not in the result.
        OutputInvalid: the result is not a table of keys, times and features.
    """
    definition = _definition(function)
    file = file_of(function)
    return _computed(function, definition, file.parent if file else Path.cwd(), SAMPLE_ROWS).head(rows)


def _computed(
    function: Callable[..., object], definition: FeatureDefinition, folder: Path, limit: int | None
) -> pd.DataFrame:
    source = open_source(definition.source, folder).read(limit)
    for name in {definition.timestamp, definition.created} & set(source.columns):
        if name is not None and pd.api.types.is_string_dtype(source[name]):
            source[name] = _times_if_possible(source[name])  # CSV knows no times: give the function what it expects
    try:
        result = function(source)
    except Exception as error:
        raise FunctionFailed(_in_words(definition.name, error), "Try the function in a notebook cell.") from error
    return _checked(result, definition)


def _times_if_possible(column: pd.Series) -> pd.Series:
    try:
        return pd.to_datetime(column, format="ISO8601")
    except (ValueError, TypeError):
        return column


def _in_words(name: str, error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" (line {frames[-1].lineno} of {Path(frames[-1].filename).name})" if len(frames) > 1 else ""
    return mask(f"{name} raised {type(error).__name__}: {error}{where}")


def _checked(result: object, definition: FeatureDefinition) -> pd.DataFrame:
    if not isinstance(result, pd.DataFrame):
        raise OutputInvalid(
            f"{definition.name} returned a {type(result).__name__}, not a pandas DataFrame", "Return a frame."
        )
    needed = [*definition.entity, *([definition.timestamp] if definition.timestamp else [])]
    if any(name is not None for name in result.index.names):
        result = result.reset_index()  # what groupby leaves behind
    if not all(isinstance(name, str) for name in result.columns) or not result.columns.is_unique:
        raise OutputInvalid(f"{definition.name} returned columns whose names are not unique texts", "Rename them.")
    for column in needed:
        if column not in result.columns:
            kind = "time" if column == definition.timestamp else "key"
            raise ColumnMissing(
                f"{definition.name} returned no {kind} column {column!r}",
                f"It returned: {', '.join(map(str, result.columns))}.",
            )
    result = result.copy(deep=False)
    if definition.timestamp:
        result[definition.timestamp] = _as_times(result[definition.timestamp], definition)
    if definition.created in result.columns and definition.created is not None:
        written = result[definition.created]
        if definition.created != CREATED or pd.api.types.is_datetime64_any_dtype(written):
            result[definition.created] = _as_times(written, definition)
    return result


def _as_times(column: pd.Series, definition: FeatureDefinition) -> pd.Series:
    """`column` as times in UTC with nanoseconds; times without a zone are taken as UTC."""
    try:
        return utc_times(column)
    except (ValueError, TypeError) as error:
        raise OutputInvalid(
            f"{definition.name} returned times that are none in {column.name!r}: {str(error).splitlines()[0]}",
            "Convert them: pd.to_datetime(column).",
        ) from error


def utc_times(column: pd.Series) -> pd.Series:
    """`column` as times in UTC with nanoseconds; times without a zone are taken as UTC, texts as ISO 8601.

    Raises:
        ValueError: a value is not a time, or lies outside the years 1678 to 2261.
        TypeError: the column holds numbers or other things.
    """
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise TypeError(f"the column {column.name!r} holds numbers, not times")
    if not pd.api.types.is_datetime64_any_dtype(column):
        column = pd.to_datetime(column, utc=True, format="ISO8601" if pd.api.types.is_string_dtype(column) else None)
    return pd.to_datetime(column, utc=True).astype("datetime64[ns, UTC]")


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))
