"""Running cells again for variables that no snapshot can keep: in the notebook's namespace, guarded, and without a trace of its own."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from mlnb.snapshots.rules.recompute import RanCell

_WRITING = ("w", "a", "x", "+")
_REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.",
    "shutil.",
    "urllib.",
    "ftplib.",
    "smtplib.",
    "http.",
    "tempfile.",
    "sqlite3.connect",
    "webbrowser.",
    "pty.",
    "signal.",
)
_HARMLESS_EVENTS = frozenset(
    {"os.listdir", "os.scandir", "os.walk", "os.add_dll_directory", "os.getxattr", "os.listxattr"}
)


class NotRepeated(PermissionError):
    """A cell that was thought repeatable tried to reach outside."""


class _Guard(threading.local):
    is_on = False
    violation = ""


_guard = _Guard()
_has_hook = False


def run_again(namespace: dict[str, Any], cells: Sequence[RanCell], names: set[str]) -> dict[str, Any]:
    """The values of `names` after `cells` ran in their order, from nothing; `namespace` holds afterwards what it held before.

    What the cells print is not shown. A cell that would write a file, start a program or use the network is stopped.

    Args:
        namespace: the notebook's; functions that the cells make have it as their globals.
        cells: with their sources.
        names: what is wanted; a name that the cells do not set is left out.

    Raises:
        NotRepeated: a cell tried to reach outside.
        Exception: what a cell raised.
    """
    before = dict(namespace)
    for name in names:
        namespace.pop(name, None)
    try:
        with _guarded(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for cell in cells:
                exec(compile(cell.source or "", f"<cell run {cell.order}>", "exec"), namespace)  # noqa: S102 - the user's own cells
        if _guard.violation:
            raise NotRepeated(_guard.violation)
        return {name: namespace[name] for name in names if name in namespace}
    finally:
        for name in list(namespace):  # never empty in between: other threads may be looking
            if name not in before:
                del namespace[name]
        namespace.update(before)


@contextlib.contextmanager
def _guarded() -> Iterator[None]:
    global _has_hook  # an audit hook stays for the life of the process: one is enough
    if not _has_hook:
        sys.addaudithook(_audit)
        _has_hook = True
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    _guard.violation, _guard.is_on = "", True
    try:
        yield
    finally:
        _guard.is_on = False
        sys.dont_write_bytecode = writes_bytecode


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _guard.is_on:
        return
    if event == "open":
        mode = arguments[1] if len(arguments) > 1 else None
        flags = arguments[2] if len(arguments) > 2 else 0
        is_writing = any(one in mode for one in _WRITING) if isinstance(mode, str) else bool(flags & 3)
        if not is_writing:
            return
    elif event in _HARMLESS_EVENTS or not event.startswith(_REFUSED_EVENTS):
        return
    _guard.violation = f"a cell tried to reach outside ({event})"
    raise NotRepeated(_guard.violation)
