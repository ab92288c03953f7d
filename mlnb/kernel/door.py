"""The door into the kernel: functions by name that front ends, servers and runners may call, JSON in and JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.core.secrets import mask
from mlnb.core.wire import to_wire
from mlnb.kernel.log import log_error

_functions: dict[str, Callable[..., Any]] = {}


def register(name: str, function: Callable[..., Any]) -> None:
    """Let `function` be called as `name`, with keyword arguments; its result must have a JSON form. Replaces an earlier one."""
    _functions[name] = function


def unregister(name: str) -> None:
    """Take `name` out again; nothing happens when it is not there."""
    _functions.pop(name, None)


def names() -> list[str]:
    """What can be called, sorted."""
    return sorted(_functions)


def answer(name: str, arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - from outside
    """``{"result": ...}`` or ``{"error": {"code", "message", "hint"}}``. Never raises."""
    if name not in _functions:
        return _error("not_found", f"this kernel has no {name!r}", f"Known: {', '.join(names())}.")
    if not isinstance(arguments, dict):
        return _error("bad_input", f"the arguments of {name} are not a JSON object", "Send them by name.")
    try:
        return {"result": to_wire(_functions[name](**arguments))}
    except MlnbError as error:
        return _error(error.code, error.message, error.hint)
    except TypeError as error:
        log_error(f"door: {name}", error)
        return _error("bad_input", f"{name}: {error}", "Check the arguments.")
    except Exception as error:  # noqa: BLE001 - nothing of ours may reach the user's cell
        log_error(f"door: {name}", error)
        return _error("error", f"{name}: {error}", "See logs/kernel.log under MLNB_HOME.")


def _error(code: str, message: str, hint: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": mask(message), "hint": hint}}


def call(name: str, arguments_json: str = "{}") -> str:
    """`answer` as JSON text, for callers that can only evaluate an expression in the kernel."""
    try:
        arguments = json.loads(arguments_json)
    except ValueError as error:
        return json.dumps(_error("bad_input", f"the arguments are not JSON: {error}", ""))
    if not isinstance(arguments, dict):
        return json.dumps(_error("bad_input", "the arguments are not a JSON object", ""))
    return json.dumps(answer(name, arguments), ensure_ascii=False)
