"""Who is to blame when something is now not what a run from top to bottom ends with: the cell that wrote it last."""

from __future__ import annotations

from collections.abc import Mapping

from mlnb.core.records import dataclass
from mlnb.order.rules.judgement import Cause, CauseKind, Expected, Judgement
from mlnb.order.rules.traces import ABSENT, CellRun, Fingerprint, Key, Knowledge


@dataclass(frozen=True, slots=True)
class Written:
    """What a run from top to bottom writes.

    Attributes:
        names: for each name its value at the end, and the cells that surely wrote it last.
        outside: for what is no name, the cell that wrote it last.
        last: the last run of each cell.
    """

    names: Mapping[str, tuple[Fingerprint, tuple[str, ...]]]
    outside: Mapping[Key, str]
    last: Mapping[str, CellRun]


def blame_last_writers(knowledge: Knowledge, written: Written, judgements: Mapping[str, Judgement]) -> None:
    """A name that is now not what a run from top to bottom ends with makes its last writer stale; unknown, where that can
    be said of no more than that something beside the cells may have changed it.
    """
    doubted = {
        (key, run.trace.outputs[key]) for run in knowledge.runs if not run.trace.digest for key in run.trace.unsure
    }
    live = knowledge.live
    for name, (value, writers) in sorted(written.names.items(), key=lambda one: (one[0], live.get(one[0])) in doubted):
        if live.get(name, ABSENT) == value:
            continue
        for writer in writers:
            judgement = judgements[writer]
            if judgement.state == "fresh":
                is_doubt = (name, live.get(name)) in doubted
                judgement.state = "unknown" if is_doubt else "stale"
                kind: CauseKind = "touched" if is_doubt else "changed_since"
                judgement.causes.append(Cause(kind, name, Expected(value, writer), written.last.get(writer)))


def blame_for_displaced(knowledge: Knowledge, written: Written, judgements: Mapping[str, Judgement]) -> None:
    """What a restore did not bring back makes its last writer stale."""
    for key in sorted(knowledge.displaced):
        writers = written.names[key][1] if key in written.names else (written.outside.get(key),)
        for judgement in [judgements[writer] for writer in writers if writer is not None]:
            if judgement.state == "fresh":
                judgement.state = "stale"
                judgement.causes.append(Cause("not_back", key))
