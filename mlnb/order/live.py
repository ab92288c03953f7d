"""The nouns of a notebook in its kernel: where it stands, what to run, what to say before a run, what depends on what."""

from __future__ import annotations

from typing import Literal

from mlnb.core.records import dataclass, field
from mlnb.order.types import CellState, CellStatus, Kept, Mode


@dataclass(frozen=True)
class Summary:
    """How many code cells with code in them are in each state; a cell tagged skip or frozen counts as `kept` alone."""

    fresh: int = 0
    stale: int = 0
    edited: int = 0
    never_run: int = 0
    unknown: int = 0
    kept: int = 0


@dataclass(frozen=True)
class OrderStatus:
    """Where a notebook stands in its kernel.

    Attributes:
        cells: the state of every code cell, by id; empty in mode ``off``.
        mode: the mode in force.
        chosen: the mode that the notebook or its user chose; None where nobody did and the setting ``order.mode`` holds.
        floor: the team's floor, below which no mode goes; None without one.
        off_reason: why a fault of mlnb's own switched order off, or empty.
        summary: the states counted.
    """

    cells: dict[str, CellStatus]
    mode: Mode
    chosen: Mode | None = None
    floor: Mode | None = None
    off_reason: str = ""
    summary: Summary = field(default_factory=Summary)


@dataclass(frozen=True)
class Plan:
    """What makes a notebook, or one cell, fresh.

    Attributes:
        cells: ids of the cells to run, in order.
        restart: why only a restart of the kernel makes it clean, or empty.
    """

    cells: list[str]
    restart: str = ""


@dataclass(frozen=True)
class Advice:
    """What to do about cells that are about to run.

    Attributes:
        decision: ``run`` them; ``warn`` that what they read is stale; ``refuse``; ``confirm`` that cells which take long run first.
        message: one sentence; empty with ``run``.
        stale_inputs: ids of the cells that what is read comes from and that are not up to date.
        plan: ids of the cells to run first, in order.
    """

    decision: Literal["run", "warn", "refuse", "confirm"]
    message: str = ""
    stale_inputs: list[str] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Dependants:
    """What mode ``reactive`` runs after a cell: `cells` in order; `slow` only once a person said yes, as they took over 30 s."""

    cells: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class GraphNode:
    """A code cell in the graph.

    Attributes:
        id: its id.
        number: its position for people, from 1, among all cells.
        title: the first line of its code.
        state: as in `CellStatus`.
        reasons: as in `CellStatus`.
        defs: names it sets or changes.
        refs: names it reads from cells above.
        kept: as in `CellStatus`.
    """

    id: str
    number: int
    title: str
    state: CellState
    reasons: list[str]
    defs: list[str]
    refs: list[str]
    kept: Kept = ""


@dataclass(frozen=True)
class GraphEdge:
    """What cell `target` reads of what cell `source` leaves; `names` in words: names, file names, modules and other things."""

    source: str
    target: str
    names: list[str]
    kind: Literal["name", "file", "module", "other"]


@dataclass(frozen=True)
class OrderGraph:
    """The code cells in document order and what passes between them in a run from top to bottom."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
