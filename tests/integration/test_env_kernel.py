"""Environments as running kernels have them: what is imported, what was replaced under them, with and without mlnb inside."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from jupyter_client.manager import start_new_kernel

from mlnb.cli.main import root
from mlnb.core import current
from mlnb.envs.errors import KernelSilent, NoKernel

pytestmark = pytest.mark.kernel

COUNT = "print(get_ipython().execution_count)"
SET_UP = "import sys; from tests.unit.envs.builders import install; from pathlib import Path"


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "live.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = [1]")]), path)
    (tmp_path / "helper.py").write_text("HELP = 1\n")
    return path


@pytest.fixture
def started(document):
    kernels = []

    def start(**environment):
        given = {**os.environ, "JPY_SESSION_NAME": str(document), **environment}
        manager, client = start_new_kernel(env=given, cwd=str(document.parent))
        kernels.append((manager, client))
        return manager, client

    yield start
    for manager, client in kernels:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client, code):
    said = []

    def hear(message):
        said.append(message["content"].get("text", ""))

    reply = client.execute_interactive(code, timeout=60, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(said)


def cli(*arguments, code=0):
    done = CliRunner().invoke(root, ["env", *map(str, arguments), "--json"], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert (done.return_value or 0) == code
    return json.loads(done.output)


def kernel_id(manager):
    return Path(manager.connection_file).stem.removeprefix("kernel-")


def test_a_kernel_without_mlnb_is_captured_with_what_it_has_imported_and_is_left_as_it_was(started):
    manager, client = started(MLNB_KERNEL="0")
    run(client, "import helper, json; x = 1; before = None; before = {*globals()}")
    count = int(run(client, COUNT))
    found = cli("capture", "--kernel", manager.connection_file)
    loaded = {one["name"]: one["loaded"] for one in found["distributions"]}
    assert loaded["ipykernel"] is True
    assert loaded["mlflow"] is False
    assert [(one["name"], one["place"], one["loaded"]) for one in found["surroundings"]["modules"]] == [
        ("helper", "<folder>", True)
    ]
    assert found["env_id"] == cli("capture", "--python", sys.executable)["env_id"]
    assert cli("capture", "--kernel", manager.connection_file)["env_id"] == found["env_id"]
    run(client, "assert all(name[0] == '_' for name in {*globals()} - before)")
    assert int(run(client, COUNT)) == count + 2


def test_a_kernel_is_named_by_its_notebook_or_its_id(started, document):
    manager, client = started()
    run(client, "import helper")
    for name in (document, kernel_id(manager), Path(manager.connection_file).stem):
        assert [one["name"] for one in cli("capture", "--kernel", name)["surroundings"]["modules"]] == ["helper"]
    assert current.service("envs").of_notebook(document).is_live


def test_what_was_upgraded_under_a_kernel_is_said_everywhere(started, document, repository):
    _manager, client = started(PYTHONPATH=str(repository))
    run(client, f"{SET_UP}; site = Path({str(document.parent)!r}) / 'site-packages'; sys.path.append(str(site))")
    run(client, "info = install(site, 'mlnb_test_up', '1.0'); import mlnb_test_up")
    assert "mlnb-test-up" not in run(client, "%mlnb env")
    run(client, "import shutil; shutil.rmtree(info); info = install(site, 'mlnb_test_up', '1.1')")
    assert "red   mlnb-test-up: 1.0 → 1.1" in run(client, "%mlnb env")
    status = cli("status", document, code=3)
    (found,) = status["findings"]
    assert (found["name"], found["before"], found["after"], found["fix"]) == (
        "mlnb-test-up",
        "1.0",
        "1.1",
        "restart_kernel",
    )
    assert (status["kernel"], status["is_live"], status["has_drifted"]) == (True, True, True)


def test_a_kernel_that_runs_a_cell_is_said_to_be_busy_and_its_interpreter_is_captured(started, document):
    manager, client = started()
    gate = document.with_name("gate")
    client.execute(f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)")
    service = current.service("envs")
    try:
        found = service.of_notebook(document)
        assert (found.kernel, found.is_live) == (True, False)
        with pytest.raises(KernelSilent, match="did not answer"):
            service._in_kernel(Path(manager.connection_file), "fast", None, 0.5)
    finally:
        gate.touch()


def test_a_kernel_that_has_ended_is_said_to_have(started, document):
    manager, _client = started(MLNB_KERNEL="0")
    name = kernel_id(manager)
    manager.shutdown_kernel(now=True)
    with pytest.raises(NoKernel, match="no running kernel"):
        current.service("envs").capture(kernel=name)


def test_the_magic_compares_with_a_capture_and_says_what_is_no_capture(started, document, monkeypatch):
    _manager, client = started()
    monkeypatch.chdir(document.parent)
    run(client, "import helper")
    cli("capture", "--python", sys.executable, "-o", document.parent / "env.json")
    assert run(client, "%mlnb env diff env.json").splitlines()[0] == "the same environment"
    run(client, "import os; os.environ['OMP_NUM_THREADS'] = '1'")
    assert "amber OMP_NUM_THREADS: - → 1" in run(client, "%mlnb env diff env.json")
    about = run(client, "%mlnb env")
    assert "own modules imported: helper" in about
    env_id = about.split()[1].rstrip(",")
    assert run(client, f"%mlnb env diff {env_id}").strip() == "the same environment"
    for line in ("%mlnb env diff none.json", "%mlnb env diff live.ipynb", "%mlnb env diff", "%mlnb env dance"):
        reply = client.execute_interactive(line, timeout=60, output_hook=lambda _: None)
        assert reply["content"]["ename"] == "UsageError"
