"""The `open` of every notebook, which IPython made of ``io.open``: it tells of files while a cell runs, for one look into a table.

A stand-in for ``io.open`` behind it would cost a call more for each file. So its code is exchanged for the same code with that look
in it, line for line and column for column, so that tracebacks show what they always show; where IPython's code is not the one known
here, nothing is exchanged.
"""

from __future__ import annotations

import types
from collections.abc import Callable, MutableMapping
from typing import Any, Final

_HEAD: Final = """@_
def _modified_open(file, *args, **kwargs):
    if file in {0, 1, 2}:
        raise ValueError(
            f"IPython won't let you open fd={file} by default "
            "as it is likely to crash IPython. If you know what you are doing, "
            "you can use builtins' open."
        )
"""
_LOOK: Final = (
    "    modes = '<modes>'; note = '<note>';"
    " (modes(file) is (args[0] if args else 'r') and 'mode' not in kwargs) or note((file, *args), kwargs)"
)
_TAIL: Final = """
    return io_open(file, *args, **kwargs)
"""


class NotebookOpen:
    """IPython's `open`, told of or not.

    Args:
        function: the function that notebooks call ``open``.
        note: told of each call but those of which the mode is known: positional and named arguments. It does not raise.
        modes: the modes in which files were opened last, by the name that was given; calls of which the mode is in it, as the very
            same object, are of no interest any more.
    """

    def __init__(
        self, function: object, note: Callable[[tuple[Any, ...], dict[str, Any]], None], modes: MutableMapping[str, str]
    ) -> None:
        self._function = function
        self._plain = getattr(function, "__code__", None)
        self._watched = _with_look(self._plain, note, modes) if isinstance(self._plain, types.CodeType) else None

    @property
    def is_known(self) -> bool:
        """Whether its code is the one known here, so that it can be watched."""
        return self._watched is not None

    def watch(self) -> None:
        """Tell of calls from now on."""
        if self._watched is not None and getattr(self._function, "__code__", None) is self._plain:
            self._function.__code__ = self._watched  # type: ignore[attr-defined]  # a function, since it has had code

    def unwatch(self) -> None:
        """Tell of none any more."""
        if self._watched is not None and getattr(self._function, "__code__", None) is self._watched:
            self._function.__code__ = self._plain  # type: ignore[attr-defined]


def _with_look(code: types.CodeType, note: object, modes: MutableMapping[str, str]) -> types.CodeType | None:
    """`code` with the look in it; None when it is not what is expected."""
    found = None
    lines = "\n" * (code.co_firstlineno - 1)
    expected = _compiled(f"{lines}{_HEAD}{_TAIL}", code.co_filename)
    if _essence(expected) == _essence(code):
        made = _compiled(f"{lines}{_HEAD}{_LOOK}{_TAIL}", code.co_filename)
        put = {"<modes>": modes.get, "<note>": note}
        constants = tuple(put.get(one, one) if type(one) is str else one for one in made.co_consts)
        found = made.replace(co_consts=constants)
    return found


def _compiled(source: str, file: str) -> types.CodeType:
    module = compile(source, file, "exec", dont_inherit=True)
    return next(one for one in module.co_consts if isinstance(one, types.CodeType))


def _essence(code: types.CodeType) -> tuple[object, ...]:
    return (code.co_code, code.co_consts, code.co_names, code.co_varnames, code.co_flags, list(code.co_positions()))
