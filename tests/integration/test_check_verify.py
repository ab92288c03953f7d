"""`mlnb check` and `mlnb verify` as they are used: on the examples, in reports for tools, as a commit hook, as a gate of jobs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.jobs.errors import NoCertificate
from mlnb.order.plugins.notebook_text import NotebookText
from mlnb.testing.executor_suite import write_notebook

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def call(*arguments):
    done = CliRunner().invoke(root, list(map(str, arguments)), standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.stdout


@pytest.fixture
def folder(tmp_path):
    for file in EXAMPLES.iterdir():
        if file.suffix in (".ipynb", ".py"):
            shutil.copy(file, tmp_path / file.name)
    return tmp_path


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["order", "snapshot", "features", "train"])
def test_an_example_is_verified(folder, name):
    code, text = call("verify", folder / f"{name}.ipynb", "--json")
    found = json.loads(text)
    assert (code, found["compared_with"], found["first_different"]) == (0, "second_run", None)
    assert {cell["verdict"] for cell in found["cells"]} <= {"identical", "noise"}
    assert json.loads(call("verify", folder / f"{name}.ipynb", "--check", "--json")[1])["is_certified"]
    assert json.loads(call("verify", "--show", found["certificate"], "--json")[1])["is_valid"]


def test_the_sarif_log_is_of_the_form_that_tools_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    write_notebook(tmp_path / "a b" / "nb.ipynb", "print(x)", "x = 1\nopen('/home/ana/x')")
    document = json.loads((tmp_path / "a b" / "nb.ipynb").read_text())
    (tmp_path / "a b" / "nb.ipynb").write_text(json.dumps({**document, "metadata": {}}, indent=1))
    code, text = call("check", "a b/nb.ipynb", "--format", "sarif")
    log = json.loads(text)
    (run,) = log["runs"]
    assert (code, log["version"], set(log)) == (3, "2.1.0", {"$schema", "version", "runs"})
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["no_kernelspec", "own_path", "used_before_defined"]
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in rules)
    assert [result["level"] for result in run["results"]] == ["warning", "error", "note"]
    lines = NotebookText((tmp_path / "a b" / "nb.ipynb").read_text()).lines()
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "a%20b/nb.ipynb"}
        assert place["region"]["endLine"] >= place["region"]["startLine"] >= 1
    places = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"][1:]]
    assert [(place["startLine"], place["endLine"]) for place in places] == lines
    assert [result["locations"][0].get("logicalLocations", [{}])[0].get("name") for result in run["results"]] == [
        None,
        "cell 1",
        "cell 2",
    ]


def test_notes_are_shown_and_do_not_count(tmp_path):
    path = write_notebook(tmp_path / "nb.ipynb", "open('/home/ana/x')")
    code, text = call("check", path, "--json")
    assert (code, json.loads(text)["findings"], json.loads(text)["notes"]) == (0, 0, 1)
    code, text = call("check", path)
    assert (code, "own_path" in text) == (0, True)


def test_fix_and_diff(tmp_path):
    path = write_notebook(tmp_path / "nb.ipynb", "print(x)", "x = 1")
    before = path.read_bytes()
    code, text = call("check", path, "--diff")
    assert (code, "+++ b/nb.ipynb" in text, "would have moved cell 2 up" in text) == (3, True, True)
    assert path.read_bytes() == before
    code, text = call("check", path, "--fix")
    assert (code, "moved cell 2 up" in text) == (0, True)
    assert [cell.source for cell in nbformat.read(path, as_version=4).cells] == ["x = 1", "print(x)"]


HOOKS = {hook["id"]: hook for hook in yaml.safe_load((EXAMPLES.parent / ".pre-commit-hooks.yaml").read_text())}


@pytest.mark.parametrize(("hook", "codes"), [("mlnb-check", (3, 3)), ("mlnb-fix", (0, 0))])
def test_the_commit_hooks_are_commands_that_work(tmp_path, hook, codes):
    """What `pre-commit` does with a hook of language `system`: its entry, with the names of the notebooks behind it."""
    assert HOOKS[hook]["types"] == ["jupyter"]
    path = write_notebook(tmp_path / "nb.ipynb", "print(x)", "x = 1")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for code in codes:
        done = subprocess.run(
            [*HOOKS[hook]["entry"].split(), str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == code, done.stderr


@pytest.mark.kernel
def test_a_certificate_opens_the_gate_to_jobs(tmp_path, monkeypatch):
    from mlnb.jobs.types import JobRequest
    from mlnb.wiring import build_services

    monkeypatch.setenv("MLNB_JOBS_IDLE_STOP_S", "0.2")
    path = write_notebook(tmp_path / "nb.ipynb", "print(n)", parameters="n = 1")
    (tmp_path / "mlnb.toml").write_text("[jobs]\nrequire_certificate = true\n")
    services = build_services()
    with pytest.raises(NoCertificate) as caught:
        services.jobs.submit(JobRequest(str(path), {"n": 2}))
    assert caught.value.hint == f"Make one: mlnb verify {path} -p n=2"
    assert services.order.verify(path, {"n": 2}).verdict == "identical"
    job = services.jobs.submit(JobRequest(str(path), {"n": 2}))
    assert services.jobs.wait(job.id, 120).state.value == "succeeded"
    with pytest.raises(NoCertificate, match="other parameters"):
        services.jobs.submit(JobRequest(str(path), {"n": 3}))
    path.write_text(path.read_text().replace("print(n)", "print(-n)"))
    with pytest.raises(NoCertificate, match="cell 2 has changed since"):
        services.jobs.submit(JobRequest(str(path), {"n": 2}))
