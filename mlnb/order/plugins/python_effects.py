"""Effects: what a cell reaches that its names do not tell, what it looks at outside the notebook, what in it differs from run to run."""

from __future__ import annotations

import ast
import re

_OPAQUE = {
    "exec": "exec", "eval": "eval", "globals": "globals()", "locals": "locals()", "vars": "vars()", "dir": "dir()",
    "__import__": "__import__", "run_cell": "run_cell", "user_ns": "user_ns", "user_global_ns": "user_global_ns",
    "ex": "ex", "ev": "ev", "push": "push", "__dict__": "__dict__", "__main__": "__main__",
}  # fmt: skip
_OPAQUE_ATTRIBUTES = frozenset({"run_cell", "user_ns", "user_global_ns", "ex", "ev", "push", "__dict__"})
_FRAMES = frozenset({"__globals__", "f_globals", "f_locals", "f_back", "currentframe", "_getframe", "user_module"})
_PROGRAMS = frozenset(["subprocess", "system", "Popen", "check_output", "check_call", "getoutput", "spawn", "popen"])
_ENVIRONMENT = frozenset(
    ["environ", "environb", "getenv", "putenv", "unsetenv", "expandvars", "expanduser", "load_dotenv"]
)
_FILES = frozenset({
    "exists", "isfile", "isdir", "is_file", "is_dir", "listdir", "glob", "rglob", "iterdir", "walk", "scandir", "stat",
    "getsize", "getmtime", "lstat", "islink",
})  # fmt: skip
_SEEDS = frozenset(["seed", "setstate", "set_state", "manual_seed", "seed_everything"])
_CLOCK = {
    "time": "the clock", "time_ns": "the clock", "now": "the clock", "today": "the clock", "utcnow": "the clock",
    "perf_counter": "the clock", "monotonic": "the clock", "process_time": "the clock", "localtime": "the clock",
    "gmtime": "the clock", "ctime": "the clock", "asctime": "the clock",
    "uuid1": "a random id", "uuid4": "a random id", "urandom": "random bytes", "token_hex": "random bytes",
    "token_bytes": "random bytes", "token_urlsafe": "random bytes", "getpid": "the process id",
    "mkdtemp": "a temporary name", "mkstemp": "a temporary name", "getpass": "what the user types", "input": "what the user types",
}  # fmt: skip
_CLOCK_WITHOUT = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}
"""Functions of ``time`` that ask the clock when they get no more arguments than that."""
_CLOCK_OWNERS = frozenset(
    ["time", "datetime", "date", "dt", "uuid", "os", "secrets", "tempfile", "getpass", "Timestamp", "pd", "pandas"]
)
_GENERATORS = frozenset({"default_rng", "RandomState", "Random", "SystemRandom", "Generator"})
_TEXT_LIMIT = 300
_TABLE = re.compile(r"\b(?:from|join|into|update|table|describe|summarize)\s+([A-Za-z_]\w*)", re.IGNORECASE)
_SQL = frozenset({"sql", "sqldf", "execute", "query", "from_query"})
_WITH_DOCSTRING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def words_of(tree: ast.AST) -> set[str]:
    """Every identifier, attribute and imported name in `tree`."""
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.alias):
            words.update(node.name.split("."))
        elif isinstance(node, ast.Compare) and _compares_identity(node):
            words.add("is")
    return words


def _compares_identity(node: ast.Compare) -> bool:
    """Whether `node` asks if two values are one object, other than ``x is None`` and the like."""
    if _compares_addresses(node):
        return True
    constant = any(isinstance(part, ast.Constant) for part in [node.left, *node.comparators])
    return not constant and any(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops)


def _compares_addresses(node: ast.Compare) -> bool:
    """Whether `node` is ``id(x) == id(y)``: as good as ``x is y``."""
    return all(_is_address(part) for part in [node.left, *node.comparators])


def _is_address(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id" and len(node.args) == 1
    )


def texts_of(tree: ast.AST) -> tuple[str, ...]:
    """The short text constants in `tree`, but no docstrings: these tell people, and name no files that are read."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, _WITH_DOCSTRING) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return tuple(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and 0 < len(node.value) <= _TEXT_LIMIT
        and id(node) not in documents
    )


def tables_of(tree: ast.AST, words: set[str]) -> set[str]:
    """Names of tables in statements of SQL: some engines find values of the notebook by them."""
    if words.isdisjoint(_SQL):
        return set()
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {name for text in texts for name in _TABLE.findall(text)}


def modules_of(tree: ast.AST) -> frozenset[str]:
    """The modules that `tree` imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def opaque_reason(node: ast.AST) -> str:
    """Why the effect of the name or attribute `node` cannot be read off the code, or empty."""
    if isinstance(node, ast.Name) and node.id not in _OPAQUE_ATTRIBUTES:
        return _OPAQUE.get(node.id, "")
    if isinstance(node, ast.Attribute):
        return _OPAQUE[node.attr] if node.attr in _OPAQUE_ATTRIBUTES else node.attr if node.attr in _FRAMES else ""
    if isinstance(node, (ast.Subscript, ast.Call)):
        parts = [node.slice] if isinstance(node, ast.Subscript) else node.args
        return "__main__" if any(isinstance(part, ast.Constant) and part.value == "__main__" for part in parts) else ""
    if isinstance(node, ast.alias):
        return node.name if node.name in _FRAMES or node.name == "__main__" else ""
    return ""


def is_confined(node: ast.AST) -> bool:
    """Whether `node` is a call of ``vars`` and the like on one value: it reaches no names but its argument's."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return False
    if node.func.id in ("vars", "dir"):
        return bool(node.args)
    return node.func.id in ("exec", "eval") and len(node.args) > 1 and isinstance(node.args[1], (ast.Name, ast.Dict))


def runs_programs(words: set[str]) -> bool:
    """Whether code with these words may start other programs."""
    return bool(words & _PROGRAMS)


def asks_for_files(words: set[str]) -> bool:
    """Whether code with these words may look at files without opening them."""
    return bool(words & _FILES)


def seeds(tree: ast.AST) -> bool:
    """Whether `tree` sets the state of a random generator to something given."""
    return any(
        isinstance(node, ast.Call)
        and _called(node) in _SEEDS
        and bool(node.args or node.keywords)
        and not _is_none(node)
        for node in ast.walk(tree)
    )


def varying(tree: ast.AST) -> tuple[str, ...]:
    """What in `tree` differs from run to run, in words."""
    found: dict[str, None] = {}
    compared = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and _compares_addresses(node)
        for part in (node.left, *node.comparators)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if _is_address(node) and id(node) not in compared:
            found["where a value lies in memory"] = None
        called = _called(node)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if (
            called in _CLOCK
            and (not owner_name or owner_name in _CLOCK_OWNERS)
            and not (called == "time" and not owner_name)
            and not (called in _CLOCK_WITHOUT and len(node.args) > _CLOCK_WITHOUT[called])
        ):
            found[_CLOCK[called]] = None
        elif called == "strftime" and owner_name == "time" and len(node.args) == 1:
            found["the clock"] = None
        elif (called in _GENERATORS and not node.args and not node.keywords) or (
            called in _SEEDS and (_is_none(node) or not (node.args or node.keywords))
        ):
            found["random numbers without a seed"] = None
    return tuple(found)


def environment(tree: ast.AST, words: set[str]) -> tuple[frozenset[str] | None, frozenset[str]]:
    """Environment variables that `tree` reads (None: any) and those it sets, by name."""
    if not words & _ENVIRONMENT:
        return frozenset(), frozenset()
    reads: set[str] = set()
    writes: set[str] = set()
    explained = mentioned = 0
    for node in ast.walk(tree):
        explained += _named_variable(node, reads, writes)
        mentioned += (isinstance(node, ast.Name) and node.id in _ENVIRONMENT) or (
            isinstance(node, ast.Attribute) and node.attr in _ENVIRONMENT
        )
    return (frozenset(reads) if explained >= mentioned else None), frozenset(writes)


def _named_variable(node: ast.AST, reads: set[str], writes: set[str]) -> bool:
    """Note the variable that `node` names; True when the node is a whole use of the environment."""
    if (
        isinstance(node, ast.AugAssign)
        and isinstance(node.target, ast.Subscript)
        and _ends_in(node.target.value, "environ")
    ):
        reads.update(_constants(node.target.slice))  # the target itself is met on its own
        return False
    if isinstance(node, ast.Subscript) and _ends_in(node.value, "environ"):
        found = _constants(node.slice)
        (writes if isinstance(node.ctx, ast.Store) else reads).update(found)
        return bool(found)
    if isinstance(node, ast.Call) and node.args:
        found = _constants(node.args[0])
        if _called(node) in ("getenv", "unsetenv", "putenv"):
            (writes if _called(node) == "putenv" else reads).update(found)
            return bool(found)
        if isinstance(node.func, ast.Attribute) and _ends_in(node.func.value, "environ"):
            reads.update(found)
            return bool(found) and node.func.attr in ("get", "pop", "setdefault")
    if isinstance(node, ast.Compare) and any(_ends_in(part, "environ") for part in node.comparators):
        reads.update(_constants(node.left))
        return bool(_constants(node.left))
    return False


def _constants(node: ast.AST) -> set[str]:
    return {str(node.value)} if isinstance(node, ast.Constant) else set()


def _called(node: ast.Call) -> str:
    return (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )


def _is_none(node: ast.Call) -> bool:
    return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value is None


def _ends_in(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
