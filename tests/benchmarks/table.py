"""Figures and how they are printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def late(values: Sequence[float]) -> float:
    """The value that 19 of 20 do not exceed."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def ms(value: float | None) -> str:
    """Milliseconds with three digits that count."""
    if value is None:
        return "-"
    return (
        f"{value:.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2f}"
        if value >= 1
        else f"{value:.3f}"
    )


def show(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column is text and whose others are figures."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip(), flush=True)
