"""Decisions about jobs: pure, without files, clock or framework."""

from __future__ import annotations

import math
import re

from mlnb.core.errors import BadInput
from mlnb.jobs.errors import JobState
from mlnb.jobs.types import Ended, Job, State

# from -> to. `queued` comes again when a failed or lost attempt is tried once more.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.STARTING, State.CANCELLED, State.FAILED}),
    State.STARTING: frozenset(
        {State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST, State.QUEUED}
    ),
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST, State.QUEUED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
    State.LOST: frozenset({State.QUEUED}),
}
_SIZES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIGNALS = {2: "interrupted", 6: "aborted", 9: "killed", 11: "crashed (segmentation fault)", 15: "terminated"}
LOST_CODE = 75
"""Exit code of a runner that found its attempt already taken by another runner."""
KERNEL_DIED_CODE = 138
"""Exit code of a runner whose kernel died under it."""


def can_become(state: State, to: State) -> bool:
    """Whether a job in `state` can go to the state `to`."""
    return to in TRANSITIONS[state]


def check_transition(job: Job, to: State) -> None:
    """Accept that `job` goes to the state `to`.

    Raises:
        JobState: it cannot from where it is; the hint says what can be done.
    """
    if not can_become(job.state, to):
        raise JobState(f"{job.id} is {job.state.value}, so it cannot become {to.value}", _way_on(job.state))


def _way_on(state: State) -> str:
    if state is State.SUCCEEDED:
        return "Submit the notebook again: mlnb jobs submit."
    if state.is_final:
        return "Try it again: mlnb jobs retry."
    return "Wait for its end, or cancel it: mlnb jobs cancel."


def check_retry(job: Job) -> None:
    """Accept that `job` is tried again.

    Raises:
        JobState: it has not ended yet, or has succeeded.
    """
    check_transition(job, State.QUEUED) if job.state.is_final else _refuse_retry(job)


def _refuse_retry(job: Job) -> None:
    raise JobState(f"{job.id} is {job.state.value}, so there is nothing to try again", _way_on(job.state))


def check_cancel(job: Job) -> None:
    """Accept that `job` is cancelled.

    Raises:
        JobState: it has ended.
    """
    if job.state.is_final:
        raise JobState(f"{job.id} has already ended: {job.state.value}", "There is nothing to cancel.")


def bytes_from_size(text: str) -> int:
    """Bytes that ``2g``, ``512m``, ``1.5 GiB`` or ``1048576`` mean (powers of 1024).

    Raises:
        BadInput: it is not a size.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?\s*", text, re.IGNORECASE)
    size = int(float(found[1]) * _SIZES[found[2].lower()]) if found else 0
    if size <= 0:
        raise BadInput(f"{text!r} is not an amount of memory", "Write it like 512m or 2g.")
    return size


def size_from_bytes(size: int) -> str:
    """A size in words, such as ``1 GiB`` or ``512 MiB``."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.3f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{size} B"


def seconds_from_time(text: str) -> float:
    """Seconds that ``90s``, ``15m``, ``1h``, ``1.5h``, ``1h30m`` or ``90`` mean.

    Raises:
        BadInput: it is not a length of time.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    rest = re.sub(r"(\d+(?:\.\d+)?)\s*([smhd]?)\s*", "", text.strip().lower())
    seconds = sum(float(number) * _TIMES[unit] for number, unit in parts)
    if rest or not parts or seconds <= 0 or not math.isfinite(seconds):
        raise BadInput(f"{text!r} is not a length of time", "Write it like 90s, 15m or 1h.")
    return seconds


def time_from_seconds(seconds: float) -> str:
    """A length of time in words, such as ``1h30m`` or ``2.5s``."""
    if seconds < 60:
        return f"{seconds:.3g}s"
    parts, left = [], round(seconds)
    for unit, factor in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, factor)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


def check_resources(cpus: float | None, retries: int) -> None:
    """Accept what was asked for.

    Raises:
        BadInput: a number makes no sense.
    """
    if cpus is not None and not (math.isfinite(cpus) and cpus > 0):
        raise BadInput(f"{cpus} is not a number of processors", "Ask for more than 0, such as 2 or 0.5.")
    if not 0 <= retries <= 100:
        raise BadInput(f"{retries} is not a number of retries", "Ask for 0 to 100.")


def outcome(
    ended: Ended, *, error: str, was_cancelled: bool, timed_out_s: float | None, memory_bytes: int | None
) -> tuple[State, str]:
    """The final state of an attempt and the reason in words.

    Exit codes alone are ambiguous (an interrupted and a failed notebook both give 1), so what the executor knows about memory
    and what we ourselves asked for decide before them. A notebook that ended well before a cancel reached it has succeeded.

    Args:
        ended: what the executor saw.
        error: what the runner wrote about the failure; empty when it wrote nothing.
        was_cancelled: whether somebody asked for its end.
        timed_out_s: the time limit, when we ended it for that.
        memory_bytes: its memory limit.
    """
    if ended.exit_code == 0:
        return State.SUCCEEDED, ""
    if ended.is_out_of_memory:
        limit = f": the limit is {size_from_bytes(memory_bytes)}" if memory_bytes else ""
        return State.FAILED, f"out of memory{limit}; ask for more memory"
    if was_cancelled:
        return State.CANCELLED, "cancelled"
    if timed_out_s is not None:
        return State.FAILED, f"timed out after {time_from_seconds(timed_out_s)}"
    if error:
        return State.FAILED, error
    return State.FAILED, _words_for_code(ended.exit_code)


def _words_for_code(code: int | None) -> str:
    if code is None:
        return "killed: the job's process ended without a word (killed from outside, or out of memory)"
    if code == KERNEL_DIED_CODE:
        return "the kernel died (killed from outside, out of memory, or crashed)"
    signal_number = -code if code < 0 else code - 128
    if signal_number in _SIGNALS:
        return f"{_SIGNALS[signal_number]} (exit code {code})"
    return f"ended with exit code {code}; see its log"
