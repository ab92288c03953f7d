"""Values of frozen cells for a run from top to bottom: what a runner asks the new kernel for, before any cell runs."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.wire import to_wire
from mlnb.order.errors import FrozenValueMissing
from mlnb.order.ports import Analyzer
from mlnb.order.rules.frozen import FrozenNeed, frozen_needs
from mlnb.order.rules.static import read_cells
from mlnb.order.saved import KEPT_TAGS
from mlnb.order.types import SavedNotebook

_THAW = "__import__('mlnb.kernel.frozen', fromlist=['call']).call({arguments!r})"
_WAY_OUT = "Take the tag `frozen` off, run the cell, take a snapshot right after it, and put the tag back."


def thaw_expression(notebook: Path, needs: Sequence[FrozenNeed], values: Path | None = None) -> str:
    """What a kernel is asked to evaluate, so that it has what frozen cells define.

    Args:
        notebook: the notebook whose snapshots count.
        needs: what frozen cells have to bring.
        values: the store of values that came with a job; the user's own snapshots when None.
    """
    arguments = {"notebook": str(notebook), "needs": to_wire(list(needs)), "values": str(values) if values else None}
    return _THAW.format(arguments=json.dumps(arguments))


def check_thawed(found: Mapping[str, Any], needs: Sequence[FrozenNeed]) -> None:
    """Read the kernel's answer to `thaw_expression`.

    Args:
        found: the reply to that user expression.
        needs: what was asked for.

    Raises:
        FrozenValueMissing: something could not be had; the kernel is not to run any cell.
    """
    if found.get("status") != "ok":
        raise FrozenValueMissing(
            f"cell {needs[0].index + 1} is frozen, and the kernel cannot restore its values: mlnb is not there",
            _WAY_OUT,
        )
    check_found(json.loads(ast.literal_eval(found["data"]["text/plain"])).get("missing") or {}, needs)


def check_found(missing: Mapping[str, str], needs: Sequence[FrozenNeed]) -> None:
    """Accept that every value could be had.

    Args:
        missing: why the values of a cell could not be had, by cell.
        needs: what was asked for.

    Raises:
        FrozenValueMissing: `missing` is not empty.
    """
    if missing:
        cell_id, why = next(iter(missing.items()))
        number = next((need.index + 1 for need in needs if need.id == cell_id), needs[0].index + 1)
        raise FrozenValueMissing(f"cell {number} is frozen and other cells build on it, but {why}", _WAY_OUT)


def needs_of(saved: SavedNotebook, analyzer: Callable[[str], Analyzer]) -> list[FrozenNeed]:
    """What the frozen cells of a notebook have to bring.

    Args:
        saved: the notebook.
        analyzer: the analyser of a kernel language; raises `NotFound` where there is none.

    Raises:
        FrozenValueMissing: it is in a language whose names mlnb cannot read.
    """
    cells = read_cells(saved, analyzer)
    if cells is not None:
        return frozen_needs(cells)
    code = [cell for cell in saved.cells if cell.cell_type == "code" and cell.source.strip()]
    frozen = next((cell for cell in code if "frozen" in cell.tags), None)
    if frozen is not None and any(not set(KEPT_TAGS).intersection(cell.tags) for cell in code):
        raise FrozenValueMissing(
            f"cell {frozen.index + 1} is frozen, and its values cannot be restored in {saved.language}",
            "Take the tag `frozen` off: values are restored in Python only.",
        )
    return []
