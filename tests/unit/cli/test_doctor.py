"""`mlnb doctor`: every line says what is so, and each that is not well says the way out."""

from __future__ import annotations

import json

import pytest

from mlnb.cli import doctor as module
from mlnb.cli import main as command_line
from mlnb.cli.doctor import Check
from mlnb.core.errors import StoreUnavailable


@pytest.fixture
def doctor(capsys):
    """The doctor's exit code, and its report or its words."""

    def call(*options: str):
        with pytest.raises(SystemExit) as ended:
            command_line.main(["doctor", *options])
        out = capsys.readouterr().out
        return int(ended.value.code or 0), json.loads(out) if "--json" in options else out

    return call


@pytest.fixture
def looking(monkeypatch):
    """Only these looks are taken."""
    return lambda *looks: monkeypatch.setattr(module, "LOOKS", looks)


def by_name(report) -> dict:
    return {check["name"]: check for check in report["checks"]}


def test_a_whole_environment_is_well(doctor, mlnb_home):
    _, report = doctor("--json")
    found = by_name(report)
    assert {
        "home",
        "database",
        "blob store",
        "model store",
        "worker",
        "kernel half",
        "server extension",
        "lab extension",
    } <= set(found)
    assert str(mlnb_home) in found["home"]["text"]
    assert {found[name]["state"] for name in ("home", "database", "blob store", "model store", "worker")} == {"ok"}
    assert {"mlnb", "Python", "jupyterlab", "mlflow"} <= set(report["versions"])


def test_what_is_not_well_says_the_way_out(doctor, looking):
    def _away(_services):
        raise StoreUnavailable("the store is away", "Start it.")

    def _broken(_services):
        raise RuntimeError("token=abcdefghijk")

    looking(_away, _broken)
    code, report = doctor("--json")
    assert (code, report["ok"]) == (1, False)
    assert by_name(report)["away"] == {
        "name": "away",
        "state": "missing",
        "text": "the store is away",
        "hint": "Start it.",
    }
    assert by_name(report)["broken"]["hint"]
    assert "abcdefghijk" not in json.dumps(report)


def test_what_is_only_absent_is_no_failure(doctor, looking):
    looking(lambda _services: [Check("engine", "absent", "no engine answers", "Start Docker.")])
    code, words = doctor()
    assert code == 0
    assert "absent   engine  no engine answers" in words
    assert "-> Start Docker." in words


@pytest.mark.parametrize(
    "uri", ["http://ana:hunter2pass@127.0.0.1:9/", "postgresql://ana:hunter2pass@127.0.0.1:9/x", "nonsense"]
)
def test_a_model_store_that_cannot_be_used_is_named(uri, doctor, looking, monkeypatch):
    monkeypatch.setenv("MLNB_MODELS_TRACKING_URI", uri)
    looking(module._model_store)
    code, report = doctor("--json")
    check = by_name(report)["model store"]
    assert (code, check["state"]) == (1, "missing")
    assert "hunter2pass" not in json.dumps(report)
    assert check["hint"]


def test_a_model_store_that_is_damaged_is_named(doctor, looking, mlnb_home):
    (mlnb_home / "mlflow.db").write_text("no database at all")
    looking(module._model_store)
    code, report = doctor("--json")
    assert code == 1
    assert "mlflow.db" in by_name(report)["model store"]["text"]


@pytest.mark.parametrize(
    ("content", "state"),
    [(None, "missing"), ("c.Something = 1", "missing"), ('c.InteractiveShellApp.extensions.append("mlnb")', "ok")],
)
def test_the_kernel_half_is_looked_for_where_ipython_reads(content, state, doctor, looking, monkeypatch, tmp_path):
    monkeypatch.setattr(module.sys, "prefix", str(tmp_path))
    if content is not None:
        (tmp_path / "etc" / "ipython").mkdir(parents=True)
        (tmp_path / "etc" / "ipython" / "ipython_kernel_config.py").write_text(content)
    looking(module._kernel_half)
    assert by_name(doctor("--json")[1])["kernel half"]["state"] == state


def test_an_environment_without_the_extensions_says_so(doctor, looking, monkeypatch, tmp_path):
    monkeypatch.setattr(module.sys, "prefix", str(tmp_path))
    looking(module._server_extension, module._lab_extension)
    code, report = doctor("--json")
    assert code == 1
    assert [(c["state"], bool(c["hint"])) for c in report["checks"]] == [("missing", True)] * 2


def test_a_home_that_cannot_be_written_is_named(doctor, looking, monkeypatch, tmp_path):
    monkeypatch.setattr(module.os, "access", lambda *_: False)
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "home"))
    looking(module._home)
    code, report = doctor("--json")
    assert code == 1
    assert str(tmp_path / "home") in by_name(report)["home"]["text"]
