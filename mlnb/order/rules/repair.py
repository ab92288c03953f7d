"""What `mlnb check --fix` does to a notebook: one step at a time, until there is nothing left that is safe to mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlnb.core.content import digest_of
from mlnb.core.records import dataclass, field
from mlnb.order.rules.repair_order import first_fit
from mlnb.order.rules.static_cells import Code
from mlnb.order.rules.static_names import defines, names
from mlnb.order.rules.static_outputs import foreign_outputs
from mlnb.order.saved import Fix, ImportLine
from mlnb.order.types import SavedNotebook

_FORMAT_WITH_IDS = 5


@dataclass(frozen=True)
class Step:
    """One change of the file. The parts are applied in this order; cells are named by their index among all cells.

    Attributes:
        fix: what it is.
        minor: the new ``nbformat_minor``, or None.
        values: new members of cells.
        new_cell: (index to put it before, its members, index of a cell to write it like), or None.
        order: indexes of all cells that stay, in their new order, counted after `new_cell`; None when nothing moves.
    """

    fix: Fix
    minor: int | None = None
    values: dict[int, dict[str, Any]] = field(default_factory=dict)
    new_cell: tuple[int, dict[str, Any], int] | None = None
    order: list[int] | None = None


def next_step(notebook: SavedNotebook, cells: Sequence[Code]) -> Step | None:
    """The next change to make to `notebook`, or None when nothing is left that is safe.

    Args:
        notebook: as it is now.
        cells: its code cells; empty for a language that mlnb does not analyse.
    """
    return _ids(notebook) or _outputs(cells) or _import(notebook, cells) or _order(notebook, cells)


def _ids(notebook: SavedNotebook) -> Step | None:
    taken = {cell.id for cell in notebook.cells if cell.has_id}
    seen: set[str] = set()
    values: dict[int, dict[str, Any]] = {}
    for cell in notebook.cells:
        if not cell.has_id or cell.id in seen:
            new = new_id(cell.source, cell.index, taken)
            taken.add(new)
            values[cell.index] = {"id": new}
        seen.add(cell.id)
    if not values:
        return None
    count = "1 cell" if len(values) == 1 else f"{len(values)} cells"
    is_old = notebook.format_minor < _FORMAT_WITH_IDS
    words = f"gave {count} an id" + (f" (notebook format 4.{_FORMAT_WITH_IDS})" if is_old else "")
    return Step(Fix("missing_id", words), _FORMAT_WITH_IDS if is_old else None, values)


def new_id(source: str, index: int, taken: set[str]) -> str:
    """An id for a cell: the same each time for the same notebook."""
    number = 0
    while True:
        made = digest_of(f"{index} {number} {source}".encode("utf-8", "surrogatepass"))[:8]
        if made not in taken:
            return made
        number += 1


def _outputs(cells: Sequence[Code]) -> Step | None:
    wrong = {finding.index for finding in foreign_outputs(cells)}
    one = next((one for one in cells if one.cell.index in wrong), None)
    if one is None:
        return None
    fix = Fix("foreign_output", f"cleared the output of {one.label}, which is of other code", one.cell.id)
    return Step(fix, values={one.cell.index: {"outputs": [], "execution_count": None}})


def _import(notebook: SavedNotebook, cells: Sequence[Code]) -> Step | None:
    """Move one import up to where it is first needed."""
    for finding in names(cells):
        if finding.code != "used_before_defined":
            continue
        at = next(i for i, one in enumerate(cells) if one.cell.index == finding.index)
        for name in sorted(cells[at].names.reads):
            home = next((i for i in range(at + 1, len(cells)) if defines(cells[i], name)), None)
            above = any(name in one.names.binds for one in cells[: at + 1])
            if home is None or above:
                continue
            line = next((line for line in cells[home].outline.imports if name in line.names), None)
            if line is not None and _is_movable(line, at, home, cells):
                return _moved_import(notebook, cells, line, at, home)
    return None


def _is_movable(line: ImportLine, at: int, home: int, cells: Sequence[Code]) -> bool:
    between = cells[at : home + 1]
    binders = {i for i, one in enumerate(cells) if line.names & one.names.binds}
    only_line = sum(bool(line.names & other.names) for other in cells[home].outline.imports) == 1
    becomes_empty = cells[home].cell.source.strip() == line.text.strip()
    return (
        line.is_alone
        and only_line
        and binders == {home}
        and line.names <= cells[home].outline.imported
        and not any(one.outline.changes_imports or one.names.opaque or one.names.error for one in between)
        and not (becomes_empty and cells[home].cell.outputs)
        and not {"frozen", "skip"}.intersection(cells[home].cell.tags)
    )


def _moved_import(notebook: SavedNotebook, cells: Sequence[Code], line: ImportLine, at: int, home: int) -> Step:
    source, target = cells[home].cell, cells[at].cell
    lines = source.source.splitlines(keepends=True)
    rest = "".join(lines[: line.first] + lines[line.last + 1 :])
    rest = rest.lstrip("\n") if line.first == 0 else rest
    rest = rest if source.source.endswith("\n") else rest.rstrip("\n")
    values: dict[int, dict[str, Any]] = {source.index: {"source": rest}}
    fix = Fix(
        "used_before_defined",
        f"moved `{line.text.strip()}` up from {cells[home].label} to where {cells[at].label} needs it",
        target.id,
    )
    block = next((one.cell for one in reversed(cells[:at]) if _is_block_of_imports(one)), None)
    new_cell = None
    if block is not None:
        values[block.index] = {"source": block.source.rstrip("\n") + "\n" + line.text}
    else:
        taken = {cell.id for cell in notebook.cells}
        made: dict[str, Any] = {
            "id": new_id(line.text, target.index, taken),
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        new_cell = (target.index, {**made, "source": line.text}, source.index)
    order = None
    if not rest.strip():
        gone = source.index + (1 if new_cell is not None and target.index <= source.index else 0)
        total = len(notebook.cells) + (new_cell is not None)
        order = [index for index in range(total) if index != gone]
        if new_cell is not None:
            del values[source.index]  # the new cell is written like it
    return Step(fix, values=values, new_cell=new_cell, order=order)


def _is_block_of_imports(one: Code) -> bool:
    return (
        one.names.imports_only
        and bool(one.outline.imports)
        and not one.cell.outputs
        and not {"frozen", "skip", "parameters"}.intersection(one.cell.tags)
    )


def _order(notebook: SavedNotebook, cells: Sequence[Code]) -> Step | None:
    """Move cells so that names are defined before they are used, where the names alone decide."""
    order = first_fit(cells)
    if order is None:
        return None
    position = {one.cell.index: i for i, one in enumerate(cells)}
    code_indexes = [one.cell.index for one in cells]
    first, last = code_indexes[0], code_indexes[-1]
    blocks: list[list[int]] = [[]]
    for cell in notebook.cells[first : last + 1]:
        blocks[-1].append(cell.index)
        if cell.index in position:
            blocks.append([])
    total = len(notebook.cells)
    indexes = [*range(first), *(index for i in order for index in blocks[i]), *range(last + 1, total)]
    moved = [cells[now].label for i, now in enumerate(order) if i < now]
    words = f"moved {', '.join(moved)} up, so that names are defined before they are used"
    fix = Fix("used_before_defined", words)
    return Step(fix, order=indexes)
