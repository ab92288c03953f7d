"""Where a notebook stands, in one screen of plain text."""

from __future__ import annotations

from collections.abc import Mapping

from mlnb.order.live import OrderStatus, Plan, Summary
from mlnb.order.types import CellState, CellStatus

WORDS: Mapping[CellState, str] = {
    "fresh": "fresh", "stale": "stale", "edited": "edited", "never_run": "not run", "unknown": "cannot tell",
}  # fmt: skip
_ROWS = 20


def state_in_words(status: CellStatus) -> str:
    """The state of a cell in a word or two."""
    if status.kept:
        return {"skip": "skipped", "frozen": "frozen"}[status.kept] + (
            "" if status.state == "fresh" else f", {WORDS[status.state]}"
        )
    return "vouched for" if status.vouched else WORDS[status.state]


def header_in_words(summary: Summary) -> str:
    """``equals a clean run``, or how many cells stand in its way."""
    total = summary.fresh + summary.stale + summary.edited + summary.never_run + summary.unknown
    kept = f"; {summary.kept} skipped or frozen" if summary.kept else ""
    if summary.fresh == total:
        return f"equals a clean run ({total} of {total} cells fresh{kept})"
    return f"{summary.fresh} of {total} cells fresh{kept}"


def mode_in_words(status: OrderStatus) -> str:
    """The mode in force and where it comes from."""
    if status.floor is not None and status.mode == status.floor and status.chosen != status.mode:
        origin = "this project's floor"
    elif status.chosen == status.mode:
        origin = "chosen for this notebook"
    else:
        origin = "as your settings say"
    return f"mode {status.mode} ({origin})"


def rows(status: OrderStatus) -> list[tuple[str, str, str]]:
    """Id, state in words and reasons of every cell about which there is something to say."""
    return [
        (cell_id, state_in_words(cell), "; ".join(cell.reasons))
        for cell_id, cell in status.cells.items()
        if cell.state != "fresh" or cell.kept or cell.vouched
    ]


def plan_in_words(plan: Plan, numbers: Mapping[str, int]) -> list[str]:
    """What to run, and whether a restart is needed; nothing where nothing is to be done."""
    found = []
    if plan.cells:
        which = ", ".join(str(numbers[cell_id]) for cell_id in plan.cells)
        found.append(f"run {'cell' if len(plan.cells) == 1 else 'cells'} {which} to make it fresh")
    if plan.restart:
        found.append(f"restart the kernel to be sure: {plan.restart}")
    return found


def order_in_words(status: OrderStatus, plan: Plan, numbers: Mapping[str, int]) -> str:
    """One screen: mode, count, the cells that are not fresh with reasons, the plan.

    Args:
        status: where the cells stand.
        plan: for the whole notebook.
        numbers: positions of the cells for people.
    """
    if status.off_reason:
        return f"{status.off_reason}.\nSwitch it on again: %mlnb order mark"
    if status.mode == "off":
        return "order is off. Switch it on: %mlnb order mark"
    if not status.cells:
        return f"{mode_in_words(status)}; this kernel knows of no notebook yet"
    found = rows(status)
    lines = [_row(numbers[cell_id], state, reasons) for cell_id, state, reasons in found[:_ROWS]]
    more = [f"  and {len(found) - _ROWS} more cells"] if len(found) > _ROWS else []
    return "\n".join([
        f"{mode_in_words(status)}; {header_in_words(status.summary)}", *lines, *more, *plan_in_words(plan, numbers)
    ])  # fmt: skip


def _row(number: int, state: str, reasons: str) -> str:
    return f"  cell {number:<4} {state:<12} {reasons}".rstrip()


def cell_of_number(text: str, numbers: Mapping[str, int]) -> str | None:
    """The cell at the position `text`, or None."""
    return next((cell_id for cell_id, number in numbers.items() if str(number) == text.strip()), None)
