"""Reading features as they were known at a moment: one ASOF join in DuckDB finds the row, Arrow takes its values.

For a row asked at time t, the answer is the row with its key that has the latest event time among those that had happened and
had been written by t; of equal event times the one written last, then the later row of the file. It is null when that row is
older than the ttl. DuckDB sees keys and times only, as whole nanoseconds in UTC, so no value changes its type on the way.
"""

# ruff: noqa: S608 - every name and text that goes into a query is quoted by _quoted and _text
from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mlnb.features.compute import utc_times
from mlnb.features.errors import ColumnMissing, EntitiesInvalid
from mlnb.features.tables import arrow_from_column
from mlnb.features.types import FeatureView

_EXACT_IN_FLOAT = 2**53


def read_at(
    path: Path, view: FeatureView, features: list[str], entities: pd.DataFrame, timestamp: str | None, now: datetime
) -> list[pd.Series]:
    """The values of `features` for every row of `entities`, in its order and with its index.

    Args:
        path: the Parquet file of the stored view.
        view: what stands in it.
        features: columns of it.
        entities: rows with the view's key columns.
        timestamp: column of `entities` that says as of when; None: as of `now`.
        now: the present moment.

    Returns:
        A series per feature. Whole numbers with gaps become float64 where that is exact, else nullable Int64.

    Raises:
        ColumnMissing: a key or the time column is not in `entities`.
        EntitiesInvalid: a key has another kind of type there, or the times are none.
    """
    schema = pq.read_schema(path)
    asked = _asked(view, entities, timestamp, now, schema)
    with duckdb.connect() as connection:
        connection.register("asked", asked)
        found = connection.sql(_query(path, view)).to_arrow_table()
    rows = found.column("row").combine_chunks()
    table = pq.read_table(path, columns=features)
    return [_as_pandas(table.column(name).combine_chunks().take(rows), name, entities.index) for name in features]


def _asked(
    view: FeatureView, entities: pd.DataFrame, timestamp: str | None, now: datetime, schema: pa.Schema
) -> pa.Table:
    columns: dict[str, pa.Array] = {"i": pa.array(range(len(entities)), pa.int64())}
    for number, key in enumerate(view.entity.join_keys):
        if key not in entities.columns:
            raise ColumnMissing(
                f"the entities have no column {key!r}, the key of {view.name}",
                f"They have: {', '.join(map(str, entities.columns))}.",
            )
        columns[f"k{number}"] = _key(entities[key], key, view, schema.field(key).type)
    if view.timestamp is not None:
        columns["t"] = _moments(entities, timestamp, now)
    return pa.table(columns)


def _key(column: pd.Series, key: str, view: FeatureView, stored: pa.DataType) -> pa.Array:
    try:
        values = arrow_from_column(column)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise EntitiesInvalid(f"the key {key!r} mixes types", "Give it values of one type.") from error
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if _kind(values.type) not in (_kind(stored), "null") and _kind(stored) != "null":
        raise EntitiesInvalid(
            f"the key {key!r} holds {values.type} in the entities and {stored} in {view.name}",
            f"Convert it: entities[{key!r}].astype(...).",
        )
    return values


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    tests = {
        "number": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
        "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
        "time": (pa.types.is_timestamp, pa.types.is_date),
        "null": (pa.types.is_null,),
    }
    return next((name for name, checks in tests.items() if any(check(kind) for check in checks)), str(kind))


def _moments(entities: pd.DataFrame, timestamp: str | None, now: datetime) -> pa.Array:
    if timestamp is None:
        return pa.array([pd.Timestamp(now).value] * len(entities), pa.int64())
    if timestamp not in entities.columns:
        raise ColumnMissing(
            f"the entities have no time column {timestamp!r}",
            f"They have: {', '.join(map(str, entities.columns))}. Or leave timestamp out for the values of now.",
        )
    try:
        times = utc_times(entities[timestamp])
    except (ValueError, TypeError) as error:
        raise EntitiesInvalid(
            f"the column {timestamp!r} of the entities holds no times: {str(error).splitlines()[0]}",
            f"Convert it: pd.to_datetime(entities[{timestamp!r}]).",
        ) from error
    return arrow_from_column(times).cast(pa.timestamp("ns")).cast(pa.int64())


def _query(path: Path, view: FeatureView) -> str:
    """A query with one row per row of ``asked``, in its order: the number of the stored row to take, or null."""
    numbers = range(len(view.entity.join_keys))
    keys = ", ".join(f"{_quoted(key)} as k{number}" for number, key in enumerate(view.entity.join_keys))
    names = ", ".join(f"k{number}" for number in numbers)
    same = " and ".join(f"asked.k{number} = known.k{number}" for number in numbers)
    file = f"read_parquet({_text(str(path))}, file_row_number = true)"
    if view.timestamp is None:
        return f"""
            with known as (select {keys}, max(file_row_number) as r from {file} group by {names})
            select known.r as row from asked left join known on {same} order by asked.i"""
    # Whole nanoseconds: DuckDB does not compare times of different precision or zone.
    event = f"epoch_ns({_quoted(view.timestamp)})"
    written = f"coalesce(epoch_ns({_quoted(view.created)}), {event})" if view.created else event
    expired = "false" if view.ttl_s is None else f"asked.t - known.e > {int(view.ttl_s * 1_000_000_000)}"
    return f"""
        with stored as (select {keys}, {event} as e, {written} as c, file_row_number as r from {file} where e is not null),
        {_KNOWN_WITH_LATE_ROWS.format(keys=names) if view.created else _KNOWN.format(keys=names)}
        select case when {expired} then null else known.r end as row
        from asked asof left join known on {same} and asked.t >= known.visible
        order by asked.i"""


_KNOWN = "known as (select {keys}, e, e as visible, max(r) as r from stored group by {keys}, e)"

# A row is visible once it has happened and was written. The running maximum over (event, written, position) in the order of
# visibility turns "the latest event among the visible ones" into a plain ASOF join on visibility.
_KNOWN_WITH_LATE_ROWS = """
        steps as (select {keys}, greatest(e, c) as visible,
                  max({{'e': e, 'c': c, 'r': r}}) over (partition by {keys} order by greatest(e, c)) as best from stored),
        known as (select {keys}, visible, any_value(best.e) as e, any_value(best.r) as r from steps group by {keys}, visible)"""


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _as_pandas(values: pa.Array, name: str, index: pd.Index) -> pd.Series:
    if pa.types.is_integer(values.type) and values.null_count:
        whole = pd.array(values.to_pylist(), dtype="Int64")
        exact = all(abs(value) <= _EXACT_IN_FLOAT for value in values.to_pylist() if value is not None)
        return pd.Series(whole.to_numpy("float64", na_value=float("nan")) if exact else whole, index=index, name=name)
    series = values.to_pandas()
    series.index = index
    series.name = name
    return pd.Series(series)
