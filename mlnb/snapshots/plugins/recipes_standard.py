"""Recipes for things of the standard library whose own pickling refuses, or loses something, though they can be made anew as they are."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import hmac
import json
import mmap
import random
import sqlite3
import struct
import sys
import typing
import weakref
from collections.abc import Callable
from concurrent import futures
from multiprocessing import shared_memory
from typing import Any

import xxhash

from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import rebuild_standard
from mlnb.snapshots.plugins.walk import Walk, type_name

Reduced = Any
Note = Callable[[type, str], None]
PROXIES = (weakref.ProxyType, weakref.CallableProxyType)
_HASHES = tuple(
    {type(hashlib.new(name)) for name in ("sha256", "md5")} | {type(hashlib.blake2b()), type(hashlib.blake2s())}
)
_HMAC = tuple(
    {type(hmac.new(b"", b"", "sha256")), type(getattr(hmac.new(b"", b"", "sha256"), "_hmac", None))} - {type(None)}
)
_EMPTY_POOL = "it is made anew with as many workers; tasks and results are not kept"


def _called(kind: type, *arguments: object) -> Reduced:
    return rebuild_standard.called, (kind.__module__, kind.__qualname__, *arguments)


def target_of(proxy: Any) -> Any:  # noqa: ANN401
    """What the weak proxy stands for.

    Raises:
        CannotSave: it is gone.
    """
    try:
        return proxy.__init__.__self__
    except (ReferenceError, AttributeError):
        raise CannotSave("it holds a weak reference to something that is gone") from None


def _reduce_proxy(proxy: Any) -> Reduced:  # noqa: ANN401
    return weakref.proxy, (target_of(proxy),)


def _reduce_weak_method(method: Any) -> Reduced:  # noqa: ANN401
    bound = method()
    if bound is None:
        raise CannotSave("it holds a weak reference to something that is gone")
    return weakref.WeakMethod, (bound,)


def _reduce_weak_mapping(mapping: Any) -> Reduced:  # noqa: ANN401
    is_uncounted = getattr(mapping, "_dirty_len", False)  # something was taken out of it: functools.singledispatch does
    fill = rebuild_standard.fill_uncounted_mapping if is_uncounted else rebuild_standard.fill_mapping
    return type(mapping), (), list(mapping.items()), None, None, fill


def _reduce_struct(value: struct.Struct) -> Reduced:
    return struct.Struct, (value.format,)


def _reduce_system_random(_: random.SystemRandom) -> Reduced:
    return random.SystemRandom, ()


def _reduce_decoder(decoder: json.JSONDecoder) -> Reduced:
    names = ("object_hook", "parse_float", "parse_int", "parse_constant", "strict", "object_pairs_hook")
    options = {name: getattr(decoder, name) for name in names}
    plain = json.JSONDecoder()
    return rebuild_standard.json_decoder, (
        {name: value for name, value in options.items() if value is not getattr(plain, name)},
    )


def _reduce_new_type(made: Any) -> Reduced:  # noqa: ANN401
    plain = (rebuild_standard.called, ("typing", "NewType", made.__name__, made.__supertype__))
    return rebuild_standard.with_module, (_Made(plain), made.__module__)


def _reduce_param_spec(made: Any) -> Reduced:  # noqa: ANN401
    plain = (rebuild_standard.called, ("typing", type(made).__name__, made.__name__))
    return rebuild_standard.with_module, (_Made(plain), getattr(made, "__module__", None))


class _Made:
    """Stands for what a call makes."""

    def __init__(self, reduced: Reduced) -> None:
        self._reduced = reduced

    def __reduce__(self) -> Any:  # noqa: ANN401
        return self._reduced


def _reduce_thread_pool(pool: Any) -> Reduced:  # noqa: ANN401
    if pool._shutdown or not pool._work_queue.empty():
        raise CannotSave("it is a pool of threads with work in it, or one that was shut down")
    arguments = (pool._max_workers, pool._thread_name_prefix, pool._initializer, pool._initargs)
    return _called(type(pool), *arguments)


def _reduce_process_pool(pool: Any) -> Reduced:  # noqa: ANN401
    if pool._shutdown_thread or pool._pending_work_items:
        raise CannotSave("it is a pool of processes with work in it, or one that was shut down")
    return _called(type(pool), pool._max_workers, None, pool._initializer, pool._initargs)


def _refuse_finalizer(_: object) -> Reduced:
    raise CannotSave("it holds a finalizer, which lives in this kernel only")


def _refuse_shared_memory(_: object) -> Reduced:
    raise CannotSave("it holds memory that processes share, which goes when this kernel ends")


def visit_reduced(reduce: Callable[[Any], Reduced]) -> Callable[[Walk, Any], None]:
    """What the recipe says that it is."""

    def visit(walk: Walk, item: Any) -> None:  # noqa: ANN401
        reduced = reduce(item)
        walk.claim(item)
        walk.feed(b"Y%s;" % type_name(type(item)).encode())
        arguments = [part._reduced[1] if isinstance(part, _Made) else part for part in reduced[1]]
        walk.session.kept.append(arguments)
        walk.push(*arguments, *(reduced[2:3]))

    return visit


def _visit_hash(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.opaque(item)
    walk.feed(item.digest())


def _visit_map(walk: Walk, item: mmap.mmap) -> None:
    walk.opaque(item)
    if not item.closed:
        walk.feed(b"%d;" % item.tell() + xxhash.xxh3_128_digest(memoryview(item)))


def reduce_raw_file(file: Any, path: str, size_bytes: int) -> Reduced:  # noqa: ANN401
    """A file that is read without a buffer; see `recipes.reduce_open_file`."""
    return rebuild_standard.raw_file, (path, file.tell(), size_bytes)


def reduce_own_attributes(item: Any) -> Reduced:  # noqa: ANN401
    """A mapping whose instances have their items for attributes (``self.__dict__ = self``), which pickling takes apart."""
    content = dict(dict.items(item))
    return rebuild_standard.own_attributes, (type(item),), content, None, None, rebuild_standard.fill_items


def reduce_sentinel(item: object) -> Reduced:
    """By its name, when it is an object without content that a library made once to tell it from others; else NotImplemented."""
    kind: Any = type(item)
    if not _may_be_sentinel(kind) or getattr(item, "__dict__", None):
        return NotImplemented
    if kind is object:
        found = _plain_objects().get(id(item))
    else:
        home = vars(sys.modules.get(kind.__module__, sys))
        found = next(((kind.__module__, name) for name, value in list(home.items()) if value is item), None)
    return (rebuild_standard.named_in, found) if found is not None else NotImplemented


@functools.cache
def _may_be_sentinel(kind: Any) -> bool:  # noqa: ANN401 - a class, which type checkers do not take for hashable
    if kind is object:
        return True
    is_default = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    room = object.__basicsize__ + 2 * struct.calcsize("P")  # for attributes and weak references, not for slots
    return is_default and kind.__module__ != "__main__" and kind.__base__ is object and kind.__basicsize__ <= room


def _plain_objects() -> dict[int, tuple[str, str]]:
    """The bare objects that modules hold: markers."""
    return {
        id(value): (module_name, name)
        for module_name, module in list(sys.modules.items())
        if module_name != "__main__" and getattr(module, "__spec__", None) is not None
        for name, value in list(getattr(module, "__dict__", {}).items())
        if type(value) is object
    }


def reduce_ctypes_class(cls: type) -> Reduced:
    """Classes that ctypes makes without giving them a place to be found at; else NotImplemented."""
    for example in (ctypes.Structure, ctypes.Union, ctypes.Array, ctypes.c_int):
        if cls is type(example):
            return rebuild_standard.type_of, (example,)
    if (issubclass(cls, ctypes.Array) and cls.__module__ != "__main__") or cls.__base__ is ctypes.Array:
        return rebuild_standard.ctypes_array, (cls._type_, cls._length_, cls.__module__)  # type: ignore[attr-defined]
    return NotImplemented


def content_of(connection: sqlite3.Connection) -> bytes:
    """The whole database; empty: it has no table yet."""
    cursor = connection.cursor()
    cursor.row_factory = None
    (count,) = cursor.execute("select count(*) from sqlite_master").fetchone()
    return connection.serialize() if count else b""


def reduce_sqlite(connection: sqlite3.Connection) -> Reduced:
    """An in-memory database with factories of its own; the caller has made sure that it is one."""
    arguments = (content_of(connection), connection.isolation_level, connection.row_factory, connection.text_factory)
    return rebuild_standard.sqlite_memory, arguments


_POOLS: dict[type, Callable[[Any], Reduced]] = {
    futures.ThreadPoolExecutor: _reduce_thread_pool,
    futures.ProcessPoolExecutor: _reduce_process_pool,
}


def _reduce_pool(pool: Any, note: Note) -> Reduced:  # noqa: ANN401
    note(type(pool), _EMPTY_POOL)
    return _POOLS[type(pool)](pool)


NOTED: dict[type, Callable[[Any, Note], Reduced]] = dict.fromkeys(_POOLS, _reduce_pool)
"""Recipes that tell why what holds such a thing counts as recomputed."""
REDUCERS: dict[type, Callable[[Any], Reduced]] = {
    **dict.fromkeys(PROXIES, _reduce_proxy),
    weakref.WeakMethod: _reduce_weak_method,
    weakref.WeakValueDictionary: _reduce_weak_mapping,
    weakref.WeakKeyDictionary: _reduce_weak_mapping,
    struct.Struct: _reduce_struct,
    random.SystemRandom: _reduce_system_random,
    json.JSONDecoder: _reduce_decoder,
    typing.NewType: _reduce_new_type,
    typing.ParamSpec: _reduce_param_spec,
    typing.TypeVarTuple: _reduce_param_spec,
    weakref.finalize: _refuse_finalizer,
    shared_memory.SharedMemory: _refuse_shared_memory,
}
VISITS: dict[type, Callable[[Walk, Any], bool | None]] = {
    **{kind: visit_reduced(reduce) for kind, reduce in REDUCERS.items()},
    **{kind: visit_reduced(reduce) for kind, reduce in _POOLS.items()},
    **dict.fromkeys((*_HASHES, *_HMAC, hmac.HMAC), _visit_hash),
    mmap.mmap: _visit_map,
}
