"""Which runs of a long session still decide something: the others are forgotten, but for what they set or changed.

A run that is kept can show that a cell is fresh; one that is forgotten can make a cell count as stale that is not, never the other way
round. So a run goes only where another tells the same, or with every run that started from the same and might have contradicted it;
and what the forgotten ones set or changed is kept by name, because a cell that has to run again may set or change that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping, Sequence

from mlnb.order.rules.traces import CellRun, Key, Seen, Trace, difference, family_of

RECENT = 200
"""That many of the latest runs are kept as they are: reasons name them."""
OLDER = 200
"""Of the runs before, about that many are kept beside the last one of each cell."""
_SHARING = ("shared_before", "mutated", "shared_after")


def is_due(count: int, cells: int) -> bool:
    """Whether it is time to forget, with `count` runs kept of `cells` cells."""
    return 2 * count > 3 * (RECENT + OLDER + cells)


def remembered(runs: Sequence[CellRun], recent: int = RECENT, older: int = OLDER) -> list[CellRun]:
    """The runs that are kept, oldest first."""
    latest = {run.number for run in runs[-recent:]}
    last = {run.cell_id: run.number for run in runs if run.cell_id is not None}
    firm = latest | set(last.values()) | _latest_without_cell(runs)
    distinct = _distinct([run for run in runs if run.trace.digest], firm)
    kept = firm | distinct
    most = recent + older + len(last)
    for unit in (
        _units([run for run in runs if run.number in kept and run.trace.digest], firm) if len(kept) > most else ()
    ):
        kept.difference_update(unit)
        if len(kept) <= most:
            break
    return [run for run in runs if run.number in kept]


def forgotten(before: Iterable[CellRun], kept: Iterable[CellRun]) -> dict[str, set[Key]]:
    """What the runs that are not kept set or changed, by digest of their code."""
    stays = {run.number for run in kept}
    found: dict[str, set[Key]] = {}
    for run in before:
        if run.number not in stays and run.trace.digest:
            found.setdefault(run.trace.digest, set()).update(run.trace.outputs)
    return found


def contradicting(runs: Sequence[CellRun], later: Iterable[CellRun]) -> list[CellRun]:
    """Of the runs `later`, which no longer count, those that gave something else than one of `runs` from the same: they show that
    its code depends on what nobody sees. They come as runs of no cell, numbered before all others.
    """
    same: dict[str, list[CellRun]] = {}
    for run in runs:
        same.setdefault(run.trace.digest, []).append(run)
    number = min([0, *(run.number for run in runs)])
    found: list[CellRun] = []
    for run in later:
        trace = run.trace
        alike = [one.trace for one in same.get(trace.digest, ()) if one.trace.inputs == trace.inputs]
        is_told = any(difference(alike[0], one) is not None for one in alike[1:])
        if trace.digest and alike and not is_told and difference(alike[0], trace) is not None:
            number -= 1
            found.append(dataclasses.replace(run, number=number, cell_id=None))
            same[trace.digest].append(run)
    return found[::-1]


def _latest_without_cell(runs: Sequence[CellRun]) -> set[int]:
    """Of what changed while no cell ran, the latest for each name."""
    return set({key: run.number for run in runs if not run.trace.digest for key in run.trace.outputs}.values())


def _distinct(runs: Sequence[CellRun], firm: set[int]) -> set[int]:
    """Of the runs of one cell that tell the same the first and the last one; the first of each code is among them."""
    first: dict[Hashable, int] = {}
    final: dict[Hashable, int] = {}
    for run in runs:
        kind = (run.cell_id, *_kind(run.trace))
        first.setdefault(kind, run.number)
        final[kind] = run.number
    return {*first.values(), *final.values()} - firm


def _units(runs: Sequence[CellRun], firm: set[int]) -> list[set[int]]:
    """What may go together, the longest unused first: all runs of a code, or all runs of it that started from the same.

    What happens once in a kernel (a library sets a variable when it is loaded) only the first run shows: such a one stays.
    """
    by_code: dict[str, list[CellRun]] = {}
    for run in runs:
        by_code.setdefault(run.trace.digest, []).append(run)
    units: list[list[CellRun]] = []
    for same in by_code.values():
        if firm.isdisjoint(run.number for run in same) and not any(map(family_of, same[0].trace.outputs)):
            units.append(same)
            continue
        by_start: dict[Hashable, list[CellRun]] = {}
        for run in same[1:]:
            by_start.setdefault(_plain(run.trace.inputs), []).append(run)
        units += by_start.values()
    units.sort(key=lambda unit: unit[-1].number)
    return [{run.number for run in unit} for unit in units if firm.isdisjoint(run.number for run in unit)]


def _kind(trace: Trace) -> tuple[Hashable, ...]:
    """Equal for runs that tell the same: identities of objects count only by which of them are the same."""
    places: dict[int, int] = {}

    def renumbered(shared: Mapping[str, tuple[Seen, ...]]) -> Hashable:
        return tuple(
            (name, tuple((places.setdefault(identity, len(places)), place) for identity, place in seen))
            for name, seen in sorted(shared.items())
        )

    plain = [_plain(getattr(trace, one.name)) for one in dataclasses.fields(trace) if one.name not in _SHARING]
    before, after = renumbered(trace.shared_before), renumbered(trace.shared_after)
    mutated = frozenset(places[identity] for identity in trace.mutated if identity in places)
    return (*plain, before, after, mutated)


def _plain(value: object) -> Hashable:
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value
