"""What the rules of `mlnb check` speak of: a saved code cell together with what its text tells."""

from __future__ import annotations

from mlnb.core.records import dataclass
from mlnb.order.saved import CellOutline
from mlnb.order.types import CellCode, Finding, SavedCell, Severity


@dataclass(frozen=True)
class Code:
    """A code cell, the names of its code, and what else its text tells."""

    cell: SavedCell
    names: CellCode
    outline: CellOutline

    @property
    def label(self) -> str:
        """How it is called in a sentence."""
        return label(self.cell)

    @property
    def is_skipped(self) -> bool:
        """Whether its tag keeps it out of every run."""
        return "skip" in self.cell.tags


def label(cell: SavedCell) -> str:
    """How `cell` is called in a sentence: by its position among all cells, from 1."""
    return f"cell {cell.index + 1}"


def finding(code: str, message: str, cell: SavedCell, severity: Severity = "warning") -> Finding:
    """A finding at `cell`."""
    return Finding(code, message, cell.id, cell.index, severity)
