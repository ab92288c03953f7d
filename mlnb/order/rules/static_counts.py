"""What execution counts and times tell: cells not run, run in another order, or in another kernel session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from mlnb.order.rules.static_cells import finding, label
from mlnb.order.saved import KEPT_TAGS
from mlnb.order.types import Finding, SavedCell


def counts(cells: Sequence[SavedCell]) -> list[Finding]:
    """Execution counts that a run from top to bottom does not leave. Nothing for a notebook that was saved without any."""
    written = [cell for cell in cells if cell.source.strip() and not set(KEPT_TAGS).intersection(cell.tags)]
    ran = [cell for cell in written if cell.execution_count is not None]
    if not ran:
        return []
    return [*_not_run(written, ran), *_order(ran)]


def _not_run(written: Sequence[SavedCell], ran: Sequence[SavedCell]) -> list[Finding]:
    last_run = max(cell.index for cell in ran)
    return [
        finding(
            "not_run",
            f"{label(cell)} has not been run, though cells {'below' if cell.index < last_run else 'above'} it have",
            cell,
        )
        for cell in written
        if cell.execution_count is None
    ]


def _order(ran: Sequence[SavedCell]) -> list[Finding]:
    found: list[Finding] = []
    highest = ran[0]
    for before, cell in pairwise(ran):
        count, previous, top = cell.execution_count or 0, before.execution_count or 0, highest.execution_count or 0
        if count == top:
            words = f"{label(cell)} and {label(highest)} both have the count {count}: one of them ran in another kernel session"
            found.append(finding("same_count", words, cell))
        elif count < top:
            words = f"{label(cell)} (count {count}) ran before {label(highest)} (count {top}), which stands above it"
            found.append(finding("out_of_order", words, cell))
        elif count > previous + 1:
            words = (
                f"between {label(before)} (count {previous}) and {label(cell)} (count {count}) other code ran: "
                "a cell that is gone, or one of these again"
            )
            found.append(finding("counts_skip", words, cell))
        highest = max(highest, cell, key=lambda one: one.execution_count or 0)
    first = ran[0]
    if (first.execution_count or 1) > 1 and not found:
        words = f"other code ran before {label(first)} (count {first.execution_count}): the outputs may depend on it"
        found.append(finding("counts_skip", words, first))
    return found


def sessions(cells: Sequence[SavedCell]) -> list[Finding]:
    """Outputs of more than one kernel session: counts and noted times do not rise together."""
    timed = [
        (cell.execution_count, time, cell) for cell in cells if cell.execution_count and (time := _time(cell.ran_at))
    ]
    timed.sort(key=lambda one: one[0])
    for (one_count, one_time, one), (other_count, other_time, other) in pairwise(timed):
        if other_count > one_count and other_time < one_time:
            words = (
                f"{label(other)} (count {other_count}) ran before {label(one)} (count {one_count}) by the clock: "
                "their outputs come from different kernel sessions"
            )
            return [finding("two_sessions", words, other)]
    return []


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
