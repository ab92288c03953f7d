"""Stand-ins for the few built-in functions through which Python code reaches files and programs, in place only while a cell runs.

An audit hook would hear of every file as well, but it can never be taken out again and is called for each ``id()`` too. A stand-in costs
nothing where it is not called. It gives itself out as the function it stands for (``type()`` and a traceback apart), and IPython's
tracebacks are rid of it.
"""

from __future__ import annotations

import os
import pathlib
import pkgutil
import sys
import types
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from mlnb.kernel.order_open import NotebookOpen

Note = Callable[[tuple[Any, ...], dict[str, Any]], None]
"""Told of each call, before it happens: positional and named arguments. It does not raise."""


class StandIn:
    """A callable in the place of a built-in function; all that is asked of it, that function answers."""

    __slots__ = ("__weakref__",)
    __call__: Callable[..., Any]

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - as the function's
        real = real_of(self)
        if name in ("__reduce__", "__reduce_ex__"):
            return lambda *_: _as_pickled(self, real)
        return getattr(real, name)

    def __repr__(self) -> str:
        return repr(real_of(self))

    def __hash__(self) -> int:
        return hash(real_of(self))

    def __eq__(self, other: object) -> bool:
        return real_of(self) is real_of(other)

    def __dir__(self) -> list[str]:
        return dir(real_of(self))


StandIn.__module__, StandIn.__qualname__, StandIn.__name__ = "builtins", *["builtin_function_or_method"] * 2


def _as_pickled(made: StandIn, real: Any) -> str | tuple[Any, ...]:  # noqa: ANN401 - any function
    """By name, as the function itself is; where that name holds the function again, by a call that looks it up."""
    module: str = real.__module__
    if getattr(sys.modules.get(module), real.__qualname__, None) is made:
        return str(real.__qualname__)
    return pkgutil.resolve_name, (f"{module}:{real.__qualname__}",)


_reals: Final[dict[int, tuple[StandIn, Any]]] = {}


def real_of(value: Any) -> Any:  # noqa: ANN401 - any value
    """The function that `value` stands for; `value` itself when it is no stand-in."""
    found = _reals.get(id(value))
    return value if found is None else found[1]


class KnownCalls(set[tuple[Any, ...]]):
    """Positional arguments (plain strings only) of calls that are of no interest any more.

    Attributes:
        modes: of those that opened a file the mode of the last one, by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.modes: dict[str, str] = {}

    def clear(self) -> None:
        """All calls are of interest again."""
        super().clear()
        self.modes.clear()


_MISSING: Final = object()
_PATH: Final = type(pathlib.Path())


def stand_in(real: Callable[..., Any], note: Note, known: KnownCalls) -> StandIn:
    """A stand-in for `real`, which tells `note` of every call but those whose arguments are among `known`."""

    def __call__(_: StandIn, one: Any = _MISSING, /, *more: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function's
        if type(one) is str and not more and not named:  # most calls, the quickest way
            if (one,) not in known:
                note((one,), named)
            return real(one)
        if one is _MISSING:
            note((), named)
            return real(**named)
        told = (one, *more) if type(one) is str else (_as_text(one), *more)
        if _is_news(known, told, named):
            note(told, named)
        return real(one, *more, **named)

    hide_frames_of(__call__)
    kind = type(
        "builtin_function_or_method", (StandIn,), {"__slots__": (), "__call__": __call__, "__module__": "builtins"}
    )
    made: StandIn = kind()
    _reals[id(made)] = (made, real)
    return made


def _as_text(given: object) -> object:
    """The text of a path; anything else as it is."""
    return os.fspath(given) if type(given) is _PATH else given


def _is_news(known: KnownCalls, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    try:
        return type(arguments[0]) is not str or arguments not in known or "mode" in named
    except TypeError:  # arguments that cannot be looked up
        return True


def told_of_notebooks(note: Note, known: KnownCalls) -> Note:
    """Tells `note` of the calls of a notebook's `open`, and notes the modes of those that are of no interest any more."""

    def told(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        if arguments and type(arguments[0]) is _PATH:
            arguments = (_as_text(arguments[0]), *arguments[1:])
        if _is_news(known, arguments, named):
            note(arguments, named)
        if not _is_news(known, arguments, named):
            known.modes[arguments[0]] = arguments[1] if len(arguments) > 1 else "r"

    return told


_frames: Final[set[types.CodeType]] = set()
_NOTEBOOKS: Final = ("IPython.core.interactiveshell", "io_open")  # what the `open` of every notebook calls


def hide_frames_of(function: Callable[..., object]) -> None:
    """Keep `function`, through which code of the user's passes, out of IPython's tracebacks, too."""
    if isinstance(function, types.FunctionType):
        _frames.add(function.__code__)


def without_stand_ins(error: BaseException | None) -> None:
    """Take the frames of stand-ins out of the traceback of `error`, and of those of the errors behind it."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
        place = one.__traceback__
        while place is not None:
            while place.tb_next is not None and place.tb_next.tb_frame.f_code in _frames:
                place.tb_next = place.tb_next.tb_next
            place = place.tb_next


class Doors:
    """All stand-ins of this process, and the places where they stand while the doors are watched.

    A place is a name of a module that holds the function: ``builtins.open``, ``io.open`` and every module that keeps a reference
    of its own. Names that the user has bound to a function count as places, too.
    """

    def __init__(self) -> None:
        self._by_real: dict[int, StandIn] = {}
        self._back: dict[int, Any] = {}
        self._notebooks: NotebookOpen | None = None
        self._places: list[tuple[dict[str, Any], str, Any, Callable[..., Any]]] = []
        self._users: set[str] = set()  # names of the user's that have held one of the functions
        self._looked_at: set[str] = set()
        self._watched = False
        self._held: list[int] = []  # how often each stand-in was referred to when it was not yet in its places

    def add(self, real: Callable[..., Any], note: Note, known: KnownCalls) -> None:
        """Watch calls of the built-in function `real`."""
        if id(real) not in self._by_real:
            new = self._by_real[id(real)] = stand_in(real, note, known)
            self._back[id(new)] = real
            self._looked_at = set()
            module = sys.modules.get(_NOTEBOOKS[0])
            if real is getattr(module, _NOTEBOOKS[1], None):
                function = getattr(module, "_modified_open", None)
                self._notebooks = NotebookOpen(function, told_of_notebooks(note, known), known.modes)

    def watch(self, names: MutableMapping[str, Any]) -> None:
        """Put the stand-ins in, in the user's `names` as well."""
        if len(self._looked_at) != len(sys.modules):
            self._look_at_modules()
        self._held = self._references()
        for place, name, real, new in self._places:
            if place.get(name) is real:  # whoever has put in something else has the last word
                place[name] = new
        for name in self._users:
            if id(names.get(name)) in self._by_real:
                names[name] = self._by_real[id(names[name])]
        if self._notebooks is not None:
            self._notebooks.watch()
        self._watched = True

    def unwatch(self, names: MutableMapping[str, Any]) -> None:
        """Put the functions back."""
        if not self._watched:
            return
        self._watched = False
        if self._notebooks is not None:
            self._notebooks.unwatch()
        self._put_back()
        if self._references() != self._held and not self._back.keys().isdisjoint(map(id, list(names.values()))):
            self._users |= self._exchange(names, self._back)
        if len(self._looked_at) != len(sys.modules):
            self._looked_at = set(sys.modules)  # what the cell imported has met the stand-ins only

    def remove(self) -> None:
        """Put the functions back into every module, those that were imported by a cell included."""
        for module in list(sys.modules.values()):
            if isinstance(module, types.ModuleType):
                self._exchange(module.__dict__, self._back)
        self._places, self._looked_at = [], set()

    def _put_back(self) -> None:
        for place, name, real, new in self._places:
            if place.get(name) is new:
                place[name] = real

    def _references(self) -> list[int]:
        """How often each stand-in is referred to: when a cell keeps one, its number tells, without a look at thousands of names."""
        return [*map(sys.getrefcount, self._by_real.values())]

    @staticmethod
    def _exchange(names: MutableMapping[str, Any], given: dict[int, Any]) -> set[str]:
        found = {name for name, value in list(names.items()) if id(value) in given}
        for name in found:
            names[name] = given[id(names[name])]
        return found

    def _tells_itself(self) -> bool:
        """Whether the `open` of notebooks tells of what it opens, so that what it calls need not."""
        return self._notebooks is not None and self._notebooks.is_known

    def _look_at_modules(self) -> None:
        for module_name, module in list(sys.modules.items()):
            if module_name in self._looked_at or not isinstance(module, types.ModuleType):
                continue
            place = module.__dict__
            for name, value in list(place.items()):
                if id(value) in self._by_real and not ((module_name, name) == _NOTEBOOKS and self._tells_itself()):
                    self._places.append((place, name, value, self._by_real[id(value)]))
        self._looked_at = set(sys.modules)
