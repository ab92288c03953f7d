"""Which cells to run, in which order, so that the notebook, or one cell, is fresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlnb.order.rules.fold import Folded
from mlnb.order.rules.judgement import Expected, Judgement
from mlnb.order.rules.reasons import key_in_words
from mlnb.order.rules.traces import ABSENT, Cell, Fingerprint, Key, Knowledge, is_name

_NOT_OF_THE_KERNEL = (
    "@file:",
    "@there:",
    "@in:",
    "@names:",
    "@all:@in:",
    "@history",
)  # a restart does not bring these back
_RERUN = ("stale", "edited", "never_run")


def plan(document: Sequence[Cell], knowledge: Knowledge, folded: Folded, cell_id: str | None = None) -> list[str]:
    """The ids of the cells to run, in document order.

    Starts from the cells that are not fresh and adds the cells above whose effects those need and the live state no longer has,
    until a run of the plan meets, at each cell, exactly what a run from top to bottom would have there.

    Args:
        document: code cells in order.
        knowledge: what the kernel knows.
        folded: the judgement of `document`.
        cell_id: only what this cell needs, and the cell itself; the whole notebook when None.
    """
    judgements = folded.judgements
    if cell_id is None:
        cells = list(document)
        chosen = {cell.id for cell in cells if judgements[cell.id].state in _RERUN}
    else:
        cells = list(document[: next(i for i, cell in enumerate(document) if cell.id == cell_id) + 1])
        chosen = {cell_id} if judgements[cell_id].state in _RERUN else set()
    if not chosen:
        return []
    _add_makers(chosen, cells, judgements)
    simulation = _Simulation(cells, knowledge, judgements)
    while missing := simulation.missing(chosen, folded.end if cell_id is None else None):
        chosen |= missing
        _add_makers(chosen, cells, judgements)
    return [cell.id for cell in cells if cell.id in chosen]


def _add_makers(chosen: set[str], cells: Sequence[Cell], judgements: Mapping[str, Judgement]) -> None:
    """Add the cells that make what `chosen` need and nobody has yet: one look from below finds a whole chain of them."""
    for cell in reversed(cells):
        if cell.id in chosen:
            needs = judgements[cell.id].needs.values()
            chosen.update(need.by for need in needs if need.value is None and need.by is not None)


def restart(
    document: Sequence[Cell],
    knowledge: Knowledge,
    folded: Folded,
    cell_id: str | None = None,
    others: Mapping[str, str] | None = None,
) -> str:
    """Why no plan makes the notebook (or the cell `cell_id`) fresh in this kernel, in one sentence; empty when the plan does.

    A name or a setting that no cell above sets, as in a fresh kernel, may be left over from a cell that was deleted, edited or stands
    further down: only a restart takes it away.

    Args:
        document: code cells in order.
        knowledge: what the kernel knows.
        folded: the judgement of `document`.
        cell_id: as for `plan`.
        others: how to call cells that were or are in the notebook and do not count.
    """
    chosen = set(plan(document, knowledge, folded, cell_id))
    if not chosen:
        return ""
    simulation = _Simulation(list(document), knowledge, folded.judgements)
    for cell, key in simulation.left_over(chosen):
        return f"{_who_left(document, knowledge, key, others or {})}, and cell {cell.number} finds it: only a restart takes it away"
    return ""


def _who_left(document: Sequence[Cell], knowledge: Knowledge, key: Key, others: Mapping[str, str]) -> str:
    name = key_in_words(key)
    run = next((run for run in reversed(knowledge.runs) if key in run.trace.outputs), None)
    cells = {cell.id: cell for cell in document}
    if run is None or run.cell_id is None:
        return f"{name} was set by code that is not a cell of this notebook"
    if run.cell_id not in cells:
        return f"{name} was left by {others.get(run.cell_id, 'a cell that has been deleted')}"
    old = "" if cells[run.cell_id].digest == run.trace.digest else "an earlier version of "
    return f"{name} was left by {old}cell {cells[run.cell_id].number}"


class _Simulation:
    def __init__(self, cells: list[Cell], knowledge: Knowledge, judgements: Mapping[str, Judgement]) -> None:
        self.cells = cells
        self.live = knowledge.live
        self.start = knowledge.start
        self.varying = knowledge.varying_start
        self.judgements = judgements
        self.objects = {name: {identity for identity, _ in seen} for name, seen in knowledge.live_shared.items()}
        self.holders: dict[int, set[Key]] = {}
        for name, identities in self.objects.items():
            for identity in identities:
                self.holders.setdefault(identity, set()).add(name)

    def left_over(self, chosen: set[str]) -> Iterator[tuple[Cell, Key]]:
        """What a run of `chosen` finds that a fresh kernel would not have and no cell above sets, with the cell that finds it."""
        state: dict[Key, Fingerprint | tuple[str, str]] = dict(self.live)
        for cell in self.cells:
            if cell.id not in chosen:
                continue
            judgement = self.judgements[cell.id]
            needs = {
                cause.key: cause.expected for cause in judgement.causes if cause.kind == "input" and cause.expected
            }
            for key, expected in {**needs, **judgement.needs}.items():
                if expected.by is not None or key in self.varying or key.startswith(_NOT_OF_THE_KERNEL):
                    continue
                have = state.get(key, ABSENT if is_name(key) else expected.value)
                if have != expected.value:
                    yield cell, key
            for key, expected in judgement.gives.items():
                state[key] = self._settled(key, expected)

    def missing(self, chosen: set[str], end: Mapping[Key, Expected] | None) -> set[str]:
        """Cells outside `chosen` that must run too."""
        state: dict[Key, Fingerprint | tuple[str, str]] = dict(self.live)
        found: set[str] = set()
        remade: set[Key] = set()
        for position, cell in enumerate(self.cells):
            judgement = self.judgements[cell.id]
            if cell.id in chosen:
                for key, expected in judgement.needs.items():
                    if self._wrong(state, key, expected):
                        found |= self._chain(position, key) - chosen
                found |= self._shared_otherwise(position, cell, remade) - chosen
                for key, expected in judgement.gives.items():
                    state[key] = self._settled(key, expected)
                remade |= cell.sure
        if end is not None:
            for key, expected in end.items():
                if is_name(key) and self._wrong(state, key, expected):
                    found |= self._chain(len(self.cells), key) - chosen
        return found

    def _shared_otherwise(self, position: int, cell: Cell, remade: set[Key]) -> set[str]:
        """The cells above that make objects shared as in a run from top to bottom, where `cell` at `position` may change them.

        A name that shares one now, but should not, would be changed along with it: the object has to be made anew first. One that
        should, but does not, has to be given it again.
        """
        found: set[str] = set()
        for key, expected in self.judgements[cell.id].sharers.items():
            now = {name for identity in self.objects.get(key, ()) for name in self.holders[identity]} - {key}
            if key not in remade and now - expected - remade - cell.sure:
                found |= self._chain(position, key)
            for other in expected - remade:
                if key in remade or other not in now:
                    found |= self._chain(position, other)
        return found

    def _settled(self, key: Key, expected: Expected) -> Fingerprint | tuple[str, str]:
        return (key, expected.by or "") if expected.value is None else expected.value

    def _wrong(self, state: Mapping[Key, Fingerprint | tuple[str, str]], key: Key, expected: Expected) -> bool:
        if expected.by is None and (key in self.varying or not is_name(key)):
            return False  # set by no cell: no cell can set it right
        have = state.get(key, ABSENT if is_name(key) else self.start.get(key, ABSENT))
        return have != self._settled(key, expected)

    def _chain(self, position: int, key: Key) -> set[str]:
        """The cells above `position` that make up the value of `key`: the last that surely sets it, and those that change it after."""
        found: set[str] = set()
        for cell in reversed(self.cells[:position]):
            if key in self.judgements[cell.id].gives:
                found.add(cell.id)
                if key in cell.sure:
                    break
        return found
