"""What a Python cell surely calls, and what the functions it defines surely read and call when they are called.

Surely means: whatever values there are, provided that nothing before it raised. What stands in a branch, a loop, a ``try`` or a
``with``, behind a statement that may leave the function, or in a part of an expression that may be left out, does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mlnb.order.saved import FunctionOutline

_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom, ast.Await)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_EXITS = frozenset({"exit", "quit", "_exit", "abort", "skip"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def sure_calls(body: Sequence[ast.stmt]) -> frozenset[str]:
    """Functions, by name, that the cell surely calls: from cells above, or defined in it before."""
    own = [name for statement in body for name in _bound_by(statement)]
    defined: set[str] = set()
    found: set[str] = set()
    for statement in body:
        calls = {
            node.func.id for node in _sure(statement) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        found |= {name for name in calls if name not in own or name in defined}
        if isinstance(statement, ast.FunctionDef) and own.count(statement.name) == 1:
            defined.add(statement.name)
        if _may_end(statement):
            break
    return frozenset(found)


def functions_of(body: Sequence[ast.stmt]) -> dict[str, FunctionOutline]:
    """The plain functions that the cell surely defines, once and without decorators."""
    own = [name for statement in body for name in _bound_by(statement)]
    return {
        statement.name: _function(statement)
        for statement in body
        if isinstance(statement, ast.FunctionDef) and not statement.decorator_list and own.count(statement.name) == 1
    }


def _function(node: ast.FunctionDef) -> FunctionOutline:
    inside = [part for statement in node.body for part in _own_parts(statement)]
    if any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in inside):
        return FunctionOutline()  # a call runs nothing of it
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    local = {argument.arg for argument in arguments if argument is not None}
    local |= {name for statement in node.body for name in _bound_by(statement)}
    local |= {name for part in inside if isinstance(part, (ast.Global, ast.Nonlocal)) for name in part.names}
    reads: set[str] = set()
    calls: set[str] = set()
    for statement in node.body:
        for part in _sure(statement):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                reads.add(part.id)
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                calls.add(part.func.id)
        if _may_end(statement):
            break
    return FunctionOutline(frozenset(reads - local), frozenset(calls - local))


def _sure(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of expressions that are evaluated when `statement` runs, whatever there is."""
    if isinstance(statement, (ast.Expr, ast.Return, ast.AugAssign, ast.AnnAssign)):
        start: list[ast.expr | None] = [statement.value]
    elif isinstance(statement, ast.Assign):
        start = [statement.value]
    elif isinstance(statement, (ast.If, ast.While, ast.Assert)):
        start = [statement.test]
    elif isinstance(statement, ast.For):
        start = [statement.iter]
    elif isinstance(statement, ast.With):
        start = [statement.items[0].context_expr]
    else:
        start = []
    for expression in start:
        if expression is not None:
            yield from _evaluated(expression)


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.BoolOp):
        inner: list[ast.AST] = [node.values[0]]
    elif isinstance(node, ast.IfExp):
        inner = [node.test]
    elif isinstance(node, ast.Compare):
        inner = [node.left, node.comparators[0]]
    elif isinstance(node, _COMPREHENSIONS):
        inner = [node.generators[0].iter]
    else:
        inner = list(ast.iter_child_nodes(node))
    for part in inner:
        yield from _evaluated(part)


def _own_parts(statement: ast.AST) -> Iterator[ast.AST]:
    """All of `statement` but what belongs to functions and classes in it."""
    yield statement
    if isinstance(statement, _SCOPES):
        return
    for part in ast.iter_child_nodes(statement):
        yield from _own_parts(part)


def _bound_by(statement: ast.AST) -> Iterator[str]:
    """Every name that the statement may set or delete in its scope, one for each place."""
    for part in _own_parts(statement):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield part.name
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.split(".")[0]
        elif isinstance(part, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and part.name:
            yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest


def _may_end(statement: ast.stmt) -> bool:
    """Whether what follows may not run although nothing went wrong."""
    return any(
        isinstance(part, _ENDS)
        or (isinstance(part, ast.Name) and part.id in _EXITS)
        or (isinstance(part, ast.Attribute) and part.attr in _EXITS)
        for part in _own_parts(statement)
    )
