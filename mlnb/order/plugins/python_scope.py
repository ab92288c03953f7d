"""Names: which a cell reads before it has set them, which it sets for sure, which its functions read when they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from mlnb.core.records import dataclass, field
from mlnb.order.plugins.python_pieces import (
    annotations_of,
    asked_for,
    beside,
    calls_at_once,
    free_names,
    is_surely_filled,
    kept_lambdas,
    stored_names,
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Names:
    """The names of a cell; see `mlnb.order.types.CellCode` for what each set means."""

    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    later: dict[str, set[str]] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    star_import: bool = False


def names_of(tree: ast.Module) -> tuple[Names, set[str]]:
    """The names of a parsed cell, and those it has surely set at its end."""
    names = Names()
    sure = _block(tree.body, set(), names)
    _call_what_is_used(names)
    return names, sure


def _call_what_is_used(names: Names) -> None:
    """A function's names are read when it runs: assume so for every function of this cell that the cell itself uses."""
    todo = [name for name in names.later if name == "" or name in names.loaded]
    done: set[str] = set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        names.reads |= names.later[name]
        todo += [other for other in names.later[name] if other in names.later]


def _block(body: Iterable[ast.stmt], bound: set[str], names: Names) -> set[str]:
    for statement in body:
        bound = _statement(statement, bound, names)
    return bound


def _statement(node: ast.stmt, bound: set[str], names: Names) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _function_definition(node, bound, names)
    if isinstance(node, ast.ClassDef):
        return _class_definition(node, bound, names)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return _import(node, bound, names)
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        names.binds.update(node.names)
        return bound
    if isinstance(node, ast.Delete):
        return _delete(node, bound, names)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return _assignment(node, bound, names)
    return _compound(node, bound, names)


def _assignment(node: ast.Assign | ast.AnnAssign | ast.AugAssign, bound: set[str], names: Names) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    only = targets[0] if len(targets) == 1 and isinstance(targets[0], ast.Name) else None
    kept = kept_lambdas(node.value) if only is not None and node.value is not None else []
    if only is not None and kept:
        for function in kept:
            _function(function, only.id, bound, names)  # f = lambda: ... is a definition, and so is {"f": lambda: ...}
        for part in beside(node.value, kept):
            _expression(part, bound, names)
    elif node.value is not None:
        _expression(node.value, bound, names)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        _load(node.target.id, bound, names)
    if isinstance(node, ast.AnnAssign):
        _expression(node.annotation, bound, names)
        if node.value is None:
            return bound
    for target in targets:
        _expression(target, bound, names)
    return bound | {name for target in targets for name in stored_names(target)}


def _compound(node: ast.stmt, bound: set[str], names: Names) -> set[str]:
    if isinstance(node, ast.If):
        _expression(node.test, bound, names)
        return _block(node.body, set(bound), names) & _block(node.orelse, set(bound), names)
    if isinstance(node, (ast.For, ast.AsyncFor)):
        _expression(node.iter, bound, names)
        _expression(node.target, bound, names)
        inside = _block(node.body, bound | set(stored_names(node.target)), names)
        _block(node.orelse, set(bound), names)
        return _after_loop(node, bound, inside)
    if isinstance(node, ast.While):
        _expression(node.test, bound, names)
        _block(node.body, set(bound), names)
        _block(node.orelse, set(bound), names)
        return bound
    if isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            _expression(item.context_expr, bound, names)
            if item.optional_vars is not None:
                _expression(item.optional_vars, bound, names)
                bound = bound | set(stored_names(item.optional_vars))
        return _block(node.body, bound, names)
    if isinstance(node, (ast.Try, ast.TryStar)):
        return _try(node, bound, names)
    if isinstance(node, ast.Match):
        return _match(node, bound, names)
    for child in ast.iter_child_nodes(node):
        _expression(child, bound, names)
    return bound


def _after_loop(node: ast.For | ast.AsyncFor, bound: set[str], inside: set[str]) -> set[str]:
    """What is surely bound after a loop: more than before only where it surely runs once."""
    if not is_surely_filled(node.iter):
        return bound
    leaves = any(isinstance(part, (ast.Break, ast.Continue)) for part in ast.walk(node))
    return bound | set(stored_names(node.target)) | (set() if leaves else inside)


def _try(node: ast.Try | ast.TryStar, bound: set[str], names: Names) -> set[str]:
    _block(node.orelse, _block(node.body, set(bound), names), names)
    for handler in node.handlers:
        inside = set(bound)
        if handler.type is not None:
            _expression(handler.type, bound, names)
        if handler.name:
            names.binds.add(handler.name)
            names.deletes.add(handler.name)
            inside.add(handler.name)
        _block(handler.body, inside, names)
    return _block(node.finalbody, set(bound), names)


def _match(node: ast.Match, bound: set[str], names: Names) -> set[str]:
    _expression(node.subject, bound, names)
    for case in node.cases:
        found = {
            name
            for part in ast.walk(case.pattern)
            if isinstance(part, (ast.MatchAs, ast.MatchStar, ast.MatchMapping))
            for name in (part.rest if isinstance(part, ast.MatchMapping) else part.name,)
            if name
        }
        names.binds |= found
        for part in ast.walk(case.pattern):
            if isinstance(part, (ast.MatchValue, ast.MatchClass)):
                _expression(part.value if isinstance(part, ast.MatchValue) else part.cls, bound, names)
        if case.guard is not None:
            _expression(case.guard, bound | found, names)
        _block(case.body, bound | found, names)
    return bound


def _import(node: ast.Import | ast.ImportFrom, bound: set[str], names: Names) -> set[str]:
    found = {(alias.asname or alias.name).split(".")[0] for alias in node.names if alias.name != "*"}
    names.star_import = names.star_import or any(alias.name == "*" for alias in node.names)
    names.binds |= found
    return bound | found


def _delete(node: ast.Delete, bound: set[str], names: Names) -> set[str]:
    gone = set()
    for target in node.targets:
        _expression(target, bound, names)
        for part in ast.walk(target):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del):
                _load(part.id, bound, names)
                gone.add(part.id)
    names.binds |= gone
    names.deletes |= gone
    return bound | gone  # surely gone: what stood there before does not live on


def _function_definition(node: ast.FunctionDef | ast.AsyncFunctionDef, bound: set[str], names: Names) -> set[str]:
    for decorator in node.decorator_list:
        _expression(decorator, bound, names)
    for default in [*node.args.defaults, *[d for d in node.args.kw_defaults if d is not None]]:
        _expression(default, bound, names)
    for annotation in annotations_of(node):
        _expression(annotation, bound, names)
    _function(node, "" if calls_at_once(node.decorator_list) else node.name, bound, names)
    names.binds.add(node.name)
    return bound | {node.name}


def _class_definition(node: ast.ClassDef, bound: set[str], names: Names) -> set[str]:
    for part in [*node.decorator_list, *node.bases, *[keyword.value for keyword in node.keywords]]:
        _expression(part, bound, names)
    inside = Names()
    _block(node.body, set(), inside)
    for name in inside.reads:
        _load(name, bound, names)
    key = "" if calls_at_once(node.decorator_list) else node.name
    for used in inside.later.values():
        names.later.setdefault(key, set()).update(used)
    names.loaded |= inside.loaded
    names.binds.add(node.name)
    return bound | {node.name}


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, key: str, bound: set[str], names: Names
) -> None:
    """Note what the body of `node` reads and sets outside itself, under the name `key` by which it can be called."""
    if isinstance(node, ast.Lambda):
        for default in [*node.args.defaults, *[d for d in node.args.kw_defaults if d is not None]]:
            _expression(default, bound, names)
    used, stored = free_names(node)
    names.later.setdefault(key, set()).update(used)
    if key == "":
        names.binds |= stored


def _expression(node: ast.AST, bound: set[str], names: Names) -> None:
    """Note what evaluating `node` reads and sets."""
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load):
            _load(node.id, bound, names)
        else:
            names.binds.add(node.id)
        return
    if isinstance(node, ast.Lambda):
        _function(node, "", bound, names)
        return
    for name in asked_for(node):
        _load(name, bound, names)
    if isinstance(node, _COMPREHENSIONS):
        own = {name for generator in node.generators for name in stored_names(generator.target)}
        first = node.generators[0].iter  # evaluated outside: `[i for i in f(i)]` reads the outer i
        _expression(first, bound, names)
        for child in ast.iter_child_nodes(node):
            for part in [child.iter, *child.ifs] if isinstance(child, ast.comprehension) else [child]:
                if part is not first:
                    _expression(part, bound | own, names)
        return
    for child in ast.iter_child_nodes(node):
        _expression(child, bound, names)


def _load(name: str, bound: set[str], names: Names) -> None:
    names.loaded.add(name)
    if name not in bound:
        names.reads.add(name)
