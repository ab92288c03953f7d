"""The ladder of modes: which is in force, and what it says when a cell is about to run."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from mlnb.order.rules.traces import Cell, CellRun
from mlnb.order.types import Mode

RANK: Mapping[Mode, int] = {"off": 0, "mark": 1, "warn": 2, "reactive": 2, "block": 3, "linear": 4}
ASKING: frozenset[Mode] = frozenset({"warn", "reactive"})
REFUSING: frozenset[Mode] = frozenset({"block", "linear"})


def in_force(floor: Mode | None, chosen: Mode | None, setting: Mode) -> Mode:
    """The mode in force: what the notebook chose, else the user's setting, but never below the team's floor."""
    wanted = chosen or setting
    return floor if floor is not None and RANK[floor] > RANK[wanted] else wanted


def is_below(mode: Mode, floor: Mode | None) -> bool:
    """Whether the floor rules `mode` out."""
    return floor is not None and RANK[mode] < RANK[floor]


def strictest(floors: Iterable[Mode]) -> Mode | None:
    """The floor that holds where these are given; None when none of them rules anything out."""
    found: Mode = max(floors, key=RANK.__getitem__, default="off")
    return found if RANK[found] > 0 else None


def linear_first(cell_ids: Collection[str], document: Sequence[Cell], last: Mapping[str, CellRun]) -> list[str]:
    """The cells that mode ``linear`` wants to run before or between `cell_ids` (which run from top to bottom), in order.

    Every code cell above has to have run, as it is now and one after the other. Where that breaks, all that follows must run
    again: its runs came before the one that is missing.

    Args:
        cell_ids: cells of the document.
        document: the code cells in order; those without code do not count.
        last: the last run of each cell in this kernel.
    """
    found: list[str] = []
    pending: list[str] = []
    number: float = 0
    for cell in document:
        if cell.id in cell_ids:
            found += pending
            pending, number = [], math.inf
        elif not cell.empty:
            run = last.get(cell.id)
            if pending or run is None or run.trace.digest != cell.digest or run.number <= number:
                pending.append(cell.id)
            else:
                number = run.number
    return found


def refusal(mode: Mode, asked: str, first: str, left: str, floor: Mode | None = None) -> str:
    """Why cells must not run now and what to run first, as one message.

    Args:
        mode: the mode in force, ``block`` or ``linear``.
        asked: the cells about to run, in words.
        first: the cells that have to run before, in words, with why; or empty.
        left: what only a restart takes away, in words, or empty.
        floor: the team's floor, which says whether setting a milder mode is a way out.
    """
    why = "values would not be up to date" if mode == "block" else "the notebook runs from top to bottom"
    run = f"Run {first}" if first else f"{left[:1].upper()}{left[1:]}"
    way_out = "" if is_below("mark", floor) else ", or set the mode to mark"
    return f"{asked} did not run, because {why}. {run}{way_out}."


def cells_in_words(ids: Sequence[str], numbers: Mapping[str, int]) -> str:
    """``cell 3``, or ``cells 1, 2``."""
    return ("cell " if len(ids) == 1 else "cells ") + ", ".join(str(numbers[cell_id]) for cell_id in ids)
