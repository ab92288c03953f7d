"""Stored outputs that cannot be those of the code they stand under."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlnb.order.rules.static_cells import Code, finding, label
from mlnb.order.types import Finding, SavedCell

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^(?:Cell |Input )?In ?\[(\d+)\]")
_ARROW = re.compile(r"^-+>\s*\d+ ?(.*)$")


def errors(cells: Sequence[SavedCell]) -> list[Finding]:
    """Cells that ended with an error that was not announced."""
    found = []
    for cell in cells:
        error = next((output for output in cell.outputs if output.kind == "error"), None)
        if error is not None and "raises-exception" not in cell.tags:
            name = error.data.get("name") or "an error"
            found.append(finding("ended_with_error", f"{label(cell)} ended with {name} when it last ran", cell))
    return found


def without_counts(cells: Sequence[SavedCell]) -> list[Finding]:
    """A notebook of which a tool took the execution counts but not the outputs: in which order they came about is lost."""
    showing = [cell for cell in cells if cell.outputs]
    if not showing or any(cell.execution_count is not None for cell in cells):
        return []
    words = "there are outputs but no execution counts: in which order the cells ran cannot be told"
    return [Finding("no_counts", words, severity="info")]


def foreign_outputs(cells: Sequence[Code]) -> list[Finding]:
    """Outputs that the code of their cell cannot have given."""
    has_counts = any(one.cell.execution_count is not None for one in cells)
    sets_display = any(one.outline.sets_display for one in cells)
    found = []
    for one in cells:
        why = _why_foreign(one, has_counts=has_counts, sets_display=sets_display) if one.cell.outputs else ""
        if why:
            found.append(finding("foreign_output", f"the output of {one.label} is of other code: {why}", one.cell))
    return found


def _why_foreign(one: Code, *, has_counts: bool, sets_display: bool) -> str:
    cell, kinds = one.cell, {output.kind for output in one.cell.outputs}
    if not cell.source.strip():
        return "the cell is empty"
    if "frozen" in cell.tags or "skip" in cell.tags:
        return ""
    if one.names.error and kinds - {"error"}:
        return f"the cell cannot be parsed ({one.names.error})"
    if has_counts and cell.execution_count is None:
        return "the cell has not been run as it is"
    counts = {output.execution_count for output in cell.outputs if output.kind == "execute_result"} - {None}
    if cell.execution_count is not None and counts - {cell.execution_count}:
        return f"it is of run {min(counts - {cell.execution_count}, key=str)}, the cell's last run is {cell.execution_count}"
    return _why_not_its_text(one, kinds, sets_display=sets_display)


def _why_not_its_text(one: Code, kinds: set[str], *, sets_display: bool) -> str:
    outline, cell = one.outline, one.cell
    if one.names.error:
        return ""
    showing = {"stream", "display_data"} | (set() if sets_display else {"execute_result"})
    if outline.is_silent and kinds & showing:
        return "the cell shows nothing"
    if "execute_result" in kinds and not outline.ends_with_value and not sets_display:
        return "it is a result, and the cell does not end with a value"
    printed = "".join(output.data.get("stdout", "") for output in cell.outputs)
    if outline.prints is not None and kinds == {"stream"} and printed and printed != outline.prints:
        return "the cell prints another text"
    return _why_not_its_error(cell)


def _why_not_its_error(cell: SavedCell) -> str:
    """Whether the error stopped at a line that the cell does not have."""
    lines = {line.strip() for line in cell.source.splitlines()}
    for output in cell.outputs:
        inside = False
        for line in _COLOUR.sub("", output.traceback).splitlines():
            frame, arrow = _FRAME.match(line), _ARROW.match(line)
            if frame:
                inside = cell.execution_count is not None and int(frame[1]) == cell.execution_count
            elif line.startswith("File "):
                inside = False
            elif arrow and inside and arrow[1].strip() and arrow[1].strip() not in lines:
                return f"its error came from the line {arrow[1].strip()!r}, which the cell does not have"
    return ""
