"""Where two values of one variable differ: the first elements, rows, keys and attributes, in a few characters each.

Nothing of the values' own comparing is trusted: what is no plain value, array or frame is compared by its fingerprint.
"""

from __future__ import annotations

import difflib
import math
import re
import reprlib
import types
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from mlnb.core.secrets import MASK, is_secret_name, mask
from mlnb.snapshots.differences import Details, Place
from mlnb.snapshots.plugins import details_tables
from mlnb.snapshots.plugins.fingerprint import Session, fingerprint, type_name

MOST_PLACES = 10
_MOST_LOOKED_AT = 10_000
_DEEPEST = 6
_WIDTH = 80
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, type(None))
_MISSING = object()
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")  # says nothing of a value that was loaded to be looked at

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = _WIDTH
_repr.maxlist = _repr.maxtuple = _repr.maxdict = _repr.maxset = _repr.maxarray = 6
_repr.maxlevel = 3


def compare(name: str, before: object = _MISSING, after: object = _MISSING) -> Details:
    """What the values of the variable `name` are like, and where they differ. Left out: it did not exist in that state."""
    one, two = _looks(name, before), _looks(name, after)
    if before is _MISSING or after is _MISSING:
        return Details(one[0], two[0], one[1], two[1])
    if is_secret_name(name):
        return Details(one[0], two[0], one[1], two[1], (), None)
    found = _Places()
    try:
        _differ(found, "", before, after, 0)
    except Exception:  # noqa: BLE001 - what a value does when it is looked at is its own
        found.is_whole = False
    return Details(one[0], two[0], one[1], two[1], tuple(found.places), found.total if found.is_whole else None)


class _Places:
    """The first places found, and how many there were."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.total = 0
        self.is_whole = True
        self.session = Session({})

    def add(self, where: str, before: str | None, after: str | None, count: int = 1) -> None:
        if len(self.places) < MOST_PLACES:
            self.places.append(Place(where or "the value", before, after))
        self.total += count

    def tell(self, where: str, before: object, after: object) -> None:
        """A place with its values; `_MISSING` where there is none."""
        texts = [None if value is _MISSING else short(value) for value in (before, after)]
        if is_secret_name(where.rpartition("['")[2].partition("']")[0] or where.rpartition(".")[2]):
            texts = [None if text is None else MASK for text in texts]
        self.add(where, texts[0], texts[1])

    def same(self, before: object, after: object) -> bool:
        if type_name(type(before)) != type_name(type(after)):  # a class of the notebook is loaded once for each state
            return False
        if type(before) in _PLAIN:
            both_nan = isinstance(before, float) and math.isnan(before) and math.isnan(after)  # type: ignore[arg-type]
            return both_nan or before == after
        return fingerprint(before, self.session).digest == fingerprint(after, self.session).digest


def short(value: object) -> str:
    """A value in a few characters, credentials masked."""
    try:
        text = _repr.repr(value)
    except Exception:  # noqa: BLE001 - its own repr
        text = f"<{type_name(type(value))}>"
    text = mask(_ADDRESS.sub("", " ".join(text.split())))
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _looks(name: str, value: object) -> tuple[str, str]:
    """Shape and summary."""
    if value is _MISSING:
        return "", ""
    if is_secret_name(name):
        return "", MASK
    try:
        table = details_tables.looks(value)
        if table is not None:
            return table[0], mask(table[1])
        if isinstance(value, str):
            return f"{len(value)} characters", short(value)
        if isinstance(value, bytes | bytearray):
            return f"{len(value)} bytes", short(value)
        if isinstance(value, list | tuple | set | frozenset | Mapping):
            return f"{len(value)} item{'s' * (len(value) != 1)}", _shown_dict(value)
    except Exception:  # noqa: BLE001 - its own len
        return "", f"<{type_name(type(value))}>"
    return "", short(value)


def _shown_dict(value: object) -> str:
    if type(value) is dict:
        value = {
            key: MASK if isinstance(key, str) and is_secret_name(key) else one for key, one in islice(value.items(), 8)
        }
    return short(value)


def _differ(found: _Places, where: str, before: Any, after: Any, depth: int) -> None:  # noqa: ANN401
    if found.same(before, after):
        return
    if type_name(type(before)) != type_name(type(after)) or depth > _DEEPEST:
        found.tell(where, before, after)
        return
    tables = details_tables.places(before, after, MOST_PLACES - len(found.places))
    if tables is not None:
        shown, total = tables
        for place in shown:
            is_secret = is_secret_name(place.where.rpartition("column '")[2].removesuffix("'"))
            texts = [text and (MASK if is_secret else mask(text)) for text in (place.before, place.after)]
            found.add(f"{where} {place.where}".strip(), texts[0], texts[1])
        found.total += total - len(shown)
        return
    walk = _walk_for(before)
    if walk is None:
        found.tell(where, before, after)
        return
    was = found.total
    for looked_at, (inner, one, two) in enumerate(walk(before, after)):
        if looked_at == _MOST_LOOKED_AT:
            found.is_whole = False
            break
        if one is _MISSING or two is _MISSING:
            found.tell(where + inner, one, two)
        else:
            _differ(found, where + inner, one, two, depth + 1)
    if found.total == was:  # the order of keys, what is shared, something that lies deeper
        found.tell(where, before, after)


Walk = Callable[[Any, Any], Iterator[tuple[str, Any, Any]]]


def _walk_for(value: object) -> Walk | None:
    if isinstance(value, dict):
        return _in_dicts
    if isinstance(value, list | tuple):
        return _in_sequences
    if isinstance(value, set | frozenset):
        return _in_sets
    if isinstance(value, str):
        return _in_texts if "\n" in value else None
    if isinstance(value, type | types.FunctionType | types.ModuleType | types.MethodType):
        return None
    return _in_objects if _attributes(value) else None


def _in_dicts(before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in [*before, *(key for key in after if key not in before)]:
        yield f"[{short(key)}]", before.get(key, _MISSING), after.get(key, _MISSING)


def _in_sequences(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    for number, (one, two) in enumerate(zip_longest(before, after, fillvalue=_MISSING)):
        yield f"[{number}]", one, two


def _in_sets(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    for one in sorted(before - after, key=short):
        yield f" item {short(one)}", one, _MISSING
    for two in sorted(after - before, key=short):
        yield f" item {short(two)}", _MISSING, two


def _in_texts(before: str, after: str) -> Iterator[tuple[str, Any, Any]]:
    lines_a, lines_b = before.splitlines(), after.splitlines()
    if len(lines_a) + len(lines_b) > _MOST_LOOKED_AT:  # by position: finding what moved takes too long
        lines = zip_longest(lines_a, lines_b, fillvalue=_MISSING)
        yield from ((f" line {n}", one, two) for n, (one, two) in enumerate(lines, 1) if one != two)
        return
    matcher = difflib.SequenceMatcher(None, lines_a, lines_b, autojunk=False)
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what != "equal":
            pairs = zip_longest(lines_a[i:i_end], lines_b[j:j_end], fillvalue=_MISSING)
            yield from ((f" line {i + n + 1}", one, two) for n, (one, two) in enumerate(pairs))


def _in_objects(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    one, two = _attributes(before), _attributes(after)
    for name in sorted(one.keys() | two.keys()):
        yield f".{name}", one.get(name, _MISSING), two.get(name, _MISSING)


def _attributes(value: object) -> dict[str, Any]:
    """What an object holds under names, its own descriptors left alone."""
    found = dict(getattr(value, "__dict__", None) or {})
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            place = kind.__dict__.get(name)
            if isinstance(place, types.MemberDescriptorType) and hasattr(value, name):
                found[name] = getattr(value, name)
    return {name: one for name, one in found.items() if isinstance(name, str)}
