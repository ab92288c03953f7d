"""Which cell of one document is which of another, and what changed in it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlnb.snapshots.plugins import diff_documents
from mlnb.snapshots.plugins.diff_documents import compare_documents, pairs_from_operations
from mlnb.snapshots.rules.diff_cells import changes, pair


def cell(id, source, text="", kind="code"):
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
    found = {"cell_type": kind, "source": source, "metadata": {}, "outputs": outputs, "execution_count": 1}
    return found if id is None else {**found, "id": id}


def document(*cells):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def compared(before, after):
    return {(one.kind, one.cell_id): one for one in changes(before, after, pair(before, after))}


def test_cells_are_added_removed_moved_and_changed():
    before = [cell("a", "import os"), cell("b", "x = 1\ny = 2", "1\n"), cell("c", "z"), cell("d", "gone")]
    after = [cell("c", "z"), cell("a", "import os"), cell("b", "x = 1\ny = 3", "2\n"), cell("e", "new")]
    found = compared(before, after)
    assert set(found) == {("moved", "c"), ("changed", "b"), ("removed", "d"), ("added", "e")}
    changed = found["changed", "b"]
    assert changed.source.splitlines()[1:] == [" x = 1", "-y = 2", "+y = 3"]
    assert changed.outputs.splitlines()[-2:] == ["-1", "+2"]
    assert (changed.index_before, changed.index_after, changed.is_moved) == (1, 2, False)


def test_cells_without_ids_are_known_by_what_they_hold():
    before = [cell(None, "alpha = 1\nbeta = 2\ngamma = 3"), cell(None, "print(alpha)")]
    after = [cell(None, "print(alpha)"), cell(None, "alpha = 1\nbeta = 2\ngamma = 4")]
    assert pair(before, after) == [(0, 1), (1, 0)]


def test_what_differs_in_nothing_that_is_shown_is_the_same():
    one = cell("a", "o", "")
    said = [{"output_type": "stream", "name": "stdout", "text": part} for part in ("ab", "c\n")]
    told = [{"output_type": "stream", "name": "stdout", "text": ["abc\n"]}]
    shown = [{"output_type": "execute_result", "data": {"text/plain": f"<o at 0x7f00{n}0000000>"}} for n in (1, 2)]
    before, after = {**one, "outputs": [*said, shown[0]]}, {**one, "outputs": [*told, shown[1]]}
    assert compared([before], [after]) == {}


def test_a_picture_is_told_by_its_digest_and_a_credential_is_not_shown():
    one = cell("a", "token = 'hf_" + "a" * 34 + "'")
    two = cell("a", "token = 'hf_" + "b" * 34 + "'")
    pictures = [{"output_type": "display_data", "data": {"image/png": content}} for content in ("AAAA", "BBBB")]
    found = compared([{**one, "outputs": pictures[:1]}], [{**two, "outputs": pictures[1:]}])["changed", "a"]
    assert "[image/png] 4 characters" in found.outputs
    assert "hf_" not in found.source


def test_long_differences_are_cut():
    found = compared([cell("a", "")], [cell("a", "\n".join(map(str, range(1000))))])["changed", "a"]
    assert found.source.splitlines()[-1] == "… 801 more lines"


@dataclass
class Operation:
    op: str
    key: int
    length: int = 0
    valuelist: tuple[Any, ...] = ()


def test_what_nbdime_says_becomes_pairs_and_what_it_takes_out_and_puts_in_has_moved():
    before, after = [{"id": n} for n in "abcd"], [{"id": n} for n in "dabe"]
    operations = [
        Operation("addrange", 0, valuelist=({"id": "d"},)),
        Operation("patch", 1),
        Operation("addrange", 2, valuelist=({"id": "e"},)),
        Operation("removerange", 2, length=2),
    ]
    assert pairs_from_operations(operations, 4, 4, before, after) == [(0, 1), (1, 2), (3, 0)]


def test_two_documents_are_compared_by_whoever_is_there():
    before, after = [document(cell("a", source), cell("b", "same")) for source in ("1", "2")]
    found, by, unchanged = compare_documents(before, after)
    assert [one.kind for one in found] == ["changed"]
    assert by in ("nbdime", "mlnb")
    assert unchanged == 1
    assert compare_documents(after, after) == ((), "mlnb", 2)


def test_of_a_very_long_comparison_the_last_cells_are_named_without_their_lines(monkeypatch):
    before, after = [document(*(cell(id, f"{id} = {n}") for id in "abc")) for n in (1, 2)]
    monkeypatch.setattr(diff_documents, "_MOST_CHARACTERS", 60)
    found, _, _ = compare_documents(before, after)
    assert ["not shown" in one.source for one in found] == [False, False, True]
    assert [one.outputs for one in found] == ["", "", ""]


def shown(*data):
    return {**cell("a", "x"), "outputs": [{"output_type": "display_data", "metadata": {}, "data": one} for one in data]}


def test_pictures_that_differ_are_given_when_they_are_asked_for_and_fit(monkeypatch):
    before = document(shown({"image/png": "QUJD\n", "text/plain": "<Figure>"}, {"image/svg+xml": ["<svg>", "</svg>"]}))
    after = document(shown({"image/png": "QUJE"}, {"image/gif": "R" * 30}))
    (change,) = compare_documents(before, after)[0]
    assert [(one.kind, one.data) for one in change.pictures_before] == [("image/png", ""), ("image/svg+xml", "")]
    (change,) = compare_documents(before, after, has_pictures=True)[0]
    assert change.pictures_before[0].data == "QUJD"
    assert base64.b64decode(change.pictures_before[1].data) == b"<svg></svg>"
    assert change.pictures_before[0].digest != change.pictures_after[0].digest
    monkeypatch.setattr(diff_documents, "_MOST_PICTURE_BYTES", 30)
    (change,) = compare_documents(before, after, has_pictures=True)[0]
    assert [len(one.data) for one in change.pictures_after] == [4, 0]
    (change,) = compare_documents(document(cell("a", "x")), document(cell("a", "y")), has_pictures=True)[0]
    assert change.pictures_after == ()


names = st.sampled_from("abcdefgh")
cells = st.lists(st.tuples(names, st.sampled_from(["x = 1", "y = 2\nz = 3", ""])), unique_by=lambda one: one[0])


@given(cells, cells)
def test_every_cell_is_accounted_for(before, after):
    one, two = ([cell(id, source) for id, source in given_] for given_ in (before, after))
    pairs = pair(one, two)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    found = changes(one, two, pairs)
    assert sum(c.kind == "added" for c in found) == len(two) - len(pairs)
    assert sum(c.kind == "removed" for c in found) == len(one) - len(pairs)
    assert {(i, j) for i, a in enumerate(one) for j, b in enumerate(two) if a["id"] == b["id"]} <= set(pairs)
    assert changes(one, one, pair(one, one)) == ()
