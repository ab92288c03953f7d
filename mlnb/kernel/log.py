"""Errors of the kernel half go to a log file, masked, and never to the user's screen or into the user's cell."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from mlnb.core.clock import iso_from_datetime, utc_now
from mlnb.core.home import home
from mlnb.core.secrets import mask

LIMIT_BYTES = 1_000_000


def log_file() -> Path:
    """Where errors of the kernel half are written."""
    return home() / "logs" / "kernel.log"


def log_error(doing: str, error: BaseException) -> None:
    """Write down that `error` happened while `doing`. Never raises."""
    with contextlib.suppress(Exception):
        log_text(doing, "".join(traceback.format_exception(error)))


def log_text(doing: str, text: str) -> None:
    """Write `text` down, masked. Never raises."""
    with contextlib.suppress(Exception):
        path = log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LIMIT_BYTES:
            path.replace(path.with_suffix(".old.log"))
        with path.open("a", encoding="utf-8") as file:
            file.write(mask(f"{iso_from_datetime(utc_now())} pid {os.getpid()}: {doing}\n{text}\n"))


@contextlib.contextmanager
def logged(doing: str, undo: Callable[[], None] | None = None) -> Iterator[None]:
    """Log an exception of the block instead of passing it on; `undo` is then called, and may fail too.

    KeyboardInterrupt and SystemExit pass: they are the user's.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - nothing of ours may reach the user's cell
        log_error(doing, error)
        if undo is not None:
            with contextlib.suppress(Exception):
                undo()
