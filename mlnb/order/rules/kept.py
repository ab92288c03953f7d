"""Cells that do not run (tags ``skip`` and ``frozen``) and cells a person vouched for, made plain for the other rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from mlnb.order.rules.traces import Cell, CellRun, Knowledge
from mlnb.order.types import Kept


def kept_of(tags: Collection[str]) -> Kept:
    """What the tags of a cell say; ``skip`` is the stronger."""
    return "skip" if "skip" in tags else "frozen" if "frozen" in tags else ""


def without_skipped(document: Sequence[Cell], kept: Mapping[str, Kept]) -> list[Cell]:
    """The cells without those that are skipped: for the rules, these are not there."""
    return [cell for cell in document if kept.get(cell.id) != "skip"]


def holding(document: Sequence[Cell], knowledge: Knowledge, held: Collection[str]) -> tuple[list[Cell], Knowledge]:
    """The cells `held` (frozen, or vouched for) as cells that read nothing and always leave what their last run left.

    One that has not run in this kernel leaves nothing.
    """
    if not held:
        return list(document), knowledge
    last = knowledge.last()
    kept_runs = {last[cell_id].number: cell_id for cell_id in held if cell_id in last}
    cells = [_holding_cell(cell, last.get(cell.id)) if cell.id in held else cell for cell in document]
    runs: list[CellRun] = []
    for run in knowledge.runs:
        runs.append(run)
        if run.number in kept_runs:
            runs.append(_holding_run(run))
    return cells, dataclasses.replace(knowledge, runs=runs)


def _digest(cell_id: str) -> str:
    return f"held:{cell_id}"


def _holding_cell(cell: Cell, run: CellRun | None) -> Cell:
    if run is None:
        return Cell(cell.id, cell.number, cell.digest, empty=True)
    return Cell(cell.id, cell.number, _digest(cell.id), binds=cell.binds, sure=cell.sure)


def _holding_run(run: CellRun) -> CellRun:
    assert run.cell_id is not None
    trace = dataclasses.replace(
        run.trace, digest=_digest(run.cell_id), inputs={}, whole=False, shared_before={}, mutated=frozenset(), varying=(),
        unsure=frozenset(), kept=frozenset(), continued={},
    )  # fmt: skip
    return dataclasses.replace(run, trace=trace)
