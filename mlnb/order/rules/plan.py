"""Which cells to run, in which order, so that the notebook, or one cell, is fresh."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mlnb.order.rules.fold import Folded
from mlnb.order.rules.judgement import Expected, Judgement
from mlnb.order.rules.reasons import key_in_words
from mlnb.order.rules.sharing import Sharing
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
_TRIED = 20  # cells that are left out again where it goes without them: each takes a simulation


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
    end = folded.end if cell_id is None else None
    asked_for = set(chosen)
    while missing := simulation.missing(chosen, end):
        chosen |= missing
        _add_makers(chosen, cells, judgements)
    if simulation.has_chosen:  # of several ways to share the first was taken
        for cell in [cell for cell in cells if cell.id in chosen - asked_for][:_TRIED]:
            if not simulation.missing(chosen - {cell.id}, end):
                chosen.remove(cell.id)
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
        self.shared = knowledge.shared_as_noted()
        self.has_chosen = False
        self.makers: dict[Key, list[int]] = {}
        for position in range(len(cells)):
            self._note(self.makers, position)

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
            for key, expected in {**needs, **judgement.needs, **judgement.found}.items():
                if expected.by is not None or key in self.varying or key.startswith(_NOT_OF_THE_KERNEL):
                    continue
                have = state.get(key, ABSENT if is_name(key) else expected.value)
                if have != expected.value:
                    yield cell, key
            for key, expected in judgement.gives.items():
                state[key] = self._settled(key, expected)

    def missing(self, chosen: set[str], end: Mapping[Key, Expected] | None) -> set[str]:
        """Cells outside `chosen` that must run too: for the values that these find, and where the values are right, for sharing."""
        return self._for_values(chosen, end) or self._for_sharing(chosen)

    def _for_values(self, chosen: set[str], end: Mapping[Key, Expected] | None) -> set[str]:
        found: set[str] = set()
        run: dict[Key, list[int]] = {}  # the positions of the cells that run and set or change a key
        for position, cell in enumerate(self.cells):
            if cell.id in chosen:
                self._note(run, position)
        last = len(self.cells)
        todo = [(last, key, expected) for key, expected in (end or {}).items() if is_name(key)]
        for position, cell in enumerate(self.cells):
            if cell.id in chosen:
                todo += self._met_by(position)
        while todo:
            position, key, expected = todo.pop()
            if not self._wrong(run, position, key, expected):
                continue
            makers = self.makers.get(key, [])
            if (place := bisect_left(makers, position)) == 0:
                continue
            maker = makers[place - 1]
            cell_id = self.cells[maker].id
            if cell_id not in chosen and cell_id not in found:
                found.add(cell_id)
                self._note(run, maker)
                todo += self._met_by(maker)
        return found

    def _met_by(self, position: int) -> list[tuple[int, Key, Expected]]:
        """What the cell at `position` has to meet, or leave as it is."""
        judgement = self.judgements[self.cells[position].id]
        return [(position, key, expected) for key, expected in {**judgement.found, **judgement.needs}.items()]

    def _note(self, run: dict[Key, list[int]], position: int) -> None:
        for key in self.judgements[self.cells[position].id].gives:
            insort(run.setdefault(key, []), position)

    def _for_sharing(self, chosen: set[str]) -> set[str]:
        sharing = Sharing(self.shared)
        for position, cell in enumerate(self.cells):
            if cell.id not in chosen:
                continue
            judgement = self.judgements[cell.id]
            if names := self._shared_otherwise(cell, judgement, sharing):
                found = self._one_of(position, names, chosen)
                if found:
                    return found
            if judgement.fitting is None:
                sharing.forget_made(cell, judgement.gives)
            else:
                trace = judgement.fitting.trace
                sharing.take(trace, cell.id, position, sharing.pairing(trace) or {})
        return set()

    @staticmethod
    def _shared_otherwise(cell: Cell, judgement: Judgement, sharing: Sharing) -> set[Key]:
        """Names that share objects otherwise than in a run from top to bottom, where that decides what the cell does.

        An object that a name shares now, but should not, would be changed along with it; one that it should, but does not, would not.
        """
        if judgement.fitting is not None:
            return set() if sharing.fits(judgement.fitting.trace) else sharing.conflict(judgement.fitting.trace)
        found: set[Key] = set()
        for key, expected in judgement.sharers.items():
            now = sharing.partners((key,)) - {key}
            if different := (now - expected - cell.sure) | (expected - now):
                found |= {key, *different}
        return found

    def _one_of(self, position: int, names: Iterable[Key], chosen: set[str]) -> set[str]:
        """The cells not in `chosen` that make one of `names` anew: that of which this begins furthest down, so that it is given objects
        which are there."""
        chains = [missing for key in names if (missing := self._chain(position, key) - chosen)]
        if not chains:
            return set()
        self.has_chosen = True
        places = {cell.id: place for place, cell in enumerate(self.cells[:position])}
        return max(chains, key=lambda chain: (min(places[cell_id] for cell_id in chain), sorted(chain)))

    def _settled(self, key: Key, expected: Expected) -> Fingerprint | tuple[str, str]:
        return (key, expected.by or "") if expected.value is None else expected.value

    def _wrong(self, run: Mapping[Key, list[int]], position: int, key: Key, expected: Expected) -> bool:
        """Whether the cell at `position` finds something else than `expected`, given who runs."""
        if expected.by is None and (key in self.varying or not is_name(key)):
            return False  # set by no cell: no cell can set it right
        above = run.get(key, ())
        place = bisect_left(above, position)
        if place == 0:
            have = self.live.get(key, ABSENT if is_name(key) else self.start.get(key, ABSENT))
            return have != self._settled(key, expected)
        given = self.judgements[self.cells[above[place - 1]].id].gives[key]
        return self._settled(key, given) != self._settled(key, expected)

    def _chain(self, position: int, key: Key) -> set[str]:
        """The cells above `position` that make up the value of `key`: the last that surely sets it, and those that change it after."""
        found: set[str] = set()
        for cell in reversed(self.cells[:position]):
            if key in self.judgements[cell.id].gives:
                found.add(cell.id)
                if key in cell.sure:
                    break
        return found
