"""Small reference types that two areas share. Nothing else of one area is known to another."""

from __future__ import annotations

from mlnb.core.records import dataclass


@dataclass(frozen=True)
class CodeCell:
    """A code cell of a notebook document, in document order.

    Attributes:
        id: the cell's id, or a made-up one (``<source hash>-<occurrence>``) where the document has none.
        index: position among all cells of the document, from 0.
        source: its text.
        tags: the tags of its metadata, such as ``parameters``.
    """

    id: str
    index: int
    source: str
    tags: tuple[str, ...] = ()
