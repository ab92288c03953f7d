"""The decorator: it says something about a function and leaves it a function."""

import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlnb
from mlnb.features.definition import definition_of, seconds_from_duration
from mlnb.features.errors import DefinitionInvalid


def test_the_function_stays_callable_and_carries_its_definition():
    @mlnb.feature_view(
        entity="k", timestamp="t", source="a.csv", ttl="90d", owner="ana", tags={"n": 1}, schedule="0 3 * * *"
    )
    def double(x):
        """Twice.

        More words.
        """
        return 2 * x

    assert double(4) == 8
    definition = double.feature_view
    assert definition_of(double) is definition
    assert (definition.name, definition.entity, definition.source) == ("double", ("k",), "a.csv")
    assert definition.ttl_s == 90 * 86400
    assert definition.description == "Twice.\n\nMore words."
    assert definition.tags == {"n": "1"}


def test_several_keys_another_name_and_words_are_taken_as_said():
    @mlnb.feature_view(entity=["a", "b"], source="x.parquet", name="other", description="said", created=None)
    def function():
        """Unused."""

    definition = function.feature_view
    assert (definition.name, definition.entity, definition.description) == ("other", ("a", "b"), "said")
    assert definition.created is None


@pytest.mark.parametrize("arguments", [{}, {"entity": "k"}, {"source": "x"}, {"entity": [], "source": "x"}])
def test_entity_and_source_must_be_said(arguments):
    with pytest.raises(DefinitionInvalid, match="needs an entity and a source"):
        mlnb.feature_view(**arguments)


def test_the_bare_decorator_is_explained():
    with pytest.raises(DefinitionInvalid, match="needs an entity") as raised:

        @mlnb.feature_view
        def function():
            """Never made."""

    assert "entity=" in raised.value.hint


@pytest.mark.parametrize("name", ["../up", "a b", "1st", "a" * 101])
def test_a_name_is_a_plain_word(name):
    with pytest.raises(DefinitionInvalid, match="not a name"):
        mlnb.feature_view(entity="k", source="x", name=name)(len)


@given(st.integers(1, 10_000), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604800)]))
def test_durations_are_numbers_with_units(number, unit):
    letter, seconds = unit
    assert seconds_from_duration(f"{number}{letter}") == number * seconds
    assert seconds_from_duration(timedelta(seconds=number * seconds)) == number * seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "0s", "1y", "1d2h"])
def test_other_texts_are_no_durations(text):
    with pytest.raises(DefinitionInvalid, match="not a duration"):
        seconds_from_duration(text)


def test_the_decorator_needs_the_standard_library_only():
    code = (
        "import sys, mlnb\n"
        "@mlnb.feature_view(entity='k', source='x')\n"
        "def f(): pass\n"
        "heavy = {'pandas', 'numpy', 'duckdb', 'pyarrow', 'sqlalchemy', 'blake3', 'pydantic', 'traitlets'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
