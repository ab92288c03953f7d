"""Fingerprints of values: equal for equal content, taken without running any code of the value's own classes.

A fingerprint is comparable within one kernel only. Beside it a walk notes which changeable objects the value reaches (so that two
names that share one are known to), which global names the functions in it use, and which objects it cannot look into.
"""

from __future__ import annotations

import marshal
import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import xxhash

from mlnb.kernel.order_code import facts_of

Seen = tuple[int, int]
"""A changeable object a value reaches: its identity, and where in it the value looks (a view's place in its array)."""

NODE_LIMIT: Final = 20_000
_SCALARS: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(Ellipsis)})
_MARSHAL_VERSION: Final = 2  # the last version whose bytes depend on the content alone, not on sharing and interning
_ITERABLES: Final[tuple[Any, ...]] = (
    [], (), "", b"", bytearray(), {}, set(), range(0), {}.values(), {}.items(), reversed([]), reversed({}),
)  # fmt: skip
_ITERATORS: Final = frozenset({map, zip, filter, enumerate, reversed, range} | {type(iter(x)) for x in _ITERABLES})


class TooLarge(Exception):
    """The value has more parts than a cell border can afford to look at."""


@dataclass(slots=True)
class Print:
    """What is known of a value at one moment.

    Attributes:
        root: identity of the value itself.
        digest: its fingerprint.
        objects: the changeable objects it reaches, in the order of the walk.
        names: global names that functions in it use.
        words: every word of those functions' code; texts: their short text constants.
        packages: top-level packages of the library types and modules in it.
        blind: objects in it that cannot be looked into, in the order of the walk: identity, and their own count of their
            changes (empty when they keep none).
        modules: names of the notebook's own modules in it.
        libraries: names of library modules in it.
        definitions: those of the changeable objects that are functions, classes or modules.
    """

    root: int
    digest: str = ""
    objects: tuple[Seen, ...] = ()
    object_ids: frozenset[int] = frozenset()
    definitions: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    packages: frozenset[str] = frozenset()
    blind: tuple[tuple[int, str], ...] = ()
    modules: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()


Handler = Callable[["Walk", Any], None]


@dataclass(slots=True)
class Context:
    """What every walk needs to know about the kernel.

    Attributes:
        namespace: the user's global names (functions that use it bind late).
        is_own: whether a module belongs to the notebook (its content counts) and not to a library.
        lineage: for objects that cannot be looked into, where they come from, by identity; filled in by the tracker.
    """

    namespace: Mapping[str, object]
    is_own: Callable[[types.ModuleType], bool]
    lineage: dict[int, str] = field(default_factory=dict)


class Walk:
    """One walk over one value."""

    __slots__ = (
        "blind", "context", "definitions", "hasher", "keep", "libraries", "modules", "names", "nodes", "objects",
        "packages", "put", "seen", "texts", "words",
    )  # fmt: skip

    def __init__(self, context: Context) -> None:
        self.context = context
        self.hasher = xxhash.xxh3_128()
        self.put = self.hasher.update
        self.seen: dict[int, int] = {}
        self.keep: list[object] = []
        self.objects: list[Seen] = []
        self.definitions: set[int] = set()
        self.names: set[str] = set()
        self.words: set[str] = set()
        self.texts: list[str] = []
        self.packages: set[str] = set()
        self.blind: list[tuple[int, str]] = []
        self.modules: set[str] = set()
        self.libraries: set[str] = set()
        self.nodes = 0

    def visit(self, value: Any) -> None:  # noqa: ANN401 - untyped by its library
        """Add `value` to the fingerprint."""
        kind = type(value)
        if kind in _SCALARS:
            self.put(marshal.dumps(value, _MARSHAL_VERSION))
            return
        place = self.seen.get(id(value))
        if place is not None:
            self.put(b"again%d" % place)
            return
        self.nodes += 1
        if self.nodes > NODE_LIMIT:
            raise TooLarge
        self.seen[id(value)] = len(self.seen)
        handler = HANDLERS.get(kind)
        if handler is not None:
            handler(self, value)
        else:
            _visit_other(self, value, kind)

    def changeable(self, value: object, place: int = 0) -> None:
        """Note that the value reaches `value`, which can be changed in place."""
        self.objects.append((id(value), place))

    def definition(self, value: object) -> None:
        """Note that the value reaches a function, class or module: changeable, but seldom changed."""
        self.objects.append((id(value), 0))
        self.definitions.add(id(value))

    def tag(self, *parts: object) -> None:
        """Add a few plain words to the fingerprint."""
        self.put(repr(parts).encode("utf-8", "surrogatepass"))

    def cannot_see(self, value: object, count: str = "") -> None:
        """Add an object by where it comes from, since its content is out of reach; `count` is its own count of its changes."""
        kind = type(value)
        self.blind.append((id(value), count))
        self.changeable(value)
        self.packages.add((getattr(kind, "__module__", None) or "").split(".")[0])
        self.tag("blind", kind.__qualname__, self.context.lineage.get(id(value), "?"), count)

    def temporary(self, value: object) -> object:
        """`value`, kept alive to the end of the walk so that its identity is not given to another."""
        self.keep.append(value)
        return value


def print_of(value: Any, context: Context) -> Print:  # noqa: ANN401 - untyped by its library
    """The print of `value`. Never raises: what cannot be walked is known by where it comes from."""
    if type(value) in _SCALARS:
        return Print(id(value), xxhash.xxh3_128_hexdigest(marshal.dumps(value, _MARSHAL_VERSION)))
    walk = Walk(context)
    try:
        walk.visit(value)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the user's cell
        names, words, texts = walk.names, walk.words, walk.texts
        objects, definitions = walk.objects, walk.definitions
        walk = Walk(context)
        walk.names, walk.words, walk.texts, walk.objects, walk.definitions = names, words, texts, objects, definitions
        walk.cannot_see(value)
    return Print(
        id(value),
        walk.hasher.hexdigest(),
        tuple(walk.objects),
        frozenset(identity for identity, _ in walk.objects),
        frozenset(walk.definitions),
        frozenset(walk.names),
        frozenset(walk.words),
        tuple(walk.texts),
        frozenset(walk.packages),
        tuple(walk.blind),
        frozenset(walk.modules),
        frozenset(walk.libraries),
    )


def all_scalars(items: Any) -> bool:  # noqa: ANN401 - untyped by its library
    """Whether every item is a plain immutable value, so that the whole can be written at once."""
    return set(map(type, items)) <= _SCALARS


def _visit_list(walk: Walk, value: list[Any] | tuple[Any, ...] | deque[Any]) -> None:
    if type(value) is not tuple:
        walk.changeable(value)
    walk.tag(type(value).__name__, len(value))
    if len(value) > 4 and all_scalars(value):
        walk.put(marshal.dumps(list(value), _MARSHAL_VERSION))
        return
    for item in list(value):
        walk.visit(item)


def _visit_dict(walk: Walk, value: dict[Any, Any]) -> None:
    walk.changeable(value)
    walk.tag("dict", len(value))
    if len(value) > 4 and all_scalars(value) and all_scalars(value.values()):
        walk.put(marshal.dumps(value if type(value) is dict else dict(value), _MARSHAL_VERSION))
        return
    for key, item in list(value.items()):
        walk.visit(key)
        walk.visit(item)


def _visit_defaultdict(walk: Walk, value: defaultdict[Any, Any]) -> None:
    walk.tag("defaultdict")
    walk.visit(value.default_factory)
    _visit_dict(walk, value)


def _visit_set(walk: Walk, value: set[Any] | frozenset[Any]) -> None:
    if type(value) is set:
        walk.changeable(value)
    walk.tag(type(value).__name__, len(value))
    if all_scalars(value):
        walk.put(b"".join(sorted(marshal.dumps(item, _MARSHAL_VERSION) for item in value)))
        return
    digests = []
    for item in list(value):
        inner = Walk(walk.context)
        inner.visit(item)
        digests.append(inner.hasher.hexdigest())
        _merge(walk, inner)
    walk.tag(sorted(digests))


def _merge(walk: Walk, inner: Walk) -> None:
    walk.nodes += inner.nodes
    walk.objects += inner.objects
    walk.definitions |= inner.definitions
    walk.names |= inner.names
    walk.words |= inner.words
    walk.texts += inner.texts
    walk.packages |= inner.packages
    walk.blind += inner.blind
    walk.modules |= inner.modules
    walk.libraries |= inner.libraries
    walk.keep += inner.keep


def _visit_bytearray(walk: Walk, value: bytearray) -> None:
    walk.changeable(value)
    walk.tag("bytearray", len(value))
    walk.put(bytes(value))


def visit_code(walk: Walk, code: types.CodeType) -> None:
    """Add what `code` does, and note the global names it uses."""
    facts = facts_of(code)
    walk.put(facts.digest.encode())
    walk.names |= facts.names
    walk.words |= facts.words
    walk.texts += facts.texts


def _visit_function(walk: Walk, value: types.FunctionType) -> None:
    if value.__globals__ is not walk.context.namespace:
        module = _module_named(value.__module__)
        if module is None or not walk.context.is_own(module):
            walk.tag("library function", value.__module__, value.__qualname__)
            walk.packages.add((value.__module__ or "").split(".")[0])
            _visit_closure(walk, value)
            return
        walk.modules.add(module.__name__)
        names = set(walk.names)
        visit_code(walk, value.__code__)
        walk.names = names  # its globals are its module's, not the notebook's
        walk.visit(module)
    else:
        visit_code(walk, value.__code__)
    walk.definition(value)
    walk.tag("function", value.__qualname__)
    walk.visit(value.__defaults__)
    walk.visit(value.__kwdefaults__)
    _visit_closure(walk, value)
    if value.__dict__:
        walk.visit(value.__dict__)


def _visit_closure(walk: Walk, value: types.FunctionType) -> None:
    for cell in value.__closure__ or ():
        walk.changeable(cell)
        try:
            inside = cell.cell_contents
        except ValueError:
            walk.tag("empty cell")
            continue
        walk.visit(inside)


def _visit_builtin(walk: Walk, value: types.BuiltinFunctionType) -> None:
    owner = value.__self__
    walk.tag("builtin", value.__qualname__)
    if owner is None or isinstance(owner, (types.ModuleType, type)):
        walk.tag(getattr(owner, "__name__", ""))
    else:
        walk.visit(owner)


def _visit_method(walk: Walk, value: types.MethodType) -> None:
    walk.tag("method")
    walk.visit(value.__func__)
    walk.visit(value.__self__)


def _visit_wrapper(walk: Walk, value: staticmethod[..., Any] | classmethod[Any, ..., Any]) -> None:
    walk.tag(type(value).__name__)
    walk.visit(value.__func__)


def _visit_property(walk: Walk, value: property) -> None:
    walk.tag("property")
    for function in (value.fget, value.fset, value.fdel):
        walk.visit(function)


def _visit_module(walk: Walk, value: types.ModuleType) -> None:
    walk.tag("module", value.__name__)
    if not walk.context.is_own(value):
        walk.libraries.add(value.__name__)
        walk.packages.add(value.__name__.split(".")[0])
        return
    walk.modules.add(value.__name__)
    walk.definition(value)
    for name, item in sorted(vars(value).items()):
        if not name.startswith("__"):
            walk.tag(name)
            walk.visit(item)


def _visit_generator(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    prefix = {types.GeneratorType: "gi", types.CoroutineType: "cr"}.get(type(value), "ag")
    frame, code = getattr(value, f"{prefix}_frame"), getattr(value, f"{prefix}_code")
    walk.changeable(value)
    visit_code(walk, code)
    walk.tag("generator", None if frame is None else frame.f_lasti)
    if frame is None:
        return
    if frame.f_globals is not walk.context.namespace:
        walk.cannot_see(value)
        return
    for name, item in sorted(dict(frame.f_locals).items()):
        walk.tag(name)
        walk.visit(item)
    if prefix == "gi" and value.gi_yieldfrom is not None:
        walk.visit(value.gi_yieldfrom)


def _visit_iterator(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value)
    walk.tag(type(value).__name__)
    reduced = value.__reduce__()  # builtin and free of effects for these types
    for part in reduced[1:] if type(value) is not range else [reduced]:
        walk.visit(walk.temporary(part))


def _visit_slice(walk: Walk, value: slice) -> None:
    walk.tag("slice")
    for part in (value.start, value.stop, value.step):
        walk.visit(part)


def _visit_view(walk: Walk, value: Mapping[str, Any]) -> None:
    walk.tag("mapping proxy")
    walk.visit(walk.temporary(dict(value)))


HANDLERS: dict[type, Handler] = {
    list: _visit_list, tuple: _visit_list, deque: _visit_list, dict: _visit_dict, OrderedDict: _visit_dict,
    defaultdict: _visit_defaultdict, set: _visit_set, frozenset: _visit_set, bytearray: _visit_bytearray,
    types.FunctionType: _visit_function, types.BuiltinFunctionType: _visit_builtin, types.MethodType: _visit_method,
    staticmethod: _visit_wrapper, classmethod: _visit_wrapper, property: _visit_property, types.ModuleType: _visit_module,
    types.GeneratorType: _visit_generator, types.CoroutineType: _visit_generator, types.AsyncGeneratorType: _visit_generator,
    types.CodeType: visit_code, slice: _visit_slice, types.MappingProxyType: _visit_view,
    **dict.fromkeys(_ITERATORS, _visit_iterator),
}  # fmt: skip
"""How a value of exactly this type is walked. ``order_objects`` and ``order_arrays`` add theirs."""


def _visit_other(walk: Walk, value: Any, kind: type) -> None:  # noqa: ANN401 - untyped by its library
    from mlnb.kernel import order_objects  # noqa: PLC0415 - only when needed

    order_objects.visit_object(walk, value, kind)


def _module_named(name: str | None) -> types.ModuleType | None:
    module = sys.modules.get(name or "")
    return module if isinstance(module, types.ModuleType) else None
