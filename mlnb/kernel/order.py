"""Order inside a kernel: the document, the runs this kernel sees, and what follows from both, for users and front ends."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.errors import BadInput
from mlnb.kernel import registry
from mlnb.kernel.log import log_error, logged
from mlnb.kernel.order_asking import advice_on, dependants_of
from mlnb.kernel.order_between import Between
from mlnb.kernel.order_document import Document
from mlnb.kernel.order_judge import Judge, Judged
from mlnb.kernel.order_ladder import Ladder
from mlnb.kernel.order_moments import GoesBack
from mlnb.kernel.order_restored import Moments
from mlnb.kernel.order_runs import CellRefused, Runs
from mlnb.kernel.order_saved import SavedNotebooks
from mlnb.kernel.order_words import order_in_words
from mlnb.order.errors import NoSuchCell
from mlnb.order.live import Advice, Dependants, OrderGraph, OrderStatus, Plan, Summary
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.ports import Analyzer
from mlnb.order.rules import modes
from mlnb.order.rules.graph import graph
from mlnb.order.types import CellStatus, Kept, Mode

__all__ = ["CellRefused", "KernelOrder"]


class KernelOrder(GoesBack, SavedNotebooks):
    """The order service of one kernel. Its hooks never raise into the user's cell, but for `CellRefused`.

    A fault of its own switches order off here, with a reason to be seen; setting a mode switches it on again. It may be called
    from several threads: front ends ask while a cell is running.

    Args:
        shell: an IPython InteractiveShell.
        ladder: the mode to begin with and the team's floor; mode ``mark`` and no floor when None.
        analyzer: reads the code of cells; Python's when None.
        find: where the notebook's file lies, or None; what the session says when None.
        between: tells what runs beside the cells; nothing but threads and tasks is seen when None.
    """

    def __init__(
        self,
        shell: Any,  # noqa: ANN401 - untyped by its library
        ladder: Ladder | None = None,
        analyzer: Analyzer | None = None,
        find: Callable[[], Path | None] | None = None,
        between: Between | None = None,
    ) -> None:
        super().__init__(analyzer or PythonAnalyzer(shell.transform_cell))
        self._lock = threading.RLock()
        self._ladder = ladder or Ladder()
        self._document = Document(find or registry.own_notebook, lambda source: self._analyzer.analyze(source).digest)
        self._runs = Runs(shell, self._analyzer, self, between or Between(shell))
        self._moments = Moments()
        self._judge = Judge(self._document, lambda: self._runs.tracker, self._analyzer, self._moments.why_never_run)
        self._is_trusted = False
        self.listeners: list[Callable[[], None]] = []

    # ---- what users and front ends ask

    def sync(
        self, cells: Sequence[Mapping[str, Any]], mode: str | None = "", trusted: bool | None = None
    ) -> OrderStatus:
        """Take over the document as it is now.

        Args:
            cells: all cells in order, each with ``id``, ``cell_type``, ``source`` and, if it has any, ``tags``.
            mode: the mode that the notebook chose, None for none; left out, nothing is said about it.
            trusted: whether the notebook is trusted; None says nothing about it. Until it is said, it is not.

        Raises:
            BadInput: a cell is not of that form, or two have the same id, or there is no such mode.
        """
        with self._lock:
            if mode != "":
                self._ladder.hear(mode)
            self._document.sync(cells)
            self._is_trusted = self._is_trusted if trusted is None else bool(trusted)
            self._judge.forget()
            return self.overview()

    def let_go(self) -> None:
        """The front end that sent the document is gone: the notebook's file counts again, once it changes."""
        with self._lock:
            self._document.let_go()

    def status(self) -> dict[str, CellStatus]:
        """The state of every code cell of the document, with reasons. Empty when the document is not known, or in mode ``off``."""
        judged = self._judged()
        return {} if judged is None else dict(judged.statuses)

    def overview(self) -> OrderStatus:
        """`status` with the mode in force and where it comes from, as front ends ask for it."""
        with self._lock:
            judged = self._judged()
            cells = {} if judged is None else dict(judged.statuses)
            counted = [status for cell_id, status in cells.items() if judged and cell_id not in judged.empty]
            count = Counter("kept" if status.kept else status.state for status in counted)
            ladder = self._ladder
            return OrderStatus(cells, ladder.mode, ladder.chosen, ladder.floor, ladder.off_reason, Summary(**count))

    def plan(self, cell_id: str | None = None) -> list[str]:
        """The cells to run, in order, so that the notebook (or the cell `cell_id`) is fresh.

        Raises:
            NoSuchCell: the document has no code cell of that id.
        """
        return self.planned(cell_id).cells

    def planned(self, cell_id: str | None = None) -> Plan:
        """`plan`, with why only a restart makes the notebook (or the cell) clean, where that is so.

        Raises:
            NoSuchCell: the document has no code cell of that id.
        """
        with self._lock:
            judged = self._judged()
            if cell_id is not None and cell_id not in self._document:
                hint = "Send the document first: mlnb.order.sync(cells)."
                raise NoSuchCell(f"the notebook has no code cell {cell_id!r}", hint)
            found = Plan([])
            if judged is not None:
                with self.following("planning"):
                    found = Plan(judged.plan(cell_id), judged.restart(cell_id))
            return found

    def set_mode(self, mode: str | None) -> OrderStatus:
        """What to do about cells that are not fresh: ``off``, ``mark``, ``warn``, ``reactive``, ``block`` or ``linear``.

        None goes back to the user's setting. After a fault of mlnb's this begins to watch again.

        Raises:
            NoSuchMode: `mode` is none of these.
            BadInput: it is below the team's floor.
        """
        with self._lock:
            self._ladder.choose(mode)
            self._judge.forget()
            found = self.overview()
        self.tell()
        return found

    def vouch(self, cell_id: str) -> OrderStatus:
        """Count a cell of which mlnb cannot tell whether it is fresh as fresh, until it runs again or what it reads changes.

        Raises:
            NoSuchCell: the document has no code cell of that id.
            BadInput: the cell is not ``unknown``.
        """
        with self._lock:
            judged = self._judged()
            if judged is None:
                raise BadInput("order is off: there is nothing to vouch for", "Switch it on: %mlnb order mark")
            self._judge.vouch(cell_id, judged)
            found = self.overview()
        self.tell()
        return found

    def graph(self) -> OrderGraph:
        """The cells and what passes between them in a run from top to bottom; empty in mode ``off``."""
        with self._lock:
            judged = self._judged()
            found = OrderGraph([], [])
            if judged is not None:
                with self.following("drawing the graph"):
                    numbers = self._document.numbers()
                    skipped = {cell_id: numbers[cell_id] for cell_id, tag in judged.kept.items() if tag == "skip"}
                    found = graph(judged.cells, judged.folded, judged.statuses, self._document.titles(), skipped)
            return found

    def ask(self, cell_ids: Sequence[str]) -> Advice:
        """What to do before `cell_ids` run, one after the other in document order, once the running cell has ended. Never raises."""
        found = Advice("run")
        with self._lock, self.following("asked before a run"):
            judged = self._judged()
            if judged is not None and isinstance(cell_ids, (list, tuple)):
                asked = [cell_id for cell_id in cell_ids if isinstance(cell_id, str)]
                for cell_id in judged.empty.intersection(asked):
                    self._runs.tracker.note_empty(cell_id)  # front ends do not send cells without code
                    self._judge.forget()
                found = advice_on(asked, judged, self._ladder, self._runs)
        return found

    def after(self, cell_id: str) -> Dependants:
        """What mode ``reactive`` runs after `cell_id`: nothing in other modes, in a notebook not trusted, or after a failure."""
        found = Dependants()
        with self._lock, self.following("asked after a run"):
            judged = self._judged()
            if judged is not None and self.mode == "reactive" and self._is_trusted:
                found = dependants_of(cell_id, judged, self._runs)
        return found

    def in_words(self) -> str:
        """One screen of plain text: mode, states with reasons, plan."""
        with self._lock:
            return order_in_words(self.overview(), self.planned(), self._document.numbers())

    def view(self) -> Any:  # noqa: ANN401 - untyped by its library
        """A widget that shows the same and follows every run.

        Raises:
            NotInstalled: there is no ipywidgets in this environment.
        """
        from mlnb.kernel.order_widget import order_view  # noqa: PLC0415 - needs ipywidgets

        return order_view(self)

    @property
    def document(self) -> Document:
        """The document as this kernel knows it."""
        return self._document

    @property
    def mode(self) -> Mode:
        """The mode in force."""
        return self._ladder.mode

    # ---- hooks of the shell

    def before_run(self, info: Any) -> None:  # noqa: ANN401 - untyped by its library
        """``pre_run_cell``."""
        with self._lock:
            self._runs.before_run(info)

    def after_run(self, result: Any) -> None:  # noqa: ANN401 - untyped by its library
        """``post_run_cell``."""
        with self._lock:
            self._runs.after_run(result)
            self._judge.forget()
            with self.following("noting a snapshot"):
                self._keep()
        self.tell()

    def visit(self, tree: Any) -> Any:  # noqa: ANN401 - untyped by its library
        """The AST transformer: the one place from which a run can be refused.

        Raises:
            CellRefused: the mode does not let this cell run now.
        """
        return self._runs.visit(tree)

    def abandon_run(self) -> None:
        """Let go of the run that is watched."""
        self._runs.let_go()

    def tell(self) -> None:
        """Tell who listens that something changed."""
        for listener in list(self.listeners):
            with logged("order: a listener"):
                listener()

    @contextlib.contextmanager
    def standing_in(self, cell_id: str, source: str) -> Iterator[None]:
        """What the body sets counts as left by the frozen cell `cell_id`, of which it puts the saved values in place."""
        with self._lock, self._runs.standing_in(cell_id, source):
            yield
        self._judge.forget()

    # ---- what the hooks ask (`mlnb.kernel.order_runs.Gate`)

    def cell_of(self, given: str | None, source: str) -> str | None:
        """The cell that is about to run, or None when that cannot be known."""
        before = self._document.cells
        self._document.look()
        found = self._document.cell_of(given, source)
        if self._document.cells is not before:
            self._judge.forget()
        return found

    def kept(self, cell_id: str | None) -> Kept:
        """Whether this cell does not run, by its tags."""
        return self._document.kept().get(cell_id, "") if cell_id is not None else ""

    def is_off(self) -> bool:
        """Whether nothing is watched."""
        return self.mode == "off"

    def refusal(self, cell_id: str | None) -> str | None:
        """Why this cell must not run now, or None."""
        if self.mode not in modes.REFUSING or cell_id is None or cell_id not in self._document:
            return None
        judged = self._judged()
        if judged is None:
            return None
        advice = advice_on([cell_id], judged, self._ladder, self._runs)
        return advice.message if advice.decision == "refuse" else None

    @contextlib.contextmanager
    def following(self, doing: str) -> Iterator[None]:
        """A fault of ours while `doing` something ends order in this kernel, visibly, and nothing else."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the user's cell
            log_error(f"order: {doing}", error)
            self._ladder.fail(doing, error)
            with contextlib.suppress(Exception):
                self._runs.let_go()
                self._runs.forget()
                self._moments.forget()
                self._judge.forget()

    # ---- inside

    def _judged(self) -> Judged | None:
        """The state of affairs; None in mode ``off``, and where a fault of ours has just made it so."""
        with self._lock, self.following("judging the cells"):
            if self.mode != "off":
                return self._judge.judged(is_running=self._runs.is_running)
        return None
