"""What the fold says of a cell: its state, why, what it takes from the cells above and what it gives to those below."""

from __future__ import annotations

from typing import Literal

from mlnb.core.records import dataclass, field
from mlnb.order.rules.traces import CellRun, Fingerprint, Key
from mlnb.order.types import CellState

CauseKind = Literal[
    "never_run", "edited", "other_code", "input", "needs", "extra", "sharing", "display", "output", "changed_since", "not_back", "touched",
    "varying", "varying_input", "undetermined",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run from top to bottom has for a key: a fingerprint, or None when it depends on cell `by` running first.

    Attributes:
        value: the fingerprint.
        by: the cell that would have set it last; None at the start.
        varying: what makes it differ from run to run, or empty.
        how: what `by` does to it: sets it, changes it in place, or might, as far as its code tells.
    """

    value: Fingerprint | None
    by: str | None = None
    varying: str = ""
    how: Literal["set", "changed", "at_risk"] = "set"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a cell is not fresh.

    Attributes:
        kind: what kind of reason.
        key: the name (or ``@`` key) it is about, or empty.
        expected: what was expected of it.
        run: the run of the cell that was looked at.
    """

    kind: CauseKind
    key: Key = ""
    expected: Expected | None = None
    run: CellRun | None = None


@dataclass(slots=True)
class Judgement:
    """How a cell compares.

    Attributes:
        state: its state.
        causes: why, at least one unless it is fresh.
        needs: what it takes from the cells above, by key.
        gives: what the cells below find, by key, as far as this cell sets or changes it.
        found: what its runs of this code once touched and one from top to bottom does not, as it is then.
        fitting: a run of its code that began as it does in a run from top to bottom; None where there was none.
        sharers: for the names that it may change in place, the names that share objects with them in a run from top to bottom.
    """

    state: CellState
    causes: list[Cause] = field(default_factory=list)
    needs: dict[Key, Expected] = field(default_factory=dict)
    gives: dict[Key, Expected] = field(default_factory=dict)
    found: dict[Key, Expected] = field(default_factory=dict)
    fitting: CellRun | None = None
    sharers: dict[Key, set[Key]] = field(default_factory=dict)
