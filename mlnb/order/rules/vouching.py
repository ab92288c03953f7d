"""What a person vouched for: an `unknown` cell counts as fresh until it runs again or what it reads changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mlnb.core.records import dataclass
from mlnb.order.rules.judgement import Judgement
from mlnb.order.rules.traces import CellRun, Fingerprint, Key


@dataclass(frozen=True, slots=True)
class Vouch:
    """A person's word for a cell: when, for which run of it, and what the cell needed at the time."""

    at: datetime
    run: int
    needs: Mapping[Key, Fingerprint | None]


def vouch_for(judgement: Judgement, run: CellRun, at: datetime) -> Vouch:
    """The word for a cell as it stands now."""
    return Vouch(at, run.number, _needs(judgement))


def holds(vouch: Vouch, judgement: Judgement, run: CellRun | None) -> bool:
    """Whether the cell is still the one that was vouched for; one whose code changed meanwhile is not ``unknown`` any more."""
    return (
        run is not None
        and run.number == vouch.run
        and judgement.state == "unknown"
        and _needs(judgement) == vouch.needs
    )


def _needs(judgement: Judgement) -> dict[Key, Fingerprint | None]:
    return {key: expected.value for key, expected in judgement.needs.items()}
