"""What a saved notebook shows without being run: names that a run from top to bottom would not find, and traces of another order."""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from mlnb.core.errors import MlnbError
from mlnb.order.ports import Analyzer
from mlnb.order.types import CellCode, CheckReport, Finding, SavedCell, SavedNotebook, Severity

_GIVEN = frozenset(dir(builtins)) | {
    "get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh",
    "__name__", "__doc__", "__builtins__", "__builtin__", "__spec__", "__loader__", "__package__", "__file__", "__session__",
}  # fmt: skip


def check_notebook(notebook: SavedNotebook, analyzer: Callable[[str], Analyzer]) -> CheckReport:
    """The findings of `notebook`; of a language without an analyser, those that need none."""
    try:
        reads = analyzer((notebook.language or "python").lower())
    except MlnbError:
        return CheckReport(notebook.path, findings(notebook, []))
    codes = [reads.analyze(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    return CheckReport(notebook.path, findings(notebook, codes))


def findings(notebook: SavedNotebook, codes: Sequence[CellCode]) -> list[Finding]:
    """Everything found in `notebook`, in document order, what concerns the whole first.

    Args:
        notebook: the saved notebook.
        codes: the analysed code of its code cells, in order; empty for a language that mlnb does not analyse.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [*_whole(notebook), *_counts(cells), *_errors(cells)]
    if codes:
        found += _names(cells, codes)
    return sorted(found, key=lambda finding: -1 if finding.index is None else finding.index)


def _finding(code: str, message: str, cell: SavedCell, severity: Severity = "warning") -> Finding:
    return Finding(code, message, cell.id, cell.index, severity)


def _label(cell: SavedCell) -> str:
    return f"cell {cell.index + 1}"


def _whole(notebook: SavedNotebook) -> list[Finding]:
    found = []
    if notebook.kernel is None:
        found.append(
            Finding(
                "no_kernelspec", "the notebook names no kernel, so nobody can say what runs it: open it and choose one"
            )
        )
    found += [
        Finding("same_id", f"{times} cells have the id {cell_id}: they cannot be told apart", cell_id)
        for cell_id, times in Counter(cell.id for cell in notebook.cells).items()
        if times > 1
    ]
    return found


def _counts(cells: Sequence[SavedCell]) -> list[Finding]:
    """Execution counts that a run from top to bottom does not leave."""
    written = [cell for cell in cells if cell.source.strip()]
    ran = [cell for cell in written if cell.execution_count is not None]
    if not ran:
        return []
    found: list[Finding] = []
    last_run = max(cell.index for cell in ran)
    found += [
        _finding("not_run", f"{_label(cell)} has not been run, though cells below it have", cell)
        for cell in written
        if cell.execution_count is None and cell.index < last_run
    ]
    highest = ran[0]
    for before, cell in pairwise(ran):
        count, previous = cell.execution_count or 0, before.execution_count or 0
        if count <= (highest.execution_count or 0):
            words = f"{_label(cell)} (count {count}) ran before {_label(highest)} (count {highest.execution_count}), which stands above it"
            found.append(_finding("out_of_order", words, cell))
        elif count > previous + 1:
            words = f"between {_label(before)} (count {previous}) and {_label(cell)} (count {count}) other code ran"
            found.append(_finding("counts_skip", words, cell, "info"))
        highest = max(highest, cell, key=lambda one: one.execution_count or 0)
    if (ran[0].execution_count or 1) > 1 and not any(finding.code == "out_of_order" for finding in found):
        words = f"other code ran before {_label(ran[0])} (count {ran[0].execution_count}): the outputs may depend on it"
        found.append(_finding("counts_skip", words, ran[0], "info"))
    return found


def _errors(cells: Sequence[SavedCell]) -> list[Finding]:
    found = []
    for cell in cells:
        error = next((output for output in cell.outputs if output.kind == "error"), None)
        if error is not None and "raises-exception" not in cell.tags:
            found.append(
                _finding(
                    "ended_with_error",
                    f"{_label(cell)} ended with {error.data.get('name', 'an error')} when it last ran",
                    cell,
                )
            )
    return found


def _names(cells: Sequence[SavedCell], codes: Sequence[CellCode]) -> list[Finding]:
    """Names that a run from top to bottom would not find, each where it is first used."""
    found = []
    defined: set[str] = set()
    deleted: dict[str, SavedCell] = {}
    reported: set[str] = set()
    anything = False  # a cell above may have set any name: what looks undefined may not be
    for position, (cell, code) in enumerate(zip(cells, codes, strict=True)):
        if code.error:
            found.append(
                _finding("syntax_error", f"the code of {_label(cell)} cannot be parsed: {code.error}", cell, "error")
            )
            continue
        anything = anything or bool(code.opaque)
        missing = (code.reads - code.guessed | code.later) - defined - _GIVEN - reported - code.binds
        for name in sorted(missing):
            finding = _missing(name, cell, code, position, cells, codes, deleted, anything=anything)
            if finding is not None:
                found.append(finding)
                reported.add(name)
        defined |= code.binds - code.deletes
        for name in code.deletes & code.sure:
            if name not in {n for n in code.binds - code.deletes}:
                defined.discard(name)
                deleted[name] = cell
    return found


def _missing(
    name: str, cell: SavedCell, code: CellCode, position: int, cells: Sequence[SavedCell], codes: Sequence[CellCode],
    deleted: dict[str, SavedCell], *, anything: bool,
) -> Finding | None:  # fmt: skip
    is_later = name in code.later and name not in code.reads
    below = next((i for i in range(position + 1, len(cells)) if name in codes[i].binds - codes[i].deletes), None)
    if is_later and below is not None:
        return None  # a function may well be called only after its names are set
    severity: Severity = "warning" if anything or is_later else "error"
    if name in deleted:
        words = f"{_label(cell)} uses `{name}`, which {_label(deleted[name])} deletes"
        return _finding("used_after_delete", words, cell, severity)
    if below is not None:
        words = f"{_label(cell)} uses `{name}`, which only {_label(cells[below])} further down defines"
        return _finding("used_before_defined", words, cell, severity)
    if anything:
        return None
    words = f"{_label(cell)} uses `{name}`, which no cell defines: the cell that did has perhaps been deleted"
    return _finding("not_defined", words, cell, severity)
