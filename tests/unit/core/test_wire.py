"""JSON and back: what mlnb writes it reads again, the same, whatever the values."""

from __future__ import annotations

import contextlib
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.clock import datetime_from_iso, iso_from_datetime
from mlnb.core.wire import dumps, from_wire, to_wire


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.StrEnum):
    LOW = "low"


@dataclass(frozen=True)
class Part:
    name: str
    weight: float
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whole:
    id: str
    made_at: datetime
    colour: Colour
    state: Literal["open", "shut"]
    parts: list[Part]
    by_name: Mapping[str, Part]
    place: tuple[int, str]
    parent: Part | None = None
    count: int = 0
    on: bool = False


moments = st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])
)  # fmt: skip
finite = st.floats(allow_nan=False, allow_infinity=False)
parts = st.builds(Part, name=st.text(), weight=finite, tags=st.lists(st.text()).map(tuple))
wholes = st.builds(
    Whole,
    id=st.text(),
    made_at=moments.map(lambda m: m.astimezone(UTC)),
    colour=st.sampled_from(Colour),
    state=st.sampled_from(["open", "shut"]),
    parts=st.lists(parts, max_size=3),
    by_name=st.dictionaries(st.text(), parts, max_size=3),
    place=st.tuples(st.integers(), st.text()),
    parent=st.none() | parts,
    count=st.integers(),
    on=st.booleans(),
)


@given(wholes)
def test_what_is_written_is_read_again(whole):
    assert from_wire(Whole, json.loads(dumps(whole))) == whole


@given(wholes, st.dictionaries(st.text(min_size=1).map(lambda name: f"new_{name}"), st.integers(), max_size=3))
def test_fields_of_a_newer_version_are_passed_over(whole, newer):
    assert from_wire(Whole, {**to_wire(whole), **newer}) == whole


@given(st.dictionaries(st.text(), st.integers()))
def test_equal_values_give_equal_text(values):
    assert dumps(values) == dumps(dict(reversed(values.items())))


@given(moments)
def test_times_are_utc_with_microseconds_and_come_back(moment):
    text = iso_from_datetime(moment)
    assert text.endswith("Z")
    assert len(text) == len("2026-01-31T12:00:00.000000Z")
    assert datetime_from_iso(text) == moment


@given(moments, moments)
def test_written_times_sort_as_the_moments_do(one, other):
    assert (iso_from_datetime(one) < iso_from_datetime(other)) == (one < other)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        dumps({"at": datetime(2026, 1, 1)})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_say_becomes_null(value):
    assert json.loads(dumps([value])) == [None]


def test_sets_paths_and_enums_have_a_form():
    assert to_wire({"b", "a"}) == ["a", "b"]
    assert to_wire(Path("a/b")) == "a/b"
    assert to_wire(Colour.RED) == "red"
    assert json.loads(dumps(Level.LOW)) == "low"


def test_text_stays_readable():
    assert dumps("größe") == '"größe"'


def test_a_value_without_a_form_is_refused():
    with pytest.raises(TypeError, match="object"):
        to_wire(object())


@pytest.mark.parametrize(
    "damage",
    [
        {"id": None} | {"parts": 3},
        {"state": "ajar"},
        {"colour": "green"},
        {"made_at": "yesterday"},
        {"parts": [{"name": "x"}]},
        {"by_name": ["x"]},
        {"place": [1]},
    ],
)
def test_another_shape_is_refused(damage):
    whole = Whole("w", datetime(2026, 1, 1, tzinfo=UTC), Colour.RED, "open", [], {}, (1, "a"))
    with pytest.raises(ValueError, match=r".+"):
        from_wire(Whole, {**to_wire(whole), **damage})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | finite | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_from_wire_raises_nothing_but_value_error(data):
    with contextlib.suppress(ValueError):
        from_wire(Whole, data)
