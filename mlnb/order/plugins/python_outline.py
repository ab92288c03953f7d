"""What the text of a Python cell tells beside its names: its imports, what it can show, what ties it to one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from mlnb.order.plugins.python_calls import functions_of, sure_calls
from mlnb.order.saved import CellOutline, ImportLine

# Line magics that people write without the percent sign; IPython takes them when the cell is that one line.
_WITHOUT_SIGN = frozenset({
    "pip", "conda", "mamba", "uv", "cd", "pwd", "ls", "ll", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "man", "more", "less",
    "who", "whos", "time", "timeit", "matplotlib", "load_ext", "reload_ext", "env", "set_env", "run", "history", "config",
})  # fmt: skip
# Programs that come with the notebook's own tools: no reason to call a notebook tied to one machine.
_TOOLS = frozenset({
    "pip", "pip3", "python", "python3", "conda", "mamba", "micromamba", "uv", "git", "jupyter", "mlnb", "papermill", "mlflow", "echo",
})  # fmt: skip
_SHELL_CELLS = frozenset({"bash", "sh", "script", "cmd", "perl", "ruby", "system", "sx", "!"})
_HOME = re.compile(r"(?<![\w/])(?:/home/|/Users/|/root/|[A-Za-z]:\\\\?Users\\\\?)[^\s'\"<>|:*?]+")
_IMPORT_WORDS = frozenset({
    "path", "environ", "environb", "putenv", "setenv", "chdir", "install", "meta_path", "path_hooks", "modules", "use", "reload",
    "invalidate_caches", "addsitedir", "load_dotenv", "autoreload", "enable_eager_execution", "simplefilter", "filterwarnings",
    "switch_backend", "set_start_method",
})  # fmt: skip
_LITERALS = (
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.Name,
    ast.UnaryOp,
    ast.USub,
    ast.UAdd,
    ast.Load,
    ast.Store,
)


def outline_of(source: str, tree: ast.Module | None) -> CellOutline:
    """What `source` tells.

    Args:
        source: the cell as written.
        tree: its parsed form after IPython's transforms; None when it cannot be parsed.
    """
    magic = _magic_without_sign(source, tree)
    own_paths = tuple(dict.fromkeys(_HOME.findall(source)))
    if tree is None:
        return CellOutline(own_paths=own_paths, magic=magic)
    calls = list(_ipython_calls(tree))
    body = tree.body
    return CellOutline(
        imports=tuple(_imports(source, body)),
        imported=frozenset(_bound_by_imports(tree) - _bound_otherwise(tree)),
        star_imports=tuple(_star_imports(tree, calls)),
        passing=frozenset(_passing(tree) - _assigned(body)),
        released=frozenset(_released(body) - _bound_by_imports(tree)),
        dropped=frozenset(_dropped(body)),
        global_names=frozenset(name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names),
        deferred=frozenset(_loads(tree) - _loads(tree, _without_deferred)),
        annotations=frozenset(_loads(tree) - _loads(tree, _without_annotations)),
        is_lazy=any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in body)
        and "annotations" in source,
        is_silent=bool(body) and not calls and all(_is_silent(statement) for statement in body),
        ends_with_value=bool(body) and isinstance(body[-1], ast.Expr),
        sets_display="ast_node_interactivity" in source,
        prints=_prints(body),
        commands=tuple(_commands(calls)),
        own_paths=own_paths,
        magic=magic,
        changes_imports=_changes_imports(tree, calls),
        calls=sure_calls(body),
        functions=functions_of(body),
    )


def _magic_without_sign(source: str, tree: ast.Module | None) -> str:
    words = source.split()
    if len(source.strip().splitlines()) != 1 or not words or words[0] not in _WITHOUT_SIGN:
        return ""
    is_name = tree is not None and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Name)
    return "%" + source.strip() if tree is None or is_name else ""


def _ipython_calls(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """(method, first argument, second) of each call that IPython's transforms put in place of a magic or a shell line."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Call)
            and isinstance(node.func.value.func, ast.Name)
            and node.func.value.func.id == "get_ipython"
        ):
            texts = [str(arg.value) if isinstance(arg, ast.Constant) else "" for arg in node.args]
            yield node.func.attr, *([*texts, "", ""][:2])  # type: ignore[misc] # two texts, whatever was given


def _imports(source: str, body: list[ast.stmt]) -> Iterator[ImportLine]:
    """Import statements at the top level, where the lines of `source` are those that were parsed."""
    lines = source.splitlines()
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return  # magics moved the lines about
    taken = [
        line for statement in body for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    ]
    for statement in body:
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            continue
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            continue
        if any(alias.name == "*" for alias in statement.names):
            continue
        first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
        text = "\n".join(lines[first : last + 1])
        is_alone = all(taken.count(line + 1) == 1 for line in range(first, last + 1)) and ";" not in text
        yield ImportLine(text, _import_names(statement), first, last, is_alone)


def _import_names(node: ast.Import | ast.ImportFrom) -> frozenset[str]:
    return frozenset((alias.asname or alias.name).split(".")[0] for alias in node.names if alias.name != "*")


def _bound_by_imports(tree: ast.AST) -> set[str]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {name for node in nodes for name in _import_names(node)}


def _bound_otherwise(tree: ast.Module) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }


def _star_imports(tree: ast.AST, calls: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield "." * node.level + (node.module or "")
    yield from ("pylab" for method, name, _ in calls if method == "run_line_magic" and name == "pylab")


def _targets(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _passing(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            found |= _targets(node.target)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            found |= _targets(node.optional_vars)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.NamedExpr):
            found |= _targets(node.target)
    return found


def _assigned(body: Iterable[ast.stmt]) -> set[str]:
    """Names that statements set by assignment or definition, at any depth outside functions."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {name for target in node.targets for name in _targets(target)}
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            found |= _targets(node.target)
        else:
            inner = [part for part in ast.iter_child_nodes(node) if isinstance(part, (ast.stmt, ast.ExceptHandler))]
            found |= _assigned(inner)  # type: ignore[arg-type] # handlers hold statements just as well
    return found


def _released(body: Iterable[ast.stmt]) -> set[str]:
    set_to: dict[str, list[bool]] = {}
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            is_none = isinstance(node.value, ast.Constant) and node.value.value is None
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in _targets(target):
                    set_to.setdefault(name, []).append(is_none)
        else:
            for name in _assigned([node]):
                set_to.setdefault(name, []).append(False)
    return {name for name, values in set_to.items() if all(values)}


def _dropped(body: Iterable[ast.stmt]) -> set[str]:
    """Names that are surely deleted when the cell ends."""
    gone: set[str] = set()
    for node in body:
        if isinstance(node, ast.Delete):
            gone |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        else:
            gone -= _bound_by_imports(node) | _targets(node) | _assigned([node])
    return gone


def _loads(node: ast.AST, children: Callable[[ast.AST], Iterable[ast.AST]] = ast.iter_child_nodes) -> set[str]:
    """Names that are read in `node` and in what `children` says is in it."""
    found: set[str] = set()
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
            found.add(one.id)
        todo.extend(children(one))
    return found


def _without_deferred(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.Lambda):
        return [node.args]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.decorator_list:
        return [part for part in ast.iter_child_nodes(node) if part not in node.body]
    return ast.iter_child_nodes(node)


def _without_annotations(node: ast.AST) -> Iterable[ast.AST]:
    given = {getattr(node, "annotation", None), getattr(node, "returns", None)}
    return [part for part in ast.iter_child_nodes(node) if part not in given]


def _is_silent(node: ast.stmt) -> bool:
    """Whether running `node` runs no code but its own and shows nothing."""
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        return not node.decorator_list and all(_is_literal(part) for part in arguments)
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) for target in node.targets) and _is_literal(node.value)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and (node.value is None or _is_literal(node.value))
    return False


def _is_literal(node: ast.AST) -> bool:
    return all(isinstance(part, _LITERALS) for part in ast.walk(node))


def _prints(body: list[ast.stmt]) -> str | None:
    """The standard output of a cell of nothing but assignments of literals and prints of literals."""
    shown: list[str] = []
    for node in body:
        if _is_silent(node):
            continue
        call = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"):
            return None
        if call.keywords or not all(isinstance(arg, ast.Constant) for arg in call.args):
            return None
        shown.append(" ".join(str(arg.value) for arg in call.args if isinstance(arg, ast.Constant)) + "\n")
    redefined = any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "print" for node in body)
    return "".join(shown) if shown and not redefined and "print" not in _assigned(body) else None


def _commands(calls: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    for method, first, second in calls:
        if method in ("system", "getoutput", "system_raw", "system_piped"):
            words = first.split()
            program = words[0] if words else ""
            if program and program not in _TOOLS and not program.startswith("{"):
                yield f"!{program}"
        elif method == "run_cell_magic" and first in _SHELL_CELLS:
            yield f"%%{first}"
        elif method == "run_line_magic" and first in ("cd", "pushd") and second.strip().startswith(("/", "~", "\\")):
            yield f"%{first} {second.strip()}"


def _changes_imports(tree: ast.AST, calls: Iterable[tuple[str, str, str]]) -> bool:
    if list(calls):
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _IMPORT_WORDS:
            return True
        if isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval", *_IMPORT_WORDS):
            return True
    return False
