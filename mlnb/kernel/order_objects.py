"""Fingerprints of classes, instances and library objects, without calling anything their classes define."""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]  # no stub; what ABC.register adds is kept nowhere else
import enum
import io
import os
import pathlib
import sys
import types
from collections import deque
from typing import Any, Final

import xxhash

from mlnb.kernel import order_callables, order_standard, order_values
from mlnb.kernel.order_values import HANDLERS, Walk

_SKIPPED: Final = frozenset({
    "__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__", "__annotations_cache__",
    "__slotnames__", "__annotate__", "__abstractmethods__", "__parameters__", "__orig_bases__",
})  # fmt: skip
_OBJECT_SIZE: Final = object.__basicsize__
_DATABASE_LIMIT_BYTES: Final = 1 << 20
_POINTER: Final = 8
_HEAP_TYPE: Final = 1 << 9
_FIXED_TYPE: Final = 1 << 8
_CONTENT: Final = (  # builtin kinds whose content is read through the builtin's own methods
    (dict, lambda walk, o: _items(walk, "dict", [part for pair in dict.items(o) for part in pair])),
    (list, lambda walk, o: _items(walk, "list", list(list.__iter__(o)))),
    (tuple, lambda walk, o: _items(walk, "tuple", list(tuple.__iter__(o)))),
    (deque, lambda walk, o: _items(walk, "deque", list(deque.__iter__(o)))),
    (set, lambda walk, o: order_values.HANDLERS[set](walk, walk.temporary(set(set.__iter__(o))))),
    (frozenset, lambda walk, o: order_values.HANDLERS[set](walk, walk.temporary(set(frozenset.__iter__(o))))),
    (str, lambda walk, o: walk.visit(str.__str__(o))),
    (int, lambda walk, o: walk.visit(int.__int__(o))),
    (float, lambda walk, o: walk.visit(float.__float__(o))),
    (bytes, lambda walk, o: walk.visit(bytes.__getitem__(o, slice(None)))),
)


def visit_object(walk: Walk, value: Any, kind: type) -> None:  # noqa: ANN401 - untyped by its library
    """Add a value whose exact type has no handler of its own."""
    if isinstance(value, type):
        _visit_class(walk, value)
        return
    package = (getattr(kind, "__module__", None) or "").split(".")[0]
    walk.packages.add(package)
    if _visit_array_kind(walk, value, kind):
        return
    if _visit_known_base(walk, value, kind):
        return
    content = next((add for base, add in _CONTENT if issubclass(kind, base)), None)
    if content is None and not is_transparent(kind):
        walk.cannot_see(value)
        return
    walk.changeable(value)
    if content is None and not _has_own_equality(kind):
        walk.personal.add(id(value))
    walk.tag("instance", kind.__module__, kind.__qualname__)
    if _is_users(walk, kind):
        walk.visit(kind)
    if content is not None:
        content(walk, value)
    _visit_attributes(walk, value, kind)


def _has_own_equality(kind: type) -> bool:
    return any("__eq__" in base.__dict__ for base in type.__dict__["__mro__"].__get__(kind) if base is not object)


def _items(walk: Walk, kind: str, items: list[Any]) -> None:
    walk.tag(kind, len(items))
    for item in items:
        walk.visit(item)


def _visit_attributes(walk: Walk, value: Any, kind: type) -> None:  # noqa: ANN401 - untyped by its library
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        attributes = None
    if type(attributes) is dict:
        for name, item in list(attributes.items()):
            walk.visit(name)
            walk.visit(item)
    for base in type.__dict__["__mro__"].__get__(kind):
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            mangled = (
                f"_{base.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
            )
            member = base.__dict__.get(mangled)
            if isinstance(member, types.MemberDescriptorType):
                try:
                    item = member.__get__(value, kind)
                except AttributeError:
                    continue
                walk.tag(name)
                walk.visit(item)


def is_transparent(kind: type) -> bool:
    """Whether all state of an instance lies in ``__dict__`` and slots: the class and its bases are written in Python."""
    slots = 0
    for base in type.__dict__["__mro__"].__get__(kind):
        if base is object:
            continue
        flags = type.__dict__["__flags__"].__get__(base)
        if not flags & _HEAP_TYPE or flags & _FIXED_TYPE:
            return False
        given = base.__dict__.get("__slots__", ())
        slots += 1 if isinstance(given, str) else len(tuple(given))
    size = type.__dict__["__basicsize__"].__get__(kind)
    return bool(size <= _OBJECT_SIZE + _POINTER * (slots + 2))


def _is_users(walk: Walk, kind: type) -> bool:
    """Whether the class was written in the notebook or in one of its own modules."""
    name = kind.__dict__.get("__module__", "")
    if name == "__main__":
        return True
    module = sys.modules.get(name) if isinstance(name, str) else None
    return isinstance(module, types.ModuleType) and walk.context.is_own(module)


def _visit_class(walk: Walk, value: type) -> None:
    name = type.__dict__["__qualname__"].__get__(value)
    walk.tag("class", value.__dict__.get("__module__", "builtins"), name)
    if not _is_users(walk, value):
        walk.packages.add(str(value.__dict__.get("__module__", "")).split(".")[0])
        return
    walk.definition(value)
    for base in type.__dict__["__bases__"].__get__(value):
        walk.visit(base)
    for key, item in sorted(value.__dict__.items()):
        if (
            key in _SKIPPED
            or key.startswith("_abc")
            or isinstance(item, (types.MemberDescriptorType, types.GetSetDescriptorType))
        ):
            continue
        walk.tag(key)
        walk.visit(item)
    if "_abc_impl" in value.__dict__:
        registered = [reference() for reference in _abc._get_dump(value)[0]]
        walk.tag(
            "registered", sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in registered if kind is not None)
        )


def _visit_known_base(walk: Walk, value: Any, kind: type) -> bool:  # noqa: ANN401 - untyped by its library
    """Add values of a few library kinds that come in many subclasses; False when `value` is none of them."""
    if isinstance(value, enum.Enum):
        walk.tag("member", kind.__qualname__, value._name_)
        walk.visit(kind)
    elif isinstance(value, BaseException):
        walk.changeable(value)
        walk.tag("exception", kind.__qualname__)
        walk.visit(BaseException.__getattribute__(value, "args"))
    elif isinstance(value, pathlib.PurePath):
        walk.tag("path", kind.__qualname__, os.fspath(value))
    elif isinstance(value, io.IOBase):
        _visit_file(walk, value)
    elif kind.__module__ == "sqlite3" and kind.__name__ == "Connection":
        _visit_sqlite(walk, value)
    else:
        return False
    return True


def _visit_file(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value)
    kind = type(value)
    walk.tag("file", kind.__qualname__, value.closed)
    if value.closed:
        return
    if kind in (io.StringIO, io.BytesIO):
        walk.visit(value.getvalue())
        walk.tag(value.tell())
    elif kind.__module__ == "_io" and value.seekable():
        walk.tag(str(getattr(value, "name", "")), value.tell() if kind is not io.TextIOWrapper else _text_place(value))
    else:
        walk.tag(str(getattr(value, "name", "")))


def _text_place(value: io.TextIOWrapper) -> int:
    try:
        return value.tell()
    except OSError:  # in the middle of a loop over its lines
        return -1


def _visit_sqlite(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    content = _sqlite_content(value)
    if content is not None:
        walk.changeable(value)
        walk.packages.add("sqlite3")
        walk.tag("sqlite", content, value.in_transaction, value.isolation_level)
        walk.visit(value.row_factory)
        walk.visit(value.text_factory)
        return
    # Its content is too much, but it counts its own changes: where it comes from plus the count is as good.
    cursor = value.cursor()
    cursor.row_factory = None  # no code of the user's
    versions = [cursor.execute(f"pragma {name}").fetchone() for name in ("schema_version", "data_version")]
    walk.cannot_see(value, repr((value.total_changes, value.in_transaction, versions)))


def _sqlite_content(value: Any) -> str | None:  # noqa: ANN401 - untyped by its library
    """The whole of a small database, as it is for this connection; None for a large one, or one with others attached."""
    cursor = value.cursor()
    cursor.row_factory = None  # no code of the user's
    pages, size = (cursor.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
    attached = len(cursor.execute("pragma database_list").fetchall())
    if attached > 1 or pages * size > _DATABASE_LIMIT_BYTES or not hasattr(value, "serialize"):
        return None
    data = bytearray(value.serialize() or b"")
    data[24:28] = data[92:100] = b""  # counts of changes: no content
    return xxhash.xxh3_128_hexdigest(bytes(data))


def add_handlers() -> None:
    """Put the handlers for all but arrays into the table of walks."""
    order_callables.add_handlers()
    order_standard.add_handlers()


def _visit_array_kind(walk: Walk, value: Any, kind: type) -> bool:  # noqa: ANN401 - any value
    """Add a value of numpy or pandas, or of a class built on theirs; False when it is none."""
    if "numpy" not in sys.modules:
        return False
    from mlnb.kernel import order_arrays  # noqa: PLC0415 - only for kernels that use arrays

    order_arrays.add_handlers()
    handler = HANDLERS.get(kind) or order_arrays.handler_by_base(value)
    if handler is None:
        return False
    handler(walk, value)
    if kind not in HANDLERS:
        _visit_attributes(walk, value, kind)
    return True
