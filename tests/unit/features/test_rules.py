"""Decisions about features: references, names of columns, new versions, cursors, likeness."""

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.errors import BadInput
from mlnb.features.errors import FeatureNotFound
from mlnb.features.rules import (
    LEAST_SIMILARITY,
    Reference,
    column_names,
    cursor_from,
    features_of,
    position_from,
    reference_from_text,
    registered,
    similarity,
    type_name,
)
from mlnb.features.types import Entity, FeatureView, Field

NAMES = st.text("abcdefgh_", min_size=1, max_size=8)


def view(**changes):
    given = FeatureView(
        name="spend", version=0, owner="ana", description="", entity=Entity("k", ("k",)), source="x.csv", timestamp="t",
        created=None, ttl_s=None, fields=(Field("a", "int64"), Field("b", "int64")), tags={}, schedule=None, file=None,
        folder="/", code="def spend(x): return x", code_hash="", created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return dataclasses.replace(given, **changes)


@given(NAMES, st.none() | st.integers(1, 99), st.none() | NAMES)
def test_a_reference_reads_back_as_it_was_written(name, version, feature):
    text = name + ("" if version is None else f"@{version}") + ("" if feature is None else f":{feature}")
    assert reference_from_text(text) == Reference(name, version, feature)


@pytest.mark.parametrize("text", ["", ":a", "a b", "spend@x:a", "spend:", "../x:a"])
def test_other_texts_name_no_feature(text):
    with pytest.raises(BadInput, match="does not name a feature"):
        reference_from_text(text)


def test_features_are_taken_once_in_the_order_asked_for():
    asked = [Reference("spend", None, "b"), Reference("spend", None, None), Reference("spend", None, "a")]
    assert features_of(view(), asked) == ["b", "a"]
    with pytest.raises(FeatureNotFound, match="no feature 'c'") as raised:
        features_of(view(), [Reference("spend", None, "c")])
    assert raised.value.hint == "It has: a, b."


@given(
    st.lists(st.tuples(st.sampled_from(["v", "w"]), st.sampled_from("abc")), unique=True),
    st.lists(st.sampled_from("abk")),
)
def test_columns_of_a_result_are_never_called_the_same(wanted, taken):
    names = column_names(wanted, taken)
    assert len(set(names.values())) == len(wanted)
    assert not set(names.values()) & set(taken)


def test_what_makes_a_new_version_and_what_does_not():
    first, change = registered(None, view())
    assert (first.version, change) == (1, "created")
    assert registered(first, view(created_at=datetime(2027, 1, 1, tzinfo=UTC))) == (first, "unchanged")
    for changed in ({"code": "def spend(x): return -x"}, {"source": "y.csv"}, {"ttl_s": 1.0}, {"timestamp": None}):
        again, change = registered(first, view(**changed))
        assert (again.version, change) == (2, "new_version")
    for words in ({"owner": "bob"}, {"description": "Words."}, {"tags": {"a": "b"}}, {"schedule": "0 1 * * *"}):
        again, change = registered(first, view(**words))
        assert (again.version, change, again.created_at) == (1, "updated", first.created_at)


@given(st.one_of(st.text(), st.integers()))
def test_a_cursor_reads_back(position):
    assert position_from(cursor_from(position)) == position


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", cursor_from("a")[:-2] + "~~", "W10"])
def test_other_cursors_are_refused(cursor):
    with pytest.raises(BadInput, match="cursor is not valid"):
        position_from(cursor)


@pytest.mark.parametrize(
    ("term", "word"), [("toatl", "total"), ("custmer", "customer"), ("chrun", "churn"), ("rsik", "risk")]
)
def test_a_typo_is_alike_and_another_word_is_not(term, word):
    assert similarity(term, word) >= LEAST_SIMILARITY
    assert similarity(term, "zebra") < LEAST_SIMILARITY
    assert similarity(word, word) == 1


@pytest.mark.parametrize(
    ("arrow", "name"),
    [("double", "float64"), ("int64", "int64"), ("timestamp[ns, tz=UTC]", "timestamp"), ("large_string", "string"),
     ("dictionary<values=string, indices=int8, ordered=0>", "category"), ("bool", "bool")],
)  # fmt: skip
def test_types_have_names_that_people_know(arrow, name):
    assert type_name(arrow) == name
