"""What a saved notebook shows without being run: names that a run from top to bottom would not find, and traces of another order."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

from mlnb.core.errors import MlnbError
from mlnb.order.ports import Analyzer, Outliner
from mlnb.order.rules.static_calls import early_calls
from mlnb.order.rules.static_cells import Code, finding
from mlnb.order.rules.static_counts import counts, sessions
from mlnb.order.rules.static_names import GIVEN, names, redefinitions
from mlnb.order.rules.static_outputs import errors, foreign_outputs, without_counts
from mlnb.order.saved import CellOutline
from mlnb.order.types import CheckReport, Finding, SavedCell, SavedNotebook

_SEVERITIES = ("error", "warning", "info")
PARTIAL = "names, imports and outputs were not looked at: not for this language ({language})"


def check_notebook(notebook: SavedNotebook, analyzer: Callable[[str], Analyzer]) -> CheckReport:
    """The findings of `notebook`, in document order, what concerns the whole first.

    Of a language without an analyser only what the execution counts tell is looked at, and the report says so.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [*_whole(notebook), *counts(cells), *sessions(cells), *errors(cells), *without_counts(cells)]
    codes = read_cells(notebook, analyzer)
    if codes is not None:
        found += [
            *foreign_outputs(codes),
            *names(codes),
            *early_calls(codes, GIVEN),
            *redefinitions(codes),
            *_habits(codes),
        ]
    ordered = sorted(found, key=lambda one: (-1 if one.index is None else one.index, _SEVERITIES.index(one.severity)))
    return CheckReport(notebook.path, ordered, "" if codes is not None else PARTIAL.format(language=notebook.language))


def read_cells(notebook: SavedNotebook, analyzer: Callable[[str], Analyzer]) -> list[Code] | None:
    """The code cells of `notebook` with what their text tells; None for a language without an analyser."""
    try:
        reads = analyzer((notebook.language or "python").lower())
    except MlnbError:
        return None
    return [_read(cell, reads) for cell in notebook.cells if cell.cell_type == "code"]


def _read(cell: SavedCell, reads: Analyzer) -> Code:
    code = reads.analyze(cell.source)
    outline = reads.outline(cell.source) if isinstance(reads, Outliner) else CellOutline()
    if outline.magic:
        inner = reads.analyze(outline.magic)
        code = dataclasses.replace(inner, digest=code.digest) if not inner.error else code
    return Code(cell, code, outline)


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
        for cell_id, times in Counter(cell.id for cell in notebook.cells if cell.has_id).items()
        if times > 1
    ]
    without = sum(not cell.has_id for cell in notebook.cells)
    if without:
        cells = "1 cell has" if without == 1 else f"{without} cells have"
        words = f"{cells} no id: what is known of a cell is lost when its text changes"
        is_due = notebook.format_minor >= _FORMAT_WITH_IDS
        found.append(Finding("missing_id", words, severity="warning" if is_due else "info"))
    return found


_FORMAT_WITH_IDS = 5


def _habits(cells: list[Code]) -> list[Finding]:
    """What makes a notebook hard to follow or to run elsewhere."""
    found = []
    for one in cells:
        for module in one.outline.star_imports:
            words = (
                f"{one.label} imports everything from {module}: which names that sets cannot be read off the notebook"
            )
            found.append(finding("star_import", words, one.cell))
        for command in dict.fromkeys(one.outline.commands):
            words = f"{one.label} needs `{command}`, which not every machine has"
            found.append(finding("needs_program", words, one.cell, "info"))
        for path in one.outline.own_paths:
            words = f"{one.label} names {path}, which is there on one machine only"
            found.append(finding("own_path", words, one.cell, "info"))
    return found
