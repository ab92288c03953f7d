"""How saved values are put together again. Streams on disk name these functions: their names and arguments are part of the
format and stay for ever; a new way of saving gets a new function.

A restore runs inside `loading`, which says what the restored functions shall see as their globals.
"""

from __future__ import annotations

import contextlib
import importlib
import mmap
import platform
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.core.records import dataclass, field


@dataclass
class Loading:
    """What a restore is doing.

    Attributes:
        namespace: the live namespace; restored functions see it as their globals.
        live_classes: classes of the notebook that are alive, by version; a value whose class is among them gets that one, so
            that ``isinstance`` holds, and its class is never changed by loading.
        kept: those of them that were used.
        python: version of the Python that saved the values; code of another one is not loaded.
    """

    namespace: dict[str, Any]
    live_classes: Mapping[str, type] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    python: str = ""


_loading: ContextVar[Loading] = ContextVar("mlnb_loading")


@contextlib.contextmanager
def loading(state: Loading) -> Iterator[None]:
    """Everything rebuilt inside the block belongs to `state`."""
    token = _loading.set(state)
    try:
        yield
    finally:
        _loading.reset(token)


_MAPPED_BYTES = 1 << 20


class Memory(bytearray):
    """Memory that restored arrays stand on. A type of its own, so that a later snapshot knows it for the array's own memory."""


def memory(size_bytes: int) -> memoryview:
    """Memory for a buffer of that size, to be filled."""
    if size_bytes < _MAPPED_BYTES:
        return memoryview(Memory(size_bytes))
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # private: a copy of the process must not see later writes
    mapped = mmap.mmap(-1, size_bytes, flags=flags)
    with contextlib.suppress(OSError, AttributeError, ValueError):
        mapped.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(mapped)


def namespace() -> dict[str, Any]:
    """The live namespace of the restore.

    Raises:
        MlnbError: nothing is being restored.
    """
    try:
        return _loading.get().namespace
    except LookupError:
        raise MlnbError("values of a snapshot are rebuilt by mlnb.snapshots.restore only") from None


def module_namespace(name: str) -> dict[str, Any]:
    """The globals of the module `name`, imported."""
    return importlib.import_module(name).__dict__


# ---- functions and classes of the notebook -------------------------------------------------------------------------


def function(code: types.CodeType, globals_: dict[str, Any], name: str, closure: tuple[Any, ...] | None) -> Any:  # noqa: ANN401
    """A function with empty defaults; `fill_function` gives it the rest once others can refer to it.

    Raises:
        MlnbError: it was compiled by another version of Python.
    """
    saved_by = _loading.get().python
    if saved_by and saved_by.split(".")[:2] != platform.python_version().split(".")[:2]:
        raise MlnbError(f"it holds code of Python {saved_by}, and this is Python {platform.python_version()}")
    return types.FunctionType(code, globals_, name, None, closure)


def fill_function(func: Any, state: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """Attributes, defaults, the contents of the closure's cells, globals of its own, and modules that it reaches through others."""
    attributes, slots, cells, globals_, imports = state
    for name in imports:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    func.__dict__.update(attributes)
    for name, value in slots.items():
        setattr(func, name, value)
    for cell, contents in cells:
        cell.cell_contents = contents
    func.__globals__.update(globals_)
    return func


def empty_cell() -> types.CellType:
    """A closure cell that `fill_function` fills; functions that share it in the notebook share it again."""
    return types.CellType()


def skeleton(version: str, make: Callable[..., type], arguments: tuple[Any, ...]) -> type:
    """The class of this version that is alive, else a new empty one."""
    state = _loading.get()
    live = state.live_classes.get(version)
    if live is not None:
        state.kept.add(id(live))
        return live
    return make(*arguments, None, None)


def fill_class(cls: type, state: tuple[dict[str, Any], dict[str, Any]]) -> type:
    """Attributes and methods of a new class; a class that was alive is left as it is."""
    if is_kept(cls):
        return cls
    from cloudpickle import cloudpickle

    filled: type = cloudpickle._class_setstate(cls, state)
    return filled


def is_kept(cls: type) -> bool:
    """Whether `cls` was alive before the restore."""
    return id(cls) in _loading.get().kept


# ---- numpy ---------------------------------------------------------------------------------------------------------


def array(
    memory: Any,  # noqa: ANN401 - any object with the buffer protocol
    dtype: Any,  # noqa: ANN401
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    is_writeable: bool,
) -> Any:  # noqa: ANN401
    """An array on memory of its own."""
    numpy = importlib.import_module("numpy")
    whole = memoryview(memory)
    if whole.readonly and isinstance(whole.obj, Memory | mmap.mmap):
        memory = memoryview(whole.obj)  # ours alone; the user may make the array writeable again, as before
    elif whole.readonly:
        memory = Memory(memory)
    flat = numpy.ndarray((memoryview(memory).nbytes,), "u1", buffer=memory)  # views are laid on this one too
    made = numpy.ndarray(shape, dtype, buffer=flat, strides=strides)
    made.flags.writeable = is_writeable
    return made


def view(
    owner: Any,  # noqa: ANN401
    offset: int,
    dtype: Any,  # noqa: ANN401
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    is_writeable: bool,
) -> Any:  # noqa: ANN401
    """An array on the memory of `owner` (an array or a bytearray), `offset` bytes behind its first byte in memory."""
    numpy = importlib.import_module("numpy")
    memory = owner
    if isinstance(owner, numpy.ndarray):
        flat = owner.base  # of an array rebuilt here: writeable, though the array itself may be frozen
        is_flat = isinstance(flat, numpy.ndarray) and isinstance(flat.base, Memory | memoryview)
        memory = flat if is_flat else flat_bytes(owner)
    made = numpy.ndarray(shape, dtype, buffer=memory, offset=offset, strides=strides)
    made.flags.writeable = is_writeable
    return made


def object_view(owner: Any, first: int, shape: tuple[int, ...], strides: tuple[int, ...], is_writeable: bool) -> Any:  # noqa: ANN401
    """A view of an array of Python objects, from its `first` element in memory on."""
    numpy = importlib.import_module("numpy")
    flat = owner.reshape(-1, order="A")
    return numpy.lib.stride_tricks.as_strided(flat[first:], shape, strides, writeable=is_writeable)


def subclass_view(base: Any, cls: type) -> Any:  # noqa: ANN401
    """`base` as an instance of the array subclass `cls`, on the same memory."""
    return base.view(cls)


def flat_bytes(owner: Any) -> Any:  # noqa: ANN401
    """The memory of a dense array as a flat array of bytes, in the order of memory, without a copy.

    Raises:
        ValueError: the array does not lie densely in memory.
    """
    order = sorted(range(owner.ndim), key=lambda axis: (-owner.strides[axis], axis))
    straight = owner.transpose(order)
    if not straight.flags.c_contiguous:
        raise ValueError("the array is not dense")
    return straight.reshape(-1).view("u1")


# ---- exceptions ----------------------------------------------------------------------------------------------------


def exception(cls: type, arguments: tuple[Any, ...]) -> BaseException:
    """An exception of the notebook's own class, without running its ``__init__``, which may want other arguments."""
    made: BaseException = cls.__new__(cls, *arguments)
    made.args = arguments
    return made


def fill_exception(error: BaseException, state: tuple[dict[str, Any], Any, bool]) -> BaseException:
    """Attributes and the cause."""
    attributes, cause, suppresses_context = state
    error.__dict__.update(attributes)
    error.__cause__ = cause
    error.__suppress_context__ = suppresses_context
    return error


# ---- small things of the standard library --------------------------------------------------------------------------


def dict_view(mapping: dict[Any, Any], which: str) -> Any:  # noqa: ANN401
    """``mapping.keys()``, ``.values()`` or ``.items()``."""
    return getattr(mapping, which)()


def memory_view(owner: Any, format_: str, shape: tuple[int, ...], is_readonly: bool) -> memoryview:  # noqa: ANN401
    """A memoryview of the whole of `owner`."""
    made: Any = memoryview(owner)
    if (made.format, made.shape) != (format_, shape):
        made = made.cast("B").cast(format_, shape) if made.nbytes else made
    view: memoryview = made.toreadonly() if is_readonly else made
    return view


def mapping_proxy(mapping: dict[Any, Any]) -> types.MappingProxyType[Any, Any]:
    """A read-only view of `mapping`."""
    return types.MappingProxyType(mapping)


def sqlite_memory(content: bytes, isolation_level: str | None) -> Any:  # noqa: ANN401
    """An in-memory SQLite database with `content`."""
    connection = importlib.import_module("sqlite3").connect(":memory:", isolation_level=isolation_level)
    connection.deserialize(content)
    return connection


def lru_cache(wrapped: Callable[..., Any], parameters: dict[str, Any], attributes: dict[str, Any]) -> Any:  # noqa: ANN401
    """`wrapped` behind an empty cache."""
    made = importlib.import_module("functools").lru_cache(**parameters)(wrapped)
    made.__dict__.update({name: value for name, value in attributes.items() if name != "__wrapped__"})
    return made


def module(name: str) -> types.ModuleType:
    """The module `name`, imported."""
    return sys.modules.get(name) or importlib.import_module(name)
