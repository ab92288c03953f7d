"""``%mlnb``: the state of the notebook in one screen, and the verbs one wants while typing."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from mlnb.core import current
from mlnb.core.errors import MlnbError
from mlnb.kernel.order import KernelOrder

_SIGNS = {"fresh": "ok", "stale": "stale", "edited": "edited", "never_run": "not run", "unknown": "cannot tell"}
_HELP = "%mlnb | %mlnb order [MODE] | %mlnb snapshot [REASON]"


@magics_class
class MlnbMagics(Magics):
    """The magics of mlnb.

    Args:
        shell: an IPython InteractiveShell.
        order: its order service.
    """

    def __init__(self, shell: Any, order: KernelOrder) -> None:  # noqa: ANN401 - untyped by its library
        super().__init__(shell)
        self._order = order

    @line_magic
    def mlnb(self, line: str) -> None:
        """Show the state of this notebook, or act on it.

        ::

            %mlnb                     which cells are stale and why
            %mlnb order [MODE]        the same; with MODE: off, mark, warn, block or linear
            %mlnb snapshot [REASON]   freeze notebook and variables
        """
        verb, _, rest = line.strip().partition(" ")
        try:
            if verb in ("", "order"):
                if rest.strip():
                    self._order.set_mode(rest.strip())
                print(self._order_in_words())
            elif verb == "snapshot":
                print(self._snapshot(rest.strip()))
            else:
                raise UsageError(f"%mlnb knows no {verb!r}. {_HELP}")
        except MlnbError as error:
            raise UsageError(f"{error.message}. {error.hint}") from error

    def _order_in_words(self) -> str:
        cells = self._order.status()
        if self._order.mode == "off":
            return "order is off. Switch it on: %mlnb order mark"
        if not cells:
            return f"mode {self._order.mode}; no notebook was sent to this kernel yet"
        wanting = {cell_id: status for cell_id, status in cells.items() if status.state != "fresh"}
        head = f"mode {self._order.mode}; {len(cells) - len(wanting)} of {len(cells)} cells fresh"
        numbers = self._order.numbers()
        rows = [
            f"  cell {numbers[cell_id]:<4} {_SIGNS[status.state]:<12} {'; '.join(status.reasons)}"
            for cell_id, status in wanting.items()
        ]
        plan = ", ".join(str(numbers[cell_id]) for cell_id in self._order.plan())
        return "\n".join([head, *rows, *([f"run cells {plan} to make it fresh"] if plan else [])])

    def _snapshot(self, reason: str) -> str:
        taken = current.service("snapshots").take(reason)
        return f"snapshot {taken.id}: {len(taken.variables)} variables"
