"""Recipes for things of the standard library that wait, look at others or belong to a process: queues, caches, views, iterators,
connections of processes."""

from __future__ import annotations

import codecs
import collections
import ctypes
import functools
import gc
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import connection, shared_memory
from typing import Any

from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import functions, rebuild, rebuild_runtime
from mlnb.snapshots.plugins.recipes_standard import Note, Reduced, visit_reduced
from mlnb.snapshots.plugins.walk import Walk

LRU_CACHE = type(functools.lru_cache(lambda: None))
_KEY_WRAPPER = type(functools.cmp_to_key(lambda _a, _b: 0))
_ORDERED_VIEWS: dict[Any, str] = {
    type(collections.OrderedDict().keys()): "keys",
    type(collections.OrderedDict().values()): "values",
    type(collections.OrderedDict().items()): "items",
}
_FILLED = "its cache holds results, which are not kept: an empty one could give others"
_FULL = 0x011C  # CPython's PyBUF_FULL_RO


def reduce_cache(cached: Any, _note: Note) -> Reduced:  # noqa: ANN401
    """A function of the notebook behind a cache that was not used yet.

    Raises:
        CannotSave: it was; what it holds cannot be had, and computing it again may do again what the function does besides.
    """
    if not functions.is_by_value(cached.__wrapped__):
        return NotImplemented
    if any(_use_of(cached)):
        raise CannotSave(_FILLED)
    return rebuild.lru_cache, (cached.__wrapped__, cached.cache_parameters(), dict(cached.__dict__))


def _use_of(cached: Any) -> tuple[int, int, int]:  # noqa: ANN401
    info = cached.cache_info()
    return info.hits, info.misses, info.currsize


def visit_cache(walk: Walk, cached: Any) -> None:  # noqa: ANN401
    """What is behind the cache, and how full it is."""
    walk.claim(cached)
    walk.feed(b"l%s;" % repr((tuple(cached.cache_info()), cached.cache_parameters())).encode())
    walk.push(cached.__wrapped__)


def _reduce_key_wrapper(wrapper: Any) -> Reduced:  # noqa: ANN401
    compare, *held = (part for part in gc.get_referents(wrapper) if part is not type(wrapper))
    return rebuild_runtime.key_wrapper, (compare, tuple(held))


def _reduce_code_of_texts(codec: Any) -> Reduced:  # noqa: ANN401
    return codecs.lookup, (codec.name,)


def _reduce_ordered_view(view: Any) -> Reduced:  # noqa: ANN401
    mapping = next(part for part in gc.get_referents(view) if isinstance(part, dict))
    return rebuild.dict_view, (mapping, _ORDERED_VIEWS[type(view)])


def _reduce_simple_queue(waiting: Any) -> Reduced:  # noqa: ANN401
    found = [part for part in gc.get_referents(waiting) if part is not type(waiting)]
    if sys.version_info < (3, 13):  # before, it keeps a list whose beginning was taken out
        found = found[0][len(found[0]) - waiting.qsize() :]
    return rebuild_runtime.simple_queue, (), found, None, None, rebuild_runtime.fill_queue


class _Buffer(ctypes.Structure):
    """CPython's ``Py_buffer``."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("owner", ctypes.py_object),
        ("size_bytes", ctypes.c_ssize_t),
        ("item_bytes", ctypes.c_ssize_t),
        ("is_readonly", ctypes.c_int),
        ("dimensions", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("format", "shape", "strides", "suboffsets", "internal")),
    )


def _address(view: memoryview) -> int:
    buffer = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(view), ctypes.byref(buffer), _FULL)
    try:
        return int(buffer.address or 0)
    finally:
        ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))


def reduce_part_of_memory(view: memoryview) -> Reduced:
    """A memoryview of a part of an object: what it is of, and where it lies in that.

    Raises:
        CannotSave: it has no element, or more than one dimension.
    """
    strides = view.strides or ()
    if view.ndim != 1 or not view.nbytes or strides[0] % view.itemsize:
        raise CannotSave("it is a memoryview of a part of an object")
    with memoryview(view.obj) as whole:
        offset = _address(view) - _address(whole)
    step = strides[0] // view.itemsize
    return rebuild_runtime.memory_view_part, (view.obj, offset, view.format, len(view), step, view.readonly)


def _refuse_connection(_: object) -> Reduced:
    raise CannotSave("it holds a connection to another process, which lives in this kernel only")


def _refuse_shared_list(_: object) -> Reduced:
    raise CannotSave("it holds memory that processes share, which goes when this kernel ends")


def reduce_by_base(item: object) -> Reduced:
    """Instances of classes that build on a thread, on what another process manages, or on a property; else NotImplemented.

    Raises:
        CannotSave: it is one of the first two.
    """
    if isinstance(item, threading.Thread):
        raise CannotSave(f"it holds the thread {item.name}, which lives in this kernel only")
    managers = sys.modules.get("multiprocessing.managers")
    if managers is not None and isinstance(item, managers.BaseProxy | managers.BaseManager):
        raise CannotSave("it holds something that another process manages, which goes when this kernel ends")
    if isinstance(item, property) and functions.is_by_value(type(item)):
        accessors = (item.fget, item.fset, item.fdel, item.__doc__)
        state = dict(getattr(item, "__dict__", {}))
        return (
            rebuild_runtime.bare_property,
            (type(item),),
            (accessors, state),
            None,
            None,
            rebuild_runtime.fill_property,
        )
    return NotImplemented


def _reduce_process(process: Any) -> Reduced:  # noqa: ANN401
    if process.returncode is None:
        raise CannotSave(f"it holds the process {process.pid}, which this kernel started and has not seen end")
    return NotImplemented


NOTED: dict[type, Callable[[Any, Note], Reduced]] = {LRU_CACHE: reduce_cache}
_VISITED: dict[type, Callable[[Any], Reduced]] = {
    _KEY_WRAPPER: _reduce_key_wrapper,
    codecs.CodecInfo: _reduce_code_of_texts,
    queue.SimpleQueue: _reduce_simple_queue,
    **dict.fromkeys(_ORDERED_VIEWS, _reduce_ordered_view),
    connection.Connection: _refuse_connection,
    connection.Listener: _refuse_connection,
    shared_memory.ShareableList: _refuse_shared_list,
}
REDUCERS: dict[type, Callable[[Any], Reduced]] = {
    **_VISITED,
    subprocess.Popen: _reduce_process,
}
VISITS: dict[type, Callable[[Walk, Any], bool | None]] = {
    LRU_CACHE: visit_cache,
    **{kind: visit_reduced(reduce) for kind, reduce in _VISITED.items()},
}
