"""Which snapshots are kept: laws over random histories, and the words that make a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.snapshots.rules import retention
from mlnb.snapshots.rules.retention import Record, Retention, judge

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
REASONS = st.sampled_from(
    ["", "after cell run 3", "cell run 4 failed", "before restore of snap-1", "end of job-7", "best so far"]
)
RULES = st.builds(Retention, keep_last=st.integers(0, 5), keep_daily_days=st.integers(0, 5))


@st.composite
def histories(draw):
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 60 * 24 * 10), REASONS, st.booleans()),
            max_size=40,
        )
    )
    return [
        Record(f"snap-{number}", notebook, NOW - timedelta(minutes=age), reason, is_trusted=own or age % 3 > 0)
        for number, (notebook, age, reason, own) in enumerate(rows)
    ]


@given(histories(), RULES, st.sets(st.integers(0, 40)))
def test_every_snapshot_has_one_fate_and_what_is_for_ever_stays(records, rules, numbers):
    linked = {f"snap-{number}" for number in numbers}
    found = judge(records, rules, NOW, linked)
    assert sorted([*found.kept, *found.removed]) == sorted(record.id for record in records)
    for record in records:
        for_ever = record.id in linked or not record.is_trusted or record.reason in ("end of job-7", "best so far")
        if for_ever or NOW - record.created_at < retention.YOUNG:
            assert record.id in found.kept


@given(histories(), RULES)
def test_the_last_ones_and_one_of_each_day_stay(records, rules):
    kept = judge(records, rules, NOW).kept
    for notebook in {record.notebook for record in records}:
        own = sorted((r for r in records if r.notebook == notebook), key=lambda r: (r.created_at, r.id), reverse=True)
        passing = [r for r in own if r.is_trusted and r.reason not in ("end of job-7", "best so far")]
        assert {r.id for r in passing[: rules.keep_last or None]} <= set(kept)
        for days in range(rules.keep_daily_days):
            of_day = [r for r in own if r.created_at.date() == NOW.date() - timedelta(days=days)]
            assert not of_day or any(r.id in kept for r in of_day)


@given(histories(), RULES)
def test_judging_again_what_was_kept_removes_nothing(records, rules):
    kept = judge(records, rules, NOW).kept
    assert judge([record for record in records if record.id in kept], rules, NOW).removed == ()


@given(histories(), st.integers(1, 4), st.integers(0, 4))
def test_more_room_never_removes_more(records, keep_last, days):
    less = set(judge(records, Retention(keep_last, days), NOW).removed)
    assert set(judge(records, Retention(keep_last + 1, days), NOW).removed) <= less | set()
    assert set(judge(records, Retention(keep_last, days + 1), NOW).removed) <= less


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "after cell run 12",
        "cell run 2 failed",
        "before restore of snap-06g",
        "end of job-06g",
        "to compare with the last run",
    ],
)
def test_what_mlnb_says_is_no_name(reason):
    assert not retention.is_named(reason)


@pytest.mark.parametrize(
    "reason", ["v1", "after cell run 12 it was good", "before restoring", "to compare with the other model"]
)
def test_what_a_person_wrote_is_a_name(reason):
    assert retention.is_named(reason)


def test_much_typing_pushes_out_nothing_that_was_computed():
    computed = Record("snap-0", "a", NOW - timedelta(days=40), "after cell run 3")
    typed = [
        Record(f"snap-{number}", "a", NOW - timedelta(days=39, minutes=-number), "autosave") for number in range(1, 9)
    ]
    found = judge([computed, *typed], Retention(keep_last=3, keep_daily_days=0), NOW)
    assert found.kept["snap-0"] == "last"
    assert list(found.removed) == ["snap-1", "snap-2", "snap-3", "snap-4", "snap-5"]
