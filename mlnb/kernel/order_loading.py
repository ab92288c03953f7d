"""Loading: what of a change of the random generators is due to libraries that drew while they were imported."""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import Callable
from typing import Any

from mlnb.kernel import order_world
from mlnb.kernel.order_doors import hide_frames_of
from mlnb.order.rules.traces import Fingerprint, Key
from mlnb.order.types import CellCode

States = dict[Key, Fingerprint | None]


_LOOKS_AT_IMPORT = frozenset(["__import__", "builtins", "__builtins__"])


class Loading:
    """Listens to the imports of one run, by a stand-in for ``__import__``; only for code that imports what is not yet loaded."""

    def __init__(self, code: CellCode) -> None:
        self.is_needed = not code.words & _LOOKS_AT_IMPORT and not all(map(_is_loaded, code.modules))
        self._changes: list[tuple[States, States]] = []

    def explains(self, key: Key, old: Fingerprint, new: Fingerprint) -> bool:
        """Whether nothing but imports changed the generator `key` from `old` to `new`."""
        state: Fingerprint | None = old
        for before, after in self._changes:
            if before[key] != state:
                return False
            state = after[key]
        return bool(self._changes) and state == new

    def note(self, before: States, after: States) -> None:
        """An import is over."""
        if before != after:
            self._changes.append((before, after))


_listening: tuple[Callable[..., Any], Callable[..., Any]] | None = None  # the function, and what stands in its place


def start(loading: Loading) -> None:
    """Tell `loading` of the imports that begin from now on."""
    global _listening
    if not loading.is_needed or _listening is not None:
        return
    real, thread, is_inside = builtins.__import__, threading.get_ident(), False

    def importing(name: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function's
        nonlocal is_inside
        if is_inside or threading.get_ident() != thread:
            return real(name, *arguments, **named)
        is_inside, before = True, _states()
        try:
            return real(name, *arguments, **named)
        finally:
            is_inside = False
            loading.note(before, _states())

    hide_frames_of(importing)
    builtins.__import__ = importing
    _listening = real, importing


def stop() -> None:
    """Tell nobody any more."""
    global _listening
    if _listening is not None:
        real, importing = _listening
        if builtins.__import__ is importing:
            builtins.__import__ = real
        _listening = None


def _is_loaded(name: str) -> bool:
    """Whether `name` is a module that was imported before, or something in one."""
    owner, _, last = name.rpartition(".")
    return name in sys.modules or last in getattr(sys.modules.get(owner), "__dict__", ())


def _states() -> States:
    return {"@random": order_world.random_state(), "@numpy random": order_world.numpy_random_state()}
