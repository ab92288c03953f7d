"""The wheel in other environments than ours: other Pythons, the oldest and the newest of what it stands on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import built

pytestmark = [pytest.mark.kernel, pytest.mark.versions]

NEWEST = ("3.13", ())
OLDER = ("3.12", ("pandas==2.2.*", "jupyterlab==4.4.*"))


@pytest.fixture(
    scope="module", params=[NEWEST, OLDER], ids=["python 3.13, newest", "python 3.12, pandas 2.2, JupyterLab 4.4"]
)
def environment(request, tmp_path_factory):
    version, pins = request.param
    python = built.python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    made = built.Environment(tmp_path_factory.mktemp("other") / "venv", python)
    made.install(built.wheel(tmp_path_factory.mktemp("dist"), python), "scikit-learn", *pins)
    made.version, made.pins = version, pins
    return made


@pytest.fixture
def home(tmp_path, mlnb_home):
    """Settings of a user who has nothing yet."""
    return {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython"), "MLNB_KEYS": str(mlnb_home / "keys")}


def test_jupyter_has_both_extensions(environment, home):
    lab = environment.run("jupyter-labextension", "list", **home)
    assert any("mlnb" in line and "enabled" in line and "OK" in line for line in lab.splitlines()), lab
    server = environment.run("jupyter-server", "extension", "list", **home)
    assert any("mlnb" in line and "OK" in line for line in server.splitlines()), server
    assert "enabled" in server


def test_the_main_job_is_done(environment, home, tmp_path):
    smoke = Path(__file__).with_name("smoke.py")
    environment.run("python", "-P", smoke, cwd=tmp_path, MLNB_HOME=os.environ["MLNB_HOME"], **home)
    found = json.loads((tmp_path / "found.json").read_text())
    for states in (found["first"], found["after"]):
        del states["log"]  # MLflow gives a run a name by chance
        assert set(states.values()) == {"fresh"}, states
    assert found["stale"][0] == "stale"
    assert "`frame`" in found["stale"][1]
    assert found["not_restored"] == {}
    assert found["shared"] == 99
    assert found["features"] == [10.0, 2.0]
    assert len(found["env_id"]) == 64
    assert found["job"] == "succeeded"
    assert found["run_id"] in found["runs"]
    for pin in environment.pins:
        name, wanted = pin.removesuffix("*").split("==")
        assert found["versions"][name].startswith(wanted)
