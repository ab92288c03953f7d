"""What a run from top to bottom would give, told from the traces of earlier runs, and how each cell compares with it.

The document is folded from its first cell to its last over an expectation: for every name the fingerprint that the cells above
would leave. A cell whose code has once run with exactly the expected inputs takes that run's outputs over; if its own last run
left the same, it is fresh. Where no run fits, what the cell may set or change is unknown, and so is every cell that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mlnb.core.records import dataclass
from mlnb.order.rules.blame import Written, blame_for_displaced, blame_last_writers
from mlnb.order.rules.expectation import Expectation
from mlnb.order.rules.judgement import Cause, CauseKind, Expected, Judgement
from mlnb.order.rules.sharing import Sharing
from mlnb.order.rules.traces import (
    ABSENT,
    Cell,
    CellRun,
    Fingerprint,
    Key,
    Knowledge,
    Trace,
    difference,
    is_name,
    only_names,
)

_OF_THE_READERS = ("@there:", "@in:", "@library:pyplot/")


@dataclass(slots=True)
class Folded:
    """The result: a judgement per cell, and what a run from top to bottom ends with."""

    judgements: dict[str, Judgement]
    end: dict[Key, Expected]


def fold(document: Sequence[Cell], knowledge: Knowledge) -> Folded:
    """Judge every cell of `document` (code cells, in order)."""
    state = _Fold(knowledge)
    for cell in document:
        state.take(cell)
    written = Written(state.sure_writers, state.outside_writers, state.last)
    blame_last_writers(knowledge, written, state.judgements)
    blame_for_displaced(knowledge, written, state.judgements)
    return Folded(state.judgements, state.expectation.values)


class _Fold:
    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.by_code = knowledge.traces()
        self.last = knowledge.last()
        self.expectation = Expectation(knowledge)
        self.expect = self.expectation.of
        self.sharing = Sharing(knowledge.start_shared)
        self.judgements: dict[str, Judgement] = {}
        self.sure_writers: dict[str, tuple[Fingerprint, tuple[str, ...]]] = {}
        self.outside_writers: dict[Key, str] = {}

    def take(self, cell: Cell) -> None:
        """Judge `cell` and carry the expectation over it."""
        if cell.empty:
            self.judgements[cell.id] = self._judge_empty(cell)
            return
        fitting, misfit = self._fitting(cell)
        judgement = self._judge(cell, fitting, misfit)
        wanted = set(cell.reads) if fitting is None else set(fitting.trace.inputs)
        members = {member for key in wanted if key.startswith("@all:") for member in self.expectation.members(key)}
        judgement.needs = {key: self.expect(key) for key in wanted | members}
        judgement.fitting = fitting
        if fitting is None:
            judgement.sharers = {
                key: self.sharing.partners((key,)) - {key} for key in self._changed_in_place(cell) & cell.reads
            }
            touched = self._forget(cell)
        else:
            own = self.last.get(cell.id)
            why = None if own is None or own is fitting else self._misfit(own)
            touched = self._carry(cell, fitting.trace)
            judgement.found = {
                key: self.expect(key) for key in self._once_touched(cell, fitting) - touched if is_name(key)
            }
            self._compare(cell, fitting, judgement, why)
        judgement.gives = {key: self.expectation.values[key] for key in touched}
        self.judgements[cell.id] = judgement
        self.expectation.passed(cell)

    def _fitting(self, cell: Cell) -> tuple[CellRun | None, Cause | None]:
        """The run of this code that started from what is expected here (the cell's own last run first), or why none did."""
        own = self.last.get(cell.id)
        runs = self.by_code.get(cell.digest, [])
        ordered = sorted(runs, key=lambda run: run is not own)  # stable: latest first after the cell's own last
        misfit: Cause | None = None
        for run in ordered:
            cause = self._misfit(run)
            if cause is None:
                return self._first_of_its_kind(run, ordered), None
            misfit = misfit or cause
        return None, misfit

    def _changed_in_place(self, cell: Cell) -> set[str]:
        """What the cell may change in place, but for what its runs never changed, although they could."""
        traces = [run.trace for run in self.by_code.get(cell.digest, [])]
        left_alone = {key for trace in traces for key in trace.left_alone}
        return self._at_risk(cell) - (left_alone - {key for trace in traces for key in trace.outputs})

    def _at_risk(self, cell: Cell) -> set[str]:
        """What the cell may change in place, as far as its code tells and the values, where they are known: of a value that is
        not the live one nobody knows whether it can be changed."""
        touches = cell.touches - (cell.sure - cell.reads)  # what it sets itself is new
        live = self.knowledge.live
        unknown = {name for name in touches if self.expect(name).value not in (ABSENT, live.get(name, ABSENT))}
        return set(cell.at_risk) | unknown

    def _first_of_its_kind(self, run: CellRun, others: Sequence[CellRun]) -> CellRun:
        """What happens once in a kernel (a library sets a variable when it is loaded) only the first run shows: that run, where
        it fits as well, gave names the same values and left the outside as `run` found and left it; else `run`."""
        touched = {key for other in others for key in other.trace.outputs if key not in other.trace.continued}
        outside = {key for key in touched | self.knowledge.forgotten.get(run.trace.digest, set()) if not is_name(key)}
        if all(self._after(run, key) == run.after.get(key, self._after(run, key)) for key in outside):
            return run
        for other in others:
            same = only_names(other.trace.outputs) == only_names(run.trace.outputs)
            left = all(self._after(other, key) == run.after.get(key, self._after(other, key)) for key in outside)
            if same and left and self._misfit(other) is None:
                return other
        return run

    def _after(self, run: CellRun, key: Key) -> Fingerprint | None:
        return run.trace.outputs.get(key, self.expect(key).value)

    def _misfit(self, run: CellRun) -> Cause | None:
        """Why `run` did not start from what is expected here; what differs from kernel to kernel anyway does not count."""
        trace = run.trace
        causes: list[Cause] = []
        for key, value in trace.inputs.items():
            expected = self.expect(key)
            if expected.value is None:
                causes.append(Cause("needs", key, expected, run))
            elif (
                expected.value != value
                and not self.expectation.is_start_of_varying(key)
                and not self._is_replaced(trace, key)
            ):
                causes.append(Cause("input", key, expected, run))
        if causes:
            return min(causes, key=self._weight)
        if trace.whole and (extra := self._extra_name(run)) is not None:
            return extra
        return None if self.sharing.fits(trace) else Cause("sharing", min(trace.shared_before), None, run)

    def _is_replaced(self, trace: Trace, key: Key) -> bool:
        """Whether what is expected of `key` differs from what the run found only in parts that the run replaced unseen."""
        parts, beside = trace.overwritten.get(key, ("", ""))
        expected = self.expect(key).value
        return bool(parts) and expected is not None and self.knowledge.besides.get((parts, expected)) == beside

    def _weight(self, cause: Cause) -> tuple[int, bool, Key]:
        """The order in which causes are told: what surely differs, what has to be made first, what may merely be touched."""
        assert cause.expected is not None
        if cause.kind == "input":
            weight = 4 if self._is_unsure(cause) else 0
        else:
            weight = {"set": 1, "changed": 2, "at_risk": 3}[cause.expected.how]
        return weight, not is_name(cause.key), cause.key

    def _extra_name(self, run: CellRun) -> Cause | None:
        known = {**dict.fromkeys(self.knowledge.start), **self.expectation.values}
        for key in known:
            expected = self.expect(key)
            if is_name(key) and key not in run.trace.inputs and expected.value != ABSENT:
                return Cause("extra", key, expected, run)
        return None

    def _carry(self, cell: Cell, trace: Trace) -> set[Key]:
        """Take over what the fitting run left."""
        self.sharing.take(trace, cell.id, self.expectation.place, self.sharing.pairing(trace) or {})
        varying = "; ".join(trace.varying) or next(
            (expected.varying for key in trace.inputs if (expected := self.expect(key)).varying), ""
        )
        for key, value in trace.outputs.items():
            self.expectation.set(key, self._continued(cell, trace, key) or Expected(value, cell.id, varying))
            if not is_name(key):
                self.outside_writers[key] = cell.id
                continue
            # who sets a name to the object it holds already may not have written it: the writer before is to blame as well
            before, writers = self.sure_writers.get(key, (None, ()))
            self.sure_writers[key] = (
                value,
                (*writers, cell.id) if key in trace.kept and before == value else (cell.id,),
            )
        return set(trace.outputs)

    def _continued(self, cell: Cell, trace: Trace, key: Key) -> Expected | None:
        """What `key` is after a run that only continued its state: as settled as it was before."""
        if key not in trace.continued:
            return None
        before = self.expect(key)
        known = self.expectation.is_start_of_varying(key) or before.value == trace.continued[key]
        return Expected(trace.outputs[key] if known else None, cell.id, before.varying, "set" if known else "changed")

    def _forget(self, cell: Cell) -> set[Key]:
        """Mark what the cell may set or change as unknown."""
        if cell.broken:
            return set()
        changed = set(cell.at_risk)
        seen: set[Key] = {key for run in self.by_code.get(cell.digest, []) for key in run.trace.outputs}
        seen |= self.knowledge.forgotten.get(cell.digest, set())
        touched = set(cell.binds | seen)
        if cell.opaque and not self.by_code.get(cell.digest):
            changed |= {
                key
                for key in {**self.knowledge.start, **self.expectation.values, **self.knowledge.live}
                if is_name(key)
            }
        changed |= self.sharing.partners(changed, perhaps=False)
        changed |= self.sharing.partners(self._changed_in_place(cell))
        changed |= self.sharing.partners(self._at_risk(cell), likely=True)
        touched |= {name for name in changed if self.expect(name).value != ABSENT or name in cell.binds}
        for key in touched:
            how: Literal["set", "changed", "at_risk"] = (
                "set" if key in cell.binds else "changed" if key in seen else "at_risk"
            )
            self.expectation.set(key, Expected(None, cell.id, how=how))
            if key in cell.sure and not cell.reads:  # what reads nothing surely runs to its end
                self.sure_writers.pop(key, None)
        self.sharing.forget_made(cell, touched)
        return touched

    def _judge_empty(self, cell: Cell) -> Judgement:
        own = self.last.get(cell.id)
        if own is None or own.trace.digest == cell.digest:
            return Judgement("fresh")
        return Judgement("edited", [Cause("edited", run=own)])

    def _judge(self, cell: Cell, fitting: CellRun | None, misfit: Cause | None) -> Judgement:
        own = self.last.get(cell.id)
        if own is None:
            return Judgement("never_run", [Cause("never_run")])
        if own.trace.digest != cell.digest:
            once = any(run.cell_id == cell.id for run in self.by_code.get(cell.digest, []))
            return Judgement("stale" if once else "edited", [Cause("other_code" if once else "edited", run=own)])
        if fitting is not None:
            return Judgement("fresh")
        cause = self._misfit(own) or misfit
        assert cause is not None
        return Judgement("unknown" if self._is_unsure(cause) else "stale", [cause])

    @staticmethod
    def _is_unsure(cause: Cause) -> bool:
        """Whether the only thing against the cell is a value that can be known by its origin alone."""
        return cause.kind == "input" and cause.run is not None and cause.key in cause.run.trace.unsure

    def _compare(self, cell: Cell, fitting: CellRun, judgement: Judgement, why: Cause | None) -> None:
        """The cell's own last run against what a run from top to bottom gives; `why` it started from something else, if so."""
        own = self.last.get(cell.id)
        if judgement.state != "fresh" or own is None:
            return
        for key in sorted(self._once_touched(cell, fitting), key=lambda key: (not is_name(key), key)):
            expected = self.expect(key)
            left = own.after.get(key, ABSENT if is_name(key) else expected.value)
            if key.startswith(_OF_THE_READERS) or (not is_name(key) and str(left).startswith("folder ")):
                continue  # what else lies in a folder is the affair of the cells that list it
            if expected.value != left and not (expected.varying and key in self.knowledge.varying_start):
                judgement.state = "stale"
                judgement.causes.append(why or Cause("output", key, expected, own))
                return
        if own.trace.shown != fitting.trace.shown:
            judgement.state, judgement.causes = "stale", [why or Cause("display", "", None, own)]
            return
        self._doubt(cell, fitting, judgement)

    def _once_touched(self, cell: Cell, fitting: CellRun) -> set[Key]:
        """What the cell set or changed in any of its runs of this code."""
        runs = [run for run in self.by_code[cell.digest] if run.cell_id == cell.id or run is fitting]
        return {key for run in runs for key in run.trace.outputs} | self.knowledge.forgotten.get(cell.digest, set())

    def _doubt(self, cell: Cell, fitting: CellRun, judgement: Judgement) -> None:
        """A fresh cell of which another run, too, would be fresh but different cannot be judged."""
        if fitting.trace.varying:
            judgement.state, judgement.causes = (
                "unknown",
                [Cause("varying", "; ".join(fitting.trace.varying), None, fitting)],
            )
            return
        for key in fitting.trace.inputs:
            expected = judgement.needs.get(key) or self.expect(key)
            if expected.varying:
                kind: CauseKind = "varying" if expected.by is None else "varying_input"
                about = expected.varying if expected.by is None else key
                judgement.state, judgement.causes = "unknown", [Cause(kind, about, expected, fitting)]
                return
        for run in self.by_code[cell.digest]:
            if run is fitting or run.trace.inputs != fitting.trace.inputs:
                continue
            if (what := difference(run.trace, fitting.trace)) is not None:
                judgement.state, judgement.causes = "unknown", [Cause("undetermined", what, None, run)]
                return
