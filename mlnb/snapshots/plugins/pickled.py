"""The codec for everything: pickle protocol 5 with large memory outside the stream, on cloudpickle, with the gaps filled that
lose a value without a word (views, shared closures, slots, open files, dict views, private globals of functions)."""

from __future__ import annotations

import gc
import io
import os
import pickle
import re
import sqlite3
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cloudpickle

from mlnb.core.errors import MlnbError
from mlnb.core.secrets import mask
from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import (
    arrays,
    copies,
    credentials,
    functions,
    nans,
    rebuild,
    rebuild_recipes,
    rebuild_standard,
    recipes,
    recipes_libraries,
    recipes_runtime,
    recipes_standard,
    tensors,
)
from mlnb.snapshots.ports import Encoded, Saving
from mlnb.snapshots.rules import wording

PROTOCOL = 5
_REASON_CHARACTERS = 200
_CANNOT_PICKLE = re.compile(r"cannot pickle '?([\w.]+)'? object")
_WORDS = {
    "generator": "a running generator",
    "async_generator": "a running asynchronous generator",
    "coroutine": "a coroutine",
    "socket.socket": "a network connection",
    "_thread.lock": "a lock",
    "_thread.RLock": "a lock",
    "frame": "a frame of running code",
    "weakref.ReferenceType": "a weak reference",
    "_thread._local": "values that belong to a thread",
    "_contextvars.ContextVar": "a context variable",
}


class Unpickler(pickle.Unpickler):
    """Loads streams; a name in ``__main__`` is refused, because another kernel does not have it."""

    def find_class(self, module_name: str, global_name: str) -> Any:  # noqa: ANN401
        """The global that the stream names."""
        if module_name == "__main__":
            raise CannotSave(f"it is known only by its name in the notebook ({global_name})")
        return super().find_class(module_name, global_name)

    def persistent_load(self, pid: Any) -> object:  # noqa: ANN401 - pickle's
        """The NaN, or the text with a credential, that is meant."""
        if isinstance(pid, tuple) and len(pid) == 2 and pid[0] == credentials.TAG:
            self._credentials = getattr(self, "_credentials", None) or credentials.Finding()
            return self._credentials.of(pid[1])
        self._nans = getattr(self, "_nans", None) or nans.Numbered()
        return self._nans.of(pid)


class PickleCodec:
    """Saves any Python value that pickling can carry, exactly or not at all."""

    name = "cloudpickle"

    def can_save(self, value: object) -> bool:
        """It is tried for everything."""
        return True

    def save(self, values: Mapping[str, object], saving: Saving) -> Encoded:
        """`values` as a pickle stream with buffers.

        Raises:
            CannotSave: one of them cannot be pickled, or holds a credential that comes from nowhere that is known.
        """
        hiding = credentials.Hiding()
        try:
            stream, buffers = _dumped(_Pickler, values, saving, hiding)
            hiding.is_likely = hiding.is_likely or credentials.may_be_in(stream)
            if hiding.is_likely or nans.may_be_in(stream):
                stream, buffers = _dumped(_PicklerAsking, values, saving, hiding)
            rows = [_row_bytes(one) for one in buffers]
            return Encoded(stream, [buffer.raw() for buffer in buffers], rows, hiding.note)
        except CannotSave:
            raise
        except Exception as error:
            raise CannotSave(reason_from_error(error)) from error

    def load(self, stream: bytes | bytearray, buffers: Sequence[memoryview]) -> dict[str, Any]:
        """The values; must run inside `rebuild.loading`."""
        values: dict[str, Any] = Unpickler(io.BytesIO(stream), buffers=buffers).load()
        return values


def reason_from_error(error: BaseException) -> str:
    """Why a value cannot be saved or loaded, in a few words and without credentials."""
    if isinstance(error, MlnbError):
        return error.message
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    found = _CANNOT_PICKLE.search(str(error))
    if found:
        return f"it holds {_WORDS.get(found[1]) or wording.a(found[1])}, which lives in this kernel only"
    first_line = (str(error).splitlines() or [""])[0]
    return mask(wording.words_from_error(type(error).__name__, first_line))[:_REASON_CHARACTERS]


def _row_bytes(buffer: pickle.PickleBuffer) -> int:
    view = memoryview(buffer)
    return view.strides[0] if view.ndim == 2 and view.strides else 0


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle is untyped
    def __init__(
        self, file: io.BytesIO, buffers: list[pickle.PickleBuffer], saving: Saving, hiding: credentials.Hiding
    ) -> None:
        super().__init__(file, protocol=PROTOCOL, buffer_callback=buffers.append)
        self._saving = saving
        self._hiding = hiding
        self._streams = copies.standard_streams()

    def reducer_override(self, item: Any) -> Any:  # noqa: ANN401 - pickle's
        kind = type(item)
        if isinstance(item, type):
            made = recipes_standard.reduce_ctypes_class(item)
            return functions.reduce_class(item, self._saving.version_of) if made is NotImplemented else made
        if kind is types.FunctionType:
            return functions.reduce_function(item, self._saving.namespace, self.globals_ref)
        if kind in self._saving.bare:
            return recipes.reduce_bare(item)
        if credentials.is_holder(item.__class__):
            self._hiding.is_likely = True
        reduce = _REDUCERS.get(kind)
        if reduce is not None:
            return reduce(item)
        if id(item) in self._streams:
            return rebuild_recipes.standard_stream, (self._streams[id(item)],)
        if item is os.environ:
            return rebuild_standard.named_in, ("os", "environ")
        if kind in recipes.OPEN_FILES:
            return recipes.reduce_open_file(item, self._saving.note)
        if isinstance(item, BaseException):
            return functions.reduce_exception(item)
        return self._reduce_of_library(item, kind)

    def _reduce_of_library(self, item: Any, kind: type) -> Any:  # noqa: ANN401
        if arrays.is_array(item):
            on_tensor = tensors.reduce_array(item)
            if on_tensor is not NotImplemented:
                return on_tensor
            return arrays.reduce_array(item, self._saving.unshared, self._saving.note)
        of_torch = tensors.reduce(item, self._saving.owners)
        if of_torch is not NotImplemented:
            return of_torch
        if arrays.is_scalar(item) and kind.__module__ != "numpy" and functions.is_by_value(kind):
            return recipes.reduce_scalar(item)
        if isinstance(item, dict) and getattr(item, "__dict__", None) is item:
            return recipes_standard.reduce_own_attributes(item)
        recipe = recipes_libraries.reducer_of(kind) or _NOTED.get(kind)
        if recipe is not None:
            return recipe(item, self._saving.note)
        by_base = recipes_runtime.reduce_by_base(item)
        return by_base if by_base is not NotImplemented else recipes_standard.reduce_sentinel(item)


class _PicklerAsking(_Pickler):
    """Tells which NaN is which, and keeps credentials out; it is asked about every object, which takes its time."""

    def __init__(
        self, file: io.BytesIO, buffers: list[pickle.PickleBuffer], saving: Saving, hiding: credentials.Hiding
    ) -> None:
        super().__init__(file, buffers, saving, hiding)
        self._nans = nans.Numbering()

    def persistent_id(self, item: object) -> Any:  # noqa: ANN401 - pickle's
        found = self._hiding.of(item) if self._hiding.is_likely else None
        return self._nans.of(item) if found is None else found


def _dumped(
    pickler: type[_Pickler], values: Mapping[str, object], saving: Saving, hiding: credentials.Hiding
) -> tuple[bytes, list[pickle.PickleBuffer]]:
    buffers: list[pickle.PickleBuffer] = []
    file = io.BytesIO()
    pickler(file, buffers, saving, hiding).dump(dict(values))
    return file.getvalue(), buffers


def _reduce_thread(thread: threading.Thread) -> Any:  # noqa: ANN401
    raise CannotSave(f"it holds the thread {thread.name}, which lives in this kernel only")


def _reduce_cell(_cell: types.CellType) -> Any:  # noqa: ANN401
    return rebuild.empty_cell, ()


def _reduce_dict_view(view: Any) -> Any:  # noqa: ANN401
    mapping = next(part for part in gc.get_referents(view) if isinstance(part, dict))
    return rebuild.dict_view, (mapping, _DICT_VIEWS[type(view)])


def _reduce_memoryview(view: memoryview) -> Any:  # noqa: ANN401
    owner = view.obj
    with memoryview(owner) as whole:
        is_whole = view.contiguous and view.nbytes == whole.nbytes
    if not is_whole:
        return recipes_runtime.reduce_part_of_memory(view)
    return rebuild.memory_view, (owner, view.format, view.shape, view.readonly)


def _reduce_proxy(proxy: types.MappingProxyType[Any, Any]) -> Any:  # noqa: ANN401
    mapping = next(iter(gc.get_referents(proxy)), None)
    if type(mapping) is not dict:
        raise CannotSave(f"it is a read-only view of a {type(mapping).__name__}")
    return rebuild.mapping_proxy, (mapping,)


def _reduce_sqlite(connection: sqlite3.Connection) -> Any:  # noqa: ANN401
    files = [row[2] for row in connection.execute("pragma database_list") if Path(row[2]).is_absolute()]
    if any(files) or connection.in_transaction:
        where = "a database file" if any(files) else "a transaction that is not committed"
        raise CannotSave(f"it is a connection to {where}")
    content = recipes_standard.content_of(connection)
    if connection.row_factory is not None or connection.text_factory is not str or not content:
        return recipes_standard.reduce_sqlite(connection)
    return rebuild.sqlite_memory, (content, connection.isolation_level)


_DICT_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
_REDUCERS: dict[type, Callable[[Any], Any]] = {
    types.ModuleType: functions.reduce_module,
    types.CellType: _reduce_cell,
    types.MappingProxyType: _reduce_proxy,
    memoryview: _reduce_memoryview,
    sqlite3.Connection: _reduce_sqlite,
    threading.Thread: _reduce_thread,
    **dict.fromkeys(_DICT_VIEWS, _reduce_dict_view),
    **recipes.REDUCERS,
    **recipes_standard.REDUCERS,
    **recipes_runtime.REDUCERS,
}
_NOTED = {**recipes_standard.NOTED, **recipes_runtime.NOTED}
