"""The point-in-time read against a plain model of what it means, on random data with ties, ttl, late rows and gaps."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlnb.features.errors import ColumnMissing, EntitiesInvalid
from mlnb.features.point_in_time import read_at
from mlnb.features.tables import write_table
from mlnb.features.types import Entity, FeatureView, Field

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(hours=12)


def view(keys=("k",), timestamp="at", created=None, ttl_s=None, fields=("v",)):
    return FeatureView(
        name="view", version=1, owner="ana", description="", entity=Entity(", ".join(keys), tuple(keys)), source="x",
        timestamp=timestamp, created=created, ttl_s=ttl_s, fields=tuple(Field(name, "int64") for name in fields), tags={},
        schedule=None, file=None, folder="/", code="", code_hash="", created_at=START,
    )  # fmt: skip


def modelled(rows, asked_key, asked_hour, *, late, ttl_hours):
    """The value that a reader at `asked_hour` may know, by looking at every row."""
    best = None
    for position, (key, happened, written, value) in enumerate(rows):
        if None in (key, asked_key, asked_hour, happened) or key != asked_key:
            continue
        if (max(happened, written) if late and written is not None else happened) > asked_hour:
            continue
        rank = (happened, written if late and written is not None else happened, position)
        if best is None or rank > best[0]:
            best = (rank, value)
    if best is None or (ttl_hours is not None and asked_hour - best[0][0] > ttl_hours):
        return None
    return best[1]


def moments(hours):
    times = [None if hour is None else START + timedelta(hours=hour) for hour in hours]
    return pd.Series(pd.to_datetime(times, utc=True), dtype="datetime64[ns, UTC]")


keys = st.sampled_from([1, 2, None])
hours = st.integers(0, 12)
stored_rows = st.lists(st.tuples(keys, st.none() | hours, st.none() | hours, st.integers(-3, 3)), max_size=12)
asked_rows = st.lists(st.tuples(st.sampled_from([1, 2, 3, None]), st.none() | hours), max_size=8)


@settings(max_examples=100, deadline=None)
@given(stored_rows, asked_rows, st.booleans(), st.none() | st.integers(1, 6), st.booleans())
def test_it_reads_what_the_model_reads(tmp_path_factory, rows, asked, late, ttl_hours, zone):
    path = tmp_path_factory.getbasetemp() / "view.parquet"
    stored = pd.DataFrame(
        {
            "k": pd.array([row[0] for row in rows], dtype="Int64"),
            "at": moments(row[1] for row in rows),
            "created": moments(row[2] for row in rows),
            "v": pd.array([row[3] for row in rows], dtype="int64"),
        }
    )
    write_table(stored, path)
    when = moments(hour for _, hour in asked)
    entities = pd.DataFrame(
        {
            "k": pd.array([key for key, _ in asked], dtype="Int64"),
            "when": when if zone else when.dt.tz_localize(None),
        },
    )
    entities.index = [f"row {i % 3}" for i in range(len(entities))]
    definition = view(created="created" if late else None, ttl_s=None if ttl_hours is None else ttl_hours * 3600)
    (series,) = read_at(path, definition, ["v"], entities, "when", NOW)
    expected = [modelled(rows, key, hour, late=late, ttl_hours=ttl_hours) for key, hour in asked]
    assert [None if pd.isna(value) else int(value) for value in series] == expected
    assert list(series.index) == list(entities.index)


def read(tmp_path, stored, entities, *, timestamp=None, features=("v",), **changes):
    write_table(pd.DataFrame(stored), tmp_path / "view.parquet")
    definition = view(fields=features, **changes)
    return read_at(tmp_path / "view.parquet", definition, list(features), pd.DataFrame(entities), timestamp, NOW)


def hour(number):
    return pd.Timestamp(START + timedelta(hours=number))


def test_without_a_moment_the_values_of_now_are_read_and_the_future_is_not(tmp_path):
    stored = {"k": [1, 1, 1], "at": [hour(1), hour(12), hour(13)], "v": [10, 11, 12]}
    (series,) = read(tmp_path, stored, {"k": [1]})
    assert series.tolist() == [11]


def test_a_view_without_times_holds_at_any_moment_and_the_last_of_duplicates_counts(tmp_path):
    write_table(pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]}), tmp_path / "view.parquet")
    entities = pd.DataFrame({"k": ["b", "a", "c"]})
    (series,) = read_at(tmp_path / "view.parquet", view(timestamp=None), ["v"], entities, None, NOW)
    assert series.tolist()[:2] == [2, 3]
    assert pd.isna(series[2])


def test_several_keys_all_count(tmp_path):
    stored = {"a": [1, 1, 2], "b": ["x", "y", "x"], "at": [hour(0)] * 3, "v": [1, 2, 3]}
    (series,) = read(tmp_path, stored, {"a": [1, 2, 2], "b": ["y", "x", "y"]}, keys=("a", "b"))
    assert series.tolist()[:2] == [2.0, 3.0]
    assert pd.isna(series[2])


def test_values_keep_their_types(tmp_path):
    big = 2**60
    stored = {
        "k": [1, 2], "at": [hour(0)] * 2, "text": ["é", None], "flag": [True, False], "big": [big + 1, 7],
        "when": pd.to_datetime(["2026-01-01 00:00:00.000000001", None]), "parts": [[1, 2], []],
    }  # fmt: skip
    names = ("text", "flag", "big", "when", "parts")
    text, flag, whole, when, parts = read(tmp_path, stored, {"k": [1, 2]}, features=names)
    assert text[0] == "é"
    assert flag.dtype == bool
    assert whole.tolist() == [big + 1, 7]
    assert when[0].nanosecond == 1
    assert list(parts[0]) == [1, 2]
    (gaps,) = read(tmp_path, stored, {"k": [1, 9]}, features=("big",))
    assert gaps[0] == big + 1
    assert str(gaps.dtype) == "Int64"
    (small,) = read(tmp_path, stored, {"k": [2, 9]}, features=("big",))
    assert str(small.dtype) == "float64"


def test_a_row_is_valid_up_to_and_including_its_ttl(tmp_path):
    entities = {"k": [1, 1], "when": [hour(6), hour(6) + pd.Timedelta(1, "ns")]}
    (series,) = read(tmp_path, {"k": [1], "at": [hour(0)], "v": [4]}, entities, timestamp="when", ttl_s=6 * 3600)
    assert series[0] == 4
    assert pd.isna(series[1])


def test_nanoseconds_count(tmp_path):
    stored = {
        "k": [1, 1],
        "at": pd.to_datetime(["2026-01-01 00:00:00.000000005", "2026-01-01 00:00:00.000000007"]),
        "v": [5, 7],
    }
    entities = {"k": [1, 1], "when": pd.to_datetime(["2026-01-01 00:00:00.000000006", "2026-01-01 00:00:00.000000004"])}
    (series,) = read(tmp_path, stored, entities, timestamp="when")
    assert series[0] == 5
    assert pd.isna(series[1])


def test_names_with_quotes_are_names(tmp_path):
    path = tmp_path / "o'clock.parquet"
    write_table(pd.DataFrame({'k"; drop': [1], "a't": [hour(0)], 'v"': [4]}), path)
    definition = view(keys=('k"; drop',), timestamp="a't", fields=('v"',))
    (series,) = read_at(path, definition, ['v"'], pd.DataFrame({'k"; drop': [1]}), None, NOW)
    assert series.tolist() == [4]


def test_categories_texts_and_numbers_of_other_widths_are_the_same_keys(tmp_path):
    stored = {"k": pd.Categorical(["a", "b"]), "at": [hour(0)] * 2, "v": [1, 2]}
    (series,) = read(tmp_path, stored, {"k": ["b", "a"]})
    assert series.tolist() == [2, 1]
    stored = {"k": pd.array([1, 2], dtype="int16"), "at": [hour(0)] * 2, "v": [1, 2]}
    (series,) = read(tmp_path, stored, {"k": [2.0, 1.0]})
    assert series.tolist() == [2, 1]


def test_no_rows_and_no_keys_are_fine(tmp_path):
    stored = {"k": [1], "at": [hour(0)], "v": [1]}
    (empty,) = read(tmp_path, stored, {"k": pd.array([], dtype="int64")})
    assert len(empty) == 0
    (unknown,) = read(tmp_path, stored, {"k": [None, None]})
    assert unknown.isna().all()


def test_what_does_not_fit_is_named(tmp_path):
    stored = {"k": [1], "at": [hour(0)], "v": [1]}
    with pytest.raises(ColumnMissing, match="no column 'k'"):
        read(tmp_path, stored, {"other": [1]})
    with pytest.raises(ColumnMissing, match="no time column 'when'"):
        read(tmp_path, stored, {"k": [1]}, timestamp="when")
    with pytest.raises(EntitiesInvalid, match=r"'k' holds (large_)?string in the entities and int64"):
        read(tmp_path, stored, {"k": ["one"]})
    with pytest.raises(EntitiesInvalid, match="holds no times"):
        read(tmp_path, stored, {"k": [1], "when": [20260101]}, timestamp="when")
    with pytest.raises(EntitiesInvalid, match="mixes types"):
        read(tmp_path, stored, {"k": [1, "one", object()]})


def test_the_stored_file_is_plain_parquet(tmp_path):
    read(tmp_path, {"k": [1], "at": [hour(0)], "v": [1]}, {"k": [1]})
    assert pa.parquet.read_table(tmp_path / "view.parquet").column_names == ["k", "at", "v"]
