"""What a mode does when a cell is about to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlnb.order.rules.reasons import first_sentences
from mlnb.order.rules.traces import Cell
from mlnb.order.types import CellStatus, Mode


def refusal(
    mode: Mode, cell_id: str, document: Sequence[Cell], statuses: Mapping[str, CellStatus], plan: Sequence[str]
) -> str | None:
    """Why `cell_id` must not run now and what to run first, or None when it may.

    Args:
        mode: the mode in use; only ``block`` and ``linear`` refuse.
        cell_id: the cell about to run.
        document: code cells in order.
        statuses: the state of each.
        plan: what `mlnb.order.rules.plan.plan` says this cell needs.
    """
    numbers = {cell.id: cell.number for cell in document}
    if cell_id not in numbers:
        return None
    if mode == "block":
        first = [other for other in plan if other != cell_id]
        why = "it would run on values that are not up to date"
    elif mode == "linear":
        above = [cell.id for cell in document if cell.number < numbers[cell_id]]
        first = [other for other in above if statuses[other].state not in ("fresh", "unknown")]
        why = "the notebook runs from top to bottom"
    else:
        return None
    if not first:
        return None
    cells = ("cell " if len(first) == 1 else "cells ") + ", ".join(str(numbers[other]) for other in first)
    reasons = first_sentences(
        f"cell {numbers[other]}: {reason}" for other in first for reason in statuses[other].reasons[:1]
    )
    detail = f" ({reasons})" if reasons else ""
    return f"cell {numbers[cell_id]} did not run, because {why}. Run {cells} first{detail}, or set the mode to mark."
