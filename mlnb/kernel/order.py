"""Order inside a kernel: the document a front end sends, the runs this kernel sees, and what follows from both."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.error import InputRejected

from mlnb.core.errors import BadInput
from mlnb.core.refs import CodeCell
from mlnb.kernel import order_files
from mlnb.kernel.log import logged
from mlnb.kernel.order_display import DisplayWatch
from mlnb.kernel.order_trace import Begun, Tracker
from mlnb.order.errors import NoSuchCell, NoSuchMode
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.ports import Analyzer
from mlnb.order.rules import modes
from mlnb.order.rules.fold import Folded, fold
from mlnb.order.rules.plan import plan
from mlnb.order.rules.reasons import statuses
from mlnb.order.rules.static import check_notebook
from mlnb.order.rules.traces import Cell, Knowledge
from mlnb.order.types import MODES, CellStatus, CheckReport, Mode, OrderStatus


class CellRefused(InputRejected):
    """The mode in use does not let this cell run now; the message says what to run first."""

    def _render_traceback_(self, *_: object) -> list[str]:
        return [f"CellRefused: {self}"]  # the frames above are ours and IPython's: they help nobody


class KernelOrder:
    """The order service of one kernel. Its hooks never raise into the user's cell, but for `CellRefused`.

    Args:
        shell: an IPython InteractiveShell.
        mode: the mode to begin with.
        analyzer: reads the code of cells; Python's when None.
    """

    def __init__(self, shell: Any, mode: Mode = "mark", analyzer: Analyzer | None = None) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._mode: Mode = mode
        self._analyzer = analyzer or PythonAnalyzer(shell.transform_cell)
        self._document: list[CodeCell] = []
        self._tracker: Tracker | None = None
        self._display = DisplayWatch(shell)
        self._begun: Begun | None = None
        self._depth = 0
        self._thread = 0
        self._refusal: str | None = None
        self._refused = False
        self._judged: tuple[list[Cell], Knowledge, Folded, dict[str, CellStatus]] | None = None

    # ---- what users and front ends ask

    def sync(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Take over the document as it is now: all cells in order, each with ``id``, ``cell_type`` and ``source``.

        Raises:
            BadInput: a cell is not of that form, or two have the same id.
        """
        found: list[CodeCell] = []
        seen: set[str] = set()
        for index, cell in enumerate(cells):
            try:
                given_id, source, kind = cell["id"], cell["source"], cell.get("cell_type", "code")
            except (KeyError, TypeError, AttributeError) as error:
                raise BadInput(
                    "a cell of the document has no id or no source", "Send id, cell_type and source of each."
                ) from error
            text = "".join(source) if isinstance(source, list) else str(source)
            if given_id in seen:
                raise BadInput(f"two cells have the id {given_id!r}", "Give every cell an id of its own.")
            seen.add(given_id)
            if kind == "code":
                found.append(CodeCell(str(given_id), index, text))
        self._document = found
        self._judged = None

    def status(self) -> dict[str, CellStatus]:
        """The state of every code cell of the document, with reasons. Empty when no document was sent, or in mode ``off``."""
        return {} if self._mode == "off" else dict(self._judge()[3])

    def overview(self) -> OrderStatus:
        """`status` with the mode, as front ends ask for it."""
        return OrderStatus(self.status(), self._mode)

    def plan(self, cell_id: str | None = None) -> list[str]:
        """The cells to run, in order, so that the notebook (or the cell `cell_id`) is fresh.

        Raises:
            NoSuchCell: the document has no code cell of that id.
        """
        document, knowledge, folded, _ = self._judge()
        if cell_id is not None and cell_id not in {cell.id for cell in document}:
            raise NoSuchCell(
                f"the notebook has no code cell {cell_id!r}", "Send the document first: mlnb.order.sync(cells)."
            )
        return plan(document, knowledge, folded, cell_id)

    def set_mode(self, mode: str) -> None:
        """What to do about cells that are not fresh: ``off``, ``mark``, ``warn``, ``block`` or ``linear``.

        Raises:
            NoSuchMode: `mode` is none of these.
        """
        if mode not in MODES:
            raise NoSuchMode(f"there is no mode {mode!r}", f"Choose one of {', '.join(MODES)}.")
        self._mode = mode
        if mode == "off":
            self._tracker = None

    def numbers(self) -> dict[str, int]:
        """The position of each code cell among all cells, from 1, as reasons name it."""
        return {cell.id: cell.index + 1 for cell in self._document}

    def check(self, path: Path) -> CheckReport:
        """The order findings of the saved notebook at `path`, as outside a kernel.

        Raises:
            BadInput: there is no such file, or it is not a notebook.
        """
        return check_notebook(read_notebook(path), lambda _language: self._analyzer)

    def verify(self, path: Path, parameters: Mapping[str, Any] | None = None) -> NoReturn:
        """Not from inside a kernel: a fresh run is another process's business.

        Raises:
            BadInput: always.
        """
        raise BadInput("a notebook is not verified from inside a kernel", f"In a terminal: mlnb verify {path}")

    @property
    def mode(self) -> Mode:
        """The mode in use."""
        return self._mode

    # ---- hooks of the shell

    def before_run(self, info: Any) -> None:  # noqa: ANN401 - untyped by its library
        """``pre_run_cell``: look at what the cell can reach."""
        with logged("order: before a cell", self.abandon_run):
            self._depth += 1
            self._refusal = None
            if self._depth > 1 or self._mode == "off":
                return  # a cell that runs cells, as magics do, is one run
            self._thread = threading.get_ident()
            cell_id = self._cell_of(getattr(info, "cell_id", None), info.raw_cell)
            if info.store_history:
                self._refusal = self._refusal_of(cell_id)
            if self._refusal is None:
                self._begun = self._in_use().begin(cell_id, info.raw_cell)
                self._display.start()

    def after_run(self, result: Any) -> None:  # noqa: ANN401 - untyped by its library
        """``post_run_cell``: keep what the cell did."""
        with logged("order: after a cell", self.abandon_run):
            if self._depth == 0:
                return  # an empty cell: IPython announces its end but not its beginning
            self._depth -= 1
            if self._depth:
                return
            begun, self._begun = self._begun, None
            self._judged = None
            if begun is None:
                return
            shown = self._display.stop()
            order_files.stop()
            error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
            if error is not None:
                shown += f" {type(error).__name__}: {_words_of(error)}"
            tracker = self._in_use()
            if getattr(result, "result", None) is not None:
                shown += " " + tracker.digest_of(result.result)
            tracker.end(begun, shown, failed=error is not None)

    def abandon_run(self) -> None:
        """After an error of ours: let go of everything that `before_run` took hold of."""
        self._begun = None
        self._display.stop()
        order_files.stop()

    def visit(self, tree: Any) -> Any:  # noqa: ANN401 - untyped by its library
        """The AST transformer: the one place from which a run can be refused.

        Raises:
            CellRefused: the mode does not let this cell run now.
        """
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            raise CellRefused(refusal)
        return tree

    # ---- inside

    def _in_use(self) -> Tracker:
        if self._tracker is None:
            self._tracker = Tracker(self._shell, self._analyzer)
        return self._tracker

    def _cell_of(self, given: str | None, source: str) -> str | None:
        """The cell that is about to run. Runners that send no id are matched by source, in document order."""
        known = {cell.id for cell in self._document}
        if given is not None:
            return given
        same = [cell.id for cell in self._document if cell.source == source]
        if not same or not known:
            return None
        ran = [run.cell_id for run in self._in_use().runs]
        return min(same, key=lambda cell_id: (ran.count(cell_id), same.index(cell_id)))

    def _refusal_of(self, cell_id: str | None) -> str | None:
        if (
            self._mode not in ("block", "linear")
            or cell_id is None
            or cell_id not in {cell.id for cell in self._document}
        ):
            return None
        document, _, _, found = self._judge()
        return modes.refusal(self._mode, cell_id, document, found, self.plan(cell_id))

    def _judge(self) -> tuple[list[Cell], Knowledge, Folded, dict[str, CellStatus]]:
        if self._judged is None:
            tracker = self._in_use()
            document = [self._cell(tracker, cell) for cell in self._document]
            knowledge = tracker.knowledge()
            folded = fold(document, knowledge)
            self._judged = (document, knowledge, folded, statuses(document, knowledge, folded.judgements))
        return self._judged

    def _cell(self, tracker: Tracker, cell: CodeCell) -> Cell:
        code = self._analyzer.analyze(cell.source)
        reach = tracker.names.reach(code, look=False)
        risk = {name for name in code.at_risk | reach.late if tracker.is_changeable(name)}
        return Cell(
            cell.id, cell.index + 1, code.digest, frozenset(reach.names), code.binds, code.sure, frozenset(risk),
            code.opaque, bool(code.error), not cell.source.strip(),
        )  # fmt: skip


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the user's cell
        return ""
