"""From the queue to the end, also when the worker is killed on the way: the engine then calls again."""

import pytest

from mlnb.core.errors import BadInput
from mlnb.jobs import folder as files
from mlnb.jobs.folder import RunnerResult
from mlnb.jobs.lines import event_line
from mlnb.jobs.types import Ended, JobRequest, State
from mlnb.testing.fake_executor import CELL_STARTED, STARTED, WHOLE, FakeExecutor


class Killed(BaseException):
    """Stands for the end of the worker's process at this very point."""


@pytest.fixture
def submit(bench, notebook):
    return lambda **more: bench.service.submit(JobRequest(str(notebook), **more))


def test_a_job_that_ends_well_goes_through_all_states(bench, submit):
    job = bench.run(submit())
    assert (job.state, job.reason, job.run_id) == (State.SUCCEEDED, "", "run-1")
    assert job.submitted_at <= job.started_at <= job.ended_at
    assert job.output.endswith("/1/output.ipynb")
    states = [state for name, state in bench.events() if name == "job_changed"]
    assert states == ["queued", "starting", "running", "succeeded"]
    assert bench.executor.released == [str(files.attempt_dir(job.id, 1))]


def test_a_cell_that_raises_is_told_with_its_place(bench, submit):
    bench.executor = FakeExecutor.failing("ValueError: no")
    job = bench.run(submit())
    assert job.state is State.FAILED
    assert job.reason == "cell 1 raised ValueError: no"
    assert (job.failed_cell.index, job.failed_cell.error) == (0, "ValueError: no")


def test_a_failed_attempt_is_tried_again_as_often_as_asked_for(bench, submit):
    bench.executor = FakeExecutor.failing()
    job = bench.run(submit(retries=2))
    assert (job.state, job.attempt) == (State.FAILED, 3)
    assert bench.executor.started == [f"{job.id}-1", f"{job.id}-2", f"{job.id}-3"]


def test_one_that_is_killed_is_failed_and_still_has_an_output(bench, submit):
    bench.executor = FakeExecutor([STARTED, CELL_STARTED], None, Ended(None))
    job = bench.run(submit())
    assert job.state is State.FAILED
    assert "killed" in job.reason
    assert files.Path(job.output).exists()


def test_a_cancel_while_it_runs_interrupts_it(bench, submit):
    job = submit()
    bench.executor.lines = [*WHOLE[:3], *[event_line("note", text="")] * 200]
    bench.executor.during = lambda: bench.service.cancel(job.id) if not bench.executor.cancelled else None
    job = bench.run(job)
    assert (job.state, job.reason) == (State.CANCELLED, "cancelled")
    assert bench.executor.cancelled


def test_a_job_that_takes_too_long_is_stopped_and_says_so(bench, submit):
    bench.executor.lines = [*WHOLE[:3], *[event_line("note", text="")] * 3]
    job = submit(timeout="0.0001s")
    bench.executor.during = lambda: None
    bench.executor.lines = [*WHOLE[:3], *[event_line("note", text="")] * 20000]
    job = bench.run(job)
    assert job.state is State.FAILED
    assert job.reason.startswith("timed out after")


@pytest.mark.parametrize("turn", range(1, len(WHOLE) + 1))
def test_a_worker_killed_at_any_line_loses_nothing_and_starts_nothing_twice(bench, submit, turn):
    job = submit()
    turns = []

    def kill():
        turns.append(1)
        if len(turns) == turn:
            raise Killed

    bench.executor.during = kill
    with pytest.raises(Killed):
        bench.run(job)
    bench.executor.during = lambda: None
    bench.driver.drive(job.id, 1)
    job = bench.service.get(job.id)
    assert job.state is State.SUCCEEDED
    assert bench.executor.started == [f"{job.id}-1"]
    assert bench.service.logs(job.id).lines == ["── cell 1 of 1"]
    assert len(bench.service.cells(job.id).cells) == 1


def test_a_worker_killed_after_the_end_only_tidies_up(bench, submit):
    job = bench.run(submit())
    bench.driver.drive(job.id, 1)
    assert bench.service.get(job.id) == job
    assert len(bench.executor.started) == 1


def test_one_that_is_gone_from_where_it_ran_is_lost_not_run_again(bench, submit):
    job = submit()

    def kill():
        if bench.service.get(job.id).state is State.RUNNING:
            raise Killed

    bench.executor.during = kill
    with pytest.raises(Killed):
        bench.run(job)
    bench.executor.forget()
    bench.driver.drive(job.id, 1)
    assert bench.service.get(job.id).state is State.LOST
    assert len(bench.executor.started) == 1


def test_an_old_attempt_that_comes_back_changes_nothing(bench, submit):
    bench.executor = FakeExecutor.failing()
    job = bench.run(submit())
    again = bench.service.retry(job.id)
    bench.driver.drive(job.id, 1)
    assert bench.service.get(job.id) == again


def test_an_executor_that_refuses_at_the_start_fails_the_job_with_its_words(bench, submit):
    job = submit()
    bench.executor = FakeExecutor(refuses=BadInput("the image is gone", "get it"))
    job = bench.run(job)
    assert (job.state, job.reason, job.output) == (State.FAILED, "the image is gone", None)


def test_a_mistake_of_ours_ends_the_job_instead_of_leaving_it(bench, submit):
    job = submit()

    def break_it():
        raise RuntimeError("oh no")

    bench.executor.during = break_it
    job = bench.run(job)
    assert job.state is State.FAILED
    assert "oh no" in job.reason


def test_what_was_logged_is_in_the_users_spool_when_the_job_has_ended(bench, submit):
    job = submit()
    spool = files.attempt_dir(job.id, 1) / files.SPOOL
    (spool / "runs").mkdir(parents=True)
    (spool / "artifacts" / "r").mkdir(parents=True)
    (spool / "runs" / "w.ndjson").write_text("{}\n")
    (spool / "artifacts" / "r" / "model").write_text("m")
    bench.run(job)
    assert (bench.home / "spool" / "runs" / "w.ndjson").read_text() == "{}\n"
    assert (bench.home / "spool" / "artifacts" / "r" / "model").read_text() == "m"
    assert not spool.exists()


def test_secrets_in_what_a_job_prints_are_masked_in_its_log(bench, submit):
    bench.executor.lines = [
        STARTED,
        event_line("output", index=0, stream="stdout", text="password=hunter2hunter2\n"),
        "AWS AKIAABCDEFGHIJKLMNOP",
    ]
    job = bench.run(submit())
    text = "\n".join(bench.service.logs(job.id).lines)
    assert "hunter2" not in text
    assert "AKIA" not in text


def test_a_runner_that_found_its_attempt_taken_is_lost_when_nobody_left_a_result(bench, submit):
    bench.executor = FakeExecutor([], None, Ended(75))
    assert bench.run(submit()).state is State.LOST


def test_a_result_counts_over_the_code_of_a_second_runner(bench, submit):
    bench.executor = FakeExecutor(WHOLE, RunnerResult(0, run_id="run-1"), Ended(0))
    assert bench.run(submit()).state is State.SUCCEEDED
