"""What counts as the code of a definition, and when two codes are the same."""

import importlib.util
import textwrap

import pytest

from mlnb.features.code import code_hash, code_of, file_of, is_same_code
from mlnb.features.errors import DefinitionInvalid

BASE = """
    import json
    import mlnb
    WINDOW = 7
    NAMES = {"b", "a"}

    def helper(x):
        return x + WINDOW

    def unused():
        return 1

    @mlnb.feature_view(entity="k", source="x.csv")
    def view(events, scale=WINDOW):
        '''Words.'''
        return json.dumps([helper(e) for e in events if e in NAMES])
"""


@pytest.fixture
def codes(tmp_path):
    """A function: the code of ``view`` in a module with some text replaced."""
    number = 0

    def code(*change):
        nonlocal number
        number += 1
        file = tmp_path / f"module_{number}.py"
        file.write_text(textwrap.dedent(BASE).replace(*change) if change else textwrap.dedent(BASE))
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert file_of(module.view) == file
        return code_of(module.view)

    return code


def test_the_code_is_the_function_and_what_it_uses_of_its_own_file(codes):
    code = codes()
    assert code.startswith("@mlnb.feature_view")
    assert "def helper" in code
    assert "WINDOW = 7" in code
    assert "NAMES = {'a', 'b'}" in code
    assert "unused" not in code
    assert "def dumps" not in code


@pytest.mark.parametrize(
    "change",
    [
        ("x + WINDOW", "x - WINDOW"),
        ("WINDOW = 7", "WINDOW = 8"),
        ('{"b", "a"}', '{"b", "c"}'),
        ("if e in NAMES", "if e not in NAMES"),
        ("scale=WINDOW", "scale=1"),
    ],
)
def test_whatever_changes_the_values_is_another_code(codes, change):
    one, other = codes(), codes(*change)
    assert not is_same_code(one, other)
    assert code_hash(one) != code_hash(other)


@pytest.mark.parametrize(
    "change",
    [
        ("'''Words.'''", "'''Other words.'''"),
        ("        return json", "        # why\n\n        return json"),
        ('entity="k"', 'entity="k", owner="ana"'),
        ("return 1", "return 2"),
        ("json.dumps([", "json.dumps(  ["),
    ],
)
def test_words_comments_layout_and_what_is_not_used_do_not_count(codes, change):
    one, other = codes(), codes(*change)
    assert is_same_code(one, other)
    assert code_hash(one) == code_hash(other)


def test_a_closure_counts_with_what_it_holds():
    def make(n):
        def view(events):
            return events * n

        return view

    assert not is_same_code(code_of(make(2)), code_of(make(3)))


def test_code_without_source_is_named():
    space = {}
    exec("def made(x): return x", space)
    with pytest.raises(DefinitionInvalid, match="source of made cannot be found"):
        code_of(space["made"])
    assert file_of(space["made"]) is None
