"""Environments of snapshots, jobs and runs, through the command line: compared with now, and refused where a project is strict."""

from __future__ import annotations

import dataclasses
import json

import nbformat
import pytest
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.core import current
from mlnb.envs import kept
from mlnb.envs.capture import capture
from mlnb.envs.errors import DriftRefused, NoEnvironment

pytestmark = pytest.mark.kernel


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "one.ipynb"
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell("x = 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)
    yield path
    current.service("worker_process").stop()


def cli(*arguments, code=0):
    done = CliRunner().invoke(root, [*map(str, arguments), "--json"], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert (done.return_value or 0) == code
    return json.loads(done.stdout)


def remembered_with(name, version):
    """What is kept of the environment now, as if it had another version of one package then."""
    now = capture()
    changed = [dataclasses.replace(one, version=version) if one.name == name else one for one in now.distributions]
    path = kept.folder() / f"{now.env_id}.json"
    path.unlink()
    return kept.keep(dataclasses.replace(now, distributions=tuple(changed)))


def test_a_snapshot_a_job_and_a_run_are_compared_with_now(notebook):
    snapshot = cli("snapshot", "take", notebook)
    job = cli("jobs", "submit", notebook, "--wait")
    assert job["env_id"] == snapshot["env_id"] == capture().env_id
    assert cli("env", "diff", snapshot["id"], ".")["same"]
    assert cli("env", "diff", job["id"], snapshot["id"])["same"]
    assert cli("env", "diff", job["run_id"], job["env_id"][:12])["same"]
    last = cli("env", "status", notebook)["last_job"]
    assert (last["id"], last["same"]) == (job["id"], True)
    remembered_with("pytest", "1.0")
    found = cli("env", "diff", job["id"], ".", code=3)["differences"]
    assert [(one["name"], one["before"]) for one in found if one["kind"] == "package"] == [("pytest", "1.0")]


def test_what_is_not_there_is_named(notebook):
    for name in ("none", "0" * 64):
        with pytest.raises(NoEnvironment, match=name):
            cli("env", "diff", name, ".")


def test_a_strict_project_refuses_a_job_where_a_module_hides_another(notebook):
    assert cli("jobs", "submit", notebook)["env_id"]
    (notebook.parent / "random.py").write_text("")
    assert cli("jobs", "submit", notebook)["env_id"], "shown, and nothing more"
    (notebook.parent / "mlnb.toml").write_text("[envs]\nstrict_drift = true\n")
    with pytest.raises(DriftRefused, match="random"):
        cli("jobs", "submit", notebook)
    assert cli("jobs", "list")["total"] == 2
    status = cli("env", "status", notebook, code=3)
    assert (status["refuses"], [one["name"] for one in status["findings"]]) == (True, ["random"])
    (notebook.parent / "random.py").unlink()
    assert cli("jobs", "submit", notebook)["env_id"]
