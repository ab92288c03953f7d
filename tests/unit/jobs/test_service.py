"""The verbs of jobs, with an executor that runs nothing."""

import json
import stat

import pytest

from mlnb.core.errors import BadInput, Conflict, NotFound, StoreUnavailable
from mlnb.jobs import folder as files
from mlnb.jobs.errors import ExecutorUnavailable, JobNotFound, JobState, UnknownParameter
from mlnb.jobs.types import JobRequest, State
from mlnb.testing.fake_executor import FakeExecutor


def submit(bench, notebook, **more):
    return bench.service.submit(JobRequest(str(notebook), **more))


def folder_of(job):
    return files.attempt_dir(job.id, job.attempt)


def test_a_job_is_queued_its_notebook_frozen_and_a_worker_wanted(bench, notebook):
    job = submit(bench, notebook, parameters={"n": 3}, labels={"team": "growth"}, timeout="1h", memory="1g", retries=2)
    assert (job.state, job.env_id, job.attempt) == (State.QUEUED, "env-1", 1)
    assert (job.timeout_s, job.resources.memory_bytes, job.retries) == (3600, 1 << 30, 2)
    assert bench.service.get(job.id) == job
    assert bench.worker.wanted == 1
    assert bench.events() == [("job_changed", "queued")]
    before = notebook.read_bytes()
    notebook.write_text("changed")
    assert (folder_of(job) / files.INPUT).read_bytes() == before


def test_a_credential_reaches_the_job_and_nothing_that_is_shown(bench, notebook):
    job = submit(bench, notebook, parameters={"n": 1, "token": "correct-horse-battery"})
    assert job.parameters == {"n": 1, "token": "••••••"}
    request = folder_of(job) / files.REQUEST
    assert json.loads(request.read_text())["parameters"]["token"] == "correct-horse-battery"
    assert stat.S_IMODE(request.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder_of(job).stat().st_mode) == 0o700
    assert b"correct-horse-battery" not in (bench.home / "mlnb.db").read_bytes()
    assert b"correct-horse-battery" not in (bench.home / "mlnb.db-wal").read_bytes()


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"parameters": {"m": 1}}, UnknownParameter, "'m'"),
        ({"parameters": {"n": float("nan")}}, BadInput, "'n'"),
        ({"parameters": {"a b": 1}}, BadInput, "'a b'"),
        ({"memory": "lots"}, BadInput, "'lots'"),
        ({"timeout": "soon"}, BadInput, "'soon'"),
        ({"cpus": -1.0}, BadInput, "-1"),
    ],
)
def test_bad_input_names_the_thing_and_leaves_nothing(bench, notebook, more, error, says):
    with pytest.raises(error, match=says) as raised:
        submit(bench, notebook, **more)
    assert raised.value.hint
    assert bench.service.list().total == 0
    assert not list((bench.home / "jobs").glob("*"))
    assert bench.worker.wanted == 0


def test_a_missing_notebook_is_named(bench, tmp_path):
    with pytest.raises(NotFound, match=r"gone\.ipynb"):
        submit(bench, tmp_path / "gone.ipynb")


def test_an_executor_that_does_not_answer_refuses_at_submit(bench, notebook):
    bench.executor = FakeExecutor(refuses=ExecutorUnavailable("no engine", "start it"))
    with pytest.raises(ExecutorUnavailable):
        submit(bench, notebook)
    assert bench.service.list().total == 0
    assert not list((bench.home / "jobs").glob("*"))


def test_a_store_that_cannot_be_written_leaves_nothing_behind(bench, notebook):
    (bench.home / "jobs").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        submit(bench, notebook)
    assert bench.service.list().total == 0


def test_jobs_are_listed_newest_first_in_pages(bench, notebook):
    ids = sorted((submit(bench, notebook, parameters={"n": n}).id for n in range(5)), reverse=True)
    first = bench.service.list(limit=2)
    second = bench.service.list(limit=2, cursor=first.cursor)
    third = bench.service.list(limit=2, cursor=second.cursor)
    assert [job.id for page in (first, second, third) for job in page.jobs] == ids
    assert (first.total, third.cursor) == (5, None)
    bench.service.cancel(ids[0])
    assert [job.id for job in bench.service.list(State.CANCELLED).jobs] == [ids[0]]
    with pytest.raises(BadInput):
        bench.service.list(limit=0)


def test_a_queued_job_is_cancelled_at_once_and_never_started(bench, notebook):
    job = submit(bench, notebook)
    assert bench.service.cancel(job.id).state is State.CANCELLED
    assert bench.run(job).state is State.CANCELLED
    assert bench.executor.started == []
    with pytest.raises(JobState):
        bench.service.cancel(job.id)


def test_a_retry_is_another_attempt_of_the_same_frozen_notebook(bench, notebook):
    bench.executor = FakeExecutor.failing()
    job = bench.run(submit(bench, notebook, parameters={"n": 3}))
    assert job.state is State.FAILED
    assert job.failed_cell.id == "c0"
    before = (folder_of(job) / files.INPUT).read_bytes()
    notebook.unlink()
    again = bench.service.retry(job.id)
    assert (again.state, again.attempt, again.failed_cell, again.output) == (State.QUEUED, 2, None, None)
    assert (folder_of(again) / files.INPUT).read_bytes() == before
    assert files.read_request(folder_of(again)).parameters == {"n": 3}
    bench.executor = FakeExecutor()
    assert bench.run(job).state is State.SUCCEEDED
    with pytest.raises(JobState):
        bench.service.retry(job.id)


def test_the_output_is_copied_out_and_nothing_is_overwritten(bench, notebook, tmp_path):
    job = submit(bench, notebook)
    with pytest.raises(Conflict, match="no output"):
        bench.service.output(job.id)
    job = bench.run(job)
    assert str(bench.service.output(job.id)) == job.output
    copy = bench.service.output(job.id, tmp_path / "out.ipynb")
    assert copy.read_bytes() == (folder_of(job) / files.OUTPUT).read_bytes()
    with pytest.raises(Conflict, match="exists"):
        bench.service.output(job.id, copy)


def test_cells_and_log_are_read_while_it_runs_and_after(bench, notebook):
    job = bench.run(submit(bench, notebook))
    progress = bench.service.cells(job.id)
    assert [(cell.id, cell.state) for cell in progress.cells] == [("c0", "succeeded")]
    assert (progress.done, progress.total, job.cells_done, job.cells_total) == (1, 1, 1, 1)
    page = bench.service.logs(job.id)
    assert page.lines == ["── cell 1 of 1"]
    assert bench.service.logs(job.id, page.next).lines == []


def test_waiting_ends_with_the_job_or_with_the_time(bench, notebook):
    job = submit(bench, notebook)
    assert bench.service.wait(job.id, timeout_s=0).state is State.QUEUED
    bench.run(job)
    assert bench.service.wait(job.id).state is State.SUCCEEDED


def test_an_unknown_job_is_named(bench):
    for verb in (bench.service.get, bench.service.cancel, bench.service.retry, bench.service.logs, bench.service.cells):
        with pytest.raises(JobNotFound, match="job-0"):
            verb("job-0")


def test_jobs_of_others_in_a_shared_database_are_left_to_their_workers(bench, notebook, monkeypatch):
    job = submit(bench, notebook)
    monkeypatch.setattr("mlnb.jobs.repo.current_user", lambda: "somebody else")
    assert bench.service.list().total == 0
    assert bench.repo.waiting() == bench.repo.unfinished() == bench.repo.undelivered() == []
    monkeypatch.undo()
    assert bench.repo.waiting() == [(job.id, 1)]
