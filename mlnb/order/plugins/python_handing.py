"""Handing on: names whose objects other names may hold after a cell, judging by its code alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# What these answer holds nothing of what they are given.
_ANSWERING = frozenset({
    "print", "len", "repr", "str", "isinstance", "issubclass", "abs", "any", "all", "int", "float", "bool", "round", "hash", "id",
    "format", "callable", "hasattr", "bytes", "complex", "divmod", "ord", "chr", "pow", "bin", "hex", "oct", "display", "range",
})  # fmt: skip
_ANSWERING_METHODS = frozenset({
    "count", "index", "mean", "std", "var", "median", "startswith", "endswith", "upper", "lower", "strip", "split", "join",
    "format", "encode", "decode", "isin", "isna", "notna", "value_counts", "nunique", "info", "corr", "to_string", "describe",
})  # fmt: skip
_NEW = (ast.Compare, ast.JoinedStr)
_HOLDING = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.BoolOp, ast.Starred, ast.NamedExpr)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def handed_on(tree: ast.AST) -> frozenset[str]:
    """Names of which something may be held by another name once `tree` ran: all it uses, but for those it only asks."""
    return frozenset(_used(tree))


def _used(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif not isinstance(node, _NEW) and not _answers(node):
        for child in ast.iter_child_nodes(node):
            yield from _used(child)


def _answers(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in _ANSWERING
    return isinstance(node.func, ast.Attribute) and node.func.attr in _ANSWERING_METHODS


def aliased(tree: ast.AST) -> frozenset[str]:
    """Those of them that get another name, or a place in a value, with no call in between: ``a = b``, ``a = [b]``, ``return b``."""
    return frozenset(
        name for node in ast.walk(tree) for value in _values(node) if value is not None for name in _held(value)
    )


def _values(node: ast.AST) -> Iterator[ast.expr | None]:
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.Return, ast.Yield)):
        yield node.value
    if isinstance(node, _FUNCTIONS):
        yield from node.args.defaults
        yield from node.args.kw_defaults
    if isinstance(node, ast.Lambda):
        yield node.body


def _held(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.IfExp):
        yield from _held(node.body)
        yield from _held(node.orelse)
    elif isinstance(node, _HOLDING):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _held(child)
