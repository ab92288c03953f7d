"""What the mode in force says before cells run, and what runs after one in mode ``reactive``."""

from __future__ import annotations

from collections.abc import Sequence

from mlnb.kernel.order_judge import Judged
from mlnb.kernel.order_ladder import Ladder
from mlnb.kernel.order_runs import Runs
from mlnb.order.live import Advice, Dependants
from mlnb.order.rules import asking, modes


def advice_on(asked: Sequence[str], judged: Judged, ladder: Ladder, runs: Runs) -> Advice:
    """What to do before the cells `asked` run, in document order, once the running cell has ended.

    Cells that do not run, have no code or are not in the document do not count.
    """
    mode, numbers = ladder.mode, judged.numbers()
    if modes.RANK[mode] < modes.RANK["warn"]:
        return Advice("run")
    running = [runs.running] if runs.running is not None else []
    cell_ids = [cell_id for cell_id in asked if _counts(cell_id, judged)]
    before = [cell_id for cell_id in running if _counts(cell_id, judged)]
    if not cell_ids:
        return Advice("run")
    if mode == "linear":
        cells = [cell for cell in judged.cells if cell.id not in judged.kept]
        first, left = modes.linear_first({*before, *cell_ids}, cells, judged.knowledge.last()), ""
    else:
        first = judged.needed_first({*before, *cell_ids})
        left = "" if first or before else judged.left_over(cell_ids)  # what the running cell leaves is not known yet
    inputs = asking.stale_inputs(cell_ids, first, judged.knowledge, judged.folded)
    question = asking.Asked(cell_ids, first, left)
    return asking.advice(question, mode, ladder.floor, numbers, judged.statuses, inputs, runs.took_s)


def dependants_of(cell_id: str, judged: Judged, runs: Runs) -> Dependants:
    """What mode ``reactive`` runs after `cell_id`: nothing when that failed, or is no cell of the document."""
    if cell_id not in judged.folded.judgements or cell_id in runs.failed:
        return Dependants()
    return asking.dependants(cell_id, judged.cells, judged.folded, judged.statuses, judged.needed_first, runs.took_s)


def _counts(cell_id: str, judged: Judged) -> bool:
    return cell_id in judged.folded.judgements and cell_id not in judged.kept and cell_id not in judged.empty
