"""``%mlnb``: the state of the notebook in one screen, and the verbs one wants while typing."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from mlnb.core import current
from mlnb.core.errors import BadInput, MlnbError
from mlnb.kernel.log import log_error
from mlnb.kernel.order import KernelOrder
from mlnb.kernel.order_words import cell_of_number

_HELP = "%mlnb | %mlnb order [MODE | vouch CELL] | %mlnb snapshot [--without NAME]... [REASON] | %mlnb env [diff FILE_OR_ENV_ID]"


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
            %mlnb order [MODE]        the same; with MODE: off, mark, warn, reactive, block or linear
            %mlnb order vouch CELL    count a cell that mlnb cannot judge as fresh; CELL is its number
            %mlnb env [diff OTHER]    what is installed and imported here; with OTHER, a capture or an env_id: how it differs
            %mlnb snapshot [REASON]   freeze notebook and variables; --without NAME leaves a variable out, from now on
        """
        try:
            print(self._answer(line))
        except MlnbError as error:
            raise UsageError(" ".join(part for part in (f"{error.message}.", error.hint) if part)) from error
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the user's cell
            log_error(f"%mlnb {line}", error)
            print(f"mlnb: %mlnb {line} failed ({type(error).__name__}). See logs/kernel.log under MLNB_HOME.")

    def _answer(self, line: str) -> str:
        verb, _, rest = line.strip().partition(" ")
        if verb in ("", "order"):
            return self._act_on_order(rest.strip())
        if verb == "snapshot":
            return self._snapshot(rest.strip())
        if verb == "env":
            from mlnb.kernel import envs  # noqa: PLC0415 - only when needed

            return envs.in_words(rest.strip())
        raise UsageError(f"%mlnb knows no {verb!r}. {_HELP}")

    def _act_on_order(self, wanted: str) -> str:
        if wanted.split(" ")[0] == "vouch":
            number = wanted.removeprefix("vouch").strip()
            cell_id = cell_of_number(number, self._order.document.numbers())
            if cell_id is None:
                raise BadInput(
                    f"the notebook has no code cell {number or '(none given)'}", "Give the number of a code cell."
                )
            self._order.vouch(cell_id)
        elif wanted:
            self._order.set_mode(wanted)
        return self._order.in_words()

    def _snapshot(self, reason: str) -> str:
        words = reason.split()
        while words[:1] == ["--without"]:
            if len(words) == 1:
                raise UsageError(f"--without needs the name of a variable. {_HELP}")
            current.service("snapshots").left_out.change(words[1:2], is_out=True)
            words = words[2:]
            reason = " ".join(words)
        taken = current.service("snapshots").take(reason)
        return f"snapshot {taken.id}: {len(taken.variables)} variables"
