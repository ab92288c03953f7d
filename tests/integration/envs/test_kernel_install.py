"""The kernel half put into another environment: everything that a kernel of the whole wheel can, a kernel of it can."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mlnb.cli import main as command_line
from mlnb.core import current
from mlnb.envs.errors import CannotRestore, NoEnvironment
from tests import built
from tests.integration.test_kernel_half import (  # noqa: F401 - the same tests, of an environment made in another way
    HEAVY,
    Kernel,
    kernel,
    test_it_loads_by_itself_where_nothing_heavy_is,
    test_order_is_told_with_its_reason,
    test_the_environment_is_captured,
    test_variables_are_frozen_and_brought_back,
    test_what_is_not_there_says_so_and_what_to_do,
)

pytestmark = pytest.mark.kernel


def called(capsys, *arguments: str) -> dict:
    current.clear()
    with pytest.raises(SystemExit) as ended:
        command_line.main([*arguments, "--json"])
    assert not ended.value.code
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """With ipykernel alone; the kernel half is put there with no index that could be asked."""
    made = built.Environment(tmp_path_factory.mktemp("other") / "venv", sys.executable)
    made.install("ipykernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_OFFLINE", "1")
        done = kernels().install(str(made.folder))
    assert done.notes == ()
    assert {name.rpartition("-")[0] for name in done.added} == {
        "mlnb-kernel",
        "cloudpickle",
        "xxhash",
        "blake3",
        "zstandard",
    }
    current.clear()
    return made


def kernels():
    return current.service("env_locks").kernels


def test_both_digests_stay_the_same(tmp_path):
    made = built.Environment(tmp_path / "venv", sys.executable)
    before = current.service("envs").capture(made.folder)
    kernels().install(str(made.folder))
    after = current.service("envs").capture(made.folder)
    assert (after.env_id, after.env_request_id) == (before.env_id, before.env_request_id)


def test_it_can_be_installed_again_and_taken_out(tmp_path):
    made = built.Environment(tmp_path / "venv", sys.executable)
    kernels().install(str(made.python))
    kernels().install(str(made.python))
    built.uv("pip", "uninstall", "--quiet", "--python", made.python, "mlnb-kernel")
    assert not (made.folder / "etc" / "ipython" / "ipython_kernel_config.py").exists()


def test_a_configuration_of_another_package_is_left_as_it_is(tmp_path):
    made = built.Environment(tmp_path / "venv", sys.executable)
    config = made.folder / "etc" / "ipython" / "ipython_kernel_config.py"
    config.parent.mkdir(parents=True)
    config.write_text("c.InteractiveShellApp.extensions = ['theirs']\n")
    done = kernels().install(str(made.python))
    assert config.read_text() == "c.InteractiveShellApp.extensions = ['theirs']\n"
    assert [note for note in done.notes if str(config) in note and "extensions.append" in note]


def test_what_cannot_be_is_named(tmp_path):
    with pytest.raises(NoEnvironment):
        kernels().install(str(tmp_path / "none"))
    with pytest.raises(CannotRestore, match="mlnb itself is installed"):
        kernels().install(sys.executable)


def test_the_list_says_which_kernels_have_it(environment, tmp_path, monkeypatch, capsys):
    specs = tmp_path / "jupyter" / "kernels"
    argv = {"with": str(environment.python), "without": "/usr/bin/false", "other": "julia"}
    for name, program in argv.items():
        (specs / name).mkdir(parents=True)
        language = "julia" if name == "other" else "python"
        spec = {"argv": [program, "-f", "{connection_file}"], "display_name": name, "language": language}
        (specs / name / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    found = {one["name"]: one for one in called(capsys, "kernel", "list")["kernels"]}
    assert found["with"]["version"]
    assert found["without"]["problem"]
    assert (found["other"]["language"], found["other"]["version"]) == ("julia", "")
    assert Path(found["with"]["python"]) == environment.python
