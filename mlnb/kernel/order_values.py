"""Fingerprints of values: equal for equal content, taken without running any code of the value's own classes.

A fingerprint is comparable within one kernel only. Beside it a walk notes which changeable objects the value reaches (so that two
names that share one are known to), which global names the functions in it use, and which objects it cannot look into.
"""

from __future__ import annotations

import marshal
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import xxhash

from mlnb.core.records import dataclass, field
from mlnb.kernel.order_packing import MARSHAL_VERSION, SCALARS, all_scalars, packed

Seen = tuple[int, int]
"""A changeable object a value reaches: its identity, and where in it the value looks (a view's place in its array)."""

NODE_LIMIT: Final = 20_000


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
        personal: those that are equal to themselves alone, so that it matters if two names hold one or two that look the same.
    """

    root: int
    digest: str = ""
    objects: tuple[Seen, ...] = ()
    object_ids: frozenset[int] = frozenset()
    definitions: frozenset[int] = frozenset()
    personal: frozenset[int] = frozenset()
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
        "blind", "context", "definitions", "hasher", "keep", "libraries", "made", "modules", "names", "nodes", "objects",
        "packages", "personal", "put", "seen", "texts", "words",
    )  # fmt: skip

    def __init__(self, context: Context) -> None:
        self.context = context
        self.hasher = xxhash.xxh3_128()
        self.put = self.hasher.update
        self.seen: dict[int, int] = {}
        self.keep: list[object] = []
        self.made: set[int] = set()
        self.objects: list[Seen] = []
        self.definitions: set[int] = set()
        self.personal: set[int] = set()
        self.names: set[str] = set()
        self.words: set[str] = set()
        self.texts: list[str] = []
        self.packages: set[str] = set()
        self.blind: list[tuple[int, str]] = []
        self.modules: set[str] = set()
        self.libraries: set[str] = set()
        self.nodes = 0

    def visit(self, value: Any) -> None:  # noqa: ANN401 - untyped by its library
        """Add `value` to the fingerprint.

        Raises:
            TooLarge: the value has more parts than `NODE_LIMIT`.
        """
        kind = type(value)
        if kind in SCALARS:
            self.put(marshal.dumps(value, MARSHAL_VERSION))
            return
        place = self.seen.get(id(value))
        if place is not None:
            self.put(b"again%d" % place)
            return
        self.nodes += 1
        if self.nodes > NODE_LIMIT:
            raise TooLarge
        self.seen[id(value)] = len(self.seen)
        self.keep.append(value)  # what dies during the walk would hand its identity on
        handler = HANDLERS.get(kind)
        if handler is not None:
            handler(self, value)
        else:
            _visit_other(self, value, kind)

    def changeable(self, value: object, place: int = 0) -> None:
        """Note that the value reaches `value`, which can be changed in place."""
        if id(value) not in self.made:
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
        self.personal.add(id(value))
        self.packages.add((getattr(kind, "__module__", None) or "").split(".")[0])
        self.tag("blind", kind.__qualname__, self.context.lineage.get(id(value), "?"), count)

    def temporary(self, value: object) -> object:
        """`value`, which the walk itself made: not among the changeable objects, for no name reaches it."""
        self.keep.append(value)
        self.made.add(id(value))
        return value

    def copy_of_state(self, value: object) -> None:
        """Add `value`, which with all its parts was made for this walk."""
        known = len(self.objects)
        self.visit(self.temporary(value))
        del self.objects[known:]


def print_of(value: Any, context: Context) -> Print:  # noqa: ANN401 - untyped by its library
    """The print of `value`. Never raises: what cannot be walked is known by where it comes from."""
    if type(value) in SCALARS:
        return Print(id(value), xxhash.xxh3_128_hexdigest(marshal.dumps(value, MARSHAL_VERSION)))
    walk = Walk(context)
    try:
        walk.visit(value)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the user's cell
        names, words, texts = walk.names, walk.words, walk.texts
        objects, definitions, personal = walk.objects, walk.definitions, walk.personal
        walk = Walk(context)
        walk.names, walk.words, walk.texts, walk.objects = names, words, texts, objects
        walk.definitions, walk.personal = definitions, personal
        walk.cannot_see(value)
    return Print(
        id(value),
        walk.hasher.hexdigest(),
        tuple(walk.objects),
        frozenset(identity for identity, _ in walk.objects),
        frozenset(walk.definitions),
        frozenset(walk.personal),
        frozenset(walk.names),
        frozenset(walk.words),
        tuple(walk.texts),
        frozenset(walk.packages),
        tuple(walk.blind),
        frozenset(walk.modules),
        frozenset(walk.libraries),
    )


def _visit_list(walk: Walk, value: list[Any] | tuple[Any, ...] | deque[Any]) -> None:
    if type(value) is not tuple:
        walk.changeable(value)
    walk.tag(type(value).__name__, len(value))
    if len(value) > 4 and (whole := packed(value)) is not None:
        walk.put(whole)
        return
    for item in list(value):
        walk.visit(item)


def _visit_dict(walk: Walk, value: dict[Any, Any]) -> None:
    walk.changeable(value)
    walk.tag("dict", len(value))
    if len(value) > 4 and all_scalars(value) and all_scalars(value.values()):
        walk.put(marshal.dumps(value if type(value) is dict else dict(value), MARSHAL_VERSION))
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
        walk.put(b"".join(sorted(marshal.dumps(item, MARSHAL_VERSION) for item in value)))
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
    walk.personal |= inner.personal
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


HANDLERS: dict[type, Handler] = {
    list: _visit_list, tuple: _visit_list, deque: _visit_list, dict: _visit_dict, OrderedDict: _visit_dict,
    defaultdict: _visit_defaultdict, set: _visit_set, frozenset: _visit_set, bytearray: _visit_bytearray,
}  # fmt: skip
"""How a value of exactly this type is walked. ``order_callables``, ``order_standard`` and ``order_arrays`` add theirs."""


def _visit_other(walk: Walk, value: Any, kind: type) -> None:  # noqa: ANN401 - untyped by its library
    from mlnb.kernel import order_objects  # noqa: PLC0415 - only when needed

    order_objects.visit_object(walk, value, kind)
