"""The code of a feature view: the function together with what it uses of its own file, so that a change in either is seen.

Packages it imports are the environment's business, not the definition's.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from pathlib import Path

from mlnb.core.content import digest_of
from mlnb.features.errors import DefinitionInvalid

_PLAIN = (bool, int, float, str, bytes, type(None))


def code_of(function: Callable[..., object]) -> str:
    """The source of `function`, then of every function, class and plain constant of its own module that it uses.

    Raises:
        DefinitionInvalid: the source cannot be found (it was made by ``exec`` or typed into a bare prompt).
    """
    parts: dict[str, str] = {}
    todo: list[tuple[str, object]] = [(function.__name__, function)]
    while todo:
        name, value = todo.pop(0)
        if name in parts:
            continue
        parts[name] = _part(name, value)
        if isinstance(value, types.FunctionType):
            todo += list(_uses(value))
    first, *rest = parts
    return "\n\n".join([parts[first], *(parts[name] for name in sorted(rest))])


def file_of(function: Callable[..., object]) -> Path | None:
    """The Python file that defines `function`, or None when it was defined in a notebook or a prompt."""
    try:
        name = inspect.getsourcefile(function)
    except TypeError:
        return None
    if name is None or name.startswith("<") or "ipykernel" in name or not Path(name).is_file():
        return None
    return Path(name).resolve()


def code_hash(code: str) -> str:
    """A short name of `code` that comments, formatting and docstrings do not change: 12 hex characters."""
    return digest_of(_normalised(code).encode())[:12]


def is_same_code(one: str, other: str) -> bool:
    """Whether two codes do the same: equal but for comments, formatting, docstrings and the decorator's words."""
    return one == other or _normalised(one) == _normalised(other)


def _normalised(code: str) -> str:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # stored by another version of Python
        return code
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            node.decorator_list = [one for one in node.decorator_list if "feature_view" not in ast.unparse(one)]
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _part(name: str, value: object) -> str:
    if isinstance(value, (types.FunctionType, type)):
        try:
            return textwrap.dedent(inspect.getsource(value)).rstrip()
        except (OSError, TypeError) as error:
            raise DefinitionInvalid(
                f"the source of {name} cannot be found", "Define it in a notebook cell or in a Python file."
            ) from error
    return f"{name} = {_literal(value)}"


def _literal(value: object) -> str:
    """`value` written the same way in every process (the order of a set of strings differs between them)."""
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_literal, value)))}}}" if value else "set()"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(key)}: {_literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{_literal(item)}, ' for item in value)})"
    return repr(value)


def _uses(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    """What `function` uses by name that belongs to its definition, by name."""
    defaults = {f"{function.__name__}_default_{i}": value for i, value in enumerate(function.__defaults__ or ())}
    defaults |= {
        f"{function.__name__}_default_{name}": value for name, value in (function.__kwdefaults__ or {}).items()
    }
    yield from ((name, value) for name, value in defaults.items() if _is_plain(value))
    names = sorted(set(_names(function.__code__)))
    closed = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for name in names:
        if name in closed:
            try:
                value = closed[name].cell_contents
            except ValueError:  # not assigned yet
                continue
        elif name in function.__globals__:
            value = function.__globals__[name]
        else:
            continue
        if _belongs(value, function.__module__):
            yield name, value


def _names(code: types.CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _belongs(value: object, module: str) -> bool:
    if isinstance(value, (types.FunctionType, type)):
        return value.__module__ == module
    return _is_plain(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return len(value) <= 1000 and all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return len(value) <= 1000 and all(_is_plain(item) for pair in value.items() for item in pair)
    return isinstance(value, _PLAIN)
