"""How the history of a notebook hangs together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlnb.snapshots.rules.timeline import timeline
from mlnb.snapshots.types import Snapshot, Variable

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def taken(number, x=None, **given):
    """Snapshot number `number`, in which x has this value."""
    variables = {} if x is None else {"x": Variable("saved", "int", 28, str(x))}
    known = {
        "id": f"snap-{number}", "notebook": "/n.ipynb", "created_at": BEGIN + timedelta(minutes=number), "reason": "",
        "cell_runs": number, "variables": variables, "env_id": "", "git_commit": None, "git_dirty": None, "size_bytes": 1,
        "owner": "ana", "session": "s", "has_kernel": True, "succeeded": True,
    }  # fmt: skip
    return Snapshot(**{**known, **given})


def drawn(*snapshots, which="all", limit=100, cursor=None):
    return timeline(sorted(snapshots, key=lambda one: one.id, reverse=True), which, limit, cursor)


def parents(found):
    return {one.id[5:]: one.parent and one.parent[5:] for one in found.entries}


def test_a_restore_begins_a_branch_and_what_it_replaced_stays_where_it_was():
    found = drawn(
        taken(1, 1),
        taken(2, 2, parent="snap-1"),
        taken(3, 3, parent="snap-2", reason="before restore of snap-1"),
        taken(4, 4, parent="snap-1"),
    )
    assert parents(found) == {"4": "1", "3": "2", "2": "1", "1": None}
    assert [one.kind for one in found.entries] == ["auto", "before", "auto", "auto"]


def test_what_a_restore_replaced_is_left_out_when_nothing_had_changed():
    found = drawn(
        taken(1, 1),
        taken(2, 2, parent="snap-1"),
        taken(3, 2, parent="snap-2", reason="before restore of snap-1"),
        taken(4, 1, parent="snap-1", reason="before restore of snap-3"),
        taken(5, 5, parent="snap-3"),
    )
    assert parents(found) == {"5": "2", "2": "1", "1": None}
    assert found.same == {"snap-3": "snap-2", "snap-4": "snap-1"}


def test_one_that_names_no_parent_follows_the_one_before_it_in_its_kernel_or_the_restored_one():
    found = drawn(
        taken(1, 1),
        taken(2, 2),
        taken(3, 3, reason="before restore of snap-1"),
        taken(4, 4),
        taken(5, 5, session="t"),
        taken(6, 6, session="t", parent="snap-gone"),
    )
    assert parents(found) == {"6": "5", "5": None, "4": "1", "3": "2", "2": "1", "1": None}


def test_an_empty_new_kernel_that_is_brought_back_continues_where_it_was():
    found = drawn(
        taken(1, 1),
        taken(2, session="t", succeeded=None, reason="before restore of snap-1"),
        taken(3, 3, session="t", parent="snap-1"),
    )
    assert parents(found) == {"3": "1", "1": None}


def test_a_document_alone_follows_what_came_before_it():
    found = drawn(taken(1, 1), taken(2, has_kernel=False, session="", succeeded=None, reason="autosave"))
    assert [(one.kind, one.parent) for one in found.entries] == [("document", "snap-1"), ("auto", None)]


def test_kinds_names_jobs_and_pages():
    snapshots = [
        taken(1, 1, reason="mine"),
        taken(2, 2, name="called later"),
        taken(3, 3, reason="end of job-7"),
        taken(4, 4, reason="after cell run 4"),
    ]
    assert [one.name for one in drawn(*snapshots, which="named").entries] == ["called later", "mine"]
    jobs = drawn(*snapshots, which="jobs").entries
    assert [(one.job, one.name) for one in jobs] == [("job-7", "Last state of a job (job-7)")]
    first = drawn(*snapshots, limit=3)
    assert (len(first.entries), first.total, first.cursor) == (3, 4, "snap-2")
    assert [one.id for one in drawn(*snapshots, limit=3, cursor=first.cursor).entries] == ["snap-1"]


@pytest.mark.parametrize(
    ("newest", "clean"),
    [({"succeeded": False}, "snap-1"), ({"is_clean": False}, "snap-1"), ({"is_clean": True}, "snap-2"), ({}, "snap-2")],
)
def test_the_last_clean_state_is_one_in_which_nothing_had_failed_or_was_stale(newest, clean):
    assert drawn(taken(1, 1), taken(2, 2, **newest)).last_clean == clean
