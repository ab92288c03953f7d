"""Mentions: names that a cell only hands on or asks for their title, so that nothing their value could call is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_TITLES = frozenset({"__name__", "__qualname__", "__module__", "__doc__"})


def mentioned(tree: ast.AST) -> frozenset[str]:
    """Names that `tree` reads in no other way than to give their value another name, keep it in a list, or ask its title."""
    quiet = {id(name) for node in ast.walk(tree) for name in _quiet(node)}
    loads = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)]
    return frozenset({node.id for node in loads} - {node.id for node in loads if id(node) not in quiet})


def _quiet(node: ast.AST) -> Iterator[ast.Name]:
    if isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        yield from _kept(node.value)
    elif isinstance(node, ast.Attribute) and node.attr in _TITLES and isinstance(node.value, ast.Name):
        yield node.value


def _kept(node: ast.AST) -> Iterator[ast.Name]:
    if isinstance(node, ast.Name):
        yield node
    elif isinstance(node, (ast.List, ast.Tuple)):
        for item in node.elts:
            yield from _kept(item)
    elif isinstance(node, ast.Dict):
        for item in node.values:
            yield from _kept(item)
