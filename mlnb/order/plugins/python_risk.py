"""Risk: names whose value a cell may change in place, judging by its code alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Calls of these only look at what they are given.
_LOOKING = frozenset({
    "print", "len", "sum", "sorted", "repr", "str", "list", "tuple", "set", "dict", "frozenset", "min", "max", "range",
    "isinstance", "issubclass", "type", "abs", "any", "all", "int", "float", "bool", "round", "hash", "id", "format",
    "callable", "hasattr", "bytes", "complex", "divmod", "ord", "chr", "pow", "bin", "hex", "oct", "display",
})  # fmt: skip
_NO_CHANGE_METHODS = frozenset({
    "copy", "keys", "values", "items", "get", "count", "index", "head", "tail", "describe", "mean", "sum", "min", "max",
    "std", "var", "median", "shape", "tolist", "to_list", "to_numpy", "startswith", "endswith", "upper", "lower",
    "strip", "split", "join", "format", "replace", "encode", "decode", "isin", "isna", "notna", "value_counts",
    "nunique", "unique", "info", "corr", "to_dict", "to_string", "astype",
})  # fmt: skip
_SHOWN_AT_ONCE = (
    ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.JoinedStr, ast.FormattedValue, ast.Expr, ast.IfExp, ast.Tuple,
)  # fmt: skip


def at_risk(tree: ast.AST) -> frozenset[str]:
    """Names whose value `tree` may change in place: all it uses, but for those it only looks at or only gives another name."""
    aliases = {id(node): alias for node in ast.walk(tree) if (alias := _alias(node)) is not None}
    risky = {node.id for node, harmless in _uses(tree, aliases, harmless=False) if not harmless}
    pending = set(aliases.values())
    while grown := {(name, of) for name, of in pending if name in risky}:
        pending -= grown
        risky |= {of for _, of in grown}
    return frozenset(risky)


def _alias(node: ast.AST) -> tuple[str, str] | None:
    """(name, of) when `node` only gives part of `of` another name: ``name = of.part["key"]``."""
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
        return None
    value = node.value
    while isinstance(value, (ast.Attribute, ast.Subscript)):
        if isinstance(value, ast.Subscript) and not isinstance(value.slice, (ast.Constant, ast.Name, ast.UnaryOp)):
            return None
        value = value.value
    return (node.targets[0].id, value.id) if isinstance(value, ast.Name) else None


_Uses = Iterator[tuple[ast.Name, bool]]


def _uses(node: ast.AST, aliases: dict[int, tuple[str, str]], *, harmless: bool) -> _Uses:
    if isinstance(node, ast.Name):
        yield node, harmless and isinstance(node.ctx, ast.Load)
    elif id(node) in aliases:
        return
    elif isinstance(node, ast.Call):
        yield from _uses_in_call(node, aliases)
    elif isinstance(node, (ast.Attribute, ast.Subscript)):
        # what is done to a part is done to the whole
        yield from _uses(node.value, aliases, harmless=harmless and isinstance(node.ctx, ast.Load))
        if isinstance(node, ast.Subscript):
            yield from _uses(node.slice, aliases, harmless=True)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _uses(child, aliases, harmless=isinstance(node, _SHOWN_AT_ONCE))


def _uses_in_call(node: ast.Call, aliases: dict[int, tuple[str, str]]) -> _Uses:
    looks = isinstance(node.func, ast.Name) and node.func.id in _LOOKING
    if isinstance(node.func, ast.Attribute):
        looks = node.func.attr in _NO_CHANGE_METHODS
        yield from _uses(node.func.value, aliases, harmless=looks)
    else:
        yield from _uses(node.func, aliases, harmless=looks)
    for part in [*node.args, *[keyword.value for keyword in node.keywords]]:
        inner = part.value if isinstance(part, ast.Starred) else part
        yield from _uses(inner, aliases, harmless=looks)
