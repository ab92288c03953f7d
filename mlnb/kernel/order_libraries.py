"""What libraries keep for the whole process, as far as it lies in the dictionaries of their modules.

No list of settings: every module of a package is looked at, with the containers, the plain objects, the context variables and the
thread-local values it holds. What changed there against the first look is an item with a fingerprint. What a library merely
collects as it works (caches, things made on first use, private tables that grow) is not.
"""

from __future__ import annotations

import re
import sys
import threading
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel.order_doors import real_of
from mlnb.kernel.order_places import (
    CODE,
    PLAIN,
    Kind,
    Place,
    context_value,
    dict_of,
    digest_row,
    identities_of,
    is_noise,
    is_plain_or_code,
    is_private,
    is_settings_object,
    kept,
    row_of,
)
from mlnb.order.rules.traces import ABSENT, Fingerprint

Items = dict[str, Fingerprint]

_DICTS: Final = (dict, OrderedDict, defaultdict)
_ROWS: Final = (list, set, deque)
_MISSING: Final = object()
_DEPTH: Final = 3
_LARGEST: Final = 500
_TREE: Final = 40  # a dictionary of more containers than that is a table, not a tree of settings
_PLACES_PER_PACKAGE: Final = 4_000
_PLAIN_TEXT: Final = re.compile(r"(?:str|int|float|bool|bytes) ")
_NOT_LOOKED_AT: Final = frozenset({
    "__main__", "mlnb", "mlflow", "ipykernel", "zmq", "tornado", "traitlets", "asyncio", "IPython",
})  # fmt: skip
"""Whose state is ours, the kernel's, or (MLflow's) the last run's: no value of a cell comes of it."""


@dataclass(slots=True)
class _Package:
    modules: set[str] = field(default_factory=set)
    places: list[Place] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    start: Items = field(default_factory=dict)
    now: Items = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    identities: tuple[list[int], list[int]] | None = None


class Libraries:
    """Watches packages of libraries; a package is watched from the first time it is asked for.

    Args:
        is_own: whether a module is the notebook's own.
        digest_of: fingerprint of a value that the user made.
    """

    def __init__(self, is_own: Callable[[types.ModuleType], bool], digest_of: Callable[[Any], Fingerprint]) -> None:
        self._is_own = is_own
        self._digest_of = digest_of
        self._packages: dict[str, _Package] = {}
        self._loaded = 0

    def watch(self, names: Iterable[str]) -> None:
        """Begin to look at the packages among `names` that are loaded and belong to libraries."""
        new = {name for name in names if name not in self._packages and name not in _NOT_LOOKED_AT}
        new = {name for name in new if isinstance(sys.modules.get(name), types.ModuleType)}
        new = {name for name in new if not self._is_own(sys.modules[name])}
        if new:
            self._packages.update((name, _Package()) for name in new)
            self._add_modules()
            used = {name for package in new for name in self._packages[package].uses} - sys.stdlib_module_names
            self.watch(used)

    def look(self, names: Iterable[str] | None, *, tables: bool = False) -> Items:
        """Look at the packages among `names` (all when None) and those they build on; what changed since, by package and item.

        Private tables that grow count with `tables` only: most are what a library collects while it works.
        """
        if len(sys.modules) != self._loaded:
            self._add_modules()
        wanted = {name for name in (self._packages if names is None else names) if name in self._packages}
        for name in list(wanted):
            wanted |= self._packages[name].uses & self._packages.keys()
        found: Items = {}
        for name in wanted:
            package = self._packages[name]
            identities = identities_of(package.places)
            if identities is not None and identities == package.identities:
                continue
            before = dict(package.now)
            for place in list(package.places):
                self._look_at(package, place, tables=tables)
            package.identities = identities
            if package.now != before:
                found |= {f"{name}/{item}": value for item, value in package.now.items() if before.get(item) != value}
        return found

    def changed(self) -> Items:
        """What is not as it was when its package was first looked at, by package and item."""
        return {
            f"{name}/{item}": value
            for name, package in self._packages.items()
            for item, value in package.now.items()
            if value != package.start[item]
        }

    def is_setting(self, named: str) -> bool:
        """Whether a plain value has taken the place of another."""
        name, _, item = named.partition("/")
        package = self._packages[name]
        return all(_PLAIN_TEXT.match(values[item]) is not None for values in (package.start, package.now))

    def is_row(self, named: str) -> bool:
        """Whether `named` (as of `look`) is a list or a set as a whole."""
        name, _, item = named.partition("/")
        return name in self._packages and item in self._packages[name].rows

    def absorb(self, items: Iterable[str]) -> None:
        """Take `items` (as of `look`) for what libraries do of themselves: they count as having been so from the start."""
        for named in items:
            name, _, item = named.partition("/")
            package = self._packages[name]
            package.start[item] = package.now[item]

    def start_of(self, package: str, item: str) -> Fingerprint:
        """What `item` was when `package` was first looked at."""
        known = self._packages.get(package)
        return ABSENT if known is None else known.start.get(item, ABSENT)

    # ---- finding places

    def _add_modules(self) -> None:
        self._loaded = len(sys.modules)
        for name, module in list(sys.modules.items()):
            package = self._packages.get(name.partition(".")[0])
            if package is None or name in package.modules or not isinstance(module, types.ModuleType):
                continue
            package.modules.add(name)
            package.uses |= {
                value.__name__.partition(".")[0]
                for value in list(vars(module).values())
                if isinstance(value, types.ModuleType)
            }
            self._add(package, Place(name, dict_of(module), not is_private(name), 0))

    def _add(self, package: _Package, place: Place) -> None:
        try:
            values = place.fetch()
        except Exception:  # noqa: BLE001 - what cannot be looked at is left out
            return
        owner = id(values) if place.owner is None else id(place.owner)
        if owner in package.known or len(values) > _LARGEST * (1 if place.depth else 40):
            return
        if len(package.places) >= _PLACES_PER_PACKAGE:
            return
        package.known.add(owner)
        package.places.append(place)
        self._look_at(package, place, first=True)

    def _below(self, place: Place, name: str, value: Any) -> Place | None:  # noqa: ANN401 - any value
        if place.depth >= _DEPTH:
            return None
        kind = type(value)
        path, public = f"{place.path}.{name}", place.public and not is_private(name)
        if isinstance(value, _DICTS) or (kind in _ROWS and place.depth < _DEPTH - 1):
            return Place(path, lambda: value, public, place.depth + 1)
        if kind is ContextVar:
            return Place(path, lambda: context_value(value), public, place.depth + 1, value)
        if kind is threading.local or (place.depth < _DEPTH - 1 and is_settings_object(kind, place.path)):
            return Place(path, dict_of(value), public, place.depth + 1)
        return None

    # ---- looking

    def _look_at(self, package: _Package, place: Place, *, first: bool = False, tables: bool = False) -> None:
        try:
            values = place.fetch()
            rows = not isinstance(values, dict)
            listed = list(values) if rows else list(dict.values(values))
        except Exception:  # noqa: BLE001 - changed by another thread while we look: seen the next time
            return
        ids = tuple(map(id, listed))
        if ids == place.ids and not first:
            return
        place.ids = ids
        now = row_of(listed) if rows else {str(name): value for name, value in list(dict.items(values))}
        before, place.values = place.values, {name: kept(value) for name, value in now.items()}
        if not rows and (place.depth == 0 or sum(not is_plain_or_code(value) for value in listed) <= _TREE):
            for name, value in now.items():
                below = None if is_noise(place, name) else self._below(place, name, value)
                if below is not None:
                    self._add(package, below)
        if not first:
            self._compare(package, place, before, now, rows=rows, tables=tables)

    def _compare(
        self, package: _Package, place: Place, before: dict[str, Any], now: dict[str, Any], *, rows: bool, tables: bool
    ) -> None:
        if rows:
            if not place.public and all(now.get(name, _MISSING) is value for name, value in before.items()):
                return
            package.rows.add(place.path)
            self._note(package, place.path, digest_row(self._print, before), digest_row(self._print, now))
            return
        for name in {**before, **now}:
            old, new = before.get(name, _MISSING), now.get(name, _MISSING)
            if old is new or is_noise(place, name) or isinstance(new, types.ModuleType):
                continue
            is_open = (tables and place.depth > 0) or (place.public and not is_private(name))
            if old is _MISSING and not (is_open and is_plain_or_code(new)):
                continue
            if new is not _MISSING and (isinstance(old, Kind) or (old is None and not is_plain_or_code(new))):
                continue  # made or worked out on first use
            if old is None and isinstance(new, str) and _is_where_it_lies(place, new):
                continue
            self._note(package, f"{place.path}.{name}", self._print(old), self._print(new))

    def _note(self, package: _Package, item: str, old: Fingerprint, new: Fingerprint) -> None:
        if old == new and item not in package.start:
            return
        package.start.setdefault(item, old)
        package.now[item] = new

    def _print(self, value: Any) -> Fingerprint:  # noqa: ANN401 - any value
        value = real_of(value)
        if value is _MISSING:
            return ABSENT
        if isinstance(value, Kind):
            return value.name
        if type(value) in PLAIN:
            return f"{type(value).__name__} {value!r}"
        if type(value) is tuple and is_plain_or_code(value):
            return f"({', '.join(self._print(part) for part in value)})"
        if isinstance(value, re.Pattern):
            return repr(value)
        if isinstance(value, CODE):
            module = sys.modules.get(str(getattr(value, "__module__", "")))
            if getattr(value, "__module__", None) == "__main__" or (
                isinstance(module, types.ModuleType) and self._is_own(module)
            ):
                return self._digest_of(value)
            return f"{value.__module__}.{value.__qualname__}"
        return f"{type(value).__module__}.{type(value).__qualname__}"


def _is_where_it_lies(place: Place, text: str) -> bool:
    """Whether the text is a path in the package's own folder, as packages note them down on first use."""
    package = sys.modules.get(place.path.partition(".")[0])
    return any(text.startswith(str(folder)) for folder in getattr(package, "__path__", ()))
