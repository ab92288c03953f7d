"""Large plain values are told from changed ones, and keep what they share, as small ones do."""

from __future__ import annotations

import copy
import pickle

import pytest

from mlnb.snapshots.plugins.fingerprint import Session, fingerprint
from mlnb.snapshots.plugins.trees import LEAST

N = 10 * LEAST


def docs():
    return [{"id": i, "words": ["a", str(i)], "at": (i, float(i), None)} for i in range(N)]


def digest(value):
    return fingerprint(value, Session({})).digest


@pytest.mark.parametrize(
    "make",
    [
        docs,
        lambda: {i: [i, {"k": b"v"}] for i in range(N)},
        lambda: tuple([i] for i in range(N)),
        lambda: [docs(), {"d": docs()}],
    ],
)
def test_an_equal_value_has_an_equal_digest_wherever_it_lies(make):
    value = make()
    assert digest(value) == digest(make()) == digest(copy.deepcopy(value)) == digest(pickle.loads(pickle.dumps(value)))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value[-1]["words"].append("b"),
        lambda value: value[7].update(id=7.0),
        lambda value: value[1].update(id=True),
        lambda value: value[7].update(words=("a", "7")),
        lambda value: value[7].update(at=(7, 7.0, -0.0)),
        lambda value: value.append(1),
        lambda value: value.__setitem__(3, dict(reversed(value[3].items()))),
        lambda value: value.__setitem__(5, value[4]),
        lambda value: value[5].update(words=value[4]["words"]),
        lambda value: value[5].update(words=[value]),
        lambda value: value[5].update(id={1, 2}),
        lambda value: value[5].update(id=object),
    ],
)
def test_every_change_is_seen(change):
    value = docs()
    before = digest(value)
    change(value)
    assert digest(value) != before


def test_one_object_twice_is_told_from_two_equal_ones():
    first, second = docs(), docs()
    inner = [1]
    first[3]["words"], first[9]["words"] = inner, inner
    second[3]["words"], second[9]["words"] = [1], [1]
    assert digest(first) != digest(second)
    outer = docs()
    assert digest([outer, outer[5]]) != digest([outer, copy.deepcopy(outer[5])])


def test_what_is_no_tree_still_has_a_digest():
    deep = leaf = [0] * N
    for _ in range(1000):
        deep = [deep, *[0] * N]
    cycle = docs()
    cycle[3]["words"].append(cycle)
    before = digest(deep), digest(cycle)
    leaf[0] = 1
    cycle[9]["id"] = -1
    assert digest(deep) != before[0]
    assert digest(cycle) != before[1]


def test_variables_that_share_an_inner_object_share_it_again(notebook):
    notebook.run(
        f"docs = [{{'id': i, 'words': [str(i)]}} for i in range({N})]; one = docs[5]; words = docs[9]['words']; other = [one]"
    )
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    notebook.run("one['id'] = 'changed'; del words")
    notebook.snapshots.restore(taken.id)
    assert notebook.ask("docs[5] is one and other[0] is one and docs[9]['words'] is words and one['id'] == 5")
