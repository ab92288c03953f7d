"""The cells of two documents compared: which cell is which is told by nbdime where it is installed, else by mlnb's own rules."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlnb.snapshots.differences import CellChange
from mlnb.snapshots.rules import diff_cells
from mlnb.snapshots.rules.diff_cells import Pairs
from mlnb.snapshots.rules.diff_pictures import pictures_of

_MOST_CHARACTERS = 8 << 20  # of all cells
_TOO_LONG = "(differs; not shown, because the comparison is very long)"
_MOST_PICTURE_BYTES = 8 << 20  # in all; a screen that shows more than that shows nobody anything


def compare_documents(
    before: bytes, after: bytes, *, has_pictures: bool = False
) -> tuple[tuple[CellChange, ...], str, int]:
    """What differs, who told which cell is which (``nbdime`` or ``mlnb``), and how many cells are as they were.

    Args:
        before: a notebook file.
        after: likewise.
        has_pictures: give the bytes of pictures, up to a limit; else their kinds and digests alone.

    Raises:
        ValueError: one of them is no JSON of a notebook.
    """
    a, b = _document(before), _document(after)
    one, two = diff_cells.cells_of(a), diff_cells.cells_of(b)
    if before == after:
        return (), "mlnb", len(two)
    pairs = _pairs_of_nbdime(a, b)
    by = "mlnb" if pairs is None else "nbdime"
    found = diff_cells.changes(one, two, diff_cells.pair(one, two) if pairs is None else pairs)
    unchanged = len(two) - sum(change.index_after is not None for change in found)
    return _with_pictures(_bounded(found), one, two, _MOST_PICTURE_BYTES if has_pictures else 0), by, unchanged


def _bounded(found: tuple[CellChange, ...]) -> tuple[CellChange, ...]:
    """Without the lines of those cells that do not fit any more."""
    room, shown = _MOST_CHARACTERS, []
    for change in found:
        room -= len(change.source) + len(change.outputs)
        source, outputs = (_TOO_LONG if text and room < 0 else text for text in (change.source, change.outputs))
        shown.append(replace(change, source=source, outputs=outputs))
    return tuple(shown)


def _with_pictures(
    found: tuple[CellChange, ...], before: list[diff_cells.Cell], after: list[diff_cells.Cell], room: int
) -> tuple[CellChange, ...]:
    shown = []
    for change in found:
        if change.outputs:
            one, room = pictures_of(None if change.index_before is None else before[change.index_before], room)
            two, room = pictures_of(None if change.index_after is None else after[change.index_after], room)
            change = replace(change, pictures_before=one, pictures_after=two)
        shown.append(change)
    return tuple(shown)


def _document(data: bytes) -> Mapping[str, Any]:
    found = json.loads(data)
    if not isinstance(found, Mapping):
        raise ValueError("it is not a notebook")  # noqa: TRY004 - what is wrong is the file
    return found


def _pairs_of_nbdime(a: Mapping[str, Any], b: Mapping[str, Any]) -> Pairs | None:
    """Pairs of positions as nbdime aligns the cells; None without it, or where it cannot."""
    if importlib.util.find_spec("nbdime") is None or not (a.get("nbformat") == b.get("nbformat") == 4):
        return None
    try:
        from nbdime import diff_notebooks  # type: ignore[import-not-found,unused-ignore]

        found = diff_notebooks(a, b)
    except Exception:  # noqa: BLE001 - another version of it, or a document it does not take
        return None
    operations = next((entry.diff for entry in found if entry.key == "cells"), ())
    return pairs_from_operations(operations, len(a["cells"]), len(b["cells"]), a["cells"], b["cells"])


def pairs_from_operations(
    operations: Any,  # noqa: ANN401 - nbdime's
    count_a: int,
    count_b: int,
    before: list[Any],
    after: list[Any],
) -> Pairs:
    """Which cell is which after a list of nbdime's ``addrange``, ``removerange`` and ``patch`` of a sequence."""
    inserted: dict[int, int] = {}
    removed: set[int] = set()
    for entry in operations:
        if entry.op == "addrange":
            inserted[entry.key] = inserted.get(entry.key, 0) + len(entry.valuelist)
        elif entry.op == "removerange":
            removed |= set(range(entry.key, entry.key + entry.length))
    pairs, j = [], 0
    for i in range(count_a):
        j += inserted.get(i, 0)
        if i not in removed:
            pairs.append((i, j))
            j += 1
    rest_a = [i for i in range(count_a) if i not in {one for one, _ in pairs}]
    rest_b = [j for j in range(count_b) if j not in {two for _, two in pairs}]
    by_id = {
        after[j].get("id"): j for j in rest_b if after[j].get("id")
    }  # nbdime knows no moved cells: it takes out and puts in
    moved = [(i, by_id.pop(before[i].get("id"))) for i in rest_a if before[i].get("id") in by_id]
    return sorted([*pairs, *moved])
