"""Laws: what is restored is what was taken, with the same things shared; groups are what hangs together."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlnb.snapshots import rules

ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=5), st.binary(max_size=5),
    st.complex_numbers(allow_nan=False, max_magnitude=1e6),
)  # fmt: skip
KEYS = st.one_of(st.text(max_size=3), st.integers(-5, 5), st.tuples(st.integers(0, 3), st.text(max_size=2)))


@st.composite
def namespaces(draw):
    """Variables whose containers refer to one another, also in cycles."""
    pool = draw(st.lists(st.sampled_from(["list", "dict", "set"]), min_size=1, max_size=5))
    made = [{"list": list, "dict": dict, "set": set}[kind]() for kind in pool]
    open_ = [one for one in made if not isinstance(one, set)]

    def value():
        if open_ and draw(st.booleans()):
            return draw(st.sampled_from(made))
        return draw(st.one_of(ATOMS, st.tuples(ATOMS, ATOMS), st.frozensets(KEYS, max_size=3)))

    for one in made:
        for _ in range(draw(st.integers(0, 4))):
            if isinstance(one, list):
                one.append(value())
            elif isinstance(one, dict):
                one[draw(KEYS)] = value()
            else:
                one.add(draw(KEYS))
    return {f"v{number}": one for number, one in enumerate(made)}


def shape(value, seen):
    """The value with every container replaced by when it was first met: equal for equal values that share the same things."""
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, (list, dict, set)):
        if id(value) in seen:
            return ("again", seen[id(value)])
        seen[id(value)] = len(seen)
    if isinstance(value, dict):
        return ("dict", [(key, shape(item, seen)) for key, item in value.items()])
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [shape(item, seen) for item in value])
    if isinstance(value, set):
        return ("set", frozenset(value))
    return (type(value).__name__, repr(value) if isinstance(value, (float, complex)) else value)


def shapes(notebook, names):
    seen: dict[int, int] = {}
    return [shape(notebook[name], seen) for name in sorted(names)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(variables=namespaces())
def test_what_is_restored_is_what_was_taken(notebook, variables):
    for name in [name for name in notebook.shell.user_ns if name.startswith("v")]:
        del notebook.shell.user_ns[name]
    notebook.shell.user_ns.update(variables)
    expected = shapes(notebook, variables)
    taken = notebook.snapshots.take()
    digests = {name: taken.variables[name].digest for name in variables}
    for name, value in variables.items():
        value.clear()
        del notebook.shell.user_ns[name]
    done = notebook.snapshots.restore(taken.id)
    assert done.not_restored == {}
    assert shapes(notebook, variables) == expected
    again = notebook.snapshots.take()
    assert {name: again.variables[name].digest for name in variables} == digests


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.frozensets(st.integers(0, 8)), max_size=8))
def test_names_are_together_exactly_when_a_chain_of_shared_objects_connects_them(claims):
    groups = rules.components(claims)
    assert sorted(name for group in groups for name in group) == sorted(claims)
    where = {name: number for number, group in enumerate(groups) for name in group}
    for a in claims:
        for b in claims:
            if claims[a] & claims[b]:
                assert where[a] == where[b]
    for group in groups:
        reached, grown = {group[0]}, True
        while grown:
            more = {name for name in group if any(claims[name] & claims[one] for one in reached)} | reached
            grown, reached = more != reached, more
        assert reached == set(group)
