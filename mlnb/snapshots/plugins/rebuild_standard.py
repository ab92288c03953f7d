"""How what `recipes_standard`, `recipes_arrays` and `recipes_classes` saved is made anew. Streams on disk name these functions, as those of
`rebuild`: they stay for ever."""

from __future__ import annotations

import contextlib
import importlib
import operator
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlnb.core.errors import MlnbError

# ---- small things of the standard library --------------------------------------------------------------------------


def called(module_name: str, name: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
    """What the class or function `name` of a module makes of the arguments."""
    made: Any = importlib.import_module(module_name)
    for part in name.split("."):
        made = getattr(made, part)
    return made(*arguments, **named)


def with_module(made: Any, module_name: str | None) -> Any:  # noqa: ANN401
    """`made`, which says that it was defined in the module `module_name`."""
    made.__module__ = module_name
    return made


def named_in(module_name: str, name: str) -> Any:  # noqa: ANN401
    """The object that the module `module_name` holds under `name`: one that is told from others by identity."""
    return getattr(importlib.import_module(module_name), name)


class _Short:
    """Lives no longer than its reference needs."""


def dead_reference() -> Any:  # noqa: ANN401
    """A weak reference to something that is gone."""
    return weakref.ref(_Short())


def json_decoder(options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A decoder of JSON with these options."""
    return importlib.import_module("json").JSONDecoder(**options)


def fill_mapping(mapping: Any, pairs: list[tuple[Any, Any]]) -> Any:  # noqa: ANN401
    """`mapping` with `pairs`, once what they refer to is there."""
    for key, value in pairs:
        mapping[key] = value
    return mapping


def fill_uncounted_mapping(mapping: Any, pairs: list[tuple[Any, Any]]) -> Any:  # noqa: ANN401
    """`mapping`, a `WeakKeyDictionary`, with `pairs`; it counts its keys when it is asked for its length next, as it would have."""
    mapping._dirty_len = True
    return fill_mapping(mapping, pairs)


def raw_file(path: str, position: int, size_bytes: int) -> Any:  # noqa: ANN401
    """A file open for reading without a buffer, at its place.

    Raises:
        MlnbError: it is not as long as it was.
    """
    import os

    if os.stat(path).st_size != size_bytes:  # noqa: PTH116 - a path as text
        raise MlnbError(f"the file {path} has changed")
    file: Any = open(path, "rb", buffering=0)  # noqa: SIM115, PTH123
    file.seek(position)
    return file


def sqlite_memory(content: bytes, isolation_level: str | None, row_factory: Any, text_factory: Any) -> Any:  # noqa: ANN401
    """An in-memory SQLite database with `content` and factories of its own."""
    connection = importlib.import_module("sqlite3").connect(":memory:", isolation_level=isolation_level)
    if content:  # what has no table yet has none
        connection.deserialize(content)
    connection.row_factory, connection.text_factory = row_factory, text_factory
    return connection


# ---- arrays ----------------------------------------------------------------------------------------------------------


def memory_map(
    path: str,
    mode: str,
    offset: int,
    dtype: Any,  # noqa: ANN401
    shape: tuple[int, ...],
    order: str,
    digest: str,
) -> Any:  # noqa: ANN401
    """The file at `path` as an array, mapped again.

    Args:
        path: absolute.
        mode: ``r``, ``r+`` or ``c``; nothing is written by mapping it.
        offset: of the first element, in bytes from the beginning of the file.
        dtype: of the elements.
        shape: of the array.
        order: ``C`` or ``F``.
        digest: of the elements in this order, as they were.

    Raises:
        MlnbError: the file is gone, or holds something else now.
    """
    import xxhash

    numpy = importlib.import_module("numpy")
    try:
        made = numpy.memmap(path, dtype, mode, offset, shape, order)
    except (OSError, ValueError) as error:
        raise MlnbError(f"the file {path} cannot be mapped: {error}") from error
    flat = numpy.asarray(made).reshape(-1, order="A").view("u1")
    if xxhash.xxh3_128_hexdigest(flat) != digest:
        raise MlnbError(f"the file {path} has changed")
    return made


def memory_map_view(
    owner: Any,  # noqa: ANN401
    offset: int,
    dtype: Any,  # noqa: ANN401
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    is_writeable: bool,
) -> Any:  # noqa: ANN401
    """A part of the mapped file `owner`, `offset` bytes behind its first element, still telling which file it is of."""
    numpy = importlib.import_module("numpy")
    flat = numpy.asarray(owner).reshape(-1, order="A").view("u1")
    made = numpy.ndarray.__new__(type(owner), shape, dtype, buffer=flat, offset=offset, strides=strides)
    for name in ("_mmap", "filename", "mode"):
        setattr(made, name, getattr(owner, name))
    made.offset = owner.offset
    made.flags.writeable = is_writeable
    return made


def masked_array(data: Any, state: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A masked array over `data`, with a mask only where one is in `state`."""
    made = importlib.import_module("numpy").ma.MaskedArray(data)
    for name, value in state.items():
        setattr(made, name, value)
    return made


def own_attributes(kind: type) -> Any:  # noqa: ANN401
    """An empty mapping of a class whose instances have their items for attributes."""
    made: Any = dict.__new__(kind)
    made.__dict__ = made
    return made


def fill_items(mapping: Any, items: Mapping[Any, Any]) -> Any:  # noqa: ANN401
    """`mapping` with `items`, past what its class says about setting them."""
    dict.update(mapping, items)
    return mapping


def fill_attributes(item: Any, attributes: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """`item` with these attributes, past what its class says about setting them."""
    item.__dict__.update(attributes)
    return item


# ---- figures ---------------------------------------------------------------------------------------------------------


def figure(make: Callable[[Mapping[str, Any]], Any], properties: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A figure of plotly with its properties in the order that they had."""
    made = make(properties)
    _put_in_order(made._layout, properties.get("layout", {}))
    for one, wanted in zip(made._data, properties.get("data", ()), strict=False):
        _put_in_order(one, wanted)
    return made


def _put_in_order(found: Any, wanted: Any) -> None:  # noqa: ANN401
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in [*(name for name in wanted if name in found), *(name for name in found if name not in wanted)]:
            found[name] = found.pop(name)
            _put_in_order(found[name], wanted.get(name))
    elif isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        for one, other in zip(found, wanted, strict=False):
            _put_in_order(one, other)


# ---- classes ---------------------------------------------------------------------------------------------------------


_ONE_AT_A_TIME = threading.RLock()


def ctypes_array(kind: type, length: int, module_name: str) -> type:
    """The class of arrays of `length` elements of the ctypes class `kind`; Python has one of each."""
    made: Any = operator.mul(kind, length)
    if made.__module__ != module_name:
        made.__module__ = module_name
    kept: type = made
    return kept


def type_of(value: object) -> type:
    """The class of `value`, for classes of classes that no module names."""
    return type(value)


def quiet_class(
    kind: type,
    name: str,
    bases: tuple[type, ...],
    attributes: dict[str, Any],
    _id: object = None,
    _extra: object = None,
) -> type:
    """An empty class, without running what the notebook's own classes do when a class is made: that was done when it was made first.

    Args:
        kind: its class; ``__new__`` and ``__init__`` of a library's class of classes still run.
        name: of the class.
        bases: as in ``__bases__``.
        attributes: the first ones, ``__module__`` and ``__slots__`` among them.
    """
    made_by = next(one for one in kind.__mro__ if not _is_of_notebook(one))
    first = {sys.intern(key): value for key, value in attributes.items()}
    listeners = {
        one for base in bases for one in base.__mro__ if "__init_subclass__" in vars(one) and _is_of_notebook(one)
    }
    with _silent(listeners):
        made: type = made_by.__new__(kind, name, bases, first)
    return made


@contextlib.contextmanager
def _silent(listeners: set[type]) -> Iterator[None]:
    """Inside the block none of these classes hears of a new subclass: it is no new one."""
    with _ONE_AT_A_TIME:
        before = {one: vars(one)["__init_subclass__"] for one in listeners}
        try:
            for one in listeners:
                type.__setattr__(one, "__init_subclass__", _HEARS_NOTHING)
            yield
        finally:
            for one, listener in before.items():
                type.__setattr__(one, "__init_subclass__", listener)


def _hear_nothing(_cls: Any, /, **_: object) -> None:  # noqa: ANN401
    pass


_HEARS_NOTHING = classmethod(_hear_nothing)


def _is_of_notebook(kind: type) -> bool:
    from mlnb.snapshots.plugins import functions

    return functions.is_by_value(kind)


def bare_new(kind: type) -> Any:  # noqa: ANN401
    """An instance without content, past its own ``__new__`` and ``__init__``."""
    base: Any = next(one for one in kind.__mro__ if one in (dict, list, set, object))
    return base.__new__(kind)


def fill_bare(item: Any, state: tuple[dict[str, Any], dict[str, Any], Any]) -> Any:  # noqa: ANN401
    """Attributes and content, past what the class says about setting them."""
    attributes, slots, content = state
    if attributes:
        item.__dict__.update(attributes)
    for name, value in slots.items():
        object.__setattr__(item, name, value)
    for kind, fill in _FILL.items():
        if isinstance(item, kind):
            fill(item, content)
    return item


_FILL: dict[type, Callable[[Any, Any], None]] = {dict: dict.update, list: list.extend, set: set.update}
