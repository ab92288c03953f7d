"""Jobs in containers for real: through the command line, a worker, an engine and an image."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from mlnb.jobs.types import State
from mlnb.testing.executor_suite import write_notebook

pytestmark = [pytest.mark.docker, pytest.mark.kernel]
WAIT_S = 180


def submit(mlnb, image, notebook, *arguments, code=0):
    return mlnb.run("jobs", "submit", str(notebook), "--executor", "docker", "--image", image, *arguments, code=code)


def containers_of(job_id):
    import docker

    return docker.from_env().containers.list(all=True, filters={"label": f"mlnb.job={job_id}"})


def test_a_job_in_a_container_has_its_modules_and_its_limits_and_brings_everything_back(
    mlnb, docker_image, tmp_path, services
):
    (tmp_path / "shapes.py").write_text("def area(r):\n    return 3 * r * r\n")
    notebook = write_notebook(
        tmp_path / "n.ipynb",
        "import os, shapes\nprint('area', shapes.area(r), 'uid', os.getuid())",
        "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError as e:\n    print('no way out', e.errno)",
        parameters="r = 1",
    )
    job = submit(mlnb, docker_image, notebook, "-p", "r=2", "--memory", "512m", "--cpus", "1", "--wait")
    assert (job["state"], job["image"]) == ("succeeded", docker_image)
    text = json.dumps([cell.get("outputs") for cell in json.loads(Path(job["output"]).read_text())["cells"]])
    assert "area 12 uid 10001" in text
    assert "no way out" in text
    assert job["run_id"]
    assert (services.jobs.cells(job["id"]).done, job["cells_done"]) == (4, 4)


def test_reaching_the_memory_limit_is_called_by_its_name(mlnb, docker_image, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "x = bytearray(1 << 30)\nx[::4096] = b'1' * len(x[::4096])")
    job = submit(mlnb, docker_image, notebook, "--memory", "256m", "--wait", code=1)
    assert job["state"] == "failed"
    assert job["reason"].startswith("out of memory: the limit is 256 MiB")
    assert Path(job["output"]).exists()


def test_a_container_survives_the_kill_of_the_worker(mlnb, docker_image, tmp_path, services):
    notebook = write_notebook(
        tmp_path / "n.ipynb", "import time\nfor i in range(30):\n    print('at', i, flush=True); time.sleep(0.1)"
    )
    job = submit(mlnb, docker_image, notebook)
    for seen in services.jobs.watch(job["id"], WAIT_S):
        if seen.state is State.RUNNING:
            break
    os.kill(mlnb.run("worker", "status")["pid"], signal.SIGKILL)
    mlnb.run("worker", "start")
    ended = services.jobs.wait(job["id"], WAIT_S)
    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1)
    lines = services.jobs.logs(job["id"]).lines
    assert [line for line in lines if line.startswith("at ")] == [f"at {i}" for i in range(30)]
    end = time.monotonic() + WAIT_S
    while containers_of(job["id"]):  # removed once the end is on record
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_cannot_run_in_a_container_is_refused_at_submit(mlnb, docker_image, tmp_path, monkeypatch):
    notebook = write_notebook(tmp_path / "n.ipynb", "1")
    error = submit(mlnb, "no-such-image:1", notebook, code=2)["error"]
    assert "no-such-image:1" in error["message"]
    assert "docker pull" in error["hint"]
    error = submit(mlnb, docker_image, notebook, "--memory", "900t", code=2)["error"]
    assert "more than the engine's machine has" in error["message"]
    assert "--image" in mlnb.run("jobs", "submit", str(notebook), "--executor", "docker", code=2)["error"]["hint"]
    assert mlnb.run("jobs", "list")["total"] == 0


def test_no_engine_and_an_open_engine_are_refused_at_submit(mlnb, tmp_path, monkeypatch):
    notebook = write_notebook(tmp_path / "n.ipynb", "1")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    error = submit(mlnb, "any:1", notebook, code=1)["error"]
    assert error["code"] == "executor_unavailable"
    assert "local executor" in error["hint"]
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    error = submit(mlnb, "any:1", notebook, code=3)["error"]
    assert "without encryption" in error["message"]
    assert mlnb.run("jobs", "list")["total"] == 0


def test_values_of_frozen_cells_travel_into_the_container(mlnb, docker_image, tmp_path, mlnb_home):
    slow = "import time\nx = {'rows': [1, 2, 3]}\nalias = x['rows']"
    sources = ["n = 1", slow, "alias.append(n)\nprint('frozen gave', x['rows'])"]
    notebook = write_notebook(tmp_path / "n.ipynb", *sources)
    untagged = notebook.read_text()
    document = json.loads(untagged)
    cell = next(one for one in document["cells"] if "".join(one["source"]) == slow)
    cell["metadata"]["tags"] = ["frozen"]
    notebook.write_text(json.dumps(document))
    error = submit(mlnb, docker_image, notebook, code=2)["error"]
    assert "is frozen and other cells build on it, but there is no snapshot" in error["message"]
    assert "take a snapshot" in error["hint"]
    notebook.write_text(untagged)
    manager, client = start_new_kernel(
        extra_arguments=["--ext=mlnb"], env={**os.environ, "MLNB_NOTEBOOK": str(notebook)}, cwd=str(tmp_path)
    )
    try:
        for source in (*sources[:2], "import mlnb\nmlnb.snapshots.take('kept').wait()"):
            reply = client.execute_interactive(source, timeout=60, output_hook=lambda message: None)
            assert reply["content"]["status"] == "ok", reply
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    notebook.write_text(json.dumps(document))
    mine = {path.name for path in (mlnb_home / "snapshots").glob("snap-*")}
    job = submit(mlnb, docker_image, notebook, "--wait")
    assert job["state"] == "succeeded", job
    assert "frozen gave [1, 2, 3, 1]" in Path(job["output"]).read_text()
    assert {one["id"] for one in mlnb.run("snapshot", "list")["snapshots"]} <= mine | {job["snapshot_id"]}
