"""Which earlier state is meant by "since the last commit", "the last run", "the last clean state", "yesterday"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, get_args

from mlnb.core.errors import BadInput, NotFound
from mlnb.snapshots.types import Snapshot

Since = Literal["commit", "run", "clean", "yesterday"]
OF_RUNS = ("end of job-", "end of run-")
"""How the reasons begin under which runners take the last snapshot of a run."""


def since_from_text(text: str) -> Since | None:
    """The `Since` that `text` names; None for the id of a snapshot.

    Raises:
        BadInput: it names none.
    """
    for known in get_args(Since):
        if text == known:
            return known  # type: ignore[no-any-return]
    if text.startswith("snap-"):
        return None
    hint = "Choose commit, run, clean, yesterday, or the id of a snapshot."
    raise BadInput(f"{text!r} is no point in the past that mlnb knows", hint)


def last_of_run(snapshots: Iterable[Snapshot]) -> Snapshot:
    """The state at the end of the last run of the notebook as a job or by `mlnb run`.

    Args:
        snapshots: of the notebook, newest first.

    Raises:
        NotFound: it has not run so.
    """
    found = next((one for one in snapshots if one.reason.startswith(OF_RUNS)), None)
    if found is None:
        raise NotFound("no run of this notebook has left a snapshot", "Run it once: `mlnb run` or `mlnb jobs submit`.")
    return found


def is_clean(one: Snapshot) -> bool:
    """Whether a state is clean: cells had run, the last run of none of them had failed, and none is known to have been stale or edited.

    Cells that never ran, or that order cannot judge, do not count.
    """
    is_known_bad = one.is_clean is False or one.succeeded is False
    return one.has_kernel and not is_known_bad and (one.is_clean is True or one.succeeded is True)


def last_clean(snapshots: Iterable[Snapshot]) -> Snapshot:
    """The last state that is clean.

    Args:
        snapshots: of the notebook, newest first.

    Raises:
        NotFound: there is none.
    """
    found = next((one for one in snapshots if is_clean(one)), None)
    if found is None:
        raise NotFound(
            "this notebook has no earlier state in which no cell was stale or edited or had failed",
            "Take a snapshot when its cells have run.",
        )
    return found


def last_before(snapshots: Iterable[Snapshot], moment: datetime) -> Snapshot:
    """The last state before `moment`.

    Args:
        snapshots: of the notebook, newest first.
        moment: such as the last midnight.

    Raises:
        NotFound: none is that old.
    """
    found = next((one for one in snapshots if one.created_at < moment), None)
    if found is None:
        raise NotFound("this notebook has no snapshot from before today", "See `mlnb snapshot list NB`.")
    return found


def first_of_commit(snapshots: Iterable[Snapshot], commit: str) -> Snapshot | None:
    """The first state in which everything was as in `commit`; None when there is none.

    Args:
        snapshots: of the notebook, newest first.
        commit: its full name.
    """
    clean = [one for one in snapshots if one.git_commit == commit and one.git_dirty is False]
    return clean[-1] if clean else None
