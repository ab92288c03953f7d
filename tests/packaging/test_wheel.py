"""The wheel: complete, and installed with no Node.js."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return built.wheel(tmp_path_factory.mktemp("dist"), sys.executable)


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


def test_the_wheel_is_for_every_platform(wheel):
    assert wheel.name.endswith("-py3-none-any.whl")


def shared(names: set[str]) -> set[str]:
    return {name.split(".data/data/", 1)[1] for name in names if ".data/data/" in name}


def test_jupyter_finds_the_extension_where_it_looks(names):
    files = shared(names)
    lab = "share/jupyter/labextensions/mlnb"
    assert {f"{lab}/package.json", f"{lab}/install.json", "etc/jupyter/jupyter_server_config.d/mlnb.json"} <= files
    assert "etc/ipython/ipython_kernel_config.py" in files
    assert any(name.startswith(f"{lab}/static/remoteEntry.") for name in files)
    assert f"{lab}/schemas/mlnb/package.json.orig" in files or any(name.startswith(f"{lab}/schemas/") for name in files)


def test_the_lab_extension_names_what_it_loads(wheel, names):
    (package,) = [name for name in names if name.endswith("labextensions/mlnb/package.json")]
    with zipfile.ZipFile(wheel) as file:
        described = json.loads(file.read(package))
    assert described["name"] == "mlnb"
    assert f"static/{Path(described['jupyterlab']['_build']['load']).name}" in {
        "/".join(Path(name).parts[-2:]) for name in names
    }


def test_the_package_is_whole(repository, names):
    for file in (repository / "mlnb").rglob("*"):
        name = str(file.relative_to(repository))
        if file.is_file() and "__pycache__" not in name and "labextension" not in name:
            assert name in names, name
    assert not [
        name for name in names if name.startswith(("tests/", "src/", "examples/", "docs/")) or name.endswith(".pyc")
    ]


def test_the_metadata_says_what_is_needed(wheel, names):
    (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
    (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as file:
        points = configparser.ConfigParser()
        points.read_string(file.read(entry_points).decode())
        text = file.read(metadata).decode()
    assert points["console_scripts"]["mlnb"] == "mlnb.cli.main:main"
    assert {"mlnb.executors", "mlnb.analyzers", "papermill.engine"} <= set(points.sections())
    for needed in ("jupyterlab", "jupyter-server", "papermill", "mlflow", "docker", "dbos", "duckdb", "pandas"):
        assert f"Requires-Dist: {needed}" in text
    assert "License-Expression: BSD-3-Clause" in text
    assert "Description-Content-Type: text/markdown" in text


def test_it_installs_with_no_network_and_no_node(wheel, tmp_path, repository):
    """Into an environment of its own; whoever calls Node.js on the way leaves a trace."""
    uv = shutil.which("uv") or str(repository / ".tools" / "bin" / "uv")
    venv, shims = tmp_path / "venv", tmp_path / "shims"
    shims.mkdir()
    for tool in ("node", "npm", "npx", "yarn", "jlpm"):
        (shims / tool).write_text(f"#!/bin/sh\necho {tool} >> {tmp_path}/called\nexit 127\n")
        (shims / tool).chmod(0o755)
    env = {**os.environ, "PATH": f"{shims}:{os.environ['PATH']}", "VIRTUAL_ENV": str(venv), "UV_OFFLINE": "1"}
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(venv)],
        [uv, "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
    ):
        subprocess.run(command, check=True, env=env, capture_output=True, stdin=subprocess.DEVNULL)
    said = subprocess.run(
        [venv / "bin" / "python", "-c", "import mlnb; print(mlnb.__version__)"], capture_output=True, text=True, check=True,
        stdin=subprocess.DEVNULL, env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    )  # fmt: skip
    assert said.stdout.split("-")[0].strip() == wheel.name.split("-")[1]
    assert (venv / "share" / "jupyter" / "labextensions" / "mlnb" / "package.json").exists()
    assert (venv / "etc" / "ipython" / "ipython_kernel_config.py").exists()
    assert not (tmp_path / "called").exists()
