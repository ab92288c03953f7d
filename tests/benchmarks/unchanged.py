"""Whether any cell shows something else because mlnb is there: the same cells in two shells, and all they write compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.shells import Shell

CELLS = tuple(Path(__file__).with_name("unchanged_cells.txt").read_text("utf-8").removesuffix("\n").split("\n\n# %%\n"))
"""Cells that show what a tool might disturb, run one after the other."""

_VARIES = re.compile(r"0x[0-9a-f]{6,}|(?:CPU times|Wall time):.*|\b\d+(?:\.\d+)? (?:ns|[µu]s|ms|s)\b")


def differences(shells: Sequence[Shell], cells: Sequence[str] = CELLS) -> list[tuple[str, str, str]]:
    """(cell, shown without mlnb, shown with mlnb) of every cell that shows something else."""
    shown = []
    for shell in shells:
        shell.ask("open", [])
        shown.append([_VARIES.sub("~", text) for text in shell.ask("outputs", list(cells))])
        shell.ask("close")
    return [(source, one, two) for source, one, two in zip(cells, *shown, strict=True) if one != two]


def table(cells: Sequence[str] = CELLS) -> bool:
    """Run the cells, print what differs; whether nothing does."""
    shells = [Shell("IPython"), Shell("mlnb")]
    try:
        found = differences(shells, cells)
    finally:
        for shell in shells:
            shell.end()
    print(f"\nCells whose output mlnb changes: {len(found)} of {len(cells)} (goal 0)")
    for source, one, two in found:
        print(f"  {source!r}\n    without {one[-300:]!r}\n    with    {two[-300:]!r}")
    return not found
