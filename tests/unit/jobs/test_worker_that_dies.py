"""Whoever waits for a job is told when no worker can be had, and is not kept waiting for ever."""

from __future__ import annotations

import sys

import pytest

from mlnb.core.errors import Unavailable
from mlnb.jobs.process import WorkerProcess, lock_path


def until_it_ended(process):
    process._child.wait(timeout=30)


def test_a_worker_that_ends_at_once_is_tried_again_and_then_named():
    process = WorkerProcess([sys.executable, "-c", "raise SystemExit('the engine has no database.')"])
    process.ensure()
    for _ in range(2):
        until_it_ended(process)
        process.keep()
    until_it_ended(process)
    with pytest.raises(Unavailable, match="the engine has no database") as told:
        process.keep()
    assert "worker.log" in told.value.hint


def test_a_worker_that_was_idle_is_started_again(tmp_path):
    mark = tmp_path / "mark"
    process = WorkerProcess([sys.executable, "-c", f"open({str(mark)!r}, 'a').write('x')"])
    process.keep()
    until_it_ended(process)
    process.keep()
    until_it_ended(process)
    assert mark.read_text() == "xx"
    assert not lock_path().exists()
