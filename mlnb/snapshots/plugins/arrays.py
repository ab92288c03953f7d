"""How numpy arrays are taken apart, so that views of one memory are views of one memory again.

numpy is met when the notebook has imported it; it is never imported from here.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Collection
from typing import Any

from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import rebuild, rebuild_standard, recipes_libraries

PLAIN_KINDS = frozenset("biufcmMSUV?")
"""Kinds of dtype whose content is the bytes of the array's memory."""
_MOST_TEXTS = 1000
_texts: dict[Any, str] = {}
Reduced = Any  # what pickle's reducer_override returns: a tuple, a string or NotImplemented


def numpy() -> Any:  # noqa: ANN401 - numpy is untyped here: it may be any version, or absent
    """numpy, when the notebook has imported it, else None."""
    return sys.modules.get("numpy")


def is_array(value: object) -> bool:
    """Whether `value` is an array (or of a subclass)."""
    np = numpy()
    return np is not None and hasattr(np, "ndarray") and isinstance(value, np.ndarray)


def is_masked(value: object) -> bool:
    """Whether `value` is a masked array. numpy imports these on first use only, which a look at any other array must not be."""
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    return masked is not None and isinstance(value, masked)


def is_scalar(value: object) -> bool:
    """Whether `value` is a numpy scalar of plain bytes."""
    np = numpy()
    return np is not None and hasattr(np, "generic") and isinstance(value, np.generic) and not value.dtype.hasobject


def is_dtype(value: object) -> bool:
    """Whether `value` is a dtype."""
    np = numpy()
    return np is not None and hasattr(np, "dtype") and isinstance(value, np.dtype)


def text_of(dtype: Any) -> str:  # noqa: ANN401
    """``repr`` of a dtype, which numpy puts together anew each time it is asked, in Python."""
    parts = [dtype, *(one[0] for one in (dtype.fields or {}).values())]
    if dtype.subdtype or any(one.metadata or (one.fields and one is not dtype) for one in parts):
        return repr(dtype)  # equality does not tell all of it
    key = (dtype.char, dtype, dtype.isalignedstruct)
    found = _texts.get(key)
    if found is None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        found = _texts[key] = repr(dtype)
    return found


def owner_of(array: Any) -> Any:  # noqa: ANN401
    """What owns the memory that `array` looks at: an array (itself, when it is no view), or a bytearray below it."""
    np = numpy()
    owner = array
    while True:
        base = owner.base
        if type(base).__name__ == "DummyArray":  # numpy's as_strided puts one in between
            base = base.base
        if not isinstance(base, np.ndarray):
            break
        owner = base
    if isinstance(base, memoryview):
        base = base.obj
    return base if type(base) is bytearray else owner


def address(owner: Any) -> int:  # noqa: ANN401
    """Where the memory of `owner` begins (an array that does not run backwards, or a bytearray)."""
    if not is_array(owner):
        np = numpy()
        owner = np.frombuffer(owner, "u1") if len(owner) else np.empty(0, "u1")
    return int(owner.__array_interface__["data"][0])


def reduce_array(array: Any, unshared: Collection[int], note: Callable[[type, str], None]) -> Reduced:  # noqa: ANN401
    """How `array` is saved: its own memory, or a view of the owner's memory.

    Args:
        array: an array, possibly of a subclass.
        unshared: identities of arrays that only look shared: pandas copies before it writes to them.
        note: told the type and why what holds it is recomputed.

    Raises:
        CannotSave: it is a window on a file that cannot be told.
    """
    np = numpy()
    if recipes_libraries.is_memory_map(array):
        return _reduce_memory_map(array, note)
    if array.size == 0:
        return NotImplemented
    if id(array) in unshared:
        is_plain = type(array) is np.ndarray and array.dtype.kind in PLAIN_KINDS and not array.dtype.hasobject
        return _reduce_owner(array) if is_plain and array.dtype.itemsize else NotImplemented
    if type(array) is not np.ndarray:
        return _reduce_subclass(array)
    owner = owner_of(array)
    if array.dtype.hasobject or array.dtype.kind not in PLAIN_KINDS or array.dtype.itemsize == 0:
        return _reduce_object_view(array, owner)
    if owner is array:
        return _reduce_owner(array)
    if not is_base(owner):
        return NotImplemented
    offset = address(array) - address(owner)
    shape = (rebuild.view, (owner, offset, array.dtype, array.shape, array.strides, bool(array.flags.writeable)))
    return shape if offset >= 0 else NotImplemented


def _reduce_memory_map(array: Any, note: Callable[[type, str], None]) -> Reduced:  # noqa: ANN401
    owner = owner_of(array)
    if owner is array and array.size and array._mmap is not None:
        return recipes_libraries.reduce_memory_map(array, note)
    if not recipes_libraries.is_memory_map(owner) or array._mmap is None:
        raise CannotSave(f"it is a part of a memory map of the file {array.filename}, which cannot be told")
    offset = address(array) - address(owner)
    return rebuild_standard.memory_map_view, (
        owner,
        offset,
        array.dtype,
        array.shape,
        array.strides,
        bool(array.flags.writeable),
    )


def is_base(owner: Any) -> bool:  # noqa: ANN401
    """Whether views can be laid on `owner` again after it was saved: it then lies in memory as it does now."""
    np = numpy()
    if type(owner) is bytearray:
        return True
    if type(owner) is np.ndarray:
        return owner.dtype.kind in PLAIN_KINDS and not owner.dtype.hasobject and _is_dense(owner)
    return bool(owner.flags.c_contiguous) and not owner.dtype.hasobject


def _is_dense(array: Any) -> bool:  # noqa: ANN401
    if any(stride < 0 for stride in array.strides):
        return False
    try:
        rebuild.flat_bytes(array)
    except ValueError:
        return False
    return True


def _reduce_owner(array: Any) -> Reduced:  # noqa: ANN401
    if not _is_dense(array):
        return NotImplemented
    flat = rebuild.flat_bytes(array)
    has_rows = array.ndim == 2 and array.flags.c_contiguous and array.strides[0] > 0
    memory = pickle.PickleBuffer(flat.reshape(array.shape[0], -1) if has_rows else flat)
    return rebuild.array, (memory, array.dtype, array.shape, array.strides, bool(array.flags.writeable))


def _reduce_object_view(array: Any, owner: Any) -> Reduced:  # noqa: ANN401
    np = numpy()
    if owner is array or type(owner) is not np.ndarray or owner.dtype != array.dtype:
        return NotImplemented
    offset = address(array) - address(owner)
    is_dense = owner.flags.c_contiguous or owner.flags.f_contiguous
    if not is_dense or not array.dtype.hasobject or array.dtype.kind != "O" or offset < 0 or offset % array.itemsize:
        return NotImplemented
    writeable = bool(array.flags.writeable)
    return rebuild.object_view, (owner, offset // array.itemsize, array.shape, array.strides, writeable)


def _reduce_subclass(array: Any) -> Reduced:  # noqa: ANN401
    np = numpy()
    kind = type(array)
    if kind in (np.matrix, np.recarray) and owner_of(array) is not array and not array.dtype.hasobject:
        return rebuild.subclass_view, (array.view(array.dtype, np.ndarray), kind)
    if is_masked(array) and kind is np.ma.MaskedArray and type(np.ma.getdata(array)) is np.ndarray:
        state = {"_fill_value": array._fill_value, "_hardmask": array._hardmask, "_optinfo": dict(array._optinfo)}
        if np.ma.getmask(array) is not np.ma.nomask:
            state["_mask"] = np.ma.getmask(array)
        return rebuild_standard.masked_array, (np.ma.getdata(array), state)
    if kind.__reduce__ is np.ndarray.__reduce__ and kind.__reduce_ex__ is np.ndarray.__reduce_ex__ and vars(array):
        state = dict(vars(array))  # numpy forgets what its own class does not know
        plain = array.view(array.dtype, np.ndarray)
        return rebuild.subclass_view, (plain, kind), state, None, None, rebuild_standard.fill_attributes
    return NotImplemented
