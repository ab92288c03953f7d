"""Names that a run from top to bottom would not find, and names that more than one cell defines."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from mlnb.core.records import dataclass, field
from mlnb.order.rules.static_cells import Code, finding
from mlnb.order.types import Finding, Severity

GIVEN = frozenset(dir(builtins)) | {
    "get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh",
    "__name__", "__doc__", "__builtins__", "__builtin__", "__spec__", "__loader__", "__package__", "__file__", "__session__",
    "_exit_code",
}  # fmt: skip


@dataclass
class _Above:
    """What the cells above have done."""

    defined: set[str] = field(default_factory=set)
    deleted: dict[str, Code] = field(default_factory=dict)
    skipped: dict[str, Code] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    is_lazy: bool = False  # annotations are not evaluated any more
    anything: bool = False  # one of them may have set any name: what looks undefined may not be


def names(cells: Sequence[Code]) -> list[Finding]:
    """Names that a run from top to bottom would not find, each where it is first used, and code that cannot be parsed."""
    found = []
    above = _Above()
    for position, one in enumerate(cells):
        code = one.names
        if one.is_skipped:
            above.skipped.update({name: one for name in code.binds if name not in above.defined})
            continue
        if code.error:
            words = f"the code of {one.label} cannot be parsed: {code.error}"
            found.append(finding("syntax_error", words, one.cell, "error"))
            continue
        above.anything = above.anything or bool(code.opaque)
        above.is_lazy = above.is_lazy or one.outline.is_lazy
        known = above.defined | above.reported | GIVEN | code.binds | one.outline.global_names
        missing = (code.reads - code.guessed | code.later) - known
        if above.is_lazy:
            missing -= one.outline.annotations
        for name in sorted(missing):
            if is_numbered_result(name):
                continue
            what = _missing(name, one, cells[position + 1 :], above)
            if what is not None:
                found.append(what)
                above.reported.add(name)
        above.defined |= (code.binds | one.outline.global_names) - one.outline.dropped
        for name in one.outline.dropped:
            above.defined.discard(name)
            above.deleted[name] = one
    return found


def is_numbered_result(name: str) -> bool:
    """Whether IPython sets `name` for every cell: ``_3``, ``_i3``."""
    return name.removeprefix("_i").removeprefix("_").isdigit() and name.startswith("_")


def defines(one: Code, name: str) -> bool:
    """Whether the cell leaves `name` set."""
    return name in (one.names.binds | one.outline.global_names) - one.outline.dropped and not one.is_skipped


def _missing(name: str, one: Code, rest: Sequence[Code], above: _Above) -> Finding | None:
    code = one.names
    is_later = (name in code.later and name not in code.reads) or name in one.outline.deferred
    below = next((other for other in rest if defines(other, name)), None)
    if is_later and below is not None:
        return None  # a function may well be called only after its names are set
    severity: Severity = "warning" if above.anything or is_later else "error"
    uses = f"{one.label} uses `{name}`"
    if name in above.deleted:
        return finding("used_after_delete", f"{uses}, which {above.deleted[name].label} deletes", one.cell, severity)
    if below is not None:
        words = f"{uses}, which only {below.label} further down defines"
        return finding("used_before_defined", words, one.cell, severity)
    if name in above.skipped:
        words = f"{uses}, which only {above.skipped[name].label} defines, and its tag `skip` keeps that from running"
        return finding("needs_skipped", words, one.cell, severity)
    if above.anything:
        return None
    if one.cell.execution_count is not None and not any(output.kind == "error" for output in one.cell.outputs):
        words = f"{uses}, which no cell defines, and yet it ran: the cell that set it has been deleted or renamed"
        return finding("deleted_cell", words, one.cell, severity)
    return finding("not_defined", f"{uses}, which no cell defines", one.cell, severity)


def redefinitions(cells: Sequence[Code]) -> list[Finding]:
    """Names that several cells define anew and others read: what these get depends on which of them ran last.

    Not counted: values built from the name's own (``df = df.dropna()``), imports, loop variables and the like, setting to
    None, and names that no other cell reads.
    """
    running = [one for one in cells if not one.is_skipped and not one.names.error]
    found = []
    for name in sorted({name for one in running for name in _defined_anew(one)}):
        definers = [one for one in running if name in _defined_anew(one)]
        readers = [
            one
            for one in running
            if name in (one.names.reads - one.names.guessed | one.names.later) and one not in definers
        ]
        if len(definers) < 2 or not readers:
            continue
        used = ", ".join(one.label for one in readers[:3]) + (" and others" if len(readers) > 3 else "")
        found += [
            finding(
                "redefined",
                f"{one.label} defines `{name}`, as {definers[0].label} does: what {used} "
                f"{'uses' if len(readers) == 1 else 'use'} depends on which ran last",
                one.cell,
            )
            for one in definers[1:]
        ]
    return found


def _defined_anew(one: Code) -> frozenset[str]:
    if "injected-parameters" in one.cell.tags:
        return frozenset()
    code, outline = one.names, one.outline
    given = code.binds & code.sure - code.reads - outline.dropped
    private = {name for name in given if name.startswith("_")}
    return given - outline.imported - outline.passing - outline.released - private
