"""Every verb on good input with --json: standard output is exactly one JSON object, also on the first use of a store."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mlnb.cli import main as command_line
from mlnb.cli.main import VERBS
from mlnb.core import current

pytestmark = pytest.mark.kernel

FEATURES = '''
import mlnb

@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="rows.csv", owner="ana")
def spend(rows):
    """One of each."""
    return rows.assign(one=1)
'''
LOGS_A_MODEL = """
import mlflow
from mlflow.entities import LoggedModelOutput

with mlflow.start_run() as run:
    model = mlflow.initialize_logged_model(name="model")
    mlflow.log_outputs(models=[LoggedModelOutput(model.model_id, 0)])
    mlflow.finalize_logged_model(model.model_id, "READY")
    mlflow.log_metric("auc", n / 10)
"""


def leaves() -> set[str]:
    def below(words: str, command: click.Command) -> Iterator[str]:
        if isinstance(command, click.Group):
            for name, sub in command.commands.items():
                yield from below(f"{words} {name}", sub)
        elif not command.hidden:
            yield words

    return {
        words
        for verb, (module, _, _) in VERBS.items()
        for words in below(verb, getattr(importlib.import_module(f"mlnb.cli.{module}"), verb))
    }


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    def cell(cell_id: str, source: str, *tags: str) -> dict:
        return {
            "cell_type": "code", "id": cell_id, "source": source, "metadata": {"tags": [*tags]}, "outputs": [], "execution_count": None,
        }  # fmt: skip

    cells = [cell("a", "n: int = 1", "parameters"), cell("b", LOGS_A_MODEL)]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": cells, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "one.ipynb").write_text(json.dumps(document))
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "rows.csv").write_text("customer_id,event_time\n1,2026-01-01\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    current.service("worker_process").stop()


class Line:
    """The command line, which remembers the verbs that were called."""

    def __init__(self, capfd) -> None:
        self._capfd = capfd
        self.called: set[str] = set()

    def text(self, words: str, arguments: str = "", code: int = 0) -> str:
        """Standard output of the verb with --json, which ends with `code` and leaves no traceback."""
        current.clear()
        with pytest.raises(SystemExit) as ended:
            command_line.main([*words.split(), *arguments.split(), "--json"])
        out, err = self._capfd.readouterr()  # of the process and of what it starts
        assert int(ended.value.code or 0) == code, err
        assert "Traceback" not in err
        self.called.add(words)
        return out

    def __call__(self, words: str, arguments: str = "", code: int = 0) -> dict:
        out = self.text(words, arguments, code)
        assert len(out.splitlines()) == 1, out
        found = json.loads(out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def line(capfd, folder) -> Line:
    return Line(capfd)


def test_every_verb_prints_one_object(line):
    assert (
        line("runs list")["runs"] == []
    )  # the store is made by this call, with nothing of MLflow or Alembic on the screen
    checks_runs_and_models(line)
    checks_snapshots(line)
    checks_features(line)
    checks_jobs(line)
    assert line("env capture", "-o env.json")["env_id"]
    assert line("env diff", "env.json env.json")["same"]
    assert line("env status", "one.ipynb")["lock"] == "unlocked"
    checks_locks(line)
    assert line("doctor", code=0)["ok"]
    assert line("config show")["settings"]
    assert leaves() - line.called == {"worker run"}  # which ends only when it is told to; see below


def checks_runs_and_models(line: Line) -> None:
    assert line("check", "one.ipynb")["findings"] == 0
    assert line("verify", "one.ipynb")["certificate"]
    first = line("run", "one.ipynb -p n=8 -o out.ipynb")["run_id"]
    second = line("run", "one.ipynb")["run_id"]
    assert [run["run_id"] for run in line("runs list", "--order-by auc")["runs"]] == [first, second]
    assert line("runs show", first)["metrics"] == {"auc": 0.8}
    assert line("runs compare", f"{first} {second}")["metrics"]
    assert line("runs flush")["runs"] == []
    assert line("models list")["models"] == []
    assert line("models register", f"{first} --name churn")["version"] == 1
    assert line("models show", "churn/1")["name"] == "churn"


def checks_snapshots(line: Line) -> None:
    first, second = line("snapshot take", "one.ipynb")["id"], line("snapshot take", "one.ipynb")["id"]
    assert [one["id"] for one in line("snapshot list", "one.ipynb --limit 2")["snapshots"]] == [second, first]
    assert line("snapshot show", first)["id"] == first
    assert line("snapshot diff", f"{first} {second}")["changes"] == []
    assert line("snapshot restore", f"{first} --to back.ipynb")["output"]
    assert line("snapshot verify")["problems"] == []
    assert line("snapshot gc", "--dry-run")["files"] >= 0
    assert line("snapshot du")["snapshots"] >= 2
    assert line("snapshot export", f"{first} state.zip")["output"]
    assert line("snapshot import", "state.zip")["id"] == first
    assert line("snapshot name", f"{first} best")["name"] == "best"
    assert line("snapshot delete", f"{line('snapshot take', 'one.ipynb')['id']} --yes")["deleted"]
    assert "data" in line("snapshot data", first)
    assert line("snapshot fetch", first) is not None
    assert line("snapshot undo", "one.ipynb", code=2)["error"]["hint"]
    assert line("snapshot redo", "one.ipynb", code=2)["error"]["hint"]
    assert line("snapshot purge", "--name none --yes", code=2)["error"]["hint"]
    assert line("trust list")["keys"]
    assert line("trust export", "pair.key")["key_id"]
    assert line("trust add", "pair.key", code=2)["error"]["hint"]
    assert line("trust remove", "none", code=2)["error"]["hint"]


def checks_features(line: Line) -> None:
    assert line("features apply", "features.py")["changes"] == {"spend": "created"}
    assert line("features list")["total"] == 1
    assert line("features search", "spend")["total"] == 1
    assert line("features show", "spend")["view"]["name"] == "spend"
    assert line("features preview", "spend")["rows"]
    assert line("features materialize", "spend")["rows"] == 1
    assert line("features get", "rows.csv -f spend:one --timestamp event_time")["total"] == 1


def checks_locks(line: Line) -> None:
    Path("nothing.txt").write_text("")
    assert line("env lock", "-r nothing.txt --bare -o empty.lock")["packages"] == []
    assert line("env restore", "empty.lock --into venv")["verified"]["same"]
    assert line("env verify", "empty.lock --python venv")["same"]
    assert line("env build", "empty.lock --devcontainer")["devcontainer"]
    assert line("kernel install", "--python venv")["version"]
    assert "kernels" in line("kernel list")


def checks_jobs(line: Line) -> None:
    assert line("worker status") == {"running": False, "pid": None, "started_at": None, "version": None}
    job = line("jobs submit", "one.ipynb -p n=5 --wait")
    assert job["state"] == "succeeded"
    assert line("jobs list")["total"] == 1
    assert line("jobs show", job["id"])["id"] == job["id"]
    assert "lines" in line("jobs logs", job["id"])
    followed = line.text("jobs logs", f"{job['id']} --follow").splitlines()
    assert [set(json.loads(one)) for one in followed] == [{"line"}] * len(followed)
    assert line("jobs output", f"{job['id']} -o result.ipynb")["output"]
    assert line("jobs cancel", job["id"], code=2)["error"]["code"] == "job_state"
    assert line("jobs retry", job["id"], code=2)["error"]["code"] == "job_state"
    assert line("worker start")["running"]
    assert line("worker run") == {"started": False}  # one runs already
    line.called.discard("worker run")
    assert line("worker stop") == {"stopped": True}
