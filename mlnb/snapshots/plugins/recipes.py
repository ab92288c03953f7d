"""How things are saved that no pickle carries but that can be made anew as they are: free locks, standard streams, weak references,
matches, files open for reading, instances whose own pickling loses or refuses something.

What a recipe makes is compared with what was saved like everything else. Where it depends on something outside (a file), the variable is
named as one that is recomputed.
"""

from __future__ import annotations

import collections
import copyreg
import enum
import io
import os
import re
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlnb.core.secrets import mask
from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import functions, rebuild_recipes, rebuild_runtime, rebuild_standard, recipes_standard
from mlnb.snapshots.plugins.walk import Walk, type_name

_PLAIN_BASES = (object, dict, list, set)
_CONTAINERS = (collections.deque, collections.OrderedDict, collections.defaultdict)
_BARE_BASES = frozenset({*_PLAIN_BASES, *_CONTAINERS, *functions.VALUE_BASES})
HEAP_TYPE = 1 << 9  # CPython's Py_TPFLAGS_HEAPTYPE
LOCK, RLOCK = type(threading.Lock()), type(threading.RLock())
_OPEN_FILES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)
_FROM_FILE = "it is opened again at its place in the file {}"


def is_free(lock: Any) -> bool:  # noqa: ANN401 - a Lock or an RLock
    """Whether nobody holds `lock`."""
    return "unlocked" in repr(lock)  # before Python 3.14 an RLock does not tell otherwise


def reduce_lock(lock: Any) -> Any:  # noqa: ANN401 - see arrays.Reduced
    """A free lock.

    Raises:
        CannotSave: somebody holds it.
    """
    if not is_free(lock):
        raise CannotSave("it holds a lock that is held, which only the code that holds it can free")
    return rebuild_recipes.lock, (type(lock).__name__,)


def reduce_weakref(reference: Any) -> Any:  # noqa: ANN401
    """A weak reference to something that lives.

    Raises:
        CannotSave: what it referred to is gone, or it has a callback.
    """
    target = reference()
    if target is None:
        return rebuild_standard.dead_reference, ()
    if reference.__callback__ is not None:
        raise CannotSave("it holds a weak reference, which lives in this kernel only")
    return weakref.ref, (target,)


def reduce_match(match: re.Match[str]) -> Any:  # noqa: ANN401
    """A match, which is searched again."""
    ways = (match.re.search, match.re.match, match.re.fullmatch)
    for way in ways:
        found = way(match.string, match.pos, match.endpos)
        if found is not None and found.regs == match.regs:
            return rebuild_recipes.match, (match.re, way.__name__, match.string, match.pos, match.endpos)
    return rebuild_recipes.match, (match.re, "search", match.string, match.start(), match.endpos)


def reduce_open_file(file: Any, note: Callable[[type, str], None]) -> Any:  # noqa: ANN401
    """A file open for reading: its path and the place in it. It is never opened for writing.

    Args:
        file: the file object.
        note: told the type and why what holds it is recomputed.

    Raises:
        CannotSave: it is closed, open for writing, or no file on disk.
    """
    name = "" if file.closed else getattr(file, "name", "")
    shown = mask(str(name))
    if not isinstance(name, str) or not Path(name).is_file() or not file.readable() or file.writable():
        raise CannotSave(f"it is an open file ({shown})")
    try:
        file.tell()
    except OSError as error:
        raise CannotSave(
            f"it is an open file ({shown}) in the middle of a loop, where Python does not tell its place"
        ) from error
    note(type(file), _FROM_FILE.format(shown))
    if isinstance(file, io.FileIO):
        return recipes_standard.reduce_raw_file(file, os.path.abspath(name), Path(name).stat().st_size)  # noqa: PTH100 - as text
    text = (file.encoding, file.errors) if isinstance(file, io.TextIOWrapper) else None
    return rebuild_recipes.open_file, (os.path.abspath(name), text, file.tell(), Path(name).stat().st_size)  # noqa: PTH100 - as text


def bare_classes(kinds: set[type]) -> frozenset[type]:
    """Those of `kinds` that pickle in a way of their own, and have no content but attributes and what a plain container has.

    Of a library's classes only those that leave pickling to Python, which fails because their ``__new__`` wants arguments.
    """
    return frozenset(kind for kind in kinds if _is_bare_of_notebook(kind) or _is_bare_of_library(kind))


def _is_bare_of_notebook(kind: type) -> bool:
    return (
        functions.is_by_value(kind)
        and not isinstance(kind, enum.EnumMeta)
        and all(base in _BARE_BASES or functions.is_by_value(base) for base in kind.__mro__)
        and "__del__" not in dir(kind)
    )


def _is_bare_of_library(kind: type) -> bool:
    is_python = all(base is object or base.__flags__ & HEAP_TYPE for base in kind.__mro__)
    is_default = all(getattr(kind, name) is getattr(object, name) for name in ("__reduce__", "__reduce_ex__"))
    has_arguments = hasattr(kind, "__getnewargs__") or hasattr(kind, "__getnewargs_ex__")
    makes_itself = any("__new__" in vars(base) for base in kind.__mro__[:-1])
    return is_python and is_default and makes_itself and not has_arguments


def reduce_bare(item: Any) -> Any:  # noqa: ANN401
    """An instance as its attributes, past what its class says about pickling."""
    kind = type(item)
    slots = {
        name: getattr(item, name)
        for name in copyreg._slotnames(kind)  # type: ignore[attr-defined]  # what pickle itself uses
        if hasattr(item, name)
    }
    attributes = dict(getattr(item, "__dict__", {}))
    if isinstance(item, _CONTAINERS):
        return _reduce_container(item, attributes, slots)
    if isinstance(item, functions.VALUE_BASES):
        base, content = functions.plain_of(item)
        return (
            rebuild_runtime.bare_value,
            (kind, base, content),
            (attributes, slots),
            None,
            None,
            rebuild_recipes.fill_bare,
        )
    plain = next((base for base in kind.__mro__ if base in (dict, list, set)), None)
    if plain is not None:
        content = dict(dict.items(item)) if plain is dict else plain(plain.__iter__(item))
        state = (attributes, slots, content)
        return rebuild_standard.bare_new, (kind,), state, None, None, rebuild_standard.fill_bare
    return (
        rebuild_recipes.bare,
        (kind,),
        (attributes, slots),
        None,
        None,
        rebuild_recipes.fill_bare,
    )


def reduce_scalar(item: Any) -> Any:  # noqa: ANN401
    """A numpy scalar of a class of the notebook, which numpy forgets."""
    base = next(one for one in type(item).__mro__ if not functions.is_by_value(one))
    attributes = dict(getattr(item, "__dict__", {}))
    made = (type(item), base, item.dtype.type(item))
    return rebuild_runtime.bare_value, made, (attributes, {}), None, None, rebuild_recipes.fill_bare


def _reduce_container(item: Any, attributes: dict[str, Any], slots: dict[str, Any]) -> Any:  # noqa: ANN401
    base: Any = next(one for one in type(item).__mro__ if one in _CONTAINERS)
    if base is collections.deque:
        content: object = list(collections.deque.__iter__(item))
        option = item.maxlen
    else:
        content = dict(base.items(item))
        option = getattr(item, "default_factory", None)
    state = (attributes, slots, content, option)
    return rebuild_runtime.bare_container, (type(item), base), state, None, None, rebuild_runtime.fill_container


def visit_lock(walk: Walk, item: Any) -> None:  # noqa: ANN401
    """A lock is the same as another one while both are free."""
    if is_free(item):
        walk.claim(item)
        walk.feed(b"lock%s;" % type(item).__name__.encode())
    else:
        walk.opaque(item)


def visit_match(walk: Walk, item: re.Match[str]) -> None:
    """What was matched, where, by which pattern."""
    walk.hold(item)
    walk.feed(b"re;")
    walk.push(item.re, item.string, item.pos, item.endpos, item.regs)


def visit_stream(walk: Walk, item: object) -> bool:
    """A standard stream is its name; whether `item` is one."""
    name = walk.session.streams.get(id(item))
    if name is not None:
        walk.claim(item)
        walk.feed(b"std%s;" % name.encode())
    return name is not None


def visit_file(walk: Walk, item: Any) -> None:  # noqa: ANN401
    """A file open for reading is its path and its place; any other counts by identity."""
    if visit_stream(walk, item):
        return
    if not item.closed and isinstance(item.name, str) and item.readable() and not item.writable():
        walk.claim(item)
        where = (type_name(type(item)), os.path.abspath(item.name), item.tell())  # noqa: PTH100 - as text
        walk.feed(b"file%s;" % repr(where).encode(errors="surrogatepass"))
    else:
        walk.opaque(item)
        walk.feed(b"%d;" % (-1 if item.closed else item.tell()))


REDUCERS: dict[type, Callable[[Any], Any]] = {
    LOCK: reduce_lock,
    RLOCK: reduce_lock,
    weakref.ref: reduce_weakref,
    re.Match: reduce_match,
}
VISITS: dict[type, Callable[[Walk, Any], bool | None]] = {
    LOCK: visit_lock,
    RLOCK: visit_lock,
    re.Match: visit_match,
    **dict.fromkeys(_OPEN_FILES, visit_file),
}
OPEN_FILES = frozenset(_OPEN_FILES)
