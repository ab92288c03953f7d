"""Which cells make a variable, and whether running them again can only give the same: nothing written, no network, no clock, no chance.

Both answers err on the safe side. A cell belongs to a variable when any chain of names connects them, because what is reached
through another name may have been changed through it; and a cell that does anything not known to be repeatable is not run again.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence

from mlnb.core.records import dataclass

_REPEATABLE_TEXT = """
abc bisect cmath collections contextlib copy dataclasses decimal enum fractions functools heapq io itertools json math numbers numpy
operator pandas queue re statistics string textwrap threading types typing weakref __future__
"""
_REFUSED_NAMES_TEXT = """
__import__ breakpoint compile delattr display eval exec exit get_ipython globals hash help id input locals open quit vars
"""
_REFUSED_ATTRIBUTES_TEXT = """
now today utcnow random urandom uuid1 uuid4 system popen remove unlink rename mkdir rmdir touch connect dump save savez savez_compressed
savetxt savefig tofile memmap write write_text write_bytes writelines sample shuffle permutation choice rand randn randint normal uniform
start run_line_magic run_cell_magic Thread Timer perf_counter monotonic time_ns process_time Timestamp read_sql read_html read_csv
read_parquet read_json read_pickle read_excel loadtxt genfromtxt fromfile load
"""
_REPEATABLE = frozenset(_REPEATABLE_TEXT.split())
_REFUSED_NAMES = frozenset(_REFUSED_NAMES_TEXT.split())
_REFUSED_ATTRIBUTES = frozenset(_REFUSED_ATTRIBUTES_TEXT.split())
_REFUSED_PREFIXES = (
    "to_csv",
    "to_parquet",
    "to_pickle",
    "to_sql",
    "to_json",
    "to_excel",
    "to_hdf",
    "to_feather",
    "to_html",
)
_BUILTIN_NAMES = frozenset(dir(builtins))


@dataclass(frozen=True)
class RanCell:
    """A cell run whose source may be known.

    Attributes:
        order: 1, 2, 3, ... within the kernel session.
        cell_id: the cell's id, or None.
        source: as it ran, or None when nobody kept it.
        succeeded: whether it ended without an exception.
    """

    order: int
    cell_id: str | None
    source: str | None
    succeeded: bool


@dataclass(frozen=True)
class Recipe:
    """How a variable would be computed again.

    Attributes:
        runs: the cell runs, in order, that make it.
        why_not: why they are not run again by themselves; empty: they can be.
    """

    runs: tuple[RanCell, ...]
    why_not: str = ""


@dataclass(frozen=True)
class _Names:
    sets: frozenset[str]
    reads: frozenset[str]
    imports: frozenset[str]


def recipe(name: str, runs: Sequence[RanCell]) -> Recipe:
    """The cell runs that make the variable `name`, and whether they can be run again."""
    trees = {run.order: _parsed(run.source) for run in runs}
    unknown = [run for run in runs if trees[run.order] is None]
    if unknown:
        return Recipe((), f"the source of cell run {unknown[0].order} is not known, or is not plain Python")
    names = {order: _names(tree) for order, tree in trees.items() if tree is not None}
    chosen = _connected(name, runs, names)
    found = tuple(run for run in runs if run.order in chosen)
    if not any(name in names[run.order].sets for run in found):
        return Recipe((), "no cell run of this kernel sets it")
    return Recipe(found, _why_not(found, trees, names))


def orders(found: Recipe) -> str:
    """The numbers of the cell runs of `found`, in words."""
    return ", ".join(str(run.order) for run in found.runs)


def _connected(name: str, runs: Sequence[RanCell], names: Mapping[int, _Names]) -> set[int]:
    """The runs that a chain of names connects with `name`; modules connect nothing, but come along."""
    imported: frozenset[str] = frozenset().union(*(one.imports for one in names.values()))
    set_otherwise: frozenset[str] = frozenset().union(*(one.sets - one.imports for one in names.values()))
    modules = imported - set_otherwise
    reached, chosen, has_grown = {name}, set[int](), True
    while has_grown:
        has_grown = False
        for run in runs:
            touched = (names[run.order].sets | names[run.order].reads) - modules - _BUILTIN_NAMES
            if run.order not in chosen and touched & reached:
                chosen.add(run.order)
                reached |= touched
                has_grown = True
    wanted = frozenset().union(*(names[order].reads for order in chosen)) & modules
    chosen.update(run.order for run in runs if names[run.order].imports & wanted)
    return chosen


def _why_not(found: Sequence[RanCell], trees: Mapping[int, ast.Module | None], names: Mapping[int, _Names]) -> str:
    known = set(_BUILTIN_NAMES)
    for run in found:
        tree = trees[run.order]
        where = f"cell run {run.order}"
        if not run.succeeded:
            return f"{where} raised an exception"
        missing = sorted(names[run.order].reads - known - names[run.order].sets)
        if missing:
            return f"{where} reads {missing[0]}, which no cell sets"
        refused = next(_refused(tree), "") if tree is not None else ""
        if refused:
            return f"{where} uses {refused}, which is not known to give the same again"
        known |= names[run.order].sets
    return ""


def _refused(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.partition(".")[0] not in _REPEATABLE)
            yield from (one.name for one in node.names if one.name.endswith(".random"))
        elif isinstance(node, ast.ImportFrom):
            module = node.module or "."
            if module.partition(".")[0] not in _REPEATABLE or module.endswith(".random"):
                yield module
            yield from (one.name for one in node.names if one.name in _REFUSED_ATTRIBUTES or one.name == "*")
        elif isinstance(node, ast.Name) and node.id in _REFUSED_NAMES:
            yield node.id
        elif isinstance(node, ast.Attribute):
            if node.attr in _REFUSED_ATTRIBUTES or node.attr.startswith((*_REFUSED_PREFIXES, "__")):
                yield f".{node.attr}"
        elif isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield "await"


def _names(tree: ast.Module) -> _Names:
    sets, reads, imports = set[str](), set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else sets).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            sets.add(node.name)
        elif isinstance(node, ast.arg):
            sets.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            sets.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports |= {(one.asname or one.name).partition(".")[0] for one in node.names}
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            reads.add(node.target.id)
    return _Names(frozenset(sets | imports), frozenset(reads), frozenset(imports))


def _parsed(source: str | None) -> ast.Module | None:
    if source is None:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None  # a magic, most likely
