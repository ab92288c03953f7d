"""Overwrites: parts of values that a cell replaces without looking at what was there, as in ``d["k"] = 2``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

Step = tuple[str, Any]
"""``("item", key)``, ``("slice", (start, stop))``, ``("attribute", name)`` or ``("all", None)``: all that is in it. Beside these,
``("reads item", key)`` and ``("reads column", name)``: other parts, which the cell may look at."""
Path = tuple[Step, ...]


def overwrites(tree: ast.Module) -> tuple[tuple[str, tuple[Path, ...]], ...]:
    """For each name that `tree` uses in no other way: the parts of its value that it surely replaces, in order."""
    found: dict[str, list[Path]] = {}
    explained: set[int] = set()
    for statement in tree.body:
        for name, path in _replaced(statement):
            found.setdefault(name.id, []).append(path)
            explained.add(id(name))
    for node in ast.walk(tree):
        for name, step in _read_part(node):
            replaced = [path[0] for path in found.get(name.id, []) if not path[0][0].startswith("reads")]
            if (
                replaced
                and id(name) not in explained
                and all(how == "item" and key != step[1] for how, key in replaced)
            ):
                found[name.id].append((step,))
                explained.add(id(name))
    others = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in explained}
    return tuple((name, tuple(paths)) for name, paths in found.items() if name not in others)


def _replaced(node: ast.stmt) -> Iterator[tuple[ast.Name, Path]]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield from _part(node.targets[0], ())
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            yield from _by_method(call, call.func.attr, call.func.value)
    if isinstance(node, (ast.Assign, ast.Expr)) and isinstance(node.value, ast.Call):
        for keyword in node.value.keywords:
            if keyword.arg == "out" and isinstance(keyword.value, ast.Name) and not _has_mask(node.value):
                yield keyword.value, (("all", None),)


def _read_part(node: ast.AST) -> Iterator[tuple[ast.Name, Step]]:
    """A part, named by a text, that `node` reads of a name."""
    if not (
        isinstance(node, (ast.Attribute, ast.Subscript))
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
    ):
        return
    if isinstance(node, ast.Attribute):
        yield node.value, ("reads column", node.attr)
    elif isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        yield node.value, ("reads item", node.slice.value)


def _has_mask(call: ast.Call) -> bool:
    return any(keyword.arg in ("where", None) for keyword in call.keywords)


def _part(node: ast.expr, rest: Path) -> Iterator[tuple[ast.Name, Path]]:
    if isinstance(node, ast.Name):
        if rest:
            yield node, rest
    elif isinstance(node, ast.Attribute):
        yield from _part(node.value, (("attribute", node.attr), *rest))
    elif isinstance(node, ast.Subscript):
        step = _step(node.slice)
        if step is not None and not (rest and step[0] != "item"):
            yield from _part(node.value, (step, *rest))


def _step(node: ast.expr) -> Step | None:
    if isinstance(node, ast.Slice):
        ends = [None if end is None else _constant(end) for end in (node.lower, node.upper)]
        if node.step is not None or any(
            given is not None and end is None for given, end in zip((node.lower, node.upper), ends, strict=True)
        ):
            return None
        return ("all", None) if node.lower is None and node.upper is None else ("slice", tuple(ends))
    key = _constant(node)
    return None if key is None else ("item", key)


def _constant(node: ast.expr) -> Any:  # noqa: ANN401 - any constant
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, (int, str, float, bytes, tuple)) else None


def _by_method(call: ast.Call, method: str, name: ast.Name) -> Iterator[tuple[ast.Name, Path]]:
    if method in ("clear", "fill"):
        yield name, (("all", None),)
    elif method == "update" and not call.args and call.keywords and all(keyword.arg for keyword in call.keywords):
        for keyword in call.keywords:
            yield name, (("item", keyword.arg),)
