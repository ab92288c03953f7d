"""Functions that a cell calls before a cell further down sets what they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlnb.order.rules.static_cells import Code, finding
from mlnb.order.saved import FunctionOutline
from mlnb.order.types import Finding

_ERRORS_ARE_MEANT = "raises-exception"


def early_calls(cells: Sequence[Code], given: frozenset[str]) -> list[Finding]:
    """Calls that cannot succeed in a run from top to bottom, each name once, at the cell that calls.

    Only what is sure counts: a function as the one cell above that sets its name defines it, what it reads whatever it is given,
    what the functions that it calls read, and names that no cell above or the calling one may set.

    Args:
        cells: the code cells, in order.
        given: names that every kernel has.
    """
    found: list[Finding] = []
    functions: dict[str, FunctionOutline] = {}
    known = set(given)
    running = [one for one in cells if not one.is_skipped]
    for position, one in enumerate(running):
        code = one.names
        if code.error:
            continue
        if code.opaque or one.outline.star_imports:
            return found  # from here on any name may be set
        for name in code.binds | one.outline.global_names:
            functions.pop(name, None)
        functions.update(one.outline.functions)
        known |= code.binds | one.outline.global_names
        if not {"frozen", _ERRORS_ARE_MEANT}.intersection(one.cell.tags):
            for name, way in _read_by_calls(one.outline.calls, functions):
                words = _words(name, way, one, running[position + 1 :]) if name not in known else ""
                if words:
                    found.append(finding("called_before_defined", words, one.cell, "error"))
                    known.add(name)
        known -= one.outline.dropped
    return found


def _read_by_calls(calls: frozenset[str], functions: Mapping[str, FunctionOutline]) -> Iterator[tuple[str, list[str]]]:
    """What the functions called read, each with the calls that lead there; the shortest ways first."""
    waiting = [[name] for name in sorted(calls) if name in functions]
    seen: set[str] = set()
    for way in waiting:
        last = way[-1]
        if last in seen:
            continue
        seen.add(last)
        for name in sorted(functions[last].reads):
            yield name, way
        waiting += [[*way, name] for name in sorted(functions[last].calls) if name in functions]


def _words(name: str, way: Sequence[str], one: Code, below: Sequence[Code]) -> str:
    definer = next((other for other in below if name in other.names.binds | other.outline.global_names), None)
    if definer is None:
        return ""
    through = "".join(f", which calls `{inner}`" for inner in way[1:])
    return (
        f"{one.label} calls `{way[0]}`{through}, which uses `{name}`, which only {definer.label} further down defines"
    )
