"""What an executor plug-in must pass.

Inherit in a test module of the plug-in and give it the executor::

    class TestMine(ExecutorSuite):
        @pytest.fixture
        def make_executor(self):
            return MyExecutor            # called anew, it stands for a worker that took over

        @pytest.fixture
        def options(self):
            return {"image": "..."}      # what an attempt needs besides
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mlnb.core.ids import new_id
from mlnb.jobs import folder as files
from mlnb.jobs.folder import RunnerRequest
from mlnb.jobs.lines import Event, event_from_line
from mlnb.jobs.ports import Executor
from mlnb.jobs.types import Attempt, Resources

__all__ = ["ExecutorSuite", "follow", "make_attempt", "write_notebook"]


def write_notebook(
    path: Path, *sources: str, parameters: str | None = None, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write a Python notebook of code cells with ids ``c0``, ``c1``, ...; `parameters` becomes a first cell tagged so."""
    given = ([parameters] if parameters is not None else []) + list(sources)
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "source": source,
            "metadata": {"tags": ["parameters"]} if parameters is not None and index == 0 else {},
            "outputs": [],
            "execution_count": None,
        }
        for index, source in enumerate(given)
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": cells,
        "metadata": {"kernelspec": kernelspec, "language_info": {"name": "python"}}
        if metadata is None
        else dict(metadata),
    }
    path.write_text(json.dumps(document))
    return path


def make_attempt(
    sources: Sequence[str], cwd: Path, *, is_local: bool, image: str | None = None, resources: Resources | None = None
) -> Attempt:
    """An attempt of a notebook with the cells `sources`, its folder laid out under ``MLNB_HOME``."""
    job_id = new_id("job")
    folder = files.attempt_dir(job_id, 1)
    folder.mkdir(parents=True)
    write_notebook(folder / files.INPUT, *sources)
    request = RunnerRequest(job_id, 1, str(cwd / "suite.ipynb"), "python3", cwd=str(cwd) if is_local else None)
    files.write_request(folder, request)
    return Attempt(job_id, 1, folder, cwd, sys.executable, image, resources or Resources())


def follow(executor: Executor, ref: str, until: Callable[[Event], bool] | None = None) -> list[Event]:
    """The events of the attempt, until one satisfies `until`, or to its end."""
    found: list[Event] = []
    for lines in executor.follow(ref):
        for line in lines:
            event = event_from_line(line)
            if event is not None:
                found.append(event)
                if until is not None and until(event):
                    return found
    return found


_TOLD = frozenset({"started", "prepared", "cell_started", "cell_ended", "ended"})


def _begins_cell(event: Event) -> bool:
    return bool(event["event"] == "cell_started")


def _prints(word: str) -> Callable[[Event], bool]:
    def is_it(event: Event) -> bool:
        return str(event["event"]) == "output" and word in str(event["text"])

    return is_it


class ExecutorSuite:
    """The promises of `mlnb.jobs.ports.Executor`, each as a test."""

    is_local = False

    @pytest.fixture
    def make_executor(self) -> Callable[[], Executor]:
        """Builds the executor under test."""
        raise NotImplementedError

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """What an attempt needs besides: ``image``, ``resources``."""
        return {}

    @pytest.fixture
    def attempt(self, tmp_path: Path, options: dict[str, Any]) -> Any:  # noqa: ANN401 - a factory
        """Makes an attempt of the given cells."""

        def make(*sources: str, **more: Any) -> Attempt:  # noqa: ANN401
            return make_attempt(sources, tmp_path, is_local=self.is_local, **(options | more))

        return make

    def test_it_says_whether_it_takes_jobs(self, make_executor: Any) -> None:  # noqa: ANN401
        """`capacity` answers without raising."""
        executor = make_executor()
        assert executor.capacity().name == executor.name
        assert executor.capacity().available

    def test_nothing_is_found_before_it_was_started(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """`find` knows only what was started."""
        assert make_executor().find(attempt("1")) is None

    def test_a_notebook_runs_and_its_results_come_back(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """Events in order, exit code 0, output notebook and result in the folder."""
        executor, this = make_executor(), attempt("print('hello')", "2 + 2")
        executor.check(this)
        ref = executor.submit(this)
        events = follow(executor, ref)
        assert [e["event"] for e in events if e["event"] in _TOLD] == [
            "started", "prepared", "cell_started", "cell_ended", "cell_started", "cell_ended", "ended",
        ]  # fmt: skip
        assert executor.ended(ref).exit_code == 0
        executor.fetch(ref, this.folder)
        cells = json.loads((this.folder / files.OUTPUT).read_text())["cells"]
        assert "".join(cells[0]["outputs"][0]["text"]) == "hello\n"
        result = files.read_result(this.folder)
        assert result is not None
        assert (result.exit_code, result.failed_cell) == (0, None)
        assert list((this.folder / files.SPOOL / "runs").glob("*.ndjson"))
        executor.release(ref)

    def test_a_cell_that_raises_is_named_and_what_came_before_is_kept(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """Exit code 1; the result names the cell; the output notebook has the traceback."""
        executor, this = make_executor(), attempt("print('before')", "1 / 0", "print('never')")
        ref = executor.submit(this)
        follow(executor, ref)
        assert executor.ended(ref).exit_code == 1
        executor.fetch(ref, this.folder)
        result = files.read_result(this.folder)
        assert result is not None
        assert result.failed_cell is not None
        assert (result.failed_cell.index, result.failed_cell.id) == (1, "c1")
        assert "ZeroDivisionError" in result.failed_cell.error
        assert "ZeroDivisionError" in (this.folder / files.OUTPUT).read_text()
        assert "never" not in json.dumps(
            [c.get("outputs") for c in json.loads((this.folder / files.OUTPUT).read_text())["cells"]]
        )
        executor.release(ref)

    def test_a_second_start_is_the_first_one(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """Submitting again, also from another worker, starts nothing: the notebook runs once."""
        executor, this = make_executor(), attempt("print('once')")
        ref = executor.submit(this)
        assert executor.submit(this) == ref
        follow(executor, ref, _begins_cell)
        other = make_executor()
        assert other.submit(this) == ref
        assert other.find(this) == ref
        events = follow(other, ref)
        assert len([e for e in events if e["event"] == "started"]) == 1
        assert other.ended(ref).exit_code == 0
        other.release(ref)

    def test_one_who_takes_over_reads_from_the_first_line(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """`follow` of another worker has every event, also those of before."""
        executor, this = make_executor(), attempt("print('a')", "print('b')")
        ref = executor.submit(this)
        follow(executor, ref, _begins_cell)
        events = follow(make_executor(), ref)
        assert events[0]["event"] == "started"
        assert events[-1]["event"] == "ended"
        executor.release(ref)

    def test_a_cancelled_one_ends_and_keeps_what_it_printed(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """SIGINT: not exit code 0; partial outputs in the output notebook; another cancel does no harm."""
        executor, this = make_executor(), attempt("import time\nprint('begun', flush=True)\ntime.sleep(600)")
        ref = executor.submit(this)
        follow(executor, ref, _prints("begun"))
        executor.cancel(ref, 20.0)
        executor.cancel(ref, 20.0)
        follow(executor, ref)
        assert executor.ended(ref).exit_code != 0
        executor.fetch(ref, this.folder)
        cells = json.loads((this.folder / files.OUTPUT).read_text())["cells"]
        assert "begun" in json.dumps(cells[0]["outputs"])
        executor.release(ref)

    def test_one_that_does_not_listen_is_killed(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """After the grace period nothing of it is left."""
        stubborn = "import os, signal, time\nwhile True: os.kill(os.getppid(), signal.SIGSTOP); time.sleep(0.01)"
        executor, this = make_executor(), attempt(stubborn)
        ref = executor.submit(this)
        follow(executor, ref, _begins_cell)
        executor.cancel(ref, 0.2)
        follow(executor, ref)
        assert executor.ended(ref).exit_code != 0
        executor.release(ref)

    def test_cancelling_what_has_ended_does_nothing(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """It stays as it ended."""
        executor, this = make_executor(), attempt("1")
        ref = executor.submit(this)
        follow(executor, ref)
        executor.cancel(ref, 1.0)
        assert executor.ended(ref).exit_code == 0
        executor.release(ref)

    def test_a_killed_runner_is_not_taken_for_a_good_one(self, make_executor: Any, attempt: Any) -> None:  # noqa: ANN401
        """No exit code 0 without the runner's own word."""
        executor, this = (
            make_executor(),
            attempt("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(600)"),
        )
        ref = executor.submit(this)
        follow(executor, ref)
        assert executor.ended(ref).exit_code != 0
        executor.release(ref)
        claim = files.read_claim(this.folder)
        if claim is not None and claim.kernel_pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(claim.kernel_pid, signal.SIGKILL)
