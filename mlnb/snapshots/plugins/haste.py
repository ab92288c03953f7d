"""While values are restored, what can be done later waits: it would take the processor and the interpreter from the restore."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from collections.abc import Iterator

_SWITCH_S = 0.0005
_calm = threading.Event()
_calm.set()


@contextlib.contextmanager
def in_haste() -> Iterator[None]:
    """Inside the block values are restored; whoever waits in `wait_until_calm` goes on after it."""
    _calm.clear()
    try:
        with without_collecting():
            yield
    finally:
        _calm.set()


def wait_until_calm() -> None:
    """Wait in a thread of its own until nothing is being restored."""
    _calm.wait()


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Python looks for garbage again and again while many objects are made; in here there is none, and each look visits them all."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # else somebody froze objects, which shall stay frozen
                gc.freeze()
                gc.unfreeze()  # what was made counts as old, so that the next look need not visit it
            gc.enable()


@contextlib.contextmanager
def eager() -> Iterator[None]:
    """Threads that read in C get their turn between two steps of Python soon."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
