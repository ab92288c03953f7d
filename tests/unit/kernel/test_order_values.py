"""Fingerprints: equal for equal content, different for different content, whatever made it."""

from __future__ import annotations

import collections
import copy
import datetime
import random
import types

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.kernel import order_objects, order_values
from mlnb.kernel.order_values import Context, print_of

order_objects.add_handlers()
CONTEXT = Context({}, lambda module: False)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.frozensets(scalars),
    max_leaves=20,
)  # fmt: skip


def digest(value):
    return print_of(value, CONTEXT).digest


@given(values)
def test_a_copy_has_the_same_fingerprint(value):
    assert digest(copy.deepcopy(value)) == digest(value)


@given(st.lists(values, min_size=1), values)
def test_a_changed_list_has_another(items, extra):
    assert digest([*items, extra]) != digest(items)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True), (1, 1.0), (0.0, -0.0), ("1", 1), ([1], (1,)), ({1}, frozenset({1})), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.zeros(3), np.zeros(3, int)), (np.zeros((2, 3)), np.zeros((3, 2))), (np.zeros(300), np.r_[np.zeros(299), 1]),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})), (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}, index=[5])), (pd.Series(["x", None]), pd.Series(["x", "y"])),
        (pd.Series(pd.Categorical(["a", "b"])), pd.Series(pd.Categorical(["b", "a"]))),
        (collections.Counter("ab"), collections.Counter("abb")), (iter([1, 2]), iter([1])),
        (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)), (np.float64(1), np.float32(1)),
    ],
)  # fmt: skip
def test_what_differs_is_told_apart(one, other):
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.arange(6).reshape(2, 3), lambda: np.array([1, "x", None], object), lambda: pd.date_range("2026", periods=3),
        lambda: pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, float("nan")]}), lambda: {1, "a", (2, 3)},
        lambda: collections.OrderedDict(a=[1]), lambda: types.SimpleNamespace(a=1), lambda: zip([1], [2], strict=False),
        lambda: map(str, [1, 2]),
        lambda: pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]), lambda: pd.array([1, None], dtype="Int64"),
    ],
)  # fmt: skip
def test_what_is_made_twice_is_equal(make):
    assert digest(make()) == digest(make())


def test_a_read_that_rearranges_a_frame_does_not_change_it():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    frame["b"] = [3.0, 4.0]  # two blocks
    before = digest(frame)
    frame._consolidate_inplace()
    assert digest(frame) == before


def test_shared_objects_are_seen():
    inner = [1]
    one, other = print_of([inner], CONTEXT), print_of({"k": inner}, CONTEXT)
    assert one.object_ids & other.object_ids == {id(inner)}
    array = np.zeros(4)
    assert print_of(array, CONTEXT).object_ids == print_of(array[1:], CONTEXT).object_ids


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame({"a": [1.5]}), lambda: pd.Series([1]), lambda: pd.Index(["a"]), lambda: np.random.default_rng(1),
        lambda: np.random.RandomState(1), lambda: types.MappingProxyType({1: 2}), lambda: zip([1], [2], strict=False),
        lambda: pd.MultiIndex.from_tuples([(1, "a")]),
    ],
)  # fmt: skip
def test_what_the_walk_itself_makes_is_shared_by_nobody(make):
    values = [make() for _ in range(20)]
    prints = [print_of(value, CONTEXT) for value in values]
    seen = [identity for known in prints for identity in known.object_ids]
    assert len(seen) == len(set(seen))
    assert {known.digest for known in prints} == {prints[0].digest}


def test_parts_that_die_in_the_walk_are_not_taken_for_one_another():
    def many(first):
        return [random.Random(first), *[random.Random(n) for n in range(30)]]

    assert digest(many(1)) == digest(many(1)) != digest(many(2))


def test_a_value_too_large_to_walk_is_known_by_its_origin(monkeypatch):
    monkeypatch.setattr(order_values, "NODE_LIMIT", 10)
    known = print_of([[n] for n in range(50)], CONTEXT)
    assert known.blind


def test_an_iterator_is_not_consumed():
    numbers = iter([1, 2, 3])
    digest(numbers)
    assert list(numbers) == [1, 2, 3]
    made = (n for n in [1, 2])
    digest(made)
    assert list(made) == [1, 2]


@pytest.mark.parametrize("last", [5, True, 2**40, 5.0, "5", None, [5], (5,), -5])
@pytest.mark.parametrize("first", [1, 1.5])
def test_long_lists_of_numbers_are_told_apart_by_every_item_and_its_kind(first, last):
    context = Context({}, lambda _: False)
    start = [first] * 2_000
    seen = {print_of([*start, other], context).digest for other in (last, 6, 6.0, b"6")}
    assert len(seen) == 4
    assert print_of([*start, last], context).digest == print_of([*start, last], context).digest
    assert bool(print_of([*start, last], context).objects[1:]) == isinstance(last, list)
