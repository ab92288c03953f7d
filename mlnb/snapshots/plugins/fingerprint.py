"""What a value is, as a digest: equal while the value is unchanged, different when anything in it changed.

A value is walked once, depth first, without recursion and without pickling. Every mutable object gets a number when it is first met;
meeting it again writes the number, so that the digest tells ``[a, a]`` from ``[a, copy(a)]``. On the way the walk collects what
the object shares with others (`Print.claims`), which decides what is saved together.
"""

from __future__ import annotations

import contextlib
import copyreg
import gc
import io
import marshal
import os
import sqlite3
import types
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import xxhash

from mlnb.snapshots.plugins import arrays, frames, functions

ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None)})
_FLUSH_BYTES = 1 << 16
_MARSHAL = 2  # the last version that writes no references: equal values, equal bytes
_SKIPPED_IN_CLASS = frozenset(
    "__dict__ __weakref__ __doc__ _abc_impl __module__ __firstlineno__ __static_attributes__ __annotate_func__ __slots__ __slotnames__ __annotations_cache__".split()
)
_VOLATILE = {  # attributes that count nothing: a library's own counters and left-overs
    "matplotlib.cbook.CallbackRegistry": frozenset({"_cid_gen"}),
    "matplotlib.figure.Figure": frozenset({"_number", "_restore_to_pylab"}),
    "sklearn.utils._bunch.Bunch": frozenset({"_deprecated_key_to_warnings"}),
}
_DICT_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}


class Token(bytes):
    """Bytes to put into the digest as they are."""


@dataclass
class Print:
    """What a walk found.

    Attributes:
        digest: 32 hex characters.
        claims: identity of each mutable object and memory reached -> the number it got.
        layout: how arrays lie on memory that they share: (number, number of the first one on it, distance in bytes, strides).
        types: the types met.
        opaque: types met whose inside cannot be looked into; they count by identity.
        size_bytes: about how large the value is.
    """

    digest: str = ""
    claims: dict[int, int] = field(default_factory=dict)
    layout: list[tuple[int, int, int, tuple[int, ...]]] = field(default_factory=list)
    types: set[type] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    size_bytes: int = 0


@dataclass
class Session:
    """What the walks of one snapshot share.

    Attributes:
        namespace: the notebook's namespace.
        memories: digest of an array's content by where it lies, so that it is read once.
        kept: every object met, so that no identity is used twice while the walks last.
        unshared: identities of arrays that only look shared (pandas copies before it writes to them).
        by_value: for each class met, whether it was made in the notebook.
    """

    namespace: dict[str, Any]
    memories: dict[tuple[Any, ...], bytes] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)
    unshared: set[int] = field(default_factory=set)
    by_value: dict[type, bool] = field(default_factory=dict)


def fingerprint(value: object, session: Session) -> Print:
    """The digest of `value` and what it shares. Never raises for anything that `value` is."""
    return Walk(session).run(value)


class Walk:
    """One walk over one value."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.found = Print()
        self.stack: list[object] = []
        self.memories: dict[int, tuple[int, int]] = {}  # memory -> number and address of the first array on it
        self._seen: dict[int, int] = {}
        self._buffer = bytearray()
        self._hasher = xxhash.xxh3_128()

    def run(self, value: object) -> Print:
        """Walk `value`."""
        self.stack.append(value)
        stack, seen, kept = self.stack, self._seen, self.session.kept
        while stack:
            item = stack.pop()
            kind = type(item)
            if kind in ATOMS:
                self.feed(marshal.dumps(item, _MARSHAL))
                continue
            if kind is Token:
                self.feed(item)  # type: ignore[arg-type]
                continue
            number = seen.get(id(item))
            if number is not None:
                self.feed(b"R%d;" % number)
                continue
            seen[id(item)] = len(seen)
            kept.append(item)
            self._visit(item, kind)
        self.found.size_bytes += len(self._buffer)
        self._hasher.update(self._buffer)
        self.found.digest = self._hasher.hexdigest()
        return self.found

    def feed(self, data: bytes) -> None:
        """Put `data` into the digest."""
        self._buffer += data
        if len(self._buffer) > _FLUSH_BYTES:
            self.found.size_bytes += len(self._buffer)
            self._hasher.update(self._buffer)
            self._buffer = bytearray()

    def push(self, *items: object) -> None:
        """Walk `items` next, in this order."""
        self.stack.extend(reversed(items))

    def claim(self, item: object) -> None:
        """`item` can be changed: whoever else reaches it shares it."""
        self.found.claims.setdefault(id(item), self._seen.setdefault(id(item), len(self._seen)))
        self.session.kept.append(item)

    def _visit(self, item: object, kind: type) -> None:
        self.found.types.add(kind)
        visit = _BY_TYPE.get(kind)
        mark = len(self.stack)
        try:
            if visit is not None:
                visit(self, item)
            else:
                _visit_other(self, item, kind)
        except Exception:  # noqa: BLE001 - whatever a strange object does when it is looked at, it counts by identity then
            del self.stack[mark:]
            self.opaque(item)

    def is_by_value(self, kind: type) -> bool:
        """Whether `kind` was made in the notebook."""
        answer = self.session.by_value.get(kind)
        if answer is None:
            answer = self.session.by_value[kind] = functions.is_by_value(kind)
        return answer

    def opaque(self, item: object) -> None:
        """`item` cannot be looked into: it counts by identity."""
        self.found.opaque.add(type_name(type(item)))
        self.feed(b"O%x:%s;" % (id(item), type_name(type(item)).encode()))
        self.claim(item)

    def mapping(self, values: Mapping[Any, Any], *, is_ordered: bool = True) -> None:
        """Keys and values of a mapping; the order counts unless it is an object's attributes."""
        keys: Iterable[Any] = list(values)
        if not is_ordered:
            with contextlib.suppress(TypeError):
                keys = sorted(keys)
            self.push(*[part for key in keys for part in (key, values[key])])
            return
        if ATOMS.issuperset(map(type, values)):
            self.feed(marshal.dumps(keys, _MARSHAL))
            content = list(values.values())
            if ATOMS.issuperset(map(type, content)):
                self.feed(marshal.dumps(content, _MARSHAL))
            else:
                self.push(*content)
        else:
            self.push(*[part for pair in values.items() for part in pair])


def type_name(kind: type) -> str:
    """``module.Name``, or ``Name`` for a built-in."""
    module = getattr(kind, "__module__", "")
    name = getattr(kind, "__qualname__", str(kind))
    return name if module in ("builtins", "__main__") else f"{module}.{name}"


def _visit_sequence(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"%c%d;" % (b"L" if type(item) is list else b"T", len(item)))
    if type(item) is list:
        walk.claim(item)
    if ATOMS.issuperset(map(type, item)):
        walk.feed(marshal.dumps(list(item), _MARSHAL))
    else:
        walk.stack.extend(reversed(item))


def _visit_dict(walk: Walk, item: dict[Any, Any]) -> None:
    walk.claim(item)
    if item is walk.session.namespace:
        walk.feed(b"N;")
        return
    walk.feed(b"D%d;" % len(item))
    walk.mapping(item)


def _visit_set(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.feed(b"%c%d;" % (b"S" if type(item) is set else b"F", len(item)))
    if type(item) is set:
        walk.claim(item)
    if ATOMS.issuperset(map(type, item)):
        walk.feed(b"".join(sorted(marshal.dumps(part, _MARSHAL) for part in item)))
    else:
        walk.push(*sorted(item, key=_rank))


def _rank(item: Any) -> bytes:  # noqa: ANN401
    """An order of set elements that does not depend on where they lie in memory, as far as a short look can tell."""
    if type(item) in ATOMS:
        return b"a" + marshal.dumps(item, _MARSHAL)
    if type(item) in (tuple, frozenset):
        parts = [_rank(part) for part in item]
        return b"t" + b"".join(parts if type(item) is tuple else sorted(parts))
    attributes = [
        name.encode() + marshal.dumps(value, _MARSHAL)
        for name, value in getattr(item, "__dict__", {}).items()
        if type(value) in ATOMS and isinstance(name, str)
    ]
    text = b"" if attributes or type(item).__repr__ is object.__repr__ else repr(item).encode(errors="replace")
    return b"o" + type_name(type(item)).encode() + b"".join(sorted(attributes)) + text


def _visit_bytearray(walk: Walk, item: bytearray) -> None:
    walk.claim(item)
    walk.feed(b"B%d;" % len(item))
    walk.feed(bytes(item))


def _visit_memoryview(walk: Walk, item: memoryview) -> None:
    walk.feed(b"V%s%r;" % (item.format.encode(), item.shape))  # type: ignore[str-bytes-safe]
    walk.feed(item.tobytes())
    walk.claim(item.obj)


def _visit_module(walk: Walk, item: types.ModuleType) -> None:
    walk.feed(b"M%s;" % item.__name__.encode())


def _visit_function(walk: Walk, item: types.FunctionType) -> None:
    if not functions.is_by_value(item):
        walk.feed(b"G%s.%s;" % (str(item.__module__).encode(), item.__qualname__.encode()))
        return
    walk.claim(item)
    walk.feed(b"P%s;" % item.__qualname__.encode(errors="surrogatepass"))
    walk.push(
        item.__code__, item.__defaults__, item.__kwdefaults__, item.__closure__, item.__annotations__, item.__doc__
    )
    if item.__dict__:
        walk.push(item.__dict__)


def _visit_code(walk: Walk, item: types.CodeType) -> None:
    walk.feed(_constant(item))


def _constant(value: Any) -> bytes:  # noqa: ANN401
    """A constant of compiled code. Python shares equal ones as it likes, so it is not told which are one object."""
    if type(value) in ATOMS:
        return marshal.dumps(value, _MARSHAL)
    if isinstance(value, types.CodeType):
        counts = (value.co_argcount, value.co_kwonlyargcount, value.co_posonlyargcount, value.co_flags)
        names = (value.co_name, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        body = marshal.dumps((counts, names, value.co_code, getattr(value, "co_exceptiontable", b"")), _MARSHAL)
        return b"C" + body + _constant(value.co_consts)
    if isinstance(value, tuple):
        return b"T%d;" % len(value) + b"".join(map(_constant, value))
    if isinstance(value, frozenset):
        return b"F%d;" % len(value) + b"".join(sorted(map(_constant, value)))
    return repr(value).encode()


def _visit_cell(walk: Walk, item: types.CellType) -> None:
    walk.claim(item)
    if functions.is_empty(item):
        walk.feed(b"c0;")
    else:
        walk.feed(b"c1;")
        walk.push(item.cell_contents)


def _visit_builtin(walk: Walk, item: Any) -> None:  # noqa: ANN401
    owner = item.__self__
    walk.feed(b"b%s;" % item.__qualname__.encode())
    if owner is not None and not isinstance(owner, types.ModuleType):
        walk.push(owner)


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


def _visit_file(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.opaque(item)
    walk.feed(b"%d;" % (-1 if item.closed else item.tell()))


def _visit_generator(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.opaque(item)
    frame = getattr(item, "gi_frame", None)
    walk.feed(b"%d;" % (frame.f_lasti if frame else -1))


def _visit_sqlite(walk: Walk, item: sqlite3.Connection) -> None:
    if item.in_transaction or any(os.path.isabs(row[2]) for row in item.execute("pragma database_list")):
        _visit_unpicklable(walk, item)
    else:
        walk.claim(item)
        walk.feed(b"q%r;" % item.isolation_level)
        walk.feed(item.serialize())


_BY_TYPE: dict[type, Callable[[Walk, Any], None]] = {
    list: _visit_sequence,
    tuple: _visit_sequence,
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
    io.TextIOWrapper: _visit_file,
    io.BufferedReader: _visit_file,
    io.BufferedWriter: _visit_file,
    io.BufferedRandom: _visit_file,
    **dict.fromkeys(_DICT_VIEWS, _visit_dict_view),
}


def _visit_other(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    if isinstance(item, type):
        _visit_class(walk, item)
    elif arrays.is_array(item):
        _visit_array(walk, item, kind)
    elif arrays.is_scalar(item):
        walk.feed(b"s%s;%s;" % (str(item.dtype).encode(), item.tobytes()))
    elif arrays.is_dtype(item):
        walk.feed(b"t%s;" % repr(item).encode())
    elif (parts := frames.parts(item, walk.session.unshared)) is not None:
        walk.claim(item)
        walk.feed(b"f%s;" % type_name(kind).encode())
        walk.push(*parts)
    elif walk.is_by_value(kind):
        _visit_instance(walk, item, kind)
    else:
        _visit_reduced(walk, item, kind)


def _visit_class(walk: Walk, item: type) -> None:
    if not functions.is_by_value(item):
        walk.feed(b"G%s.%s;" % (str(item.__module__).encode(), item.__qualname__.encode()))
        return
    walk.claim(item)
    walk.feed(b"K%s;" % item.__qualname__.encode())
    attributes = {
        name: value
        for name, value in vars(item).items()
        if name not in _SKIPPED_IN_CLASS and not isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType)
    }
    members = vars(item).get("_member_map_")
    if members is not None:  # an enum: Python makes the rest of its attributes from these
        walk.push(*[part for name, member in members.items() for part in (name, member.value)])
        attributes = {name: value for name, value in attributes.items() if isinstance(value, types.FunctionType)}
        attributes = {name: value for name, value in attributes.items() if value.__module__ == item.__module__}
    walk.push(type(item), *item.__bases__, str(vars(item).get("__slots__", "")))
    for name in sorted(attributes, reverse=True):
        walk.push(name, attributes[name])


def _visit_array(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    np = arrays.numpy()
    walk.feed(b"A%s;" % type_name(kind).encode())
    walk.feed(repr((item.dtype, item.shape, bool(item.flags.writeable))).encode())
    if id(item) not in walk.session.unshared:
        walk.claim(item)
        if item.size:
            _claim_memory(walk, item)
    if isinstance(item, np.ma.MaskedArray):
        walk.push(np.ma.getdata(item), np.ma.getmask(item), item.fill_value, item.hardmask)
        return
    plain = np.asarray(item) if kind is not np.ndarray else item
    if plain.dtype.hasobject or plain.dtype.kind not in arrays.PLAIN_KINDS:
        _visit_sequence(walk, tuple(plain.reshape(-1).tolist()))
    else:
        walk.feed(_content(walk, plain, np))
        walk.found.size_bytes += plain.nbytes
    if kind is not np.ndarray and getattr(item, "__dict__", None):
        walk.push(*[part for name in sorted(vars(item)) for part in (name, vars(item)[name])])


def _claim_memory(walk: Walk, array: Any) -> None:  # noqa: ANN401
    owner, number, place = arrays.owner_of(array), walk.found.claims[id(array)], arrays.address(array)
    first, start = walk.memories.setdefault(id(owner), (number, place))
    walk.session.kept.append(owner)
    walk.found.claims.setdefault(id(owner), number)
    walk.found.layout.append((number, first, place - start, array.strides))
    if first != number:
        walk.feed(b"@%d,%d;" % (first, place - start))


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


def _visit_instance(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    """An instance of a class of the notebook: its attributes are its value, whatever its ``__getstate__`` says."""
    walk.claim(item)
    walk.feed(b"I;")
    if isinstance(getattr(kind, "_member_map_", None), dict):
        walk.push(kind, item._name_)
        return
    parts: list[object] = [kind]
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in sorted([slots] if isinstance(slots, str) else slots):
            name = f"_{base.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
            if slot not in ("__dict__", "__weakref__") and hasattr(item, name):
                parts += [slot, getattr(item, name)]
    attributes = getattr(item, "__dict__", None)
    if isinstance(attributes, dict):
        parts += [part for name in sorted(attributes, key=str) for part in (name, attributes[name])]
    walk.push(*parts, *_content_of_base(item, kind))


def _content_of_base(item: Any, kind: type) -> list[object]:  # noqa: ANN401
    """What a notebook's class has from a base that is not Python's `object`: a list's items, a frame's columns, ..."""
    for base, content in _CONTENTS:
        if isinstance(item, base):
            return content(item)
    foreign = next((base for base in kind.__mro__ if base is not object and not functions.is_by_value(base)), None)
    if foreign is None or foreign.__reduce_ex__ is object.__reduce_ex__ and foreign.__reduce__ is object.__reduce__:
        return []
    reduced = item.__reduce_ex__(4)
    return [part for part in reduced[1:3] if isinstance(part, tuple | dict | list)]


_CONTENTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], list[object]]], ...] = (
    (dict, lambda item: [part for pair in dict.items(item) for part in pair]),
    ((list, tuple), lambda item: list(item.__iter__())),
    ((set, frozenset), lambda item: sorted(item, key=_rank)),
    (BaseException, lambda item: [item.args, item.__cause__]),
    ((int, float, complex, str, bytes), lambda item: [_atom_of(item)]),
)


def _atom_of(item: Any) -> object:  # noqa: ANN401
    base = next(base for base in (int, float, complex, str, bytes) if isinstance(item, base))
    return base.__new__(base, item)


def _visit_reduced(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    """Anything else is what its own pickling support says it is."""
    walk.claim(item)
    reduce = copyreg.dispatch_table.get(kind)
    try:
        reduced: Any = reduce(item) if reduce is not None else item.__reduce_ex__(4)
    except Exception:  # noqa: BLE001 - it cannot be pickled
        _visit_unpicklable(walk, item)
        return
    walk.feed(b"X%s;" % type_name(kind).encode())
    if isinstance(reduced, str):
        walk.feed(reduced.encode() + b";")
        return
    func, arguments, state, items, pairs, setter = (*reduced, None, None, None, None)[:6]
    walk.session.kept.append(reduced)
    parts: list[object] = [func, *arguments]
    if type(state) is dict:
        state = {name: part for name, part in state.items() if name not in _VOLATILE.get(type_name(kind), ())}
        parts += [part for name in sorted(state, key=str) for part in (name, state[name])]
    elif state is not None:
        parts.append(state)
    parts += list(items) if items is not None else []
    parts += [part for pair in pairs for part in pair] if pairs is not None else []
    if isinstance(item, BaseException):
        parts.append(item.__cause__)
    walk.push(*parts, setter)


def _visit_unpicklable(walk: Walk, item: Any) -> None:  # noqa: ANN401
    walk.opaque(item)
    changes = getattr(item, "total_changes", None)  # sqlite3: moves with every write
    if isinstance(changes, int):
        walk.feed(b"%d;" % changes)
    attributes = getattr(item, "__dict__", None)
    if isinstance(attributes, dict):
        walk.push(*[part for name in sorted(attributes, key=str) for part in (name, attributes[name])])
