"""How the cells of the document stand now: what the kernel saw, folded over the document, with tags and vouches."""

from __future__ import annotations

from collections.abc import Callable, Collection

from mlnb.core.clock import Clock, utc_now
from mlnb.core.errors import BadInput
from mlnb.core.records import dataclass, replace
from mlnb.core.refs import CodeCell
from mlnb.kernel.order_document import Document
from mlnb.kernel.order_trace import Tracker
from mlnb.order.errors import NoSuchCell
from mlnb.order.ports import Analyzer
from mlnb.order.rules import asking, plan, vouching
from mlnb.order.rules.fold import Folded, fold
from mlnb.order.rules.kept import holding, without_skipped
from mlnb.order.rules.reasons import statuses
from mlnb.order.rules.traces import Cell, Knowledge
from mlnb.order.types import CellStatus, Kept

_KEPT_REASONS = {
    "skip": "this cell is tagged skip: it does not run",
    "frozen": "this cell is tagged frozen: it does not run, and its saved result is used",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The state of affairs.

    Attributes:
        cells: the code cells that count: all but the skipped; frozen ones as cells that leave what they left.
        knowledge: what the kernel saw, with frozen cells' last runs held.
        folded: the judgements, without vouches.
        statuses: of every code cell, with vouches.
        kept: the cells that do not run.
        empty: the cells without code.
        others: how to call cells that were or are in the notebook and do not count.
    """

    cells: list[Cell]
    knowledge: Knowledge
    folded: Folded
    statuses: dict[str, CellStatus]
    kept: dict[str, Kept]
    empty: frozenset[str]
    others: dict[str, str]

    def numbers(self) -> dict[str, int]:
        """The position of each cell that counts, for people."""
        return {cell.id: cell.number for cell in self.cells}

    def plan(self, cell_id: str | None) -> list[str]:
        """What to run so that the notebook, or `cell_id`, is fresh."""
        if cell_id in self.kept:
            return []
        return self._runnable(plan.plan(self.cells, self.knowledge, self.folded, cell_id))

    def restart(self, cell_id: str | None) -> str:
        """Why only a restart makes the notebook, or `cell_id`, fresh; or empty."""
        return (
            "" if cell_id in self.kept else plan.restart(self.cells, self.knowledge, self.folded, cell_id, self.others)
        )

    def needed_first(self, cell_ids: Collection[str]) -> list[str]:
        """What has to run before or between `cell_ids`."""
        return self._runnable(asking.needed_first(cell_ids, self.cells, self.knowledge, self.folded))

    def left_over(self, cell_ids: Collection[str]) -> str:
        """What `cell_ids` find that only a restart takes away, in words, or empty."""
        return asking.left_over(cell_ids, self.cells, self.knowledge, self.folded, self.others)

    def _runnable(self, cell_ids: Collection[str]) -> list[str]:
        return [cell_id for cell_id in cell_ids if cell_id not in self.kept]


class Judge:
    """Judges the document of one kernel; remembers the judgement until something changes.

    Args:
        document: the document.
        tracker: what watches the runs, begun on first use.
        analyzer: reads the code of cells.
        why_never_run: why a cell that never ran has its values all the same, or empty.
        clock: tells the time.
    """

    def __init__(
        self,
        document: Document,
        tracker: Callable[[], Tracker],
        analyzer: Analyzer,
        why_never_run: Callable[[str], str] = lambda _cell_id: "",
        clock: Clock = utc_now,
    ) -> None:
        self._document = document
        self._tracker = tracker
        self.analyzer = analyzer
        self._why_never_run = why_never_run
        self._clock = clock
        self._vouches: dict[str, vouching.Vouch] = {}
        self._judged: Judged | None = None

    def forget(self) -> None:
        """A cell ran or the document changed: judge anew when asked."""
        self._judged = None

    def judged(self, *, is_running: bool = False) -> Judged:
        """The state of affairs.

        Args:
            is_running: whether a cell is running, so that values are taken as they were before it.
        """
        is_old = self._document.look() or self._judged is None or (not is_running and self._tracker().has_news())
        if is_old or self._judged is None:
            self._judged = self._judge(is_running=is_running)
        return self._judged

    def vouch(self, cell_id: str, judged: Judged) -> None:
        """Take a person's word for a cell that cannot be judged.

        Raises:
            NoSuchCell: the document has no code cell of that id.
            BadInput: the cell is not ``unknown``.
        """
        status = judged.statuses.get(cell_id)
        if status is None:
            raise NoSuchCell(
                f"the notebook has no code cell {cell_id!r}", "Send the document first: mlnb.order.sync(cells)."
            )
        if status.vouched:
            return
        run = judged.knowledge.last().get(cell_id)
        if status.state != "unknown" or run is None:
            word = status.state.replace("_", " ")
            raise BadInput(
                f"a cell that is {word} is not to be vouched for",
                "Vouch only for cells of which mlnb cannot tell whether they are fresh; run the others.",
            )
        self._vouches[cell_id] = vouching.vouch_for(judged.folded.judgements[cell_id], run, self._clock())
        self.forget()

    def _judge(self, *, is_running: bool) -> Judged:
        tracker = self._tracker()
        kept = self._document.kept()
        knowledge = tracker.knowledge(is_running=is_running)
        everything = [self._cell(tracker, cell) for cell in self._document.cells]
        frozen = {cell_id for cell_id, tag in kept.items() if tag == "frozen"}
        cells, knowledge = holding(without_skipped(everything, kept), knowledge, frozen)
        folded = fold(cells, knowledge)
        others = self._document.deleted()
        skipped = [cell for cell in everything if kept.get(cell.id) == "skip"]
        others |= {cell.id: f"cell {cell.number}, which is tagged skip" for cell in skipped}
        found = self._vouched(cells, knowledge, folded, others)
        found |= {cell.id: CellStatus("fresh", [_KEPT_REASONS["skip"]], kept="skip") for cell in skipped}
        for cell_id, status in found.items():
            if status.state == "never_run" and (why := self._why_never_run(cell_id)):
                found[cell_id] = replace(status, reasons=[why])
        for cell_id in frozen & found.keys():
            reasons = found[cell_id].reasons or [_KEPT_REASONS["frozen"]]
            found[cell_id] = replace(found[cell_id], reasons=reasons, kept="frozen")
        in_order = {cell.id: found[cell.id] for cell in everything}
        empty = frozenset(cell.id for cell in everything if cell.empty)
        return Judged(cells, knowledge, folded, in_order, kept, empty, others)

    def _vouched(
        self, cells: list[Cell], knowledge: Knowledge, folded: Folded, others: dict[str, str]
    ) -> dict[str, CellStatus]:
        """The statuses, in which the cells that are vouched for count as they are."""
        last = knowledge.last() if self._vouches else {}
        vouches = {
            cell_id: vouch
            for cell_id, vouch in self._vouches.items()
            if cell_id in folded.judgements and vouching.holds(vouch, folded.judgements[cell_id], last.get(cell_id))
        }
        if not vouches:
            return statuses(cells, knowledge, folded.judgements, others)
        held, known = holding(cells, knowledge, vouches)
        found = statuses(held, known, fold(held, known).judgements, others)
        for cell_id, vouch in vouches.items():
            if found[cell_id].state == "fresh":
                found[cell_id] = CellStatus("fresh", [f"vouched for at {vouch.at.astimezone():%H:%M}"], vouched=True)
        return found

    def _cell(self, tracker: Tracker, cell: CodeCell) -> Cell:
        code = self.analyzer.analyze(cell.source)
        reach = tracker.names.reach(code, look=False)
        touches = code.at_risk | reach.late
        risk = {name for name in touches if tracker.is_changeable(name)}
        return Cell(
            cell.id, cell.index + 1, code.digest, frozenset(reach.names), code.binds, code.sure, frozenset(risk),
            code.opaque, bool(code.error), not cell.source.strip(), code.text, frozenset(touches),
            code.handed_on | reach.late, code.aliased,
        )  # fmt: skip
