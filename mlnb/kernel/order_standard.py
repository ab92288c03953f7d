"""Fingerprints of the standard library's own kinds of values, each read through what that kind offers."""

from __future__ import annotations

import _thread
import contextvars
import datetime
import decimal
import fractions
import functools
import gc
import itertools
import operator
import random
import re
import threading
import types
import uuid
import weakref
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from mlnb.kernel.order_values import HANDLERS, Handler, Walk

_ITERABLES: Final[tuple[Any, ...]] = (
    [], (), "", b"", bytearray(), {}, set(), range(0), {}.values(), {}.items(), reversed([]), reversed({}),
)  # fmt: skip
_ITERATORS: Final = frozenset({map, zip, filter, enumerate, reversed, range} | {type(iter(x)) for x in _ITERABLES})


def _visit_iterator(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value)
    walk.tag(type(value).__name__)
    if type(value) is range:
        walk.visit(walk.temporary(value.__reduce__()))
        return
    for part in gc.get_referents(value):  # what it takes from, which others may change
        walk.visit(part)
    try:
        reduced = value.__reduce__()  # builtin and free of effects for these types
    except RuntimeError:
        walk.tag("what it takes from has changed")
        return
    for part in reduced[1:]:
        walk.visit(walk.temporary(part))


def _visit_slice(walk: Walk, value: slice) -> None:
    walk.tag("slice")
    for part in (value.start, value.stop, value.step):
        walk.visit(part)


def _visit_view(walk: Walk, value: Mapping[str, Any]) -> None:
    walk.tag("mapping proxy")
    walk.visit(walk.temporary(dict(value)))


def _visit_partial(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value)
    walk.tag("partial")
    for part in (value.func, value.args, value.keywords):
        walk.visit(part)


def _visit_lru(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value)
    walk.tag("cache")
    walk.visit(value.__wrapped__)
    if any(value.cache_info()[:2]):  # what it remembers is out of reach, but it counts its calls
        walk.cannot_see(value, repr(tuple(value.cache_info())))


def _visit_random(walk: Walk, value: random.Random) -> None:
    walk.changeable(value)
    walk.tag("Random")
    walk.visit(random.Random.getstate(value))


def _visit_reference(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag("weak reference")
    walk.visit(value())


def _visit_thread(walk: Walk, value: threading.Thread) -> None:
    walk.changeable(value)
    walk.tag("thread", value.name, value.daemon, value.is_alive())
    if value.is_alive():
        walk.cannot_see(value)


def _visit_plain(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag(type(value).__qualname__, repr(value))


def _visit_lock(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag(type(value).__qualname__, repr(value).split(" ", 1)[0])


def _visit_context_variable(walk: Walk, value: contextvars.ContextVar[Any]) -> None:
    walk.changeable(value)
    walk.tag("context variable", value.name)
    walk.visit(value.get(None))


def _visit_local(walk: Walk, value: threading.local) -> None:
    walk.changeable(value)
    walk.tag("thread local")
    walk.visit(walk.temporary(dict(object.__getattribute__(value, "__dict__"))))


def _visit_getter(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag(type(value).__qualname__)
    walk.visit(walk.temporary(value.__reduce__()[1]))  # builtin and free of effects for these types


def _visit_parts(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    """A C iterator: where it stands is out of reach, but what it takes from and what it keeps are not."""
    walk.cannot_see(value)
    for part in gc.get_referents(value):
        if not isinstance(part, type):
            walk.visit(part)


def _visit_nothing(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag(type(value).__qualname__, getattr(value, "__qualname__", ""))


def _visit_simple_namespace(walk: Walk, value: types.SimpleNamespace) -> None:
    walk.changeable(value)
    walk.tag("namespace")
    walk.visit(value.__dict__)


def _visit_counter(walk: Walk, value: Counter[Any]) -> None:
    walk.tag("Counter")
    HANDLERS[dict](walk, value)


def _visit_memory(walk: Walk, value: memoryview) -> None:
    walk.tag("memory", value.format, value.shape)
    walk.visit(value.obj)


_HANDLERS: dict[type, Handler] = {
    functools.partial: _visit_partial, type(functools.lru_cache(print)): _visit_lru, random.Random: _visit_random,
    weakref.ref: _visit_reference, threading.Thread: _visit_thread, types.SimpleNamespace: _visit_simple_namespace,
    slice: _visit_slice, types.MappingProxyType: _visit_view, **dict.fromkeys(_ITERATORS, _visit_iterator),
    Counter: _visit_counter, memoryview: _visit_memory,
    **dict.fromkeys(
        (datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal,
         fractions.Fraction, uuid.UUID, re.Pattern, re.Match),
        _visit_plain,
    ),
    **dict.fromkeys((type(threading.Lock()), type(threading.RLock())), _visit_lock),
    contextvars.ContextVar: _visit_context_variable, _thread._local: _visit_local,
    **dict.fromkeys((operator.attrgetter, operator.itemgetter, operator.methodcaller), _visit_getter),
    **dict.fromkeys((kind for kind in vars(itertools).values() if isinstance(kind, type)), _visit_parts),
    **dict.fromkeys((type(iter(print, None)), type(next(itertools.groupby("a"))[1])), _visit_parts),
    **dict.fromkeys(
        (types.WrapperDescriptorType, types.MethodWrapperType, types.MethodDescriptorType, types.ClassMethodDescriptorType,
         types.GetSetDescriptorType, types.MemberDescriptorType, types.GenericAlias, type(NotImplemented)),
        _visit_nothing,
    ),
}  # fmt: skip


def add_handlers() -> None:
    """Put this module's handlers into the table of walks."""
    HANDLERS.update(_HANDLERS)
