"""How what a recipe saved (see `recipes`) is made anew. Streams on disk name these functions, as those of `rebuild`: they stay for ever."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from mlnb.core.errors import MlnbError


def lock(kind: str) -> Any:  # noqa: ANN401
    """A free lock: ``lock`` or ``RLock``."""
    threading = importlib.import_module("threading")
    return threading.RLock() if kind == "RLock" else threading.Lock()


def match(pattern: Any, way: str, string: str, start: int, end: int) -> Any:  # noqa: ANN401
    """What `pattern` finds in `string` between `start` and `end`."""
    return getattr(pattern, way)(string, start, end)


def standard_stream(name: str) -> Any:  # noqa: ANN401
    """A standard stream of this kernel."""
    return getattr(sys, name)


def open_file(path: str, text: tuple[str, str] | None, position: int, size_bytes: int) -> Any:  # noqa: ANN401
    """The file open for reading, at its place.

    Raises:
        MlnbError: it is not as long as it was.
    """
    if os.stat(path).st_size != size_bytes:  # noqa: PTH116 - a path as text
        raise MlnbError(f"the file {path} has changed")
    file: Any = open(path, "rb") if text is None else open(path, encoding=text[0], errors=text[1])  # noqa: SIM115, PTH123
    file.seek(position)
    return file


def bare(kind: type) -> Any:  # noqa: ANN401
    """An instance without attributes, past its ``__init__`` and ``__new__``."""
    return object.__new__(kind)


def fill_bare(item: Any, state: tuple[dict[str, Any], dict[str, Any]]) -> Any:  # noqa: ANN401
    """The attributes, past what the class says about setting them."""
    attributes, slots = state
    if attributes:
        item.__dict__.update(attributes)
    for name, value in slots.items():
        object.__setattr__(item, name, value)
    return item
