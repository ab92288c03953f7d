"""A notebook file as text: parts of it are replaced where they stand, everything else stays byte for byte as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlnb.core.records import dataclass

_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"


@dataclass(frozen=True)
class Member:
    """Where a member of an object stands in the text: its key, and its value from `start` to `end`."""

    key_start: int
    key_end: int
    start: int
    end: int


class NotebookText:
    """The text of a notebook. Every method that changes something returns a new one.

    Args:
        text: the JSON text of a notebook of format 4, as `mlnb.core.notebook_file.read_document` accepts it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._top = members(text, _skip(text, 0))
        self._cells = elements(text, self._top["cells"].start)

    @property
    def document(self) -> dict[str, Any]:
        """The parsed JSON."""
        found: dict[str, Any] = json.loads(self.text)
        found.setdefault("metadata", {})
        return found

    def lines(self) -> list[tuple[int, int]]:
        """The first and the last line of each cell, from 1."""
        return [(self.text.count("\n", 0, one) + 1, self.text.count("\n", 0, other) + 1) for one, other in self._cells]

    def with_minor(self, number: int) -> NotebookText:
        """With ``nbformat_minor``."""
        place = self._top.get("nbformat_minor")
        return self if place is None else self._with(place.start, place.end, str(number))

    def with_values(self, index: int, values: Mapping[str, Any]) -> NotebookText:
        """With other values of members of the cell at `index`; a member that is not there is put before ``metadata``."""
        start, end = self._cells[index]
        return self._with(start, end, self._cell_with(self.text[start:end], values))

    def with_new_cell(self, index: int, values: Mapping[str, Any], like: int) -> NotebookText:
        """With a new code cell before the cell at `index`, written like the cell at `like`."""
        start, end = self._cells[like]
        made = self._cell_with(self.text[start:end], values)
        parts = [self.text[one:other] for one, other in self._cells]
        return self._with_cells([*parts[:index], made, *parts[index:]])

    def with_order(self, order: Sequence[int]) -> NotebookText:
        """With the cells at these indexes, in this order; those not named are gone."""
        return self._with_cells([self.text[slice(*self._cells[index])] for index in order])

    def _with(self, start: int, end: int, text: str) -> NotebookText:
        return NotebookText(self.text[:start] + text + self.text[end:])

    def _with_cells(self, parts: Sequence[str]) -> NotebookText:
        first, last = self._cells[0], self._cells[-1]
        lead = self.text[self._top["cells"].start + 1 : first[0]]
        between = self.text[first[1] : self._cells[1][0]] if len(self._cells) > 1 else f",{lead}"
        if not parts:
            return self._with(self._top["cells"].start, self._top["cells"].end, "[]")
        return self._with(first[0], last[1], between.join(parts))

    def _cell_with(self, cell: str, values: Mapping[str, Any]) -> str:
        for key, value in values.items():
            found = members(cell, 0)
            if key in found:
                place = found[key]
                cell = cell[: place.start] + self._dumped(value, cell[place.start : place.end]) + cell[place.end :]
            else:
                cell = self._with_member(cell, found, key, value)
        return cell

    def _with_member(self, cell: str, found: Mapping[str, Member], key: str, value: Any) -> str:  # noqa: ANN401 - JSON
        before = found.get("metadata") or next(iter(found.values()))
        blank = cell[len(cell[: before.key_start].rstrip(_BLANK)) : before.key_start]
        colon = cell[before.key_end : before.start]
        made = json.dumps(key) + colon + self._dumped(value, "") + "," + (blank or "")
        return cell[: before.key_start] + made + cell[before.key_start :]

    def _dumped(self, value: Any, old: str) -> str:  # noqa: ANN401 - JSON
        """`value` as JSON, a list of lines in the layout of `old`."""
        is_ascii = self.text.isascii() and "\\u" in self.text
        if not (isinstance(value, str) and old.startswith("[")):
            return json.dumps(value, ensure_ascii=is_ascii)
        lines = [json.dumps(line, ensure_ascii=is_ascii) for line in value.splitlines(keepends=True)]
        places = elements(old, 0)
        if not places or not lines:
            return "[" + ", ".join(lines) + "]"
        lead, tail = old[1 : places[0][0]], old[places[-1][1] : -1]
        between = old[places[0][1] : places[1][0]] if len(places) > 1 else "," + (lead or " ")
        return "[" + lead + between.join(lines) + tail + "]"


def members(text: str, start: int) -> dict[str, Member]:
    """Where the members of the object at `start` stand."""
    found: dict[str, Member] = {}
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, key_end = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, key_end) + 1)
        _, end = _DECODER.raw_decode(text, value)
        found[key] = Member(at, key_end, value, end)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def elements(text: str, start: int) -> list[tuple[int, int]]:
    """Where the elements of the list at `start` stand."""
    found: list[tuple[int, int]] = []
    at = _skip(text, start + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        found.append((at, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at
