"""What one piece of a syntax tree holds: names that it stores, lambdas that it keeps, names that its texts ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

_ASKED_FOR = re.compile(r"@([^\W\d]\w*)")
# A decorator that only wraps: it does not call what it decorates.
_QUIET_DECORATORS = {"staticmethod", "classmethod", "property", "dataclass", "cache", "lru_cache", "wraps", "contextmanager",
                     "abstractmethod", "total_ordering", "cached_property", "overload", "setter", "asynccontextmanager"}  # fmt: skip


def kept_lambdas(node: ast.expr) -> list[ast.Lambda]:
    """The lambdas that the value of an assignment keeps, itself or in a list, tuple or dict, without calling them."""
    if isinstance(node, ast.Lambda):
        return [node]
    parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else node.values if isinstance(node, ast.Dict) else []
    return [found for part in parts for found in kept_lambdas(part)]


def beside(node: ast.AST | None, kept: list[ast.Lambda]) -> Iterator[ast.AST]:
    """The other parts of `node`."""
    if node is None or node in kept:
        return
    if isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
        for child in ast.iter_child_nodes(node):
            yield from beside(child, kept)
    else:
        yield node


def is_surely_filled(node: ast.expr) -> bool:
    """Whether a loop over `node` surely runs at least once."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return any(not isinstance(item, ast.Starred) for item in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes)) and bool(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        ends = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, int)]
        return len(ends) == len(node.args) and not node.keywords and 0 < len(ends) < 4 and bool(range(*ends))
    return False


def calls_at_once(decorators: Sequence[ast.expr]) -> bool:
    """Whether one of the decorators may call what it decorates."""
    for decorator in decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""
        if name not in _QUIET_DECORATORS:
            return True
    return False


def annotations_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """The annotations of the parameters and of the result."""
    args = node.args
    for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]:
        if arg.annotation is not None:
            yield arg.annotation
    if node.returns is not None:
        yield node.returns


def free_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> tuple[set[str], set[str]]:
    """Names that calling the function reads from outside it, and those it sets there (``global``)."""
    args = node.args
    own = {
        arg.arg for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    }
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    loads: set[str] = set()
    outer: set[str] = set()
    stored: set[str] = set()
    for part in (piece for statement in body for piece in ast.walk(statement)):
        loads.update(asked_for(part))
        if isinstance(part, ast.Name):
            (loads if isinstance(part.ctx, ast.Load) else own).add(part.id)
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            outer.update(part.names)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own.add(part.name)
        elif isinstance(part, ast.arg):
            own.add(part.arg)
        elif isinstance(part, ast.alias):
            own.add((part.asname or part.name).split(".")[0])
        elif isinstance(part, ast.ExceptHandler) and part.name:
            own.add(part.name)
    stored |= outer
    return (loads - (own - outer)) | outer, stored


def asked_for(node: ast.AST) -> list[str]:
    """Names in the text of a pandas expression: ``frame.query("a > @limit")``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("query", "eval"):
        return [name for part in node.args[:1] for text in _texts(part) for name in names_asked_for(text)]
    return []


def _texts(node: ast.AST) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def names_asked_for(text: str) -> list[str]:
    """The names that a pandas expression takes from outside the frame."""
    return _ASKED_FOR.findall(text) if "@" in text else []


def stored_names(target: ast.AST) -> Iterator[str]:
    """The names that an assignment to `target` sets."""
    for part in ast.walk(target):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
