"""What a value is, as a digest: equal while the value is unchanged, different when anything in it changed.

A value is walked once, depth first, without recursion and without pickling. Every mutable object gets a number when it is first met;
meeting it again writes the number, so that the digest tells ``[a, a]`` from ``[a, copy(a)]``. On the way the walk collects what
the object shares with others (`Print.claims`), which decides what is saved together.
"""

from __future__ import annotations

import contextlib
import marshal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import xxhash

from mlnb.core.records import dataclass, field
from mlnb.snapshots.plugins import copies, functions

ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None)})
_FLUSH_BYTES = 1 << 16
MARSHAL = 2  # the last version that writes no references: equal values, equal bytes


class Token(bytes):
    """Bytes to put into the digest as they are."""


@dataclass
class Print:
    """What a walk found.

    Attributes:
        digest: 32 hex characters.
        claims: identity of each mutable object and memory reached -> the number it got.
        values: the same for objects that never change. Two variables that hold one are saved together only where it is the value of
            one of them (``index is frame.index``).
        layout: how arrays lie on memory that they share: (number, number of the first one on it, distance in bytes, strides).
        types: the types met, but for those of what an import brings back.
        opaque: types met whose inside cannot be looked into; they count by identity.
        size_bytes: about how large the value is.
    """

    digest: str = ""
    claims: dict[int, int] = field(default_factory=dict)
    values: dict[int, int] = field(default_factory=dict)
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
        owners: by address what owns the memory of arrays that were met.
        unshared: identities of arrays that only look shared (pandas copies before it writes to them).
        by_value: for each class met, whether it was made in the notebook.
        streams: names of the standard streams, by identity.
    """

    namespace: dict[str, Any]
    memories: dict[tuple[Any, ...], bytes] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)
    owners: dict[int, object] = field(default_factory=dict)
    unshared: set[int] = field(default_factory=set)
    by_value: dict[type, bool] = field(default_factory=dict)
    streams: dict[int, str] = field(default_factory=copies.standard_streams)


class Walk:
    """One walk over one value. What to do at an object of each type is handed in (see `visits`); the answer is true for what an import
    brings back by its name, which needs no look."""

    def __init__(
        self,
        session: Session,
        by_type: Mapping[type, Callable[[Walk, Any], bool | None]],
        other: Callable[[Walk, Any, type], bool | None],
    ) -> None:
        self.session = session
        self._by_type = by_type
        self._other = other
        self.found = Print()
        self.stack: list[object] = []
        self.memories: dict[
            int, tuple[int, int]
        ] = {}  # where a memory begins -> number and address of the first array on it
        self.wasted = 0  # how many objects were looked at in vain (see `trees`)
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
                self.feed(marshal.dumps(item, MARSHAL))  # type: ignore[arg-type]
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

    def claim_memory(self, item: object, beginning: int, place: int, strides: tuple[int, ...]) -> None:
        """`item` lies at the address `place` in the memory that begins at `beginning`: who lies in the same one shares it."""
        number = self._seen[id(item)]
        first, start = self.memories.setdefault(beginning, (number, place))
        self.found.claims.setdefault(-beginning, number)  # no identity is negative
        self.found.layout.append((number, first, place - start, strides))
        if first != number:
            self.feed(b"@%d,%d;" % (first, place - start))

    def has_met(self, identities: set[int]) -> bool:
        """Whether one of the objects of these identities was met already."""
        return not self._seen.keys().isdisjoint(identities)

    def take_in(self, items: list[object]) -> None:
        """Lists, dicts and tuples that are looked at without being visited: each gets its number, and those that can change are claimed."""
        numbers = dict(zip(map(id, items), range(len(self._seen), len(self._seen) + len(items)), strict=True))
        self._seen.update(numbers)
        self.session.kept.extend(items)
        kinds = set(map(type, items))
        self.found.types |= kinds
        if tuple in kinds:
            numbers = {id(item): numbers[id(item)] for item in items if type(item) is not tuple}
        self.found.claims.update(numbers)

    def hold(self, item: object) -> None:
        """`item` never changes: who shares it need not be saved together."""
        self.found.values.setdefault(id(item), self._seen.setdefault(id(item), len(self._seen)))
        self.session.kept.append(item)

    def _visit(self, item: object, kind: type) -> None:
        visit = self._by_type.get(kind)
        mark, is_by_name = len(self.stack), False
        try:
            is_by_name = bool(visit(self, item) if visit is not None else self._other(self, item, kind))
        except Exception:  # noqa: BLE001 - whatever a strange object does when it is looked at, it counts by identity then
            del self.stack[mark:]
            self.opaque(item)
        if not is_by_name:
            self.found.types.add(kind)

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
            self.feed(marshal.dumps(list(keys), MARSHAL))
            content = list(values.values())
            if ATOMS.issuperset(map(type, content)):
                self.feed(marshal.dumps(content, MARSHAL))
            else:
                self.push(*content)
        else:
            self.push(*[part for pair in values.items() for part in pair])


def type_name(kind: type) -> str:
    """``module.Name``, or ``Name`` for a built-in."""
    module = getattr(kind, "__module__", "")
    name = getattr(kind, "__qualname__", str(kind))
    return name if module in ("builtins", "__main__") else f"{module}.{name}"
