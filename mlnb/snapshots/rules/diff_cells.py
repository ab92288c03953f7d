"""How two notebook documents differ, cell by cell: which cell is which, and what changed in its source and its outputs."""

from __future__ import annotations

import difflib
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from mlnb.core.secrets import mask
from mlnb.snapshots.differences import CellChange

Cell = Mapping[str, Any]
Pairs = Sequence[tuple[int, int]]

_ALIKE = 0.6  # cells without ids of which this share of lines is equal are one cell
_MOST_COMPARED = 200_000  # pairs of cells whose lines are compared; beyond that only equal ones are found
_MOST_LINES = 200
_MOST_OUTPUT_LINES = 60
_MOST_WIDTH = 400
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}\b")
_TEXTS = ("text/plain", "text/markdown", "text/latex", "application/json")


def cells_of(document: Mapping[str, Any]) -> list[Cell]:
    """The cells of a notebook document, of whatever version."""
    cells = document.get("cells")
    if cells is None:
        cells = [cell for sheet in document.get("worksheets", ()) for cell in sheet.get("cells", ())]
    return [cell for cell in cells if isinstance(cell, Mapping)]


def pair(before: Sequence[Cell], after: Sequence[Cell]) -> Pairs:
    """Which cell of `before` is which of `after`: by id, then by equal source in order, then by the lines they share.

    Returns:
        Pairs of positions; a cell is in one of them at most.
    """
    found = _by_key(before, after, range(len(before)), range(len(after)), _id)
    rest_a, rest_b = _rest(before, found, 0), _rest(after, found, 1)
    matcher = difflib.SequenceMatcher(
        None, [_key(before[i]) for i in rest_a], [_key(after[j]) for j in rest_b], autojunk=False
    )
    for block in matcher.get_matching_blocks():
        found += [(rest_a[block.a + n], rest_b[block.b + n]) for n in range(block.size)]
    rest_a, rest_b = _rest(before, found, 0), _rest(after, found, 1)
    found += _by_key(before, after, rest_a, rest_b, _key)
    rest_a, rest_b = _rest(before, found, 0), _rest(after, found, 1)
    if len(rest_a) * len(rest_b) <= _MOST_COMPARED:
        found += _alike(before, after, rest_a, rest_b)
    return sorted(found)


def changes(before: Sequence[Cell], after: Sequence[Cell], pairs: Pairs) -> tuple[CellChange, ...]:
    """What differs, in the order of `after`, removed cells where they were."""
    moved = {pairs[n][1] for n in _out_of_order([j for _, j in pairs])}
    partner = {j: i for i, j in pairs}
    found: list[tuple[float, CellChange]] = []
    for j, cell in enumerate(after):
        i = partner.get(j)
        change = _change(before[i] if i is not None else None, cell, i, j, is_moved=j in moved)
        if change is not None:
            found.append((j, change))
    where = {i: j for i, j in pairs}
    for i in _rest(before, pairs, 0):
        at = max((where[n] for n in range(i) if n in where), default=-1)
        gone = _change(before[i], None, i, None, is_moved=False)
        if gone is not None:
            found.append((at + 0.5, gone))
    return tuple(change for _, change in sorted(found, key=lambda one: one[0]))


def _change(
    before: Cell | None, after: Cell | None, i: int | None, j: int | None, *, is_moved: bool
) -> CellChange | None:
    source = unified(_source(before), _source(after), _MOST_LINES) if _source(before) != _source(after) else ""
    shown_before, shown_after = _outputs(before), _outputs(after)
    outputs = unified(shown_before, shown_after, _MOST_OUTPUT_LINES) if shown_before != shown_after else ""
    one = after if after is not None else before
    if one is None:
        return None
    kind = str(one.get("cell_type", "code"))
    is_other_kind = before is not None and after is not None and before.get("cell_type") != after.get("cell_type")
    if before is None or after is None:
        return CellChange("removed" if after is None else "added", _id(one), kind, i, j, False, source, outputs)
    if source or outputs or is_other_kind:
        return CellChange("changed", _id(one), kind, i, j, is_moved, source, outputs)
    return CellChange("moved", _id(one), kind, i, j, True) if is_moved else None


def unified(before: str, after: str, most_lines: int) -> str:
    """A unified diff of two texts without a head, credentials masked, at most so many lines."""
    lines = difflib.unified_diff(mask(before).splitlines(), mask(after).splitlines(), lineterm="", n=2)
    body = [line for line in lines if not line.startswith(("--- ", "+++ ")) or line[4:].strip()]
    shown = [line if len(line) <= _MOST_WIDTH else line[:_MOST_WIDTH] + "…" for line in body[:most_lines]]
    if not shown:  # they differ in what is masked, or at the ends of lines
        return "(differs only in what is not shown)"
    return "\n".join([*shown, *([f"… {len(body) - most_lines} more lines"] if len(body) > most_lines else [])])


def _outputs(cell: Cell | None) -> str:
    """What the outputs of a cell show, as text; what is no text is told by its kind and digest."""
    outputs = cell.get("outputs", ()) if cell is not None else ()
    texts = []
    for name, group in groupby(outputs, key=_stream):  # a stream may have come in any number of pieces
        if name:
            texts.append(f"[{name}]\n" + _plain("".join(_text(one.get("text")) for one in group)))
        else:
            texts += [_shown(one) for one in group]
    return "\n".join(texts)


def _stream(output: Cell) -> str:
    return str(output.get("name", "stdout")) if output.get("output_type") == "stream" else ""


def _shown(output: Cell) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return f"[error]\n{output.get('ename', '')}: {_plain(_text(output.get('evalue')))}"
    data: Mapping[str, Any] = output.get("data") or {}
    parts = []
    for kind in sorted(data):
        if kind in _TEXTS:
            parts.append(f"[{kind}]\n{_plain(_text(data[kind]))}")
        elif not ("text/plain" in data and kind == "text/html"):  # a table twice says no more than once
            content = _text(data[kind])
            parts.append(f"[{kind}] {len(content)} characters, {_sum(content)}")
    return "\n".join(parts)


def _sum(text: str) -> str:
    from mlnb.core.content import digest_of  # noqa: PLC0415 - only where something is no text

    return digest_of(text.encode(errors="surrogatepass"))[:12]


def _plain(text: str) -> str:
    return _ADDRESS.sub("at 0x…", _ESCAPE.sub("", text)).rstrip("\n")


def _text(value: Any) -> str:  # noqa: ANN401 - JSON of a notebook
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "".join(value)
    return "" if value is None else json.dumps(value, sort_keys=True, indent=1, default=str)


def _source(cell: Cell | None) -> str:
    return "" if cell is None else _text(cell.get("source", cell.get("input")))


def _id(cell: Cell) -> str | None:
    found = cell.get("id")
    return found if isinstance(found, str) and found else None


def _key(cell: Cell) -> str | None:
    return f"{cell.get('cell_type')}\0{_source(cell)}"


def _rest(cells: Sequence[Cell], pairs: Pairs, side: int) -> list[int]:
    taken = {one[side] for one in pairs}
    return [n for n in range(len(cells)) if n not in taken]


def _by_key(
    before: Sequence[Cell],
    after: Sequence[Cell],
    rest_a: Iterable[int],
    rest_b: Iterable[int],
    key: Callable[[Cell], str | None],
) -> list[tuple[int, int]]:
    waiting: dict[str, list[int]] = {}
    for j in rest_b:
        waiting.setdefault(key(after[j]) or "", []).append(j)
    found = []
    for i in rest_a:
        name = key(before[i])
        if name and waiting.get(name):
            found.append((i, waiting[name].pop(0)))
    return found


def _alike(
    before: Sequence[Cell], after: Sequence[Cell], rest_a: Sequence[int], rest_b: Sequence[int]
) -> list[tuple[int, int]]:
    """The likest first, each cell once."""
    rated = []
    for i in rest_a:
        for j in rest_b:
            both_have_ids = _id(before[i]) is not None and _id(after[j]) is not None
            if before[i].get("cell_type") == after[j].get("cell_type") and not both_have_ids:
                share = difflib.SequenceMatcher(
                    None, _source(before[i]).splitlines(), _source(after[j]).splitlines()
                ).ratio()
                if share < _ALIKE:  # short cells are alike in their characters, not in their lines
                    share = difflib.SequenceMatcher(None, _source(before[i])[:2000], _source(after[j])[:2000]).ratio()
                if share >= _ALIKE:
                    rated.append((-share, abs(i - j), i, j))
    found: list[tuple[int, int]] = []
    for _, _, i, j in sorted(rated):
        if all(i != one and j != two for one, two in found):
            found.append((i, j))
    return found


def _out_of_order(positions: Sequence[int]) -> set[int]:
    """Which of `positions` do not belong to the longest run of them that rises."""
    tails: list[int] = []
    at: list[int] = []
    before: list[int] = [-1] * len(positions)
    for n, position in enumerate(positions):
        place = bisect_left(tails, position)
        before[n] = at[place - 1] if place else -1
        if place == len(tails):
            tails.append(position)
            at.append(n)
        else:
            tails[place], at[place] = position, n
    keep: set[int] = set()
    n = at[-1] if at else -1
    while n >= 0:
        keep.add(n)
        n = before[n]
    return set(range(len(positions))) - keep
