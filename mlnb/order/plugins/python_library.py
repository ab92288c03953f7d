"""Which statements of a cell may set what a library keeps for the whole process, and which other computers a cell names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

import xxhash

from mlnb.order.types import LibraryEffect

SETTING: Final = re.compile(
    r"^(?:un|re)?(?:set|reset|register|enable|disable|add|install|uninstall|config|configure|use|init|initialize|activate"
    r"|deactivate|patch|push|pop|start|stop|simplefilter|filterwarnings|resetwarnings|basicConfig|signal|alarm|tzset|umask"
    r"|setlocale|stack_size|seterr|switch|default|freeze|autolog|pickle|create_(?:function|aggregate|collation|window))(?![a-z]{0,3}diff)",
)
_OPPOSITE: Final = re.compile(
    r"^(?:un|de|dis|en|in|re)(?=(?:set|register|install|activate|able|abled|itialize)\b)|^(?:start|stop|push|pop)(?=_|$)"
)
_PATCHES: Final = frozenset(
    {"pandas", "apply", "extension"}
)  # tqdm.pandas(), nest_asyncio.apply(), hv.extension("bokeh")
SQL: Final = frozenset({"sql", "execute", "executemany", "query"})
_ASKS: Final = re.compile(r"\s*(?:select|with|from|show|describe|summarize|explain|values)\b", re.IGNORECASE)
_TABLE: Final = re.compile(
    r"\s*(create\s+or\s+replace\s+(?:temp\s+|temporary\s+)?(?:table|view)|create|insert|update|delete|drop|alter|truncate)\b"
    r"(?:\s+(?:table|view|into|from|temp|temporary|if|not|exists))*\s+([\w.]+)",
    re.IGNORECASE,
)
ADDS: Final = "+"
"""With this the slot of a statement begins that changes what was there, so that to run it twice is not to run it once."""
_FILES: Final = frozenset({"os", "shutil", "pathlib", "random", "time", "subprocess", "heapq", "bisect"})
_OF_OS: Final = frozenset({"umask", "tzset", "nice", "setpriority"})
_REMOTE: Final = re.compile(
    r"\b(?:https?|ftps?|sftp|ssh|s3a?|gs|gcs|abfss?|az|wasbs?|adl|hdfs|webhdfs|memory|postgres(?:ql)?|mysql|mariadb|mssql|oracle"
    r"|redis|mongodb|snowflake|bigquery|clickhouse|trino|kafka|amqp|hf|dbfs|oss|r2|tcp|wss?)(?:\+\w+)?://[^\s'\"]*"
)


def library_effects(tree: ast.Module) -> tuple[LibraryEffect, ...]:
    """The statements of `tree` that may set what a library keeps; those inside functions and ``with`` blocks do not count."""
    return tuple(effect for node in _statements(tree.body) for effect in _effects_of(node))


def only_sets(tree: ast.Module) -> bool:
    """Whether the cell imports and sets what libraries keep, and nothing else, so that it depends on nothing that they keep."""
    effects = 0
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        if not isinstance(node, (ast.Expr, ast.Assign, ast.Delete)) or not list(_effects_of(node)):
            return False
        effects += 1
        parts = list(_effects_of(node))
        roots = {part.root for part in parts}
        if sum(isinstance(part, ast.Name) and part.id in roots for part in ast.walk(node)) > 1:
            return False
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            return False
    return effects > 0


def displays(tree: ast.Module) -> bool:
    """Whether the cell may show the value of an expression."""
    return any(isinstance(node, ast.Expr) for node in tree.body)


def remote(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The URLs of other computers and stores in `texts`, without what may be a secret in them."""
    found = {match.group().split("@")[-1].split("?")[0] for text in texts for match in _REMOTE.finditer(text)}
    return tuple(sorted(found))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.For, ast.While, ast.Try)):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _effects_of(node: ast.stmt) -> Iterator[LibraryEffect]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _call(node.value, node)
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
        targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
        for target in targets:
            parts = _chain(target) if isinstance(target, (ast.Attribute, ast.Subscript)) else None
            if parts is not None and "environ" not in parts[1]:  # the environment is watched by itself
                yield from _effect(target, ast.unparse(target), node)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            yield from _call(node.value, node)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if SETTING.match(_last(called)):
                yield from _effect(called, ast.unparse(decorator), node)


def _call(call: ast.Call, node: ast.stmt) -> Iterator[LibraryEffect]:
    name = _last(call.func)
    if name in ("setattr", "delattr") and isinstance(call.func, ast.Name) and len(call.args) > 1:
        yield from _effect(call.args[0], ast.unparse(call.args[0]) + "." + ast.unparse(call.args[1]), node)
        return
    if name in SQL and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        yield from _statement_of_sql(call, node)
        return
    if not SETTING.match(name) and not (name in _PATCHES and len(call.args) < 2):
        return
    parts = _chain(call.func)
    if parts is None or "random" in parts[1] or (parts[0] in _FILES and name not in _OF_OS):
        return
    slot = ast.unparse(call.func).removesuffix(name) + _OPPOSITE.sub("", name)
    if len(call.args) + len(call.keywords) > 1 and call.args:
        slot += f"({ast.unparse(call.args[0])})"
    yield from _effect(call.func, slot, node)


def _statement_of_sql(call: ast.Call, node: ast.stmt) -> Iterator[LibraryEffect]:
    """``duckdb.sql("insert ...")``: a module that is a database, whose tables nobody can look at."""
    text = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    if not isinstance(text, str) or _ASKS.match(text):
        return
    found = _TABLE.match(text)
    is_anew = found is not None and "replace" in found.group(1).lower()
    slot = f"the table {found.group(2)}" if found is not None else "the database"
    yield from _effect(call.func, slot if is_anew else ADDS + slot, node)


def _effect(target: ast.expr, slot: str, node: ast.stmt) -> Iterator[LibraryEffect]:
    parts = _chain(target)
    if parts is None:
        return
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    digest = xxhash.xxh3_128_hexdigest(ast.dump(node).encode("utf-8", "surrogatepass"))
    yield LibraryEffect(parts[0], parts[1], slot[:200], digest, frozenset(names - {parts[0]}))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _chain(node: ast.expr) -> tuple[str, tuple[str, ...]] | None:
    """``a.b().c[0]`` as ("a", ("b()", "c")); None for what does not begin with a name."""
    path: list[str] = []
    called = False
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            path.append(f"{node.attr}()" if called else node.attr)
            node, called = node.value, False
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node, called = node.func, True
        else:
            return None
    return node.id, tuple(reversed(path))
