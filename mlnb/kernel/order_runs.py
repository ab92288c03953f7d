"""The hooks of a shell around each cell run: look before, look after, refuse where the mode says so, leave out what is kept."""

from __future__ import annotations

import ast
import contextlib
import time
from collections.abc import Iterator
from typing import Any, Protocol

from IPython.core.error import InputRejected

from mlnb.kernel import order_files, order_loading
from mlnb.kernel.order_between import Between
from mlnb.kernel.order_display import DisplayWatch
from mlnb.kernel.order_trace import Begun, Tracker
from mlnb.order.ports import Analyzer
from mlnb.order.types import Kept

_FROZEN = "Frozen: this cell did not run, its saved result is used. Take the tag 'frozen' off the cell to run it."
_INTERRUPTED = "interrupted while mlnb looked at the values this cell can reach; the cell did not run"


class CellRefused(InputRejected):
    """The mode in use does not let this cell run now; the message says what to run first."""

    def _render_traceback_(self, *_: object) -> list[str]:
        return [f"CellRefused: {self}"]  # the frames above are ours and IPython's: they help nobody


class Gate(Protocol):
    """What the hooks ask before a cell runs, and tell when something of ours goes wrong."""

    def cell_of(self, given: str | None, source: str) -> str | None:
        """The cell that is about to run, or None when that cannot be known."""

    def kept(self, cell_id: str | None) -> Kept:
        """Whether this cell does not run, by its tags."""

    def is_off(self) -> bool:
        """Whether nothing is watched."""

    def refusal(self, cell_id: str | None) -> str | None:
        """Why this cell must not run now, or None."""

    def following(self, doing: str) -> contextlib.AbstractContextManager[None]:
        """Meets a fault of ours while `doing` something, so that it never reaches the user's cell."""


class Runs:
    """The runs of one shell.

    Args:
        shell: an IPython InteractiveShell.
        analyzer: reads the code of cells.
        gate: what decides.
        between: tells what runs beside the cells.
    """

    def __init__(self, shell: Any, analyzer: Analyzer, gate: Gate, between: Between) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._analyzer = analyzer
        self._gate = gate
        self._between = between
        self._display = DisplayWatch(shell)
        self._tracker: Tracker | None = None
        self._is_late = getattr(shell, "execution_count", 1) > 1  # cells ran that nobody watched
        self._begun: Begun | None = None
        self._has_started = False  # whether its code has, not only its hooks
        self._began_at = 0.0
        self._depth = 0
        self._refusal: str | None = None
        self._kept: Kept = ""
        self.took_s: dict[str, float] = {}
        self.failed: set[str] = set()

    @property
    def tracker(self) -> Tracker:
        """What watches the runs, begun on first use."""
        if self._tracker is None:
            self._tracker = Tracker(self._shell, self._analyzer, self._between)
            if self._is_late:
                self._tracker.distrust()
            self._is_late = True
        return self._tracker

    @property
    def is_running(self) -> bool:
        """Whether a watched cell is running."""
        return self._begun is not None

    @property
    def is_in_code(self) -> bool:
        """Whether the code of a watched cell has begun to run."""
        return self._begun is not None and self._has_started

    @property
    def running(self) -> str | None:
        """The cell that is running, where it is one and watched."""
        return None if self._begun is None else self._begun.cell_id

    # ---- hooks

    def before_run(self, info: Any) -> None:  # noqa: ANN401 - untyped by its library
        """``pre_run_cell``: decide whether the cell runs, and look at what it can reach."""
        self._depth += 1
        self._between.explain()
        if self._depth > 1:
            return  # a cell that runs cells, as magics do, is one run
        self._refusal, self._kept, self._begun, self._has_started = None, "", None, False
        try:
            with self._gate.following("before a cell"):
                self._before(info)
        except KeyboardInterrupt:  # IPython would report it and run the cell all the same
            self.let_go()
            self._refusal = _INTERRUPTED

    def _before(self, info: Any) -> None:  # noqa: ANN401 - untyped by its library
        given = getattr(info, "cell_id", None)
        is_cell = bool(info.store_history) or given is not None
        if not is_cell and self._tracker is None:
            return  # lines of the kernel's own configuration: they run in every fresh kernel, too
        cell_id = self._gate.cell_of(given, info.raw_cell) if is_cell else None
        self._kept = self._gate.kept(cell_id)
        if self._kept:  # its code is not even read: a cell is skipped because it is broken, perhaps
            info.mlnb_kept = self._kept  # who records cell runs leaves this one out
            self._shell.compile.ast_parse = lambda *_args, **_given: _nothing()
            return
        tracker = self.tracker  # in mode off, too: what a fresh kernel has can be seen only now
        if self._gate.is_off():
            self._between.note()  # nobody sees what it changes
            return
        self._refusal = self._gate.refusal(cell_id) if is_cell else None
        if self._refusal is None:
            begun = tracker.begin(cell_id, info.raw_cell)
            self._display.start()
            self._begun, self._began_at = begun, time.perf_counter()

    def visit(self, tree: Any) -> Any:  # noqa: ANN401 - untyped by its library
        """The AST transformer: the one place from which a run can be refused or left out.

        Raises:
            CellRefused: the mode does not let this cell run now.
        """
        self._has_started = True
        refusal, self._refusal = self._refusal, None
        kept, self._kept = self._kept, ""
        if refusal is not None:
            raise CellRefused(refusal)
        if not kept:
            return tree
        if kept == "frozen":
            with contextlib.suppress(Exception):  # whatever the user put in place of the standard output
                print(_FROZEN)
        return _nothing()

    def after_run(self, result: Any) -> None:  # noqa: ANN401 - untyped by its library
        """``post_run_cell``: keep what the cell did."""
        text = getattr(getattr(result, "info", None), "raw_cell", "x")
        if self._depth == 0 or not text or text.isspace():
            self._after_nothing(getattr(getattr(result, "info", None), "cell_id", None), text)
            return  # an empty cell: IPython announces its end but not its beginning
        self._depth -= 1
        if self._depth:
            return
        vars(self._shell.compile).pop("ast_parse", None)
        begun, self._begun = self._begun, None
        if begun is None:
            return
        with self._gate.following("after a cell"):
            self._after(begun, result)

    def _after_nothing(self, given: str | None, text: str) -> None:
        if self._depth == 0 and self._tracker is not None and not self._gate.is_off():
            with self._gate.following("after an empty cell"):
                self._tracker.note_empty(self._gate.cell_of(given, text))

    def _after(self, begun: Begun, result: Any) -> None:  # noqa: ANN401 - untyped by its library
        took_s = time.perf_counter() - self._began_at
        shown = self._display.stop()
        order_files.stop()
        order_loading.stop()
        if self._gate.is_off() or self._tracker is None:
            return
        try:
            self._between.rest()
            has_failed = self._keep(self._tracker, begun, result, shown)
        except (
            KeyboardInterrupt
        ):  # it comes too late for the cell, and is not meant for us: look once more, from the start
            self._tracker.names.prints = dict(begun.prints)
            try:
                has_failed = self._keep(self._tracker, begun, result, shown)
            except KeyboardInterrupt:
                raise InterruptedError("interrupted twice while looking at what the cell did") from None
        if begun.cell_id is not None:
            self.took_s[begun.cell_id] = took_s
            (self.failed.add if has_failed else self.failed.discard)(begun.cell_id)

    @staticmethod
    def _keep(tracker: Tracker, begun: Begun, result: Any, shown: str) -> bool:  # noqa: ANN401 - untyped by its library
        """Keep the run; whether it failed."""
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        has_failed = error is not None or result is None  # None: cancelled while it waited for something
        if has_failed:
            shown += f" {type(error).__name__}: {_words_of(error)}"
        if getattr(result, "result", None) is not None:
            shown += " " + tracker.digest_of(result.result)
        tracker.end(begun, shown, failed=has_failed)
        return has_failed

    @contextlib.contextmanager
    def standing_in(self, cell_id: str, source: str) -> Iterator[None]:
        """What the body sets counts as left by the frozen cell `cell_id`, of which it puts the saved values in place."""
        begun = None
        with self._gate.following("before saved values are put in place"):
            begun = None if self._gate.is_off() else self.tracker.begin(cell_id, source)
        try:
            yield
        finally:
            if begun is not None:
                with self._gate.following("after saved values were put in place"):
                    self.tracker.end(begun, "", failed=False)

    def let_go(self) -> None:
        """Let go of everything that `before_run` took hold of."""
        self._begun = None
        self._display.stop()
        order_files.stop()
        order_loading.stop()

    def forget(self) -> None:
        """Forget everything that was seen: it can no longer be relied on."""
        self._tracker = None
        self.took_s.clear()
        self.failed.clear()


def _nothing() -> ast.Module:
    return ast.Module(body=[], type_ignores=[])


def _words_of(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the user's cell
        return ""
