"""The image of a lock: a container of it has the environment that was locked, and jobs run in it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from mlnb import jobs
from mlnb.core import current
from mlnb.envs.building import ImagesService
from mlnb.envs.errors import BuildFailed, CannotRestore, NoEngine
from mlnb.envs.plugins.engine import DockerEngine
from tests import built
from tests.integration.envs import packages
from tests.integration.envs.conftest import everything_in


@pytest.fixture
def engine(docker_image):
    """A client of the engine; images that the test built are removed."""
    import docker

    client = docker.from_env()
    before = {image.id for image in client.images.list()}
    yield client
    for image in client.images.list(name="mlnb-env"):
        if image.id not in before:
            client.images.remove(image.id, force=True)
    client.close()


@pytest.fixture
def locked(project, locks, tmp_path) -> Path:
    locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    return tmp_path / "env.lock"


# ---- with an engine --------------------------------------------------------------------------------------------------
@pytest.mark.docker
def test_a_container_of_it_has_the_environment_that_was_locked(
    project, locked, locks, envs, engine, docker_image, tmp_path
):
    said: list[str] = []
    image = locks.images.build(locked, base_image=docker_image, on_line=said.append)
    assert image.built
    assert image.env_id == locks.read(locked).env_id == envs.capture(project.folder).env_id
    assert image.verified.same, image.verified.drift
    assert any(line.startswith("Step ") for line in said)
    run = "import os, edited, ofcommit; print(os.getuid(), edited.X)"
    assert engine.containers.run(image.name, ["python3", "-c", run], remove=True).split() == [b"1000", b"2"]
    assert engine.images.get(image.name).labels["org.mlnb.lock"] == locks.read(locked).digest

    again = locks.images.build(locked, base_image=docker_image, tag="mlnb-env:again")
    assert (again.built, again.id, again.name) == (False, image.id, "mlnb-env:again")

    (tmp_path / "edited" / "edited" / "__init__.py").write_text("X = 3\n")
    locks.lock(locked, python=str(project.folder), kernel=False)
    other = locks.images.build(locked, base_image=docker_image)
    assert other.built
    assert other.id != image.id
    assert other.env_id not in (image.env_id, None)


@pytest.mark.docker
def test_what_fails_inside_is_told_by_its_line(locked, locks, engine):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("nothing"), io.BytesIO())
    base = engine.api.import_image_from_data(buffer.getvalue(), repository="mlnb-env", tag="bare")
    assert "error" not in base
    with pytest.raises(BuildFailed, match=r"RUN python3 /opt/mlnb/install\.py"):
        locks.images.build(locked, base_image="mlnb-env:bare")
    digest = locks.read(locked).digest
    assert engine.images.list(all=True, filters={"label": f"org.mlnb.lock={digest}"}) == []


@pytest.mark.docker
def test_a_base_image_that_cannot_be_had_is_named(locked, locks, engine):
    with pytest.raises(BuildFailed, match=r"localhost:9/none:1 .*cannot be pulled") as refused:
        locks.images.build(locked, base_image="localhost:9/none:1")
    assert "--base-image" in refused.value.hint


# ---- without ---------------------------------------------------------------------------------------------------------
def test_without_an_engine_it_says_where_it_looked(locked, locks, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(NoEngine, match=r"unix:///nonexistent/docker\.sock") as refused:
        locks.images.build(locked)
    assert "Start Docker" in refused.value.hint


def test_a_dev_container_is_of_the_same_dockerfile(locked, locks, tmp_path):
    files = locks.images.write_files(locked)
    value = json.loads(Path(files.devcontainer).read_text())
    assert value["build"] == {"dockerfile": "../env.lock/Dockerfile", "context": "../env.lock"}
    assert (Path(files.devcontainer).parent / value["build"]["dockerfile"]).resolve() == Path(files.dockerfile)
    text = Path(files.dockerfile).read_text()
    assert text.splitlines()[2].startswith("ARG BASE_IMAGE=python:3.")
    assert "USER 1000" in text
    locks.images.write_files(locked)  # again, over our own
    Path(files.devcontainer).write_text('{"image": "theirs"}')
    with pytest.raises(CannotRestore, match="there already"):
        locks.images.write_files(locked)
    assert everything_in(tmp_path / ".devcontainer") == ["devcontainer.json"]


def install(folder: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """What the Dockerfile runs, run here."""
    return subprocess.run([python, folder / "install.py"], capture_output=True, text=True, check=False)


def test_the_dockerfile_needs_no_mlnb_where_the_index_can_be_reached(locked, locks):
    locks.images.write_files(locked)
    done = install(locked)
    assert done.returncode == 0, done.stderr
    assert locks.verify(locked, str(locked / "venv")).same


def test_a_base_of_another_python_or_platform_is_refused(index, locks, tmp_path):
    (tmp_path / "nothing.txt").write_text("")
    other = f"3.{sys.version_info[1] + 1}"
    locks.lock(tmp_path / "a.lock", requirements=tmp_path / "nothing.txt", python_version=other, kernel=False)
    locks.images.write_files(tmp_path / "a.lock")
    done = install(tmp_path / "a.lock")
    assert done.returncode == 1
    assert f"the lock is for Python {other}" in done.stderr
    assert not (tmp_path / "a.lock" / "venv").exists()
    locks.lock(tmp_path / "b.lock", requirements=tmp_path / "nothing.txt", platform="windows", kernel=False)
    with pytest.raises(CannotRestore, match="images are Linux"):
        ImagesService(HasEveryBase(), locks.compare).build(tmp_path / "b.lock", base_image="some:1")


class HasEveryBase(DockerEngine):
    """An engine that has every base image, and nothing that was built."""

    def base(self, name, on_line):
        return f"sha256:{name}"

    def find(self, recipe):
        return None


# ---- jobs ------------------------------------------------------------------------------------------------------------
@pytest.mark.docker
@pytest.mark.kernel
def test_a_job_runs_in_the_image_of_its_environment(locks, envs, engine, docker_image, tmp_path):
    """Of an environment that knows nothing of jobs: what they need is added, and its `env_id` stays."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not on the path")
    mine = built.Environment(tmp_path / "venv", sys.executable)
    mine.install("--no-deps", packages.wheel(tmp_path / "wheels", "ownwheel", "1.0", source="X = 41\n"))
    locks.lock(tmp_path / "env.lock", python=str(mine.folder), for_jobs=True)
    image = locks.images.build(tmp_path / "env.lock", base_image=docker_image)
    assert image.env_id == envs.capture(mine.folder).env_id
    assert image.notes == ()
    source = "import ownwheel, sys\nprint(ownwheel.X + 1, sys.prefix)"
    cell = {"cell_type": "code", "id": "a", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = tmp_path / "one.ipynb"
    notebook.write_text(
        json.dumps({"cells": [cell], "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5})
    )
    try:
        job = jobs.submit(notebook, executor="docker", image=image.name).wait(240)
        assert job.state == "succeeded", job
        outputs = json.loads(Path(job.output).read_text())["cells"][-1]["outputs"]
        assert "".join(outputs[0]["text"]).split() == ["42", "/opt/mlnb/venv"]
    finally:
        current.service("worker_process").stop()
