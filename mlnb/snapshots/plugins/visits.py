"""What a walk does at each built-in type."""

from __future__ import annotations

import gc
import marshal
import sqlite3
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlnb.snapshots.plugins import recipes, recipes_runtime, recipes_standard
from mlnb.snapshots.plugins.functions import is_by_value, is_empty, is_importable
from mlnb.snapshots.plugins.trees import LEAST, visit_tree
from mlnb.snapshots.plugins.walk import ATOMS, MARSHAL, Walk, type_name

_DICT_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}


def visit_sequence(walk: Walk, item: Any) -> None:  # noqa: ANN401
    """A list or a tuple."""
    walk.feed(b"%c%d;" % (b"L" if type(item) is list else b"T", len(item)))
    if type(item) is list:
        walk.claim(item)
    if len(item) >= LEAST and visit_tree(walk, item):
        return
    if ATOMS.issuperset(map(type, item)):
        walk.feed(marshal.dumps(list(item), MARSHAL))
    else:
        walk.stack.extend(reversed(item))


def _visit_dict(walk: Walk, item: dict[Any, Any]) -> None:
    walk.claim(item)
    if item is walk.session.namespace:
        walk.feed(b"N;")
        return
    walk.feed(b"D%d;" % len(item))
    if len(item) < LEAST or not visit_tree(walk, item):
        walk.mapping(item)


def _visit_set(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"%c%d;" % (b"S" if type(item) is set else b"F", len(item)))
    if type(item) is set:
        walk.claim(item)
    if ATOMS.issuperset(map(type, item)):
        walk.feed(b"".join(sorted(marshal.dumps(part, MARSHAL) for part in item)))
    else:
        walk.push(*sorted(item, key=rank))


def rank(item: Any) -> bytes:  # noqa: ANN401
    """An order of set elements that does not depend on where they lie in memory, as far as a short look can tell."""
    if type(item) in ATOMS:
        return b"a" + marshal.dumps(item, MARSHAL)
    if type(item) in (tuple, frozenset):
        parts = [rank(part) for part in item]
        return b"t" + b"".join(parts if type(item) is tuple else sorted(parts))
    attributes = [
        name.encode() + marshal.dumps(value, MARSHAL)
        for name, value in getattr(item, "__dict__", {}).items()
        if type(value) in ATOMS and isinstance(name, str)
    ]
    has_text = not attributes and getattr(type(item), "__repr__", None) is not getattr(object, "__repr__", None)
    text = repr(item).encode(errors="replace") if has_text else b""
    return b"o" + type_name(type(item)).encode() + b"".join(sorted(attributes)) + text


def _visit_bytearray(walk: Walk, item: bytearray) -> None:
    walk.claim(item)
    walk.feed(b"B%d;" % len(item))
    walk.feed(bytes(item))


def _visit_memoryview(walk: Walk, item: memoryview) -> None:
    walk.feed(b"V%s%r;" % (item.format.encode(), item.shape))
    walk.feed(item.tobytes())
    walk.claim(item.obj)
    with memoryview(item.obj) as whole:
        is_part = item.nbytes != whole.nbytes
    if is_part:
        walk.feed(repr(recipes_runtime.reduce_part_of_memory(item)[1][1:]).encode())
        walk.push(item.obj)


def _visit_module(walk: Walk, item: types.ModuleType) -> bool:
    walk.feed(b"M%s;" % item.__name__.encode())
    return is_importable(item)


def _visit_function(walk: Walk, item: types.FunctionType) -> bool:
    if not is_by_value(item):
        walk.feed(b"G%s.%s;" % (str(item.__module__).encode(), item.__qualname__.encode()))
        return True
    walk.claim(item)
    walk.feed(b"P%s;" % item.__qualname__.encode(errors="surrogatepass"))
    walk.push(
        item.__code__, item.__defaults__, item.__kwdefaults__, item.__closure__, item.__annotations__, item.__doc__
    )
    if item.__dict__:
        walk.push(item.__dict__)
    return False


def _visit_code(walk: Walk, item: types.CodeType) -> None:
    walk.feed(_constant(item))


def _constant(value: Any) -> bytes:  # noqa: ANN401
    """A constant of compiled code. Python shares equal ones as it likes, so it is not told which are one object."""
    if type(value) in ATOMS:
        return marshal.dumps(value, MARSHAL)
    if isinstance(value, types.CodeType):
        counts = (value.co_argcount, value.co_kwonlyargcount, value.co_posonlyargcount, value.co_flags)
        names = (value.co_name, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        body = marshal.dumps((counts, names, value.co_code, getattr(value, "co_exceptiontable", b"")), MARSHAL)
        return b"C" + body + _constant(value.co_consts)
    if isinstance(value, tuple):
        return b"T%d;" % len(value) + b"".join(map(_constant, value))
    if isinstance(value, frozenset):
        return b"F%d;" % len(value) + b"".join(sorted(map(_constant, value)))
    return repr(value).encode()


def _visit_cell(walk: Walk, item: types.CellType) -> None:
    walk.claim(item)
    if is_empty(item):
        walk.feed(b"c0;")
    else:
        walk.feed(b"c1;")
        walk.push(item.cell_contents)


def _visit_builtin(walk: Walk, item: Any) -> bool:  # noqa: ANN401
    owner = item.__self__
    walk.feed(b"b%s;" % item.__qualname__.encode())
    if owner is None or isinstance(owner, types.ModuleType):
        return True
    walk.push(owner)
    return False


def _visit_method(walk: Walk, item: types.MethodType) -> None:
    walk.feed(b"m;")
    walk.push(item.__func__, item.__self__)


def _visit_property(walk: Walk, item: property) -> None:
    walk.feed(b"p;")
    walk.push(item.fget, item.fset, item.fdel)


def _visit_wrapped(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"w%s;" % type(item).__name__.encode())
    walk.push(item.__func__)


def _visit_proxy(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"x;")
    walk.push(next(iter(gc.get_referents(item)), None))


def _visit_dict_view(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"d%s;" % _DICT_VIEWS[type(item)].encode())
    walk.push(next(part for part in gc.get_referents(item) if isinstance(part, dict)))


def _visit_weakref(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"k;")
    walk.push(item())


def _visit_generator(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.opaque(item)
    frame = getattr(item, "gi_frame", None)
    walk.feed(b"%d;" % (frame.f_lasti if frame else -1))


def _visit_sqlite(walk: Walk, item: sqlite3.Connection) -> None:
    if item.in_transaction or any(Path(row[2]).is_absolute() for row in item.execute("pragma database_list")):
        visit_unpicklable(walk, item)
    else:
        walk.claim(item)
        walk.feed(b"q%r;" % item.isolation_level)
        walk.feed(recipes_standard.content_of(item))
        walk.push(item.row_factory, item.text_factory)


BY_TYPE: dict[type, Callable[[Walk, Any], bool | None]] = {
    list: visit_sequence,
    tuple: visit_sequence,
    dict: _visit_dict,
    set: _visit_set,
    frozenset: _visit_set,
    bytearray: _visit_bytearray,
    memoryview: _visit_memoryview,
    types.ModuleType: _visit_module,
    types.FunctionType: _visit_function,
    types.CodeType: _visit_code,
    types.CellType: _visit_cell,
    types.BuiltinFunctionType: _visit_builtin,
    types.MethodType: _visit_method,
    property: _visit_property,
    staticmethod: _visit_wrapped,
    classmethod: _visit_wrapped,
    types.MappingProxyType: _visit_proxy,
    weakref.ref: _visit_weakref,
    types.GeneratorType: _visit_generator,
    sqlite3.Connection: _visit_sqlite,
    **recipes.VISITS,
    **recipes_standard.VISITS,
    **recipes_runtime.VISITS,
    **dict.fromkeys(_DICT_VIEWS, _visit_dict_view),
}


def visit_unpicklable(walk: Walk, item: Any) -> None:  # noqa: ANN401
    """Something that counts by identity; its attributes are looked at, so that a change in them is seen."""
    walk.opaque(item)
    changes = getattr(item, "total_changes", None)  # sqlite3: moves with every write
    if isinstance(changes, int):
        walk.feed(b"%d;" % changes)
    attributes = getattr(item, "__dict__", None)
    if isinstance(attributes, dict):
        walk.push(*[part for name in sorted(attributes, key=str) for part in (name, attributes[name])])
