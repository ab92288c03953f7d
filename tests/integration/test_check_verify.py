"""`mlnb check` and `mlnb verify` as they are used: on the examples, in reports for tools, as a commit hook, as a gate of jobs."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.jobs.errors import NoCertificate
from mlnb.order.plugins.notebook_text import NotebookText
from mlnb.testing.executor_suite import write_notebook
from tests.unit.order.test_check import WAYS, code, document, printed

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def call(*arguments):
    """(exit code, standard output)"""
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


def test_every_way_to_be_wrong_is_told_in_every_form(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"{number:02} {way}.ipynb" for number, way in enumerate(WAYS)]
    for name, (cells, _) in zip(names, WAYS.values(), strict=True):
        Path(name).write_text(json.dumps(document(*cells), indent=1))
    expected = [sorted(kind for kind, _, _ in found) for _, found in WAYS.values()]
    reports = json.loads(call("check", *names, "--json")[1])["reports"]
    assert [sorted(one["code"] for one in report["findings"]) for report in reports] == expected
    for name, (_, found) in zip(names, WAYS.values(), strict=True):
        exit_code, text = call("check", name)
        assert exit_code == (0 if {severity for _, _, severity in found} == {"info"} else 3)
        assert all(kind in text for kind, _, _ in found)
    (run,) = json.loads(call("check", *names, "--format", "sarif")[1])["runs"]
    by_file = [sorted(one["ruleId"] for one in run["results"] if _file_of(one) == name) for name in names]
    assert by_file == expected
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {kind for kinds in expected for kind in kinds}


def _file_of(result):
    return unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


VERDICTS = {
    "identical": code("print(1)", 1, printed("1\n")),
    "noise": code("import time\nprint(f'took {time.perf_counter():.4f} s')", 2, printed("took 0.1234 s\n")),
    "tolerance": code("print(0.1 + 0.2 + 1e-12)", 3, printed("0.30000000000000004\n")),
    "different": code("print('new')", 4, printed("old\n")),
    "failed": code("int('x')", 5),
    "not_run": code("print(2)", 6, printed("2\n")),
}


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("left_out", "exit_code", "first"),
    [((), 1, 3), (("failed",), 3, 3), (("failed", "different"), 0, None)],
    ids=["failed", "different", "the same but for noise and rounding"],
)
def test_verify_has_a_verdict_for_each_cell_and_names_the_first_that_differs(tmp_path, left_out, exit_code, first):
    kept = {verdict: cell for verdict, cell in VERDICTS.items() if verdict not in left_out}
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps(document(*kept.values())))
    exit_code_found, text = call("verify", path, "--json")
    found = json.loads(text)
    verdicts = [verdict if verdict != "not_run" or not left_out else "identical" for verdict in kept]
    assert [cell["verdict"] for cell in found["cells"]] == verdicts
    assert exit_code_found == exit_code
    assert (found["first_different"] or {}).get("index") == first
    assert json.loads(call("verify", path, "--check", "--json")[1])["is_certified"] == (exit_code == 0)


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


def committed(hook, folder, *names):
    """What `pre-commit` does with a hook of language `system`: its entry, with the names of the notebooks from the root behind it."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [*shlex.split(HOOKS[hook]["entry"]), *HOOKS[hook].get("args", []), *names]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_the_commit_hooks_are_such_as_pre_commit_takes(hook):
    known = {"id", "name", "description", "entry", "language", "types", "require_serial"}
    assert set(hook) == known
    assert all(isinstance(hook[field], str) and hook[field] for field in known - {"types", "require_serial"})
    assert (hook["language"], hook["types"], hook["require_serial"]) == ("system", ["jupyter"], True)


@pytest.mark.parametrize(("hook", "codes"), [("mlnb-check", (3, 3)), ("mlnb-fix", (0, 0))])
def test_the_commit_hooks_are_commands_that_work(tmp_path, hook, codes):
    (tmp_path / "a b").mkdir()
    write_notebook(tmp_path / "a b" / "wrong.ipynb", "print(x)", "x = 1")
    fine = write_notebook(tmp_path / "fine.ipynb", "x = 1", "print(x)").read_bytes()
    for code_ in codes:
        done = committed(hook, tmp_path, "a b/wrong.ipynb", "fine.ipynb")
        assert done.returncode == code_, done.stderr
    assert (tmp_path / "fine.ipynb").read_bytes() == fine
    assert committed(hook, tmp_path, "fine.ipynb").returncode == 0


def test_the_hook_that_mends_stops_a_commit_where_something_is_left(tmp_path):
    write_notebook(tmp_path / "left.ipynb", "print(gone)")
    done = committed("mlnb-fix", tmp_path, "left.ipynb")
    assert (done.returncode, "gone" in done.stdout) == (3, True)


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
