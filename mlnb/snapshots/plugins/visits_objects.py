"""What a walk does at objects that are no built-ins: classes, instances, arrays, frames, and anything that can be pickled."""

from __future__ import annotations

import collections
import copyreg
import datetime
import decimal
import fractions
import pathlib
import re
import sys
import threading
import types
import uuid
from collections.abc import Callable
from typing import Any

import xxhash

from mlnb.snapshots.plugins import arrays, frames, functions, recipes, recipes_libraries, tensors
from mlnb.snapshots.plugins.visits import rank, visit_sequence, visit_unpicklable
from mlnb.snapshots.plugins.walk import Walk, type_name

_SKIPPED_IN_CLASS = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__slots__", "_abc_impl", "__firstlineno__"}
    | {"__static_attributes__", "__annotate_func__", "__annotations_cache__", "__slotnames__"}
)
_VOLATILE = {  # attributes that count nothing: a library's own counters and left-overs
    "matplotlib.cbook.CallbackRegistry": frozenset({"_cid_gen"}),
    "matplotlib.figure.Figure": frozenset({"_number", "_restore_to_pylab"}),
}
_VOLATILE_OF_MATPLOTLIB = frozenset({"_invalid", "_stale"})  # whether it has to be drawn or computed anew


def _volatile(kind: type) -> frozenset[str]:
    name = type_name(kind)
    of_library = _VOLATILE_OF_MATPLOTLIB if name.startswith("matplotlib.") else frozenset()
    return _VOLATILE.get(name, frozenset()) | of_library


_VALUES = (
    *(datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, decimal.Decimal, fractions.Fraction),
    *(uuid.UUID, pathlib.PurePath, re.Pattern, range, slice, complex),
)
"""Types whose values never change."""


def visit_other(walk: Walk, item: Any, kind: type) -> bool | None:  # noqa: ANN401
    """Anything that `visits.BY_TYPE` does not know; true for what an import brings back by its name."""
    if isinstance(item, type):
        return _visit_class(walk, item)
    if _is_of_kernel(item):
        walk.opaque(item)
        return None
    if recipes.visit_stream(walk, item) or tensors.visit(walk, item, kind):
        return None
    if arrays.is_array(item):
        _visit_array(walk, item, kind)
    elif arrays.is_scalar(item):
        _visit_scalar(walk, item, kind)
    elif arrays.is_dtype(item):
        walk.feed(b"t%s;" % repr(item).encode())
    elif frames.is_buffer(item):
        _visit_buffer(walk, item)
    elif (parts := frames.parts(item, walk.session.unshared)) is not None:
        if frames.is_small_index(item):
            walk.hold(item)
        else:
            walk.claim(item)
        walk.feed(b"f%s;" % type_name(kind).encode())
        walk.push(*parts)
    else:
        return _visit_made(walk, item, kind)
    return None


def _is_of_kernel(item: Any) -> bool:  # noqa: ANN401
    """Whether it is a thread or the shell, which no snapshot holds: from either of them the whole kernel can be reached."""
    shell = getattr(sys.modules.get("IPython.core.interactiveshell"), "InteractiveShell", threading.Thread)
    return isinstance(item, (threading.Thread, shell))


def _visit_made(walk: Walk, item: Any, kind: type) -> bool:  # noqa: ANN401
    """An instance of a class, of the notebook or of a library."""
    visit = recipes_libraries.visit_of(kind)
    if visit is not None:
        visit(walk, item)
    elif walk.is_by_value(kind):
        _visit_instance(walk, item, kind)
    else:
        return _visit_reduced(walk, item, kind)
    return False


def _visit_class(walk: Walk, item: type) -> bool:
    if not functions.is_by_value(item):
        walk.feed(b"G%s.%s;" % (str(item.__module__).encode(), item.__qualname__.encode()))
        return True
    walk.claim(item)
    walk.feed(b"K%s;" % item.__qualname__.encode())
    attributes = {
        name: value
        for name, value in vars(item).items()
        if name not in _SKIPPED_IN_CLASS
        and not isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType | functions.C_FIELD)
    }
    members = vars(item).get("_member_map_")
    if members is not None:  # an enum: Python makes the rest of its attributes from these
        walk.push(*[part for name, member in members.items() for part in (name, member.value)])
        walk.push(*[own for member in members.values() if (own := functions.own_of_member(member))])
        attributes = {name: value for name, value in attributes.items() if isinstance(value, types.FunctionType)}
        attributes = {name: value for name, value in attributes.items() if value.__module__ == item.__module__}
    walk.push(type(item), *item.__bases__, str(vars(item).get("__slots__", "")))
    for name in sorted(attributes, reverse=True):
        walk.push(name, attributes[name])
    return False


def _visit_scalar(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    walk.feed(b"s%s;%s;" % (str(item.dtype).encode(), item.tobytes()))
    if kind.__module__ != "numpy" and walk.is_by_value(kind):
        walk.push(kind, getattr(item, "__dict__", None))


def _visit_array(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    np = arrays.numpy()
    walk.feed(b"A%s;" % type_name(kind).encode())
    walk.feed(f"({arrays.text_of(item.dtype)}, {item.shape!r}, {bool(item.flags.writeable)})".encode())
    if id(item) not in walk.session.unshared:
        walk.claim(item)
        if item.size:
            _claim_memory(walk, item)
    if kind is not np.ndarray and walk.is_by_value(kind):
        walk.push(kind)
    if arrays.is_masked(item):
        walk.push(np.ma.getdata(item), np.ma.getmask(item), item.fill_value, item.hardmask)
        return
    plain = np.asarray(item) if kind is not np.ndarray else item
    if plain.dtype.hasobject or plain.dtype.kind not in arrays.PLAIN_KINDS:
        visit_sequence(walk, tuple(plain.reshape(-1).tolist()))
    else:
        walk.feed(_content(walk, plain, np))
        walk.found.size_bytes += plain.nbytes
    if recipes_libraries.is_memory_map(item):
        walk.push(str(item.filename), recipes_libraries.mode_again(item), item.offset)
    elif kind is not np.ndarray and getattr(item, "__dict__", None):
        walk.push(*[part for name in sorted(vars(item)) for part in (name, vars(item)[name])])


def _claim_memory(walk: Walk, array: Any) -> None:  # noqa: ANN401
    owner, place = arrays.owner_of(array), arrays.address(array)
    walk.session.kept.append(owner)
    beginning = arrays.address(owner) if owner is not array else place
    walk.session.owners.setdefault(beginning, owner)
    if not arrays.is_array(owner):
        walk.claim(owner)
    walk.claim_memory(array, beginning, place, array.strides)


def _content(walk: Walk, array: Any, np: Any) -> bytes:  # noqa: ANN401
    place = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str)
    known = walk.session.memories.get(place)
    if known is None:
        is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        straight = array.T if is_fortran else np.ascontiguousarray(array)
        data = straight.reshape(-1).view("u1") if array.size and array.dtype.itemsize else b""
        known = xxhash.xxh3_128_digest(data) + (b"F" if is_fortran else b"C")
        walk.session.memories[place] = known
        walk.session.kept.append(array)
    return known


def _visit_buffer(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.hold(item)
    walk.feed(b"U%d;" % item.size + xxhash.xxh3_128_digest(memoryview(item)))
    walk.found.size_bytes += item.size


def _visit_instance(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    """An instance of a class of the notebook: its attributes are its value, whatever its ``__getstate__`` says."""
    walk.claim(item)
    walk.feed(b"I;")
    if isinstance(getattr(kind, "_member_map_", None), dict):
        walk.push(kind, item._name_)
        return
    parts: list[object] = [kind]
    for base in kind.__mro__:
        if not walk.is_by_value(base) and _pickles_itself(base):
            continue  # a library's: `_content_of_base` tells, without what it only remembers
        slots = vars(base).get("__slots__", ())
        for slot in sorted([slots] if isinstance(slots, str) else slots):
            name = f"_{base.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
            if slot not in ("__dict__", "__weakref__") and hasattr(item, name):
                parts += [slot, getattr(item, name)]
    attributes = getattr(item, "__dict__", None)
    if attributes is item:
        walk.feed(b"=;")
    elif isinstance(attributes, dict):
        parts += [part for name in sorted(attributes, key=str) for part in (name, attributes[name])]
    walk.push(*parts, *_content_of_base(item, kind))


def _content_of_base(item: Any, kind: type) -> list[object]:  # noqa: ANN401
    """What a notebook's class has from a base that is not Python's `object`: a list's items, a frame's columns, ..."""
    for base, content in _CONTENTS:
        if isinstance(item, base):
            return content(item)
    foreign = next((base for base in kind.__mro__ if base is not object and not functions.is_by_value(base)), None)
    if foreign is None or not _pickles_itself(foreign):
        return []
    try:
        reduced = (*item.__reduce_ex__(4), None, None, None)
    except Exception:  # noqa: BLE001 - it cannot be pickled; its attributes are its value
        return []
    items, pairs = reduced[3:5]
    return [
        *(part for part in reduced[1:3] if isinstance(part, tuple | dict | list)),
        *(items if items is not None else ()),
        *(part for pair in pairs or () for part in pair),
    ]


def _pickles_itself(kind: type) -> bool:
    return any(
        getattr(kind, name) is not getattr(object, name) for name in ("__reduce__", "__reduce_ex__", "__getstate__")
    )


_CONTENTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], list[object]]], ...] = (
    (
        collections.defaultdict,
        lambda item: [item.default_factory, *(part for pair in dict.items(item) for part in pair)],
    ),
    (
        collections.OrderedDict,  # a dict's own order is not that of its items
        lambda item: [part for pair in collections.OrderedDict.items(item) for part in pair],
    ),
    (dict, lambda item: [part for pair in dict.items(item) for part in pair]),
    (property, lambda item: [item.fget, item.fset, item.fdel]),
    ((list, tuple), lambda item: list(item.__iter__())),
    ((set, frozenset), lambda item: sorted(item, key=rank)),
    (BaseException, lambda item: [item.args, item.__cause__]),
    ((int, float, complex, str, bytes), lambda item: [functions.plain_of(item)[1]]),
)


def _visit_reduced(walk: Walk, item: Any, kind: type) -> bool:  # noqa: ANN401
    """Anything else is what its own pickling support says it is."""
    reduce = copyreg.dispatch_table.get(kind)
    try:
        reduced: Any = reduce(item) if reduce is not None else item.__reduce_ex__(4)
    except Exception:  # noqa: BLE001 - it cannot be pickled
        visit_unpicklable(walk, item)
        return False
    walk.feed(b"X%s;" % type_name(kind).encode())
    if isinstance(reduced, str):  # found by its name, as a function is
        walk.feed(reduced.encode() + b";")
        return True
    if id(item) in walk.session.unshared or isinstance(item, _VALUES) or frames.is_value(item):
        walk.hold(item)
    else:
        walk.claim(item)
    func, arguments, state, items, pairs, setter = (*reduced, None, None, None, None)[:6]
    walk.session.kept.append(reduced)
    parts: list[object] = [func, *arguments]
    if type(state) is dict:
        volatile = _volatile(kind)
        state = {name: part for name, part in state.items() if name not in volatile}
        parts += [part for name in sorted(state, key=str) for part in (name, state[name])]
    elif state is not None:
        parts.append(state)
    parts += list(items) if items is not None else []
    parts += [part for pair in pairs for part in pair] if pairs is not None else []
    if isinstance(item, BaseException):
        parts.append(item.__cause__)
    walk.push(*parts, setter)
    return False
