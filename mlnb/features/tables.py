"""Tables in files: read into pandas and written whole or not at all. The file whose job pandas' readers and writers are."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mlnb.core.errors import BadInput
from mlnb.core.files import store_error
from mlnb.features.errors import OutputInvalid, SourceMissing

_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


def read_table(path: Path, limit: int | None = None) -> pd.DataFrame:
    """The Parquet or CSV file `path` (or a folder of Parquet files), or its first `limit` rows.

    Raises:
        SourceMissing: it is not there, or is not a Parquet or CSV file.
    """
    if not path.exists():
        raise SourceMissing(f"there is no file {path}", "Is the path relative to the folder of the defining file?")
    try:
        if path.name.lower().endswith(_CSV):
            separator = "\t" if ".tsv" in path.name.lower() else ","
            return pd.read_csv(path, sep=separator, nrows=limit)
        return _read_parquet(path, limit)
    except (pa.ArrowException, ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SourceMissing(f"{path} cannot be read: {first}", "It must be a Parquet or CSV file.") from error


def _read_parquet(path: Path, limit: int | None) -> pd.DataFrame:
    frame = pd.read_parquet(path) if limit is None or path.is_dir() else _first_rows(path, limit).to_pandas()
    return frame if limit is None else frame.head(limit)


def read_arrow(path: Path, limit: int) -> pa.Table:
    """The first `limit` rows of the Parquet file `path`, as Arrow.

    Raises:
        SourceMissing: it is not there or is not Parquet.
    """
    try:
        return _first_rows(path, limit)
    except (pa.ArrowException, OSError) as error:
        raise SourceMissing(
            f"{path} cannot be read: {error}", "Compute it again: mlnb features materialize."
        ) from error


def _first_rows(path: Path, limit: int) -> pa.Table:
    with pq.ParquetFile(path) as file:
        batches = []
        rows = 0
        for batch in file.iter_batches(batch_size=max(1, min(limit, 65536))):
            batches.append(batch)
            rows += batch.num_rows
            if rows >= limit:
                break
        return pa.Table.from_batches(batches, schema=file.schema_arrow).slice(0, limit)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path` by its ending: ``.parquet`` or ``.csv``.

    Raises:
        BadInput: another ending.
        StoreUnavailable: the disk refused; nothing was left behind.
    """
    if path.suffix == ".parquet":
        write_parquet(arrow_from_frame(frame), path)
    elif path.suffix == ".csv":
        _write_whole(path, lambda temporary: frame.to_csv(temporary, index=False))
    else:
        raise BadInput(f"{path.name} ends neither in .parquet nor in .csv", "Choose one of the two.")


def write_parquet(table: pa.Table, path: Path) -> int:
    """Write `table` to `path` and return the file's size in bytes.

    Raises:
        StoreUnavailable: the disk refused; what was there before is still there.
    """
    _write_whole(path, lambda temporary: pq.write_table(table, temporary))
    return path.stat().st_size


def arrow_from_frame(frame: pd.DataFrame) -> pa.Table:
    """`frame` as Arrow, without its index.

    Raises:
        OutputInvalid: a column mixes types that no one type can hold; the message names it.
    """
    try:
        return _without_losing_zones(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise OutputInvalid(
            f"a column cannot be stored: {_first_line(error)}", "Give each column values of one type."
        ) from error


def arrow_from_column(column: pd.Series) -> pa.Array:
    """`column` as Arrow; times with a zone are the same moments in the same unit and zone.

    Arrow asks pandas for a zoned column's plain values in a way that pandas 3.1 warns of; it is asked for UTC instead.
    """
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        return pa.array(column, from_pandas=True)
    plain = pa.array(column.dt.tz_convert(None), from_pandas=True)
    return plain.cast(pa.timestamp(plain.type.unit, pa.lib.tzinfo_to_string(column.dt.tz)))


def _without_losing_zones(frame: pd.DataFrame) -> pa.Table:
    zoned = [n for n, kind in enumerate(frame.dtypes) if isinstance(kind, pd.DatetimeTZDtype)]
    if not zoned:
        return pa.Table.from_pandas(frame, preserve_index=False)
    plain = frame.copy(deep=False)
    for number in zoned:
        plain.isetitem(number, frame.iloc[:, number].dt.tz_convert(None))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    for number in zoned:
        table = table.set_column(number, table.field(number).name, arrow_from_column(frame.iloc[:, number]))
    return table


def _first_line(error: Exception) -> str:
    return " ".join(str(part) for part in error.args).strip().splitlines()[0]


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise store_error(path, error) from error
