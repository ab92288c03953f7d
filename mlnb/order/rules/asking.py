"""What to say before cells run, and what runs after one in mode ``reactive``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from mlnb.core.records import dataclass
from mlnb.order.live import Advice, Dependants
from mlnb.order.rules.fold import Folded
from mlnb.order.rules.modes import ASKING, REFUSING, cells_in_words, refusal
from mlnb.order.rules.plan import plan, restart
from mlnb.order.rules.reasons import first_sentences, key_in_words
from mlnb.order.rules.traces import ABSENT, Cell, Key, Knowledge, is_name
from mlnb.order.types import CellStatus, Mode

SLOW_S = 30.0
_NAMED = 3


def needed_first(
    cell_ids: Collection[str], document: Sequence[Cell], knowledge: Knowledge, folded: Folded
) -> list[str]:
    """The cells that have to run before or between `cell_ids` so that these run on what a run from top to bottom has.

    Whether `cell_ids` are fresh does not matter: to run a fresh cell again can need others, as with ``i += 1``.
    """
    above, known, as_if = _as_if_stale(cell_ids, document, folded, knowledge)
    return [cell_id for cell_id in plan(above, known, as_if) if cell_id not in cell_ids]


def _as_if_stale(
    cell_ids: Collection[str], document: Sequence[Cell], folded: Folded, knowledge: Knowledge
) -> tuple[list[Cell], Knowledge, Folded]:
    """The document down to the last of `cell_ids`, in which these and no others are to run."""
    last = max((position for position, cell in enumerate(document) if cell.id in cell_ids), default=-1)
    above = list(document[: last + 1])
    judgements = {
        cell.id: dataclasses.replace(
            folded.judgements[cell.id], state="stale" if cell.id in cell_ids and not cell.empty else "fresh"
        )
        for cell in above
    }
    return above, knowledge, Folded(judgements, {})


def left_over(
    cell_ids: Collection[str],
    document: Sequence[Cell],
    knowledge: Knowledge,
    folded: Folded,
    others: Mapping[str, str] | None = None,
) -> str:
    """What `cell_ids` find that no cell above leaves and a fresh kernel does not have, in words; empty where there is nothing."""
    return restart(*_as_if_stale(cell_ids, document, folded, knowledge), others=others)


@dataclass(frozen=True, slots=True)
class Asked:
    """Cells that are about to run.

    Attributes:
        cell_ids: their ids.
        first: the cells that have to run before or between them, in order.
        left: what they find that only a restart takes away, in words, or empty.
    """

    cell_ids: Sequence[str]
    first: Sequence[str]
    left: str = ""


def advice(
    asked: Asked,
    mode: Mode,
    floor: Mode | None,
    numbers: Mapping[str, int],
    statuses: Mapping[str, CellStatus],
    inputs: Mapping[str, Sequence[Key]],
    took_s: Mapping[str, float],
) -> Advice:
    """What `mode` says about cells that are about to run.

    Args:
        asked: the cells, and what they need first.
        mode: the mode in force.
        floor: the team's floor, which says whether a milder mode is a way out.
        numbers: the position of each cell, for people.
        statuses: the state of each.
        inputs: the cells that what is read comes from and that are not up to date, with what is read (`stale_inputs`).
        took_s: how long the last run of each cell took, in seconds.
    """
    if not asked.first and not asked.left:
        return Advice("run")
    stale = [cell_id for cell_id in asked.first if cell_id in inputs] or list(asked.first)
    if mode in REFUSING:
        told = cells_in_words(asked.cell_ids, numbers)
        text = refusal(mode, told, _first_in_words(asked.first, numbers, statuses), asked.left, floor)
        return Advice("refuse", text, stale, list(asked.first))
    if mode not in ASKING:
        return Advice("run")
    if not asked.first:
        return Advice("warn", asked.left)
    names = [f"{key_in_words(key)} (cell {numbers[by]})" for by in stale for key in inputs.get(by, ())]
    count = len(names) or len(stale)
    named = names[:_NAMED] + ([f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else [])
    message = f"{count} input{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} stale: "
    message += ", ".join(named) if named else cells_in_words(stale, numbers)
    slow = [cell_id for cell_id in asked.first if took_s.get(cell_id, 0.0) > SLOW_S]
    if mode == "reactive" and slow:
        longest = max(took_s[cell_id] for cell_id in slow)
        message += f"; {cells_in_words(slow, numbers)} took {longest:.0f} s last time"
        return Advice("confirm", message, stale, list(asked.first))
    return Advice("warn", message, stale, list(asked.first))


def stale_inputs(
    cell_ids: Collection[str], first: Collection[str], knowledge: Knowledge, folded: Folded
) -> dict[str, list[Key]]:
    """The cells of `first` from which `cell_ids` take something that is not up to date, with what they take."""
    found: dict[str, list[Key]] = {}
    for cell_id in cell_ids:
        needs = folded.judgements[cell_id].needs
        for key in sorted(needs, key=lambda key: (not is_name(key), key)):  # names first, and the same ones every time
            expected = needs[key]
            have = knowledge.live.get(key, ABSENT if is_name(key) else None)
            if expected.by is not None and expected.by in first and (expected.value is None or expected.value != have):
                keys = found.setdefault(expected.by, [])
                if key not in keys:
                    keys.append(key)
    return found


def _first_in_words(first: Sequence[str], numbers: Mapping[str, int], statuses: Mapping[str, CellStatus]) -> str:
    if not first:
        return ""
    reasons = first_sentences(
        f"cell {numbers[other]}: {reason}" for other in first for reason in statuses[other].reasons[:1]
    )
    return cells_in_words(first, numbers) + " first" + (f" ({reasons})" if reasons else "")


def dependants(
    cell_id: str,
    document: Sequence[Cell],
    folded: Folded,
    statuses: Mapping[str, CellStatus],
    needed: Callable[[Collection[str]], Sequence[str]],
    took_s: Mapping[str, float],
) -> Dependants:
    """The stale cells that mode ``reactive`` runs after `cell_id`: those below that read, directly or not, what it leaves.

    A cell that needs another to run first which is not among them is left alone, and so is one that depends on a slow one.

    Args:
        cell_id: the cell that ran.
        document: code cells in order.
        folded: their judgements.
        statuses: their states.
        needed: what `needed_first` names for cells.
        took_s: how long the last run of each cell took, in seconds.
    """
    reached = {cell_id}
    stale: list[str] = []
    for cell in document:
        needs = folded.judgements[cell.id].needs.values()
        if cell.id != cell_id and any(need.by in reached for need in needs):
            reached.add(cell.id)
            if statuses[cell.id].state == "stale":
                stale.append(cell.id)
    if stale and all(took_s.get(other, 0.0) <= SLOW_S for other in stale) and not needed(stale):
        return Dependants(stale)
    cells: list[str] = []
    slow: list[str] = []
    for other in stale:
        if set(needed([other])) <= {*cells, cell_id}:
            (slow if took_s.get(other, 0.0) > SLOW_S else cells).append(other)
    return Dependants(cells, slow)
