"""Decisions about jobs: the table of states, units, and what an end means."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.errors import BadInput
from mlnb.jobs.errors import JobState
from mlnb.jobs.rules import (
    TRANSITIONS,
    bytes_from_size,
    can_become,
    check_cancel,
    check_resources,
    check_retry,
    check_transition,
    outcome,
    seconds_from_time,
    size_from_bytes,
    time_from_seconds,
)
from mlnb.jobs.types import Ended, Job, State

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def job_in(state):
    return Job(
        id="job-1", state=state, reason="", notebook="/n.ipynb", parameters={}, executor="local", host=None, attempt=1,
        submitted_at=NOW, started_at=None, ended_at=None, failed_cell=None, output=None, run_id=None, snapshot_id=None,
        env_id=None, owner="ana",
    )  # fmt: skip


@given(st.lists(st.sampled_from(list(State)), max_size=30))
def test_a_walk_through_the_states_ends_only_in_final_ones_and_leaves_those_only_by_a_retry(wishes):
    state = State.QUEUED
    for wish in wishes:
        job = job_in(state)
        if can_become(state, wish):
            check_transition(job, wish)
            assert not state.is_final or wish is State.QUEUED
            state = wish
        else:
            with pytest.raises(JobState) as raised:
                check_transition(job, wish)
            assert raised.value.hint


def test_every_state_is_in_the_table_and_reached_from_the_queue():
    assert set(TRANSITIONS) == set(State)
    reached, waiting = {State.QUEUED}, [State.QUEUED]
    while waiting:
        fresh = TRANSITIONS[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(State)
    assert not TRANSITIONS[State.SUCCEEDED]


@pytest.mark.parametrize("state", list(State))
def test_what_has_ended_cannot_be_cancelled_and_what_has_not_cannot_be_tried_again(state):
    if state.is_final:
        with pytest.raises(JobState):
            check_cancel(job_in(state))
    else:
        check_cancel(job_in(state))
    if state in (State.FAILED, State.CANCELLED, State.LOST):
        check_retry(job_in(state))
    else:
        with pytest.raises(JobState):
            check_retry(job_in(state))


@pytest.mark.parametrize(
    ("text", "size"),
    [("2g", 2 << 30), ("512m", 512 << 20), ("1.5 GiB", 3 << 29), ("64KB", 64 << 10), ("1048576", 1 << 20), ("7b", 7)],
)
def test_a_size_in_words_is_bytes(text, size):
    assert bytes_from_size(text) == size


@given(st.integers(min_value=1, max_value=1 << 50))
def test_a_size_as_shown_is_read_back_to_within_rounding(size):
    assert bytes_from_size(size_from_bytes(size)) == pytest.approx(size, rel=1e-3, abs=1)


@pytest.mark.parametrize("text", ["", "much", "-1g", "0", "2 g b", "1e9"])
def test_what_is_not_a_size_is_refused(text):
    with pytest.raises(BadInput) as raised:
        bytes_from_size(text)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h", 3600), ("1h30m", 5400), ("1.5h", 5400), ("90", 90), ("1d", 86400)],
)
def test_a_time_in_words_is_seconds(text, seconds):
    assert seconds_from_time(text) == seconds


@given(st.integers(min_value=60, max_value=10_000_000))
def test_a_time_as_shown_is_read_back(seconds):
    assert seconds_from_time(time_from_seconds(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1h", "0s", "1h soon"])
def test_what_is_not_a_time_is_refused(text):
    with pytest.raises(BadInput):
        seconds_from_time(text)


@pytest.mark.parametrize(("cpus", "retries"), [(0, 0), (-1, 0), (float("nan"), 0), (None, -1), (None, 101)])
def test_limits_that_make_no_sense_are_refused(cpus, retries):
    with pytest.raises(BadInput):
        check_resources(cpus, retries)


@pytest.mark.parametrize(
    ("ended", "given_", "state", "says"),
    [
        (Ended(0), {}, State.SUCCEEDED, ""),
        (Ended(0), {"was_cancelled": True}, State.SUCCEEDED, ""),
        (Ended(1), {"error": "ValueError: no"}, State.FAILED, "ValueError"),
        (Ended(1), {"was_cancelled": True, "error": "interrupted"}, State.CANCELLED, "cancelled"),
        (Ended(137), {"was_cancelled": True}, State.CANCELLED, "cancelled"),
        (Ended(130), {"timed_out_s": 3600.0, "error": "interrupted"}, State.FAILED, "timed out after 1h"),
        (
            Ended(137, is_out_of_memory=True),
            {"memory_bytes": 1 << 30},
            State.FAILED,
            "out of memory: the limit is 1 GiB",
        ),
        (Ended(138, is_out_of_memory=True), {"error": "the kernel died"}, State.FAILED, "out of memory"),
        (Ended(138), {}, State.FAILED, "kernel died"),
        (Ended(137), {}, State.FAILED, "killed"),
        (Ended(-11), {}, State.FAILED, "segmentation"),
        (Ended(None), {}, State.FAILED, "killed"),
        (Ended(3), {}, State.FAILED, "exit code 3"),
    ],
)
def test_what_an_end_means(ended, given_, state, says):
    told = {"error": "", "was_cancelled": False, "timed_out_s": None, "memory_bytes": None} | given_
    found, reason = outcome(ended, **told)
    assert found is state
    assert says in reason


@given(
    st.one_of(st.none(), st.integers(-20, 255)), st.booleans(), st.text(max_size=5), st.booleans(),
    st.one_of(st.none(), st.just(5.0)),
)  # fmt: skip
def test_only_exit_code_zero_succeeds_and_every_other_end_has_a_reason(code, oom, error, was_cancelled, timed_out_s):
    state, reason = outcome(
        Ended(code, oom), error=error, was_cancelled=was_cancelled, timed_out_s=timed_out_s, memory_bytes=None
    )
    assert (state is State.SUCCEEDED) == (code == 0)
    assert state.is_final
    assert bool(reason) == (state is not State.SUCCEEDED)
