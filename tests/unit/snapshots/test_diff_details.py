"""Where two values differ: the first places, in few characters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlnb.snapshots.plugins.details import MOST_PLACES, compare


def places(before, after, name="x"):
    return {one.where: (one.before, one.after) for one in compare(name, before, after).places}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (1, 2, {"the value": ("1", "2")}),
        ([1, 2, 3], [1, 5], {"[1]": ("2", "5"), "[2]": ("3", None)}),
        ({"a": {"b": [1]}, "c": 0}, {"a": {"b": [2]}, "d": 0}, {"['a']['b'][0]": ("1", "2"), "['c']": ("0", None), "['d']": (None, "0")}),
        ({1, 2}, {2, 3}, {"item 1": ("1", None), "item 3": (None, "3")}),
        ("a\nb\nc", "a\nB\nc", {"line 2": ("'b'", "'B'")}),
        (1, "1", {"the value": ("1", "'1'")}),
    ],
)  # fmt: skip
def test_plain_values(before, after, found):
    assert {where.strip(): told for where, told in places(before, after).items()} == found


def test_arrays():
    before = np.arange(12.0).reshape(3, 4)
    after = before.copy()
    after[1, 2], before[0, 0], after[0, 0] = -1, np.nan, np.nan
    found = compare("x", before, after)
    assert [(one.where, one.before, one.after) for one in found.places] == [("[1, 2]", "6.0", "-1.0")]
    assert (found.shape_before, found.total) == ("3 x 4", 1)
    assert "1 NaN" in found.summary_before
    assert places(np.zeros(3), np.zeros((3, 1)))["shape"] == ("3", "3 x 1")
    assert places(np.zeros(2, "f4"), np.zeros(2, "f8"))["dtype"] == ("float32", "float64")


def test_frames():
    before = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]}, index=["r", "s", "t"])
    after = pd.DataFrame({"a": [1, 9, 3], "c": [0.5, 0.5, 0.5]}, index=["r", "s", "u"])
    found = places(before, after)
    assert found["row 's', column 'a'"] == ("2", "9")
    assert found["column 'b'"][1] is None
    assert found["column 'c'"] == (None, "float64")
    assert found["1 rows, 't'"] == ("there", None)
    assert found["1 rows, 'u'"] == (None, "there")
    assert places(before["a"], before["a"] * 2)["row 'r'"] == ("1", "2")


def test_only_the_first_places_are_shown_and_all_are_counted():
    found = compare("x", np.zeros(1000), np.ones(1000))
    assert (len(found.places), found.total) == (MOST_PLACES, 1000)


class Model:
    def __init__(self, alpha, coefficients):
        self.alpha, self.coefficients = alpha, coefficients

    def __eq__(self, other):
        raise RuntimeError("never asked")

    __hash__ = None


def test_objects_are_compared_by_what_they_hold_and_not_by_their_own_word():
    found = places(Model(0.1, np.array([1, 2])), Model(0.2, np.array([1, 3])))
    assert found == {".alpha": ("0.1", "0.2"), ".coefficients [1]": ("2", "3")}


class Hostile:
    def __init__(self, number):
        self.number = number

    def __repr__(self):
        raise RuntimeError("no")


def test_a_value_that_refuses_to_be_shown_is_named_by_its_type():
    assert places([Hostile(1)], [Hostile(2)]) == {"[0].number": ("1", "2")}
    assert "Hostile" in compare("x", Hostile(1)).summary_before


def test_credentials_are_not_shown():
    assert places({"password": "open sesame"}, {"password": "shut sesame"}) == {"['password']": ("••••••", "••••••")}
    found = compare("api_key", "one-long-value", "another-long-value")
    assert "long" not in repr(found)
    frame = pd.DataFrame({"password": ["open sesame"]})
    assert "sesame" not in repr(places(frame, pd.DataFrame({"password": ["shut sesame"]})))


def test_a_variable_that_one_state_has_alone_is_described():
    found = compare("x", after=[1, 2])
    assert (found.shape_before, found.shape_after, found.summary_after, found.places) == ("", "2 items", "[1, 2]", ())
