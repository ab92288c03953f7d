"""How what `recipes_runtime` saved is made anew. Streams on disk name these functions, as those of `rebuild`: they stay for ever."""

from __future__ import annotations

import collections
import functools
import importlib
import mmap
import queue
import struct
from collections.abc import Callable
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.snapshots.plugins import rebuild_standard


def key_wrapper(compare: Callable[[Any, Any], int], held: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """What ``functools.cmp_to_key(compare)`` gives, or the key that it makes of the one object in `held`."""
    made: Any = functools.cmp_to_key(compare)
    return made(*held) if held else made


def simple_queue() -> Any:  # noqa: ANN401
    """An empty queue without tasks; `fill_queue` puts into it what was waiting."""
    return queue.SimpleQueue()


def fill_queue(made: Any, waiting: list[Any]) -> Any:  # noqa: ANN401
    """`waiting` in this order."""
    for item in waiting:
        made.put(item)
    return made


def memory_view_part(
    owner: Any,  # noqa: ANN401
    offset: int,
    format_: str,
    count: int,
    step: int,
    is_readonly: bool,
) -> memoryview:
    """A memoryview of `count` elements of `owner`, from `offset` bytes behind its beginning, every `step` elements."""
    size = struct.calcsize(format_)
    last = (count - 1) * step
    first = min(0, last)
    beginning, end = offset + first * size, offset + (max(0, last) + 1) * size
    part = memoryview(owner).cast("B")[beginning:end]
    made = part if format_ == "B" else part.cast(format_)  # type: ignore[call-overload]  # it is one that a view told
    made = made[::step]
    return made.toreadonly() if is_readonly else made


# ---- instances of the notebook's classes on top of built-in ones ------------------------------------------------------


def bare_value(kind: type, base: Any, content: Any) -> Any:  # noqa: ANN401
    """An instance of `kind` with the value `content` of the built-in type `base`, past its own ``__new__`` and ``__init__``."""
    return base.__new__(kind, content)


def bare_container(kind: type, base: Any) -> Any:  # noqa: ANN401
    """An empty instance of `kind`, past its own ``__new__`` and ``__init__``."""
    return base.__new__(kind)


def fill_container(item: Any, state: tuple[dict[str, Any], dict[str, Any], Any, Any]) -> Any:  # noqa: ANN401
    """Attributes and content, past what the class says about setting them.

    Args:
        item: a deque, an ordered dict or a dict with a default.
        state: its attributes, its slots, its content, and its greatest length or its default.
    """
    attributes, slots, content, option = state
    if attributes:
        item.__dict__.update(attributes)
    for name, value in slots.items():
        object.__setattr__(item, name, value)
    if isinstance(item, collections.deque):
        collections.deque.__init__(item, content, option)
    elif isinstance(item, collections.OrderedDict):
        for key, value in content.items():
            collections.OrderedDict.__setitem__(item, key, value)
    else:
        collections.defaultdict.__init__(item, option)
        dict.update(item, content)
    return item


def bare_property(kind: type) -> Any:  # noqa: ANN401
    """A property of the notebook's class `kind` without accessors."""
    return property.__new__(kind)


def fill_property(item: Any, state: tuple[tuple[Any, Any, Any, Any], dict[str, Any]]) -> Any:  # noqa: ANN401
    """Its accessors and its documentation, past its own ``__init__``, and its attributes."""
    accessors, attributes = state
    property.__init__(item, *accessors)
    if attributes:
        vars(item).update(attributes)
    return item


# ---- numpy -------------------------------------------------------------------------------------------------------------


def ufunc(func: Callable[..., Any], inputs: int, outputs: int, identity: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """What ``numpy.frompyfunc`` makes of `func`; `identity` holds one object, or none."""
    named = {"identity": identity[0]} if identity else {}
    return importlib.import_module("numpy").frompyfunc(func, inputs, outputs, **named)


# ---- memory maps -------------------------------------------------------------------------------------------------------


def memory_map_kept(
    path: str,
    mode: str,
    offset: int,
    dtype: Any,  # noqa: ANN401
    shape: tuple[int, ...],
    order: str,
    digest: str,
    kept: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """As `rebuild_standard.memory_map`; where the file is gone or holds something else, `kept` in memory of its own.

    It then tells that it is a private map (``c``): what is written to it does not reach the file.
    """
    try:
        return rebuild_standard.memory_map(path, mode, offset, dtype, shape, order, digest)
    except MlnbError:
        numpy = importlib.import_module("numpy")
        content = memoryview(kept).cast("B")
        memory = mmap.mmap(-1, max(content.nbytes, 1))
        memory[: content.nbytes] = content
        made = numpy.ndarray.__new__(numpy.memmap, shape, dtype, buffer=memory, order=order)
        made._mmap, made.filename, made.offset, made.mode = memory, path, offset, "c"
        made.flags.writeable = mode != "r"
        return made
