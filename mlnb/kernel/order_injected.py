"""The cell of parameters that papermill puts into a run of a notebook whose file does not have it."""

from __future__ import annotations

from collections.abc import Sequence

from mlnb.core.refs import CodeCell

INJECTED_COMMENT = "# Parameters\n"
"""How papermill's cell begins."""
TAG = "injected-parameters"


def place_of_injected(cells: Sequence[CodeCell]) -> int:
    """Where among the code cells papermill puts its cell: in place of an earlier one, behind the parameters, else first."""
    tagged = (position for position, cell in enumerate(cells) if TAG in cell.tags)
    behind = (position + 1 for position, cell in enumerate(cells) if "parameters" in cell.tags)
    return next(tagged, next(behind, 0))


def with_injected(cells: Sequence[CodeCell], source: str) -> list[CodeCell]:
    """The code cells of the file with papermill's cell among them."""
    place = place_of_injected(cells)
    is_there = place < len(cells) and TAG in cells[place].tags
    number = cells[place].index if is_there else cells[place - 1].index if place else 0
    injected = CodeCell(injected_id(cells), number, source, (TAG,))
    return [*cells[:place], injected, *cells[place + is_there :]]


def injected_id(cells: Sequence[CodeCell]) -> str:
    """The id of that cell: its own in the file, else its tag."""
    return next((cell.id for cell in cells if TAG in cell.tags), TAG)
