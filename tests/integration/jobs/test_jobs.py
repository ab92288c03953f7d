"""Jobs for real: a worker process, runners, kernels."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from mlnb.jobs import folder as files
from mlnb.jobs.types import State
from mlnb.testing.executor_suite import write_notebook

pytestmark = pytest.mark.kernel
WAIT_S = 120


def until(condition):
    """Look until `condition` holds."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def begun(services, job_id, word):
    """Wait until the job has printed `word`."""
    for job in services.jobs.watch(job_id, WAIT_S):
        if job.state.is_final:
            break
        while not job.state.is_final and job.state is State.RUNNING:
            if word in services.jobs.logs(job_id).lines:
                return
            job = services.jobs.wait(job_id, 0.05)
    raise AssertionError((services.jobs.get(job_id), services.jobs.logs(job_id).lines))


def test_a_job_outlives_the_process_that_submitted_it_and_brings_everything_back(mlnb, services, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "print('n is', n)", parameters="n = 0  # how many")
    job = mlnb.run("jobs", "submit", str(notebook), "-p", "n=3")  # that process has ended; it also started the worker
    assert job["state"] == "queued"
    ended = services.jobs.wait(job["id"], WAIT_S)
    assert (ended.state, ended.reason) == (State.SUCCEEDED, "")
    assert ended.submitted_at <= ended.started_at <= ended.ended_at
    outputs = [cell["outputs"] for cell in json.loads(Path(ended.output).read_text())["cells"]]
    assert "n is 3" in json.dumps(outputs)
    assert services.jobs.logs(job["id"]).lines[-1] == "n is 3"
    shown = mlnb.run("jobs", "show", job["id"])
    assert (shown["state"], shown["parameters"]) == ("succeeded", {"n": 3})
    assert shown["run_id"]
    status = mlnb.run("worker", "status")
    assert status["running"]
    assert status["pid"] != os.getpid()


def test_waiting_ends_with_the_verdict_of_the_job(mlnb, tmp_path):
    good = write_notebook(tmp_path / "good.ipynb", "1")
    bad = write_notebook(tmp_path / "bad.ipynb", "x = 1", "raise ValueError('meant to fail')", "print('never')")
    assert mlnb.run("jobs", "submit", str(good), "--wait")["state"] == "succeeded"
    job = mlnb.run("jobs", "submit", str(bad), "--wait", code=1)
    assert job["state"] == "failed"
    assert job["failed_cell"] == {"index": 1, "id": "c1", "error": "ValueError: meant to fail"}
    assert job["reason"] == "cell 2 raised ValueError: meant to fail"
    assert "meant to fail" in Path(job["output"]).read_text()
    lines = mlnb.run("jobs", "logs", job["id"])["lines"]
    assert any("ValueError: meant to fail" in line for line in lines)


def test_a_cancelled_job_stops_keeps_its_partial_outputs_and_leaves_no_process(mlnb, services, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "import time\nprint('begun', flush=True)\ntime.sleep(600)")
    job = mlnb.run("jobs", "submit", str(notebook))
    begun(services, job["id"], "begun")
    mlnb.run("jobs", "cancel", job["id"])
    ended = services.jobs.wait(job["id"], WAIT_S)
    assert (ended.state, ended.reason) == (State.CANCELLED, "cancelled")
    assert "begun" in Path(ended.output).read_text()
    claim = files.read_claim(files.attempt_dir(job["id"], 1))
    assert not claim.is_alive
    assert files.start_mark(claim.kernel_pid) != claim.kernel_mark
    mlnb.run("jobs", "cancel", job["id"], code=2)


def test_a_job_survives_the_kill_of_its_worker_and_runs_once(mlnb, services, tmp_path, log):
    gate = tmp_path / "gate"
    notebook = write_notebook(
        tmp_path / "n.ipynb",
        f"open({str(log)!r}, 'a').write('begin\\n'); print('begun', flush=True)",
        f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)",
        f"open({str(log)!r}, 'a').write('end\\n')",
    )
    mlnb.run("worker", "start")
    job = mlnb.run("jobs", "submit", str(notebook))
    begun(services, job["id"], "begun")
    os.kill(mlnb.run("worker", "status")["pid"], signal.SIGKILL)
    mlnb.run("worker", "start")
    gate.touch()
    assert services.jobs.wait(job["id"], WAIT_S).state is State.SUCCEEDED
    assert log.read_text() == "begin\nend\n"


def test_a_job_that_ends_while_no_worker_lives_is_taken_up_with_its_result(mlnb, services, tmp_path, log):
    notebook = write_notebook(
        tmp_path / "n.ipynb",
        "print('begun', flush=True)",
        f"open({str(log)!r}, 'a').write('end\\n')",
        "assert False, 'meant'",
    )
    mlnb.run("worker", "start")
    job = mlnb.run("jobs", "submit", str(notebook))
    begun(services, job["id"], "begun")
    os.kill(mlnb.run("worker", "status")["pid"], signal.SIGKILL)
    folder = files.attempt_dir(job["id"], 1)
    until(lambda: not files.read_claim(folder).is_alive)
    mlnb.run("worker", "start")
    ended = services.jobs.wait(job["id"], WAIT_S)
    assert (ended.state, ended.failed_cell.index) == (State.FAILED, 2)
    assert log.read_text() == "end\n"


def test_a_runner_that_is_killed_fails_its_job_and_says_so(mlnb, services, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "import time\nprint('begun', flush=True)\ntime.sleep(600)")
    job = mlnb.run("jobs", "submit", str(notebook))
    begun(services, job["id"], "begun")
    claim = files.read_claim(files.attempt_dir(job["id"], 1))
    os.kill(claim.pid, signal.SIGKILL)
    ended = services.jobs.wait(job["id"], WAIT_S)
    assert ended.state is State.FAILED
    assert "killed" in ended.reason
    assert Path(ended.output).exists()
    until(lambda: files.start_mark(claim.kernel_pid) != claim.kernel_mark)


def test_a_kernel_that_dies_is_told(mlnb, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    job = mlnb.run("jobs", "submit", str(notebook), "--wait", code=1)
    assert "the kernel died" in job["reason"]
    assert job["failed_cell"]["id"] == "c0"


@pytest.mark.parametrize(
    ("metadata", "arguments", "code", "says"),
    [
        (None, ["-p", "gamma=1"], "unknown_parameter", "'gamma'"),
        ({}, [], "no_kernelspec", "kernelspec"),
        (None, ["--executor", "moon"], "not_found", "'moon'"),
        (None, ["--memory", "1g"], "bad_input", "local"),
        (None, ["--timeout", "soon"], "bad_input", "'soon'"),
        (None, ["-p", "alpha"], "bad_input", "'alpha'"),
    ],
)
def test_bad_input_is_one_clear_line_and_nothing_is_queued(mlnb, tmp_path, metadata, arguments, code, says):
    notebook = write_notebook(tmp_path / "n.ipynb", "1", parameters="alpha = 1", metadata=metadata)
    error = mlnb.run("jobs", "submit", str(notebook), *arguments, code=2)["error"]
    assert error["code"] == code
    assert says in error["message"]
    assert error["hint"]
    assert mlnb.run("jobs", "list")["total"] == 0
    assert not mlnb.run("worker", "status")["running"]


def test_an_idle_worker_ends_by_itself(mlnb, services, monkeypatch):
    monkeypatch.setenv("MLNB_JOBS_IDLE_STOP_S", "0.2")
    mlnb.run("worker", "start")
    until(lambda: not services.worker_process.status().running)


def test_only_one_worker_lives_in_a_home(mlnb):
    first = mlnb.run("worker", "start")
    assert mlnb.run("worker", "start")["pid"] == first["pid"]
    assert mlnb.run("worker", "run") == {"started": False}
    assert mlnb.run("worker", "stop") == {"stopped": True}
    assert mlnb.run("worker", "stop") == {"stopped": False}


def test_a_notebook_runs_in_the_foreground_as_a_tracked_run(mlnb, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "print('n is', n)", parameters="n = 0")
    before = notebook.read_bytes()
    found = mlnb.run("run", str(notebook), "-p", "n=4", "-o", "out.ipynb")
    assert found["output"] == str(tmp_path / "out.ipynb")
    assert "n is 4" in (tmp_path / "out.ipynb").read_text()
    assert found["run_id"]
    assert notebook.read_bytes() == before
    bad = write_notebook(tmp_path / "bad.ipynb", "1 / 0")
    failed = mlnb.run("run", str(bad), "-o", "bad_out.ipynb", code=1)
    assert failed["failed_cell"]["index"] == 0
    mlnb.run("run", str(notebook), "-o", str(notebook), code=2)
