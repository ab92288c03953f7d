"""What lies outside the names and yet decides results: folder, environment, random state, import path, settings of libraries."""

from __future__ import annotations

import os
import random
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

import xxhash

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


def random_state() -> str:
    """State of the standard library's generator."""
    return digest(hash(random.getstate()))


def numpy_random_state() -> str | None:
    """State of numpy's global generator, or None when numpy's random numbers are not loaded."""
    module = sys.modules.get("numpy.random")
    if module is None or not hasattr(module, "get_state"):
        return None
    state = module.get_state(legacy=False)
    inner = state["state"]
    return digest((inner["key"].tobytes(), inner.get("pos"), state.get("has_gauss"), state.get("gauss")))


def module_surface(module: types.ModuleType) -> str:
    """The public attributes of a library module, so that a patched one is seen. Submodules imported later do not count."""
    parts = [
        (name, value if type(value) in _BY_VALUE else id(value))
        for name, value in list(vars(module).items())
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]
    return digest(sorted(parts, key=lambda part: part[0]))


def _pandas_options() -> object:
    return sys.modules["pandas._config.config"].__dict__["_global_config"]


def _matplotlib_settings() -> object:
    return sorted(dict.items(sys.modules["matplotlib"].rcParams))


def _figures() -> object:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    managers: Any = helpers.Gcf.figs if helpers is not None else {}
    return [
        (number, [(len(axes.lines), len(axes.patches), len(axes.collections)) for axes in manager.canvas.figure.axes])
        for number, manager in managers.items()
    ]


def _numpy_print_options() -> object:
    return sys.modules["numpy"].get_printoptions()


def _numpy_errors() -> object:
    return sys.modules["numpy"].geterr()


def _decimal_context() -> object:
    return sys.modules["decimal"].getcontext()


def _warning_filters() -> object:
    return sys.modules["warnings"].filters


def _log_levels() -> object:
    logging = sys.modules["logging"]
    loggers = logging.root.manager.loggerDict
    return sorted(
        (name, logger.level) for name, logger in loggers.items() if getattr(logger, "level", 0)
    ), logging.root.level


def _locale() -> object:
    return sys.modules["locale"].setlocale(0)


_REGISTRIES: dict[str, tuple[str, str, Callable[[], object]]] = {
    "pandas options": ("pandas", "pandas._config.config", _pandas_options),
    "matplotlib settings": ("matplotlib", "matplotlib", _matplotlib_settings),
    "open figures": ("matplotlib", "matplotlib._pylab_helpers", _figures),
    "numpy print options": ("numpy", "numpy", _numpy_print_options),
    "numpy error handling": ("numpy", "numpy", _numpy_errors),
    "decimal context": ("decimal", "decimal", _decimal_context),
    "warning filters": ("warnings", "warnings", _warning_filters),
    "log levels": ("logging", "logging", _log_levels),
    "locale": ("locale", "locale", _locale),
}
"""What libraries keep for the whole process: name -> (package whose users depend on it, module that must be loaded, how to read it)."""


def registries(packages: Iterable[str]) -> dict[str, str]:
    """Fingerprints of the process-wide settings of `packages`, by name."""
    wanted = set(packages)
    found = {}
    for name, (package, module, read) in _REGISTRIES.items():
        if package in wanted and module in sys.modules:
            try:
                found[name] = digest(read())
            except Exception:  # noqa: S112, BLE001 - what is missing is left out
                continue
    return found
