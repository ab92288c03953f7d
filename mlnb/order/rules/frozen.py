"""Cells tagged ``frozen`` in a run from top to bottom: which of their names the other cells need, and what may have changed those."""

from __future__ import annotations

from collections.abc import Sequence

from mlnb.core.content import digest_of
from mlnb.core.records import dataclass
from mlnb.order.rules.kept import kept_of
from mlnb.order.rules.static_cells import Code


@dataclass(frozen=True)
class FrozenNeed:
    """What a frozen cell has to bring into a new kernel without running.

    Attributes:
        id: the cell.
        index: its position among all cells, from 0.
        source: its code.
        digest: digest of its source, as snapshots note it for each cell run.
        names: what it defines and other cells read.
        harmless: digests of the sources of those cells of the notebook that cannot change these names.
    """

    id: str
    index: int
    source: str
    digest: str
    names: list[str]
    harmless: list[str]


def frozen_needs(cells: Sequence[Code]) -> list[FrozenNeed]:
    """What each frozen cell has to bring; nothing for one that no other cell builds on."""
    found = []
    for position, one in enumerate(cells):
        if kept_of(one.cell.tags) != "frozen":
            continue
        names = _needed(one, cells[position + 1 :], cells)
        if not names:
            continue
        others = [other for other in cells if other is not one and not other.names.error]
        harmless = [source_digest(other.cell.source) for other in others if not _may_change(other, names)]
        source = one.cell.source
        need = FrozenNeed(
            one.cell.id, one.cell.index, source, source_digest(source), sorted(names), sorted(set(harmless))
        )
        found.append(need)
    return found


def source_digest(source: str) -> str:
    """The digest of a source as snapshots note it."""
    return digest_of(source.encode("utf-8", "surrogatepass"))


def _needed(one: Code, below: Sequence[Code], all_cells: Sequence[Code]) -> set[str]:
    left = set(one.names.binds - one.outline.dropped)
    needed = {name for other in all_cells for name in other.names.later if not kept_of(other.cell.tags)} & left
    for other in below:
        kept = kept_of(other.cell.tags)
        if kept == "skip":
            continue
        if not kept:
            reads_all = other.names.opaque or other.names.history or other.names.error
            needed |= left if reads_all else left & (other.names.reads | other.names.later)
        left -= other.names.sure
    return needed


def _may_change(other: Code, names: set[str]) -> bool:
    code = other.names
    return bool(code.opaque or names & (code.binds | code.at_risk))
