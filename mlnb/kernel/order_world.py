"""What lies outside the names and yet decides results: folder, environment, random state, import path, attributes of modules."""

from __future__ import annotations

import os
import types
from typing import Final

import xxhash

from mlnb.kernel.order_generators import NumpyState, PythonState

_BY_VALUE = (bool, int, float, complex, str, bytes, tuple, frozenset, type(None))
_SHELL_NOISE = frozenset({"OLDPWD", "LINES", "COLUMNS", "_"})
_environment: tuple[dict[object, object], dict[str, str]] = ({}, {})


def digest(value: object) -> str:
    """A short name for the words of `value`."""
    return xxhash.xxh3_128_hexdigest(repr(value).encode("utf-8", "surrogatepass"))


def folder() -> str:
    """The working directory, or empty when it has been removed."""
    try:
        return os.getcwd()  # noqa: PTH109 - hot path, plain text wanted
    except OSError:
        return ""


def environment() -> dict[str, str]:
    """Environment variables as they are now: the same object as before while none has changed."""
    global _environment
    raw = getattr(os.environ, "_data", None)  # decoding all of them is most of the cost of a small cell
    if not isinstance(raw, dict):
        return {name: value for name, value in os.environ.items() if name not in _SHELL_NOISE}
    if raw != _environment[0]:
        _environment = (dict(raw), {name: value for name, value in os.environ.items() if name not in _SHELL_NOISE})
    return _environment[1]


random_state: Final = PythonState()
numpy_random_state: Final = NumpyState()


def module_surface(module: types.ModuleType) -> str:
    """The public attributes of a library module, so that a patched one is seen. Submodules imported later do not count."""
    parts = [
        (name, value if type(value) in _BY_VALUE else id(value))
        for name, value in list(vars(module).items())
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]
    return digest(sorted(parts, key=lambda part: part[0]))
