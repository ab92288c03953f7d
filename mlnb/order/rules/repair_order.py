"""The order in which a notebook's cells find every name defined, changed as little as can be, where the names alone decide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mlnb.order.rules.static_cells import Code
from mlnb.order.rules.static_names import names

Edges = list[set[int]]
"""For each cell the cells that must come before it, by position."""

# Words of code that may use files, networks, random numbers or the state of the whole process.
_OUTSIDE = re.compile(
    r"^(?:open|load|save|dump|dumps|random|shuffle|sample|choice|rand|randn|randint|permutation|default_rng|seed|commit|"
    r"execute|connect|sleep|fit|fit_transform|partial_fit|rvs|train_test_split|get|post|put|urlopen|log|start_run|environ|"
    r"(?:read|write|load|save|to|from|fetch|download|upload|open|log|set|random)_\w+|write|writelines|read|readlines|unlink|remove|rename|replace|mkdir|"
    r"rmtree|copy2?|copytree|move|touch|system|run|Popen|call|check_output|chdir|getcwd|imread|imsave|savefig|input)$"
)
_PLAIN = frozenset({
    "to_list", "to_frame", "to_dict", "to_numpy", "to_string", "from_dict", "from_records", "from_iterable", "set_index", "get",
})  # fmt: skip


def first_fit(cells: Sequence[Code]) -> list[int] | None:
    """The positions of `cells` in their new order, or None: nothing to be done, or not safe."""
    wrong = {finding.index for finding in names(cells) if finding.code == "used_before_defined"}
    if not wrong or any(
        one.names.error or one.names.opaque or one.names.history for one in cells if not one.is_skipped
    ):
        return None
    needs = _needs(cells)
    if needs is None or any(not _comes_first(needs, i) for i in range(len(cells))):
        return None
    before = _kept(cells, needs)
    order = _sorted(before)
    if order is None or order == list(range(len(cells))):
        return None
    changed = [cells[i] for i in order]
    left = [finding for finding in names(changed) if finding.severity == "error"]
    return order if not any(finding.code == "used_before_defined" for finding in left) else None


def _needs(cells: Sequence[Code]) -> Edges | None:
    """For each cell the cells that define what it reads; None when a name that is used too early has several definers."""
    binders: dict[str, list[int]] = {}
    for i, one in enumerate(cells):
        for name in () if one.is_skipped else one.names.binds | one.outline.global_names:
            binders.setdefault(name, []).append(i)
    needs: Edges = [set() for _ in cells]
    for i, one in enumerate(cells):
        if one.is_skipped:
            continue
        for name in _reads(one, cells, binders):
            homes = binders.get(name, [])
            if len(homes) == 1 and homes[0] != i:
                needs[i].add(homes[0])
            elif len(homes) > 1 and not any(home < i for home in homes) and i not in homes and name in one.names.reads:
                return None
    return needs


def _reads(one: Code, cells: Sequence[Code], binders: Mapping[str, list[int]]) -> set[str]:
    """Names the cell reads, and those that the functions it uses read when they are called."""
    found = set(one.names.reads - one.names.guessed) - one.outline.deferred
    todo = list(found)
    while todo:
        for home in binders.get(todo.pop(), []):
            new = cells[home].names.later - found
            found |= new
            todo += new
    return found


def _comes_first(needs: Edges, start: int) -> bool:
    """Whether nothing that `start` needs needs `start`."""
    return start not in _ancestors(needs, start)


def _ancestors(needs: Edges, start: int) -> set[int]:
    found: set[int] = set()
    todo = list(needs[start])
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += needs[one]
    return found


def _kept(cells: Sequence[Code], needs: Edges) -> Edges:
    """`needs`, and the present order of every two cells that may disturb each other."""
    groups = _groups(cells)
    above = [_ancestors(needs, i) for i in range(len(cells))]
    before = [set(one) for one in needs]
    for j, other in enumerate(cells):
        for i in range(j):
            if j not in above[i] and _may_disturb(cells[i], other, groups):
                before[j].add(i)
    return before


def _may_disturb(one: Code, other: Code, groups: Mapping[str, str]) -> bool:
    if one.is_skipped or other.is_skipped:
        return False
    if _is_outside(one) and _is_outside(other):
        return True
    if (one.outline.changes_imports and other.names.modules) or (one.names.modules and other.outline.changes_imports):
        return True
    if (
        one.names.binds & (other.names.binds | other.names.uses | other.names.later)
        or one.names.later & other.names.binds
    ):
        return True
    if one.names.uses & other.names.binds:
        return True
    touched, changed = _touched(one, groups), _changed(one, groups)
    return bool(changed & (_touched(other, groups) | _changed(other, groups)) or touched & _changed(other, groups))


def _is_outside(one: Code) -> bool:
    code = one.names
    return bool(
        code.varying or code.seeds or code.runs_programs or code.asks_for_files or code.environment_writes
        or code.environment_reads is None or code.environment_reads or one.outline.changes_imports
        or any(_OUTSIDE.match(word) for word in code.words - _PLAIN)
    )  # fmt: skip


def _groups(cells: Sequence[Code]) -> dict[str, str]:
    """For each name of a value the group of names that may share objects with it: made from one another."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    plain = _unchanging(cells)
    for one in cells:
        linked = sorted(
            ((one.names.binds | one.names.reads) - plain) if one.names.binds - plain else one.names.at_risk - plain
        )
        for name in linked[1:]:
            parent[root(name)] = root(linked[0])
    return {name: root(name) for name in list(parent)}


def _unchanging(cells: Sequence[Code]) -> set[str]:
    """Names of modules, and builtins and the like: what is not a value of the notebook."""
    bound = {name for one in cells for name in one.names.binds}
    imported = {name for one in cells for name in one.outline.imported}
    used = {name for one in cells for name in one.names.uses | one.names.at_risk}
    return imported | (used - bound)


def _touched(one: Code, groups: Mapping[str, str]) -> set[str]:
    return {groups[name] for name in one.names.reads if name in groups}


def _changed(one: Code, groups: Mapping[str, str]) -> set[str]:
    return {groups[name] for name in one.names.at_risk if name in groups and name in one.names.reads}


def _sorted(before: Edges) -> list[int] | None:
    """The positions such that each comes after those it must come after, otherwise as they are; None when there is no such order."""
    order: list[int] = []
    state = [0] * len(before)  # 0 not seen, 1 on the way, 2 placed
    for start in range(len(before)):
        stack = [(start, iter(sorted(before[start])))] if not state[start] else []
        state[start] = state[start] or 1
        while stack:
            at, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                state[at] = 2
                order.append(at)
            elif state[following] == 1:
                return None
            elif state[following] == 0:
                state[following] = 1
                stack.append((following, iter(sorted(before[following]))))
    return order
