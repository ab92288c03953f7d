"""What cells depend on and no variable holds: random generators, options of libraries, environment variables, the working folder.

It is stored as JSON in a component of its own, which has no names; so it is read without unpickling, and once for all snapshots between
which it did not change. Libraries are met when the notebook has imported them.
"""

from __future__ import annotations

import base64
import contextlib
import decimal
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import xxhash

from mlnb.core.secrets import is_secret_name, mask
from mlnb.snapshots.ports import Encoded

CODEC = "process"
"""Name under which the state of the process stands among the components; it is not a plug-in."""
_NOT_OURS = frozenset({"LINES", "COLUMNS", "PWD", "OLDPWD", "SHLVL", "_"})
_MATPLOTLIB_OWN = frozenset({"backend", "backend_fallback", "interactive", "toolbar"})


class ProcessState:
    """Captures and restores the state of this process.

    Args:
        environment: the environment variables as they were before the user's first cell; None: as they are now.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._first = dict(os.environ if environment is None else environment)

    def capture(self) -> bytes:
        """The state now. A part that cannot be told is left out."""
        state: dict[str, Any] = {"hash_seed": os.environ.get("PYTHONHASHSEED", "")}
        for name, (tell, _) in self._parts().items():
            with contextlib.suppress(Exception):  # a library of another version
                told = tell()
                if told is not None:
                    json.dumps(told)
                    state[name] = told
        return json.dumps(state, sort_keys=True).encode()

    def restore(self, data: bytes) -> tuple[str, ...]:
        """Make the process what it was; returns the parts that were set, in words."""
        state, done = json.loads(bytes(data)), []
        for name, (_, put) in self._parts().items():
            with contextlib.suppress(Exception):  # a folder that is gone, an option that this version does not have
                if name in state:
                    put(state[name])
                    done.append(name)
        return tuple(done)

    def _parts(self) -> dict[str, tuple[Callable[[], Any], Callable[[Any], None]]]:
        return {
            "working folder": (os.getcwd, os.chdir),
            "environment variables": (self._environment, self._set_environment),
            "random": (random.getstate, _set_random),
            "numpy.random": (_numpy_random, _set_numpy_random),
            "torch.random": (_torch_random, _set_torch_random),
            "options of numpy": (_numpy_options, _set_numpy_options),
            "options of pandas": (_pandas_options, _set_pandas_options),
            "options of matplotlib": (_matplotlib_options, _set_matplotlib_options),
            "decimal": (_decimal, _set_decimal),
        }

    def _environment(self) -> dict[str, str | None]:
        """What differs from the first environment; None: is gone. Credentials are left out."""
        now = dict(os.environ)
        return {
            name: now.get(name)
            for name in sorted({*now, *self._first})
            if now.get(name) != self._first.get(name) and _may_be_kept(name, now.get(name, ""))
        }

    def _set_environment(self, wanted: dict[str, str | None]) -> None:
        for name in {*wanted, *self._environment()}:
            value = wanted[name] if name in wanted else self._first.get(name)
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def digest_of_state(data: bytes) -> str:
    """Equal while the state is."""
    return xxhash.xxh3_128_hexdigest(b"process" + data)


def encoded(data: bytes) -> Encoded:
    """The state as a codec would give it."""
    return Encoded(data, [])


def _may_be_kept(name: str, value: str) -> bool:
    return name not in _NOT_OURS and not is_secret_name(name) and mask(value) == value


def _set_random(state: list[Any]) -> None:
    random.setstate((state[0], tuple(state[1]), state[2]))


def _loaded(name: str) -> Any:  # noqa: ANN401 - any version of a library, or None
    return sys.modules.get(name)


def _needed(name: str) -> Any:  # noqa: ANN401
    import importlib

    return importlib.import_module(name)


def _numpy_random() -> dict[str, Any] | None:
    numpy = _loaded("numpy")
    if numpy is None or "numpy.random" not in sys.modules:
        return None
    state = numpy.random.get_state(legacy=False)
    inner = {name: _plain(value) for name, value in state["state"].items()}
    return {**{name: value for name, value in state.items() if name != "state"}, "state": inner}


def _plain(value: Any) -> Any:  # noqa: ANN401
    if not hasattr(value, "tobytes"):
        return int(value)
    return {"bytes": base64.b64encode(value.tobytes()).decode(), "dtype": value.dtype.str}


def _set_numpy_random(state: dict[str, Any]) -> None:
    numpy = _needed("numpy")
    inner = {
        name: numpy.frombuffer(base64.b64decode(value["bytes"]), value["dtype"]) if isinstance(value, dict) else value
        for name, value in state["state"].items()
    }
    numpy.random.set_state({**state, "state": inner})


def _torch_random() -> str | None:
    torch = _loaded("torch")
    return None if torch is None else base64.b64encode(bytes(torch.get_rng_state().tolist())).decode()


def _set_torch_random(state: str) -> None:
    torch = _needed("torch")
    torch.set_rng_state(torch.tensor(list(base64.b64decode(state)), dtype=torch.uint8))


def _numpy_options() -> dict[str, Any] | None:
    numpy = _loaded("numpy")
    if numpy is None:
        return None
    shown = {name: value for name, value in numpy.get_printoptions().items() if _is_json(value)}
    return {"print": shown, "errors": numpy.geterr()}


def _set_numpy_options(options: dict[str, Any]) -> None:
    numpy = _needed("numpy")
    numpy.set_printoptions(**{name: value for name, value in options["print"].items() if name != "override_repr"})
    numpy.seterr(**options["errors"])


def _pandas_set() -> Iterator[tuple[str, Any, Any]]:
    config = _loaded("pandas._config.config")
    for name, option in getattr(config, "_registered_options", {}).items():
        if name not in config._deprecated_options:
            yield name, config.get_option(name), option.defval


def _pandas_options() -> dict[str, Any] | None:
    """Those that are not as pandas sets them."""
    if _loaded("pandas") is None:
        return None
    return {name: value for name, value, default in _pandas_set() if value != default and _is_json(value)}


def _set_pandas_options(options: dict[str, Any]) -> None:
    if not options and _loaded("pandas") is None:
        return
    pandas = _needed("pandas")
    for name, value, default in list(_pandas_set()):
        wanted = options.get(name, default)
        if value != wanted and (name in options or _is_json(value)):
            with contextlib.suppress(Exception):
                pandas.set_option(name, wanted)


def _matplotlib_options() -> dict[str, Any] | None:
    matplotlib = _loaded("matplotlib")
    if matplotlib is None:
        return None
    return {
        name: value
        for name, value in dict.items(matplotlib.rcParams)
        if name not in _MATPLOTLIB_OWN and value != dict.get(matplotlib.rcParamsDefault, name) and _is_json(value)
    }


def _set_matplotlib_options(options: dict[str, Any]) -> None:
    if not options and _loaded("matplotlib") is None:
        return
    matplotlib = _needed("matplotlib")
    now = _matplotlib_options() or {}
    back = {name: dict.get(matplotlib.rcParamsDefault, name) for name in now.keys() - options.keys()}
    matplotlib.rcParams.update({**back, **options})


def _decimal() -> list[Any]:
    context = decimal.getcontext()
    return [context.prec, context.rounding]


def _set_decimal(state: list[Any]) -> None:
    context = decimal.getcontext()
    context.prec, context.rounding = state


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
