"""Values without some of their parts: what does not matter of an object of which a run replaces these parts unseen.

Only for kinds of which it is known that to replace a part runs no code of the user's and does not depend on what was there.
"""

from __future__ import annotations

import itertools
import sys
import types
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlnb.kernel.order_names import Names, Reach
from mlnb.kernel.order_values import print_of
from mlnb.order.plugins.python_overwrites import Path
from mlnb.order.rules.traces import Fingerprint
from mlnb.order.types import CellCode

_HOLE: Final = "\0 what was here is replaced"
_LIMIT_BYTES: Final = 1 << 20
_REMEMBERED: Final = 5_000
_PLAIN: Final = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    dict,
    set,
    frozenset,
    types.FunctionType,
    range,
)
_ALL: Final = (list, dict, set, bytearray, OrderedDict, defaultdict)


About = tuple[str, Fingerprint]
"""Which parts, and the fingerprint of the value without them."""


class Slots:
    """What names hold beside the parts that runs replace.

    Args:
        names: the names of the shell.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self.besides: dict[About, Fingerprint] = {}  # the latest: what is forgotten can make a cell stale, not fresh

    def look(self, code: CellCode, reach: Reach) -> dict[str, About]:
        """The names of which `code` replaces parts unseen, and those that hold the very same object."""
        found: dict[str, About] = {}
        if reach.whole:
            return found
        prints = self._names.prints
        for name, paths in code.overwrites:
            known = prints.get(name)
            if known is None or name in reach.late or not known.objects:
                continue
            beside = without(self._names.value(name), paths)
            if beside is not None:
                about = (repr(paths), print_of(beside, self._names.context).digest)
                self.besides.pop((about[0], known.digest), None)  # so that it counts as the latest
                self.besides[about[0], known.digest] = about[1]
                if len(self.besides) > _REMEMBERED:
                    self.besides = dict(itertools.islice(self.besides.items(), _REMEMBERED // 2, None))
                found.update({other: about for other, one in prints.items() if one.root == known.root})
        return found

    def look_again(self, code: CellCode, reach: Reach, before: Mapping[str, About]) -> dict[str, About]:
        """Those of `before` of which the run changed nothing but these parts."""
        after = self.look(code, reach) if before else {}
        return {name: about for name, about in before.items() if after.get(name) == about}


class _Unknown(Exception):
    """It cannot be told."""


def without(value: object, paths: Sequence[Path]) -> object | None:
    """A value that is equal for all objects that differ from `value` at `paths` only; None where that cannot be told."""
    try:
        return _without(value, paths)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the user's cell
        return None


def _without(value: Any, paths: Sequence[Path]) -> tuple[object, ...]:  # noqa: ANN401 - any value
    kind = type(value)
    paths = _without_reads(value, paths)
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if paths[0] == (("all", None),) and len(paths) == 1:
        if kind in _ALL:
            return (kind.__name__, value.default_factory if kind is defaultdict else None)
        if numpy is not None and kind is numpy.ndarray:
            return ("array", value.dtype.str, value.shape, value.strides, value.flags.writeable)
        raise _Unknown
    if kind in (dict, OrderedDict, defaultdict):
        return (
            kind.__name__,
            value.default_factory if kind is defaultdict else None,
            _with_holes(dict(value), paths, "item"),
        )
    if kind in (list, bytearray):
        return (kind.__name__, _list_with_holes(list(value), paths))
    if numpy is not None and kind is numpy.ndarray:
        return ("array", _array_with_holes(value, paths))
    if pandas is not None and kind is getattr(pandas, "DataFrame", None):
        return ("frame", *_frame_with_holes(value, paths))
    return _object_with_holes(value, paths)


def _without_reads(value: Any, paths: Sequence[Path]) -> list[Path]:  # noqa: ANN401 - any value
    """The parts that are replaced, where it is sure that the parts that are read are others."""
    is_frame = "pandas" in sys.modules and type(value) is getattr(sys.modules["pandas"], "DataFrame", None)
    for how, key in (path[0] for path in paths):
        if how == "reads item" and not (is_frame or type(value) in (dict, OrderedDict)):
            raise _Unknown
        if how == "reads column" and not (is_frame and key in value.columns):
            raise _Unknown
    return [path for path in paths if not path[0][0].startswith("reads")]


def _with_holes(parts: dict[Any, Any], paths: Sequence[Path], step_kind: str) -> dict[Any, Any]:
    for (how, key), *rest in paths:
        if how != step_kind:
            raise _Unknown
        if rest:
            parts[key] = _without(parts[key], [tuple(rest)])
        else:
            _check_leaves_quietly(parts.get(key))
            parts[key] = _HOLE
    return parts


def _list_with_holes(parts: list[Any], paths: Sequence[Path]) -> list[Any]:
    for (how, key), *rest in paths:
        if how == "slice" and not rest and len(paths) == 1:
            for old in parts[slice(*key)]:
                _check_leaves_quietly(old)
            parts[slice(*key)] = [_HOLE]
        elif how != "item" or type(key) is not int:
            raise _Unknown
        elif rest:
            parts[key] = _without(parts[key], [tuple(rest)])
        else:
            _check_leaves_quietly(parts[key])
            parts[key] = _HOLE
    return parts


def _check_leaves_quietly(old: object) -> None:
    """Raise where the end of `old` could run code, so that what was there does matter."""
    kind = type(old)
    if kind not in _PLAIN and kind.__module__.split(".")[0] not in ("numpy", "pandas") and hasattr(kind, "__del__"):
        raise _Unknown


def _array_with_holes(value: Any, paths: Sequence[Path]) -> object:  # noqa: ANN401 - untyped by its library
    if value.dtype.hasobject or value.nbytes > _LIMIT_BYTES:
        raise _Unknown
    copy = value.copy("K")
    for (how, key), *rest in paths:
        if rest or how not in ("item", "slice"):
            raise _Unknown
        copy[slice(*key) if how == "slice" else key] = 0
    return (copy, value.strides, value.flags.writeable)


def _frame_with_holes(value: Any, paths: Sequence[Path]) -> tuple[object, ...]:  # noqa: ANN401 - untyped by its library
    if sum(block.values.nbytes for block in value._mgr.blocks) > _LIMIT_BYTES or not value.columns.is_unique:
        raise _Unknown
    if len(paths) == 1 and paths[0] in ((("attribute", "columns"),), (("attribute", "index"),)):
        bare = value.copy(deep=False)
        axis = paths[0][0][1]
        setattr(bare, axis, range(len(getattr(value, axis))))
        return (axis, bare)
    keys = [key for path in paths for how, key in path if how == "item" and type(key) is str and len(path) == 1]
    if len(keys) != len(paths) or any(value.columns.nlevels > 1 for _ in keys):
        raise _Unknown
    names = dict.fromkeys([*value.columns, *keys])
    return (list(names), value.drop(columns=[key for key in keys if key in value.columns]))


def _object_with_holes(value: Any, paths: Sequence[Path]) -> tuple[object, ...]:  # noqa: ANN401 - any value
    kind = type(value)
    if kind is types.FunctionType:
        return (
            "function",
            value.__code__,
            value.__defaults__,
            value.__closure__,
            _with_holes(dict(value.__dict__), paths, "attribute"),
        )
    if kind is type:
        parts = {name: item for name, item in sorted(vars(value).items()) if name not in ("__dict__", "__weakref__")}
        _check_plain(value.__mro__[1:], paths, type(value))
        return (
            "class",
            value.__qualname__,
            value.__bases__,
            dict(sorted(_with_holes(parts, paths, "attribute").items())),
        )
    if kind.__module__ != "__main__" or issubclass(
        kind, (type, dict, list, set, tuple, str, int, float, BaseException)
    ):
        raise _Unknown
    _check_plain(kind.__mro__, paths, kind)
    parts = dict(getattr(value, "__dict__", {}))
    slots = [name for base in kind.__mro__ for name in _slots(base) if name not in ("__dict__", "__weakref__")]
    parts.update({name: object.__getattribute__(value, name) for name in slots if _has(value, name)})
    return (
        "object",
        kind,
        dict(sorted(_with_holes(parts, paths, "attribute").items()))
        if slots
        else _with_holes(parts, paths, "attribute"),
    )


def _slots(base: type) -> tuple[str, ...]:
    given = base.__dict__.get("__slots__", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _has(value: object, name: str) -> bool:
    try:
        object.__getattribute__(value, name)
    except AttributeError:
        return False
    return True


def _check_plain(bases: Sequence[type], paths: Sequence[Path], kind: type) -> None:
    """Raise where to set an attribute could run code: a class with ``__setattr__``, a property."""
    for base in (*bases, *kind.__mro__):
        if base in (object, type):
            continue
        if {"__setattr__", "__getattribute__"} & base.__dict__.keys():
            raise _Unknown
        for (how, name), *_ in paths:
            found = base.__dict__.get(name) if how == "attribute" else None
            if (
                found is not None
                and hasattr(type(found), "__set__")
                and not isinstance(found, types.MemberDescriptorType)
            ):
                raise _Unknown
