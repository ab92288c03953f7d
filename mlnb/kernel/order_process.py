"""State of the whole process that may decide any result, and how IPython shows values: read directly at each border."""

from __future__ import annotations

import _locale
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from mlnb.kernel.order_asked import Show

PROCESS: Final = "process"
"""The family of what may decide the result of any call: locale, signal handlers, how results are shown."""

_setlocale: Final = _locale.setlocale
_LC_ALL: Final = _locale.LC_ALL
_getsignal: Final[Callable[[int], Any]] = sys.modules[
    "_signal"
].getsignal  # the one of the module signal makes an enumeration member of each answer
_NUMBERS: Final = tuple(sorted(int(number) for number in signal.valid_signals()))[:31]
_digits: Final[Callable[[], int]] = getattr(sys, "get_int_max_str_digits", lambda: 0)


class Whole:
    """What may decide the result of any call, and how IPython shows values: read at each border, so that it has to be quick.

    Args:
        shell: an IPython InteractiveShell.
        show: the fingerprint of a value that the user made.
    """

    def __init__(self, shell: Any, show: Show) -> None:  # noqa: ANN401 - untyped by its library
        self._show = show
        self._formatters = dict(shell.display_formatter.formatters)
        self._plain = self._formatters["text/plain"]
        self._printers = {name: one.type_printers for name, one in self._formatters.items()}
        self._shell = shell
        self._known: dict[str, tuple[object, dict[str, str]]] = {}

    def process(self) -> dict[str, str]:
        """Locale, time zone, signal handlers and the like, by ``process/item``; the same object while nothing has changed."""
        modules = sys.modules
        filters = modules["warnings"].filters if "warnings" in modules else ()
        handlers = tuple(map(_getsignal, _NUMBERS))
        raw = (
            _setlocale(_LC_ALL, None), time.tzname, _digits(), repr([one for one in filters if one[0] == "error"]),
            tuple(map(id, handlers)), type(sys.stdout),
        )  # fmt: skip
        return self._same(PROCESS, raw, lambda: {
            "locale": str(raw[0]), "time zone": str(raw[1]), "digits of an int": str(raw[2]), "warnings that are errors": str(raw[3]),
            "standard output": self._show(raw[5]) if _is_users(raw[5]) else "",
            **{f"handler of signal {number}": self._show(one) for number, one in zip(_NUMBERS, handlers, strict=True) if _is_users(one)},
        })  # fmt: skip

    def shell(self) -> dict[str, str]:
        """How IPython runs cells and shows values, by ``IPython/item``; the same object while nothing has changed."""
        shell, plain = self._shell, self._plain
        aliases = shell.magics_manager.magics["line"]
        raw = (
            (shell.ast_node_interactivity, shell.autocall), (plain.float_precision, plain.pprint, plain.max_seq_length),
            tuple(tuple(map(id, printers.values())) for printers in self._printers.values()),
            tuple(map(id, aliases.values())),
        )  # fmt: skip

        def items() -> dict[str, str]:
            found = {"what is shown": repr(raw[0]), "how it is shown": repr(raw[1])}
            for name, printers in self._printers.items():
                for kind, printer in list(printers.items()):
                    if _is_users(printer):
                        found[f"{name} of {getattr(kind, '__qualname__', kind)}"] = self._show(printer)
            for name, magic in list(aliases.items()):
                if type(magic).__name__ == "Alias":
                    found[f"alias {name}"] = str(magic.cmd)
                elif _is_users(magic):
                    found[f"magic {name}"] = self._show(magic)
            return found

        return self._same("IPython", raw, items)

    def transforms(self) -> str:
        """What the user makes IPython do to code before it runs; empty when nothing."""
        shell = self._shell
        lists = (shell.input_transformers_cleanup, shell.input_transformers_post, shell.ast_transformers)
        given = [one for rows in lists for one in rows if _is_users(one) or _is_users(type(one))]
        return " ".join(map(self._show, given)) if given else ""

    def _same(self, family: str, raw: object, items: Callable[[], dict[str, str]]) -> dict[str, str]:
        known = self._known.get(family)
        if known is None or known[0] != raw:
            try:
                found = {f"{family}/{item}": value for item, value in items().items()}
            except Exception:  # noqa: BLE001 - what is missing is left out
                found = {}
            known = self._known[family] = (raw, found)
        return known[1]


def _is_users(value: object) -> bool:
    return getattr(value, "__module__", None) == "__main__"
