"""The states of the global random generators, read at every border of a run: by their memory, which takes a microsecond.

To ask the generators themselves takes fifty times as long, since both answer with 624 numbers one by one. Where the memory does not
hold what it should (another Python, another numpy), they are asked all the same.
"""

from __future__ import annotations

import _random
import contextlib
import ctypes
import random
import sys
from typing import Any, Final

import xxhash

_HEADER_BYTES: Final = object.__basicsize__
_MT19937_BYTES: Final = 624 * 4 + 4  # numpy's mt19937_state: the words and the place among them


def _memory(value: object, kind: type) -> bytes:
    """What the object itself holds, as an instance of `kind`; not its count of references."""
    return ctypes.string_at(id(value) + _HEADER_BYTES, kind.__basicsize__ - _HEADER_BYTES)


def _is_told_by_memory() -> bool:
    """Whether the memory of Python's generator is its state: seen at one that is made for this."""
    if sys.implementation.name != "cpython":
        return False
    tried = random.Random(1)  # noqa: S311 - no secret
    start, state = _memory(tried, _random.Random), tried.getstate()
    tried.getrandbits(32)
    drawn = _memory(tried, _random.Random)
    tried.setstate(state)
    words = b"".join(word.to_bytes(4, sys.byteorder) for word in state[1][:-1])
    return words in start and drawn != start and _memory(tried, _random.Random) == start


class PythonState:
    """The state of the generator behind the functions of ``random``.

    Attributes:
        is_told_by_memory: whether it is read from memory, and not asked for.
    """

    def __init__(self) -> None:
        self._generator: Any = random._inst  # the functions' own, whatever the user does to them
        self.is_told_by_memory = _is_told_by_memory()

    def __call__(self) -> str:
        """Its fingerprint: equal for equal states, within this kernel."""
        if self.is_told_by_memory:
            state = _memory(self._generator, _random.Random) + repr(self._generator.gauss_next).encode()
        else:
            state = repr(self._generator.getstate()).encode()
        return xxhash.xxh3_128_hexdigest(state)


class NumpyState:
    """The state of numpy's global generator. It is asked only when its memory, or that of what it draws from, has changed.

    Attributes:
        is_told_by_memory: whether that is so here; None until it was tried.
    """

    def __init__(self) -> None:
        self.is_told_by_memory: bool | None = None
        self._seen: tuple[bytes, bytes] | None = None
        self._found = ""

    def __call__(self) -> str | None:
        """Its fingerprint, or None when numpy's random numbers are not loaded."""
        module: Any = sys.modules.get("numpy.random")
        if module is None or not hasattr(module, "get_state"):
            return None
        seen = self._look(module)
        if seen is None or seen != self._seen:
            self._found = _numpy_fingerprint(module.get_state(legacy=False))
            self._seen = seen
        return self._found

    def _look(self, module: Any) -> tuple[bytes, bytes] | None:  # noqa: ANN401 - untyped by its library
        """Everything that can decide the state, and more; None when it has to be asked."""
        if self.is_told_by_memory is None:
            self.is_told_by_memory = False
            with contextlib.suppress(Exception):  # a numpy that is made otherwise is asked
                self.is_told_by_memory = _is_numpy_told_by_memory(module)
        owner = getattr(module.get_state, "__self__", None)
        return _numpy_memory(module, owner) if self.is_told_by_memory and type(owner) is module.RandomState else None


def _numpy_memory(module: Any, owner: Any) -> tuple[bytes, bytes] | None:  # noqa: ANN401 - untyped by its library
    source = owner._bit_generator
    if type(source) is not module.MT19937:
        return None
    return _memory(owner, module.RandomState), ctypes.string_at(source.ctypes.state_address, _MT19937_BYTES)


def _is_numpy_told_by_memory(module: Any) -> bool:  # noqa: ANN401 - untyped by its library
    """Whether every change of the state shows in the memory: seen at a generator that is made for this.

    Normal numbers come in pairs: the second changes nothing but the note that it is gone.
    """
    if sys.implementation.name != "cpython":
        return False
    tried = module.RandomState(1)
    seen, states = [], []
    for draw in (lambda: None, tried.random_sample, tried.standard_normal, tried.standard_normal):
        draw()
        seen.append(_numpy_memory(module, tried))
        states.append(_numpy_fingerprint(tried.get_state(legacy=False)))
    words = tried.get_state(legacy=False)["state"]["key"].tobytes()
    last = seen[-1]
    return last is not None and last[1].startswith(words) and len(set(seen)) == len(set(states)) == len(seen)


def _numpy_fingerprint(state: Any) -> str:  # noqa: ANN401 - untyped by its library
    inner = dict(state["state"])
    words = inner.pop("key", None)
    rest = repr((state["bit_generator"], inner, state.get("has_gauss"), state.get("gauss"))).encode()
    return xxhash.xxh3_128_hexdigest(rest if words is None else words.tobytes() + rest)
