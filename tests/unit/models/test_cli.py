"""`mlnb runs` and `mlnb models`, as a script sees them."""

from __future__ import annotations

import json

import pytest

from mlnb.cli.main import main
from mlnb.core import current
from mlnb.wiring import build_services


@pytest.fixture
def mlnb(home, golden_spool, capsys, monkeypatch):
    """Runs a command in a home whose store has the golden runs."""
    monkeypatch.chdir(home)
    services = build_services(folder=home)
    services.models.deliver(golden_spool)
    current.compose(services)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return ended.value.code, capsys.readouterr()

    return call


RUN = "0123456789abcdef0123456789abcdef"


def test_runs_are_listed_with_total_and_cursor(mlnb):
    code, said = mlnb("runs", "list", "--order-by", "auc", "--limit", "1", "--json")
    page = json.loads(said.out)
    assert code == 0
    assert (page["total"], page["cursor"]) == (1, None)
    assert page["runs"][0]["run_id"] == RUN
    assert {"run_id", "name", "experiment", "status", "params", "metrics", "tags"} <= set(page["runs"][0])
    assert "big forest" in mlnb("runs", "list")[1].out


def test_a_run_is_shown_and_compared(mlnb):
    assert "0.75" in mlnb("runs", "show", RUN)[1].out
    assert "share every" in mlnb("runs", "compare", RUN, RUN)[1].out
    assert json.loads(mlnb("runs", "flush", "--json")[1].out) == {"runs": []}


def test_models_are_listed_and_shown(mlnb):
    assert json.loads(mlnb("models", "list", "--json")[1].out)["models"][0]["aliases"] == {"prod": 1}
    assert json.loads(mlnb("models", "show", "churn/1", "--json")[1].out)["versions"][0]["run_id"] == RUN
    assert "prod" in mlnb("models", "show", "churn")[1].out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("runs", "show", "nothing"), 2, "no run nothing"),
        (("runs", "list", "--experiment", "nothing"), 2, "no experiment"),
        (("runs", "list", "--limit", "0"), 2, "--limit"),
        (("runs", "list", "--order-by", "a`b"), 2, "metric"),
        (("runs", "list", "--cursor", "x"), 2, ""),
        (("models", "show", "nothing"), 2, "no model"),
        (("models", "show", "churn/9"), 2, "churn/9"),
        (("models", "register", "nothing", "--name", "n"), 2, "no run"),
        (("models", "register", RUN), 2, "--name"),
    ],
)
def test_bad_input_is_one_clear_line(mlnb, arguments, code, words):
    ended, said = mlnb(*arguments)
    assert ended == code
    assert words in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert said.out == ""
