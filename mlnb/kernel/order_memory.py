"""The runs of one kernel as far as they are remembered: bounded, however long a session lasts."""

from __future__ import annotations

from collections.abc import Mapping

from mlnb.core.records import dataclass
from mlnb.order.rules.remembering import contradicting, forgotten, is_due, remembered
from mlnb.order.rules.traces import CellRun, Fingerprint, Key, Trace, history_digest


@dataclass(frozen=True, slots=True)
class Moment:
    """What was remembered at one moment. The lists only grow afterwards, so that it costs their lengths."""

    grown: tuple[list[CellRun], list[str], list[Fingerprint]]
    lengths: tuple[int, int]

    @property
    def runs(self) -> list[CellRun]:
        """The runs that were remembered, oldest first."""
        return self.grown[0][: self.lengths[0]]


class Memory:
    """The runs so far.

    Attributes:
        runs: those that are remembered, oldest first.
        number: of the last run, remembered or not.
        outside: every key of something outside the names that a run read or changed.
        forgotten: what the runs that are not remembered set or changed, by digest of their code.
    """

    def __init__(self) -> None:
        self.runs: list[CellRun] = []
        self.number = 0
        self.outside: set[Key] = set()
        self.forgotten: dict[str, set[Key]] = {}
        self._last: set[str | None] = set()
        self._codes: list[str] = []
        self._texts: list[Fingerprint] = []

    def keep(self, cell_id: str | None, trace: Trace, after: Mapping[Key, Fingerprint]) -> CellRun:
        """Remember a run, and let go of others from time to time."""
        self.number += 1
        run = CellRun(self.number, cell_id, trace, after)
        self.runs.append(run)
        self._last.add(cell_id)
        self.outside.update(key for key in (*trace.inputs, *trace.outputs) if key.startswith("@"))
        if trace.digest:
            self._codes.append(trace.digest)
            self._texts.append(trace.text)
        if is_due(len(self.runs), len(self._last)):
            before, self.runs = self.runs, remembered(self.runs)
            for digest, keys in forgotten(before, self.runs).items():
                self.forgotten.setdefault(digest, set()).update(keys)
        return run

    def moment(self) -> Moment:
        """What is remembered now."""
        return Moment((self.runs, self._codes, self._texts), (len(self.runs), len(self._codes)))

    def take_back(self, moment: Moment) -> None:
        """Remember what was remembered then; of later runs only what speaks against a run of then, and what they set or changed."""
        runs = moment.runs
        known = set(map(id, runs))
        later = [run for run in self.runs if id(run) not in known]
        for digest, keys in forgotten(later, runs).items():
            self.forgotten.setdefault(digest, set()).update(keys)
        self.runs = [*contradicting(runs, later), *runs]
        self._last = {run.cell_id for run in self.runs}
        _, codes, texts = moment.grown
        self._codes, self._texts = codes[: moment.lengths[1]], texts[: moment.lengths[1]]

    def history(self) -> Fingerprint:
        """Of the code that ran so far, in order."""
        return history_digest(self._codes)

    def typed(self, back: int = 0) -> Fingerprint:
        """Of that code as it was typed; of the `back` latest runs when that is not 0."""
        return history_digest(self._texts[-back:])
