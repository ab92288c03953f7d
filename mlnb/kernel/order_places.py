"""Where a library may keep settings: a dictionary or a row of values in a module or below one, and what of it counts."""

from __future__ import annotations

import re
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from itertools import chain
from typing import Any, Final

from mlnb.core.records import dataclass, field

PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes})
CODE: Final = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
_TUPLE: Final = 20
_NOISE: Final = ("cache", "memo", "registry__", "lock", "counter", "pending", "init", "loaded", "ready", "seen")
_OF_SYS: Final = frozenset({
    "path", "modules", "stdout", "stderr", "stdin", "argv", "meta_path", "path_hooks", "dont_write_bytecode",
})  # fmt: skip


@dataclass(slots=True)
class Place:
    """A dictionary or a row of values that is looked at: of a module, or below one.

    Attributes:
        path: how its items are called.
        fetch: gives the live object.
        public: whether no part of `path` begins with an underscore.
        depth: how far below a module.
        owner: what gives ever new objects (a context variable), or None.
        ids: identities of the values at the last look.
        values: the values then, by name; what is not plain stands as its type, so that nothing is kept alive.
    """

    path: str
    fetch: Callable[[], Any]
    public: bool
    depth: int
    owner: object = None
    ids: tuple[int, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """Stands for a value that is not kept."""

    name: str


def kept(value: Any) -> Any:  # noqa: ANN401 - any value
    """What is remembered of a value: itself where it is plain or code, else its type."""
    return value if is_plain_or_code(value) else Kind(f"{type(value).__module__}.{type(value).__qualname__}")


def is_plain_or_code(value: object) -> bool:
    """Whether the value is plain, code, or a short tuple of such."""
    if type(value) is tuple:
        return len(value) <= _TUPLE and all(
            type(part) in PLAIN or isinstance(part, (type, re.Pattern)) for part in value
        )
    return type(value) in PLAIN or isinstance(value, CODE)


def is_private(name: str) -> bool:
    """Whether a part of the dotted name begins with an underscore."""
    return name.startswith("_") or "._" in name


def is_noise(place: Place, name: str) -> bool:
    """Whether the item is of the kind that libraries only work with."""
    lowered = name.lower()
    return (
        name.startswith("__")
        or any(word in lowered for word in _NOISE)
        or (place.path == "sys" and (name in _OF_SYS or name.startswith("last_")))
        or (place.path == "builtins" and name == "_")
        or (place.path == "os" and name.startswith("environ"))
    )


def is_settings_object(kind: type, path: str) -> bool:
    """Whether the instances are plain Python objects of the package itself."""
    return (
        kind.__module__.partition(".")[0] == path.partition(".")[0]
        and "__dict__" in dir(kind)
        and not issubclass(kind, (type, types.ModuleType, types.FunctionType, threading.Thread))
    )


def dict_of(value: Any) -> Callable[[], dict[str, Any]]:  # noqa: ANN401 - any value
    """What gives the dictionary of an object, past its class."""

    def fetch() -> dict[str, Any]:
        found: dict[str, Any] = object.__getattribute__(value, "__dict__")
        return found

    return fetch


def context_value(variable: ContextVar[Any]) -> dict[str, Any]:
    """The value of a context variable as a dictionary."""
    try:
        value = variable.get()  # with an argument it would forget the variable's own default
    except LookupError:
        value = None
    return value if isinstance(value, dict) else {"value": value}


def identities_of(places: Iterable[Place]) -> tuple[list[int], list[int]] | None:
    """Of all values in all `places`, and how many each place has: thousands of places are compared at once, before any by itself."""
    try:
        rows = [
            values.values() if type(values) is dict else _listed(values)
            for values in [place.fetch() for place in places]
        ]
        return list(map(len, rows)), list(map(id, chain.from_iterable(rows)))
    except Exception:  # noqa: BLE001 - changed by another thread while we look
        return None


def _listed(values: Any) -> list[Any]:  # noqa: ANN401 - any value
    return list(dict.values(values)) if isinstance(values, dict) else list(values)


def row_of(values: Iterable[Any]) -> dict[str, Any]:
    """A row of values, by their places."""
    return {str(place): value for place, value in enumerate(values)}


def digest_row(show: Callable[[Any], str], values: dict[str, Any]) -> str:
    """One fingerprint of a row."""
    shown: Iterator[str] = (show(value) for value in values.values())
    return " ".join(shown) or "empty"
