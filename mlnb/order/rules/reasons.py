"""Why a cell is not fresh, in sentences that name the value and the cell to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from mlnb.order.rules.judgement import Cause, Judgement
from mlnb.order.rules.traces import ABSENT, Cell, CellRun, Key, Knowledge, is_name, members_of
from mlnb.order.types import CellStatus

NO_CELL = "code that is not a cell of this notebook"


def statuses(
    document: Sequence[Cell],
    knowledge: Knowledge,
    judgements: Mapping[str, Judgement],
    others: Mapping[str, str] | None = None,
) -> dict[str, CellStatus]:
    """The status of every cell with its reasons.

    Args:
        document: the code cells that count, in order.
        knowledge: what the kernel knows.
        judgements: of the cells.
        others: how to call cells that were or are in the notebook and do not count; what is in neither is no cell of it.
    """
    words = _Words(document, knowledge, others or {})
    return {
        cell.id: CellStatus(
            judgements[cell.id].state, [words.reason(cell, cause) for cause in judgements[cell.id].causes]
        )
        for cell in document
    }


def key_in_words(key: Key) -> str:
    """How a key is called in a sentence."""
    kind, _, rest = key.partition(":")
    if is_name(key):
        return f"`{key}`"
    if key.startswith("@all:"):
        return _family_in_words(rest)
    if kind == "@library":
        return _setting_in_words(rest)
    names = {
        "@recursion": "the recursion limit",
        "@history text": "the history of inputs and outputs",
        "@transforms": "what IPython does to code before it runs",
        "@in": f"whether there is {PurePosixPath(rest).name}",
        "@names": f"the files in {PurePosixPath(rest).name}",
        "@there": f"whether there is {PurePosixPath(rest).name}",
        "@folder": "the working directory",
        "@env": f"the environment variable {rest}" if rest else "the environment",
        "@path": "the import path",
        "@random": "the state of the random generator",
        "@numpy random": "the state of numpy's random generator",
        "@setting": f"the {rest}",
        "@module": f"the module {rest}",
        "@own": f"the module {rest}",
        "@history": "the history of inputs and outputs",
        "@file": f"the file {PurePosixPath(rest).name}",
    }
    return names.get(kind, rest or kind)


def _family_in_words(rest: str) -> str:
    family = rest.partition("~")[0].rstrip(":/")
    if family.startswith("@in:"):
        return f"the files in {PurePosixPath(family).name}"
    if family == "@env":
        return "the environment"
    package = family.removeprefix("@library:")
    return "what is set for the whole process" if package == "process" else f"what is set in {package}"


def _setting_in_words(rest: str) -> str:
    package, _, item = rest.partition("/")
    return f"the {item}" if package == "process" else f"`{item.removeprefix(f'{package}.')}` of {package}"


class _Words:
    def __init__(self, document: Sequence[Cell], knowledge: Knowledge, others: Mapping[str, str]) -> None:
        self.others = others
        self.cells = {cell.id: cell for cell in document}
        self.order = {cell.id: position for position, cell in enumerate(document)}
        self.document = document
        self.runs = knowledge.runs

    def reason(self, cell: Cell, cause: Cause) -> str:
        """The sentence for `cause` of `cell`."""
        name = key_in_words(cause.key)
        simple = {
            "never_run": "this cell has not run in this kernel",
            "edited": "the code of this cell was edited after it ran",
            "other_code": "the code of this cell was edited, run and changed back: its last run was of other code",
            "display": "what this cell shows is not what a run from top to bottom shows",
            "undetermined": f"this cell gave different results {f'in {name} ' if cause.key else ''}from the same inputs: it depends on "
            "something mlnb cannot see",
            "touched": f"code that is not a cell of this notebook may have changed {name}, into which mlnb cannot look",
            "not_back": f"{name} was not brought back as this cell left it",
            "varying": f"the result of this cell differs from run to run: it depends on {cause.key}",
            "varying_input": f"{name} differs from run to run ({cause.expected.varying if cause.expected else ''})",
        }
        if cause.kind in simple:
            return simple[cause.kind]
        if cause.kind == "needs":
            return self._needs(cause, name)
        if cause.kind == "sharing":
            return f"{name} shared its value with another name when this cell ran in a way that it does not from top to bottom"
        if cause.kind == "extra":
            return f"{name} did not exist when this cell ran, and this cell can read every name"
        if cause.kind == "changed_since":
            return self._changed_since(cell, cause, name)
        if cause.kind == "output":
            return self._output(cell, cause, name)
        return self._input(cell, cause, name)

    def _label(self, cell_id: str | None) -> str:
        return f"cell {self.cells[cell_id].number}" if cell_id in self.cells and cell_id is not None else ""

    def _needs(self, cause: Cause, name: str) -> str:
        where = self._label(cause.expected.by if cause.expected else None)
        if cause.expected is None or not where:
            return f"{name} is not known"
        does = {"set": "comes from", "changed": "is changed by", "at_risk": "may be changed by"}[cause.expected.how]
        return f"{name} {does} {where}, which is not up to date"

    def _changed_since(self, cell: Cell, cause: Cause, name: str) -> str:
        after = cause.run.number if cause.run else 0
        writer = self._last_writer(cause.key, after=after)
        if writer is None:
            return f"{name} is no longer what a run from top to bottom leaves"
        if writer.cell_id == cell.id:
            return f"this cell ran more than once, and each run changes {name}"
        return f"{name} was changed by {self._who(writer)} after this cell set it"

    def _output(self, cell: Cell, cause: Cause, name: str) -> str:
        runs = [run for run in self.runs if run.cell_id == cell.id and run.trace.digest == cell.digest]
        if len(runs) > 1 and all(cause.key in run.trace.outputs for run in runs[-2:]):
            return f"this cell ran more than once, and each run changes {name}"
        return f"this cell left another value in {name} than a run from top to bottom leaves"

    def _input(self, cell: Cell, cause: Cause, name: str) -> str:
        assert cause.expected is not None
        assert cause.run is not None
        if not is_name(cause.key):
            return self._outside(cause, name)
        before = self._last_writer(cause.key, before=cause.run.number)
        if cause.expected.value == ABSENT:
            return self._undefined_above(cell, cause.key, before, name)
        setter = self._label(cause.expected.by)
        if cause.run.trace.inputs[cause.key] == ABSENT:
            return f"{name} did not exist when this cell ran; {setter or 'the notebook'} sets it"
        if before is not None and before.cell_id == cell.id and cause.run.cell_id == cell.id:
            return f"this cell ran more than once, and each run changes {name}"
        since = self._last_writer(cause.key, after=cause.run.number)
        if since is not None and (
            before is None or since.cell_id == before.cell_id or since.cell_id == cause.expected.by
        ):
            return f"{name} was changed by {self._who(since)} after this cell read it"
        if before is not None and before.cell_id != cause.expected.by:
            return f"this cell read {name} as {self._who(before)} left it; from top to bottom it comes from {setter or 'the start'}"
        if since is not None:
            return f"{name} was changed by {self._who(since)} after this cell read it"
        return (
            f"{name} had another value when this cell ran than {setter or 'a fresh kernel'} gives it from top to bottom"
        )

    def _undefined_above(self, cell: Cell, key: Key, before: CellRun | None, name: str) -> str:
        below = [other for other in self.document[self.order[cell.id] + 1 :] if key in other.binds]
        if below:
            return f"{name} is defined only further down, in cell {below[0].number}"
        removed = [other for other in self.document[: self.order[cell.id]] if key in other.binds]
        if removed:
            return (
                f"{name} does not exist at this point of a run from top to bottom: cell {removed[-1].number} removes it"
            )
        if before is None:
            return f"{name} was not set by a cell of this notebook"
        if before.cell_id == cell.id and before.trace.digest == cell.digest:
            return f"this cell ran more than once, and each run changes {name}"
        if before.cell_id is not None and before.cell_id in self.others:
            return f"{name} was defined in {self.others[before.cell_id]}"
        if before.cell_id is None or before.cell_id not in self.cells:
            return f"{name} was set by {NO_CELL}"
        return f"{name} was set by an earlier version of {self._label(before.cell_id)}"

    def _outside(self, cause: Cause, name: str) -> str:
        assert cause.run is not None
        since = self._last_writer(cause.key, after=cause.run.number)
        if since is not None and since.cell_id is not None:
            return f"{name} was changed by {self._who(since)} after this cell used it"
        if cause.key.startswith("@file:") and cause.expected is not None and cause.expected.by is None:
            return f"{name} has changed since this cell read it"
        if cause.key.startswith("@history"):
            return "this cell uses earlier inputs or outputs, and the cells did not run once each from top to bottom"
        return f"{name} was different when this cell ran than in a run from top to bottom"

    def _last_writer(self, key: Key, *, after: int = 0, before: int | None = None) -> CellRun | None:
        for run in reversed(self.runs):
            in_time = run.number > after and (before is None or run.number < before)
            if in_time and (key in run.trace.outputs or _sets_a_member(run, key)):
                return run
        return None

    def _who(self, run: CellRun) -> str:
        if run.cell_id is not None and run.cell_id in self.others:
            return self.others[run.cell_id]
        if run.cell_id is None or run.cell_id not in self.cells:
            return NO_CELL
        old = "" if self.cells[run.cell_id].digest == run.trace.digest else "an earlier version of "
        return f"{old}{self._label(run.cell_id)}"


def _sets_a_member(run: CellRun, key: Key) -> bool:
    if not key.startswith("@all:"):
        return False
    family, excluded = members_of(key)
    return any(output.startswith(family) and output not in excluded for output in run.trace.outputs)


def first_sentences(reasons: Iterable[str], limit: int = 3) -> str:
    """At most `limit` reasons in one line."""
    found = list(reasons)
    return "; ".join(found[:limit]) + (f"; and {len(found) - limit} more" if len(found) > limit else "")
