"""The dependency graph: which cell reads what another leaves, in a run from top to bottom, and which reads what only comes below it."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Literal

from mlnb.order.live import GraphEdge, GraphNode, OrderGraph
from mlnb.order.rules.fold import Folded
from mlnb.order.rules.reasons import key_in_words
from mlnb.order.rules.traces import Cell, Key, is_name
from mlnb.order.types import CellStatus, Kept

EdgeKind = Literal["name", "file", "module", "other"]
_KINDS: Mapping[str, EdgeKind] = {
    "@file": "file",
    "@there": "file",
    "@in": "file",
    "@own": "module",
    "@library": "module",
}
_BUILT_IN = frozenset(dir(builtins))


def graph(
    document: Sequence[Cell],
    folded: Folded,
    statuses: Mapping[str, CellStatus],
    titles: Mapping[str, str],
    skipped: Mapping[str, int],
) -> OrderGraph:
    """Nodes and edges, in time linear in the number of things that cells read and set.

    Args:
        document: code cells in order, without those that are skipped.
        folded: their judgements: what each needs, by the cell that leaves it, and gives.
        statuses: the state of every code cell.
        titles: the title of every code cell.
        skipped: the number of every cell that is skipped; these have no edges.
    """
    nodes = {cell.id: _node(cell, folded, statuses[cell.id], titles.get(cell.id, "")) for cell in document}
    for cell_id, number in skipped.items():
        status = statuses[cell_id]
        nodes[cell_id] = GraphNode(
            cell_id, number, titles.get(cell_id, ""), status.state, list(status.reasons), [], [], status.kept
        )
    edges: dict[tuple[str, str, EdgeKind], list[str]] = {}
    below: dict[Key, str] = {}  # who sets a name next, below the cell that is looked at
    for cell in reversed(document):
        for key, expected in folded.judgements[cell.id].needs.items():
            source = expected.by
            if source is None and is_name(key) and key not in _BUILT_IN:
                source = below.get(key)
            if source is not None and source in nodes:
                edges.setdefault((source, cell.id, _kind(key)), []).append(_words(key))
        below |= dict.fromkeys(cell.binds, cell.id)
    return OrderGraph(
        sorted(nodes.values(), key=lambda node: node.number),
        [GraphEdge(source, target, sorted(names), kind) for (source, target, kind), names in reversed(edges.items())],
    )


def _node(cell: Cell, folded: Folded, status: CellStatus, title: str) -> GraphNode:
    judgement = folded.judgements[cell.id]
    changed = {
        key for key, given in judgement.gives.items() if given.how != "at_risk"
    }  # what it might have changed, it did not set
    defs = sorted(key for key in {*changed, *cell.binds} if is_name(key))
    refs = sorted(
        key for key, need in judgement.needs.items() if is_name(key) and (need.by is not None or key not in _BUILT_IN)
    )
    kept: Kept = status.kept
    return GraphNode(cell.id, cell.number, title, status.state, list(status.reasons), defs, refs, kept)


def _kind(key: Key) -> EdgeKind:
    return "name" if is_name(key) else _KINDS.get(key.partition(":")[0], "other")


def _words(key: Key) -> str:
    return key if is_name(key) else key_in_words(key).removeprefix("the ").removeprefix("file ").removeprefix("module ")
