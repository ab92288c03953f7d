"""Logging without MLflow: what stands in the spool, and what never happens to the user's cell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlnb.core import secrets, spool
from mlnb.kernel import runs
from mlnb.kernel.runs import SpoolRun

GOLDEN = Path(__file__).parents[2] / "golden" / "spool" / "runs-v1.ndjson"


def records(root):
    return [record.data for file in spool.files(root, "runs") for record in spool.read(file)]


def test_what_is_written_has_the_shape_of_the_golden_file(tmp_path):
    run = SpoolRun.start("forest", {"depth": 3}, {"a": 1}, "churn", root=tmp_path)
    run.log_metrics({"auc": 0.5, "loss": float("nan")}, step=2)
    run.set_tags({"b": True})
    run.end()
    known = {}
    for line in GOLDEN.read_text().splitlines():
        data = json.loads(line)["data"]
        known.setdefault(data["kind"], set()).update(data)
    written = records(tmp_path)
    assert [data["kind"] for data in written] == ["run_started", "run_logged", "run_logged", "run_changed"]
    assert all(set(data) <= known[data["kind"]] for data in written)
    assert written[0]["params"] == {"depth": "3"}
    assert [metric["value"] for metric in written[1]["metrics"]] == [0.5, "nan"]
    assert written[3]["status"] == "FINISHED"


def test_a_value_registered_as_secret_never_reaches_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(secrets, "_values", set())
    secrets.register("hunter2-hunter2")
    run = SpoolRun.start("x", {"url": "https://u:hunter2-hunter2@h"}, root=tmp_path)
    run.set_tags({"note": "hunter2-hunter2"})
    assert "hunter2" not in json.dumps(records(tmp_path), ensure_ascii=False)


def test_a_disk_that_refuses_breaks_no_cell_and_loses_nothing(tmp_path):
    root = tmp_path / "spool"
    root.write_text("in the way")
    with pytest.warns(UserWarning, match="waits in memory"):
        run = SpoolRun.start("x", root=root)
    run.log_metrics({"a": 1.0})  # warned of once
    root.unlink()
    run.end()
    assert [data["kind"] for data in records(root)] == ["run_started", "run_logged", "run_changed"]


def test_a_forked_process_writes_to_a_file_of_its_own(tmp_path):
    run = SpoolRun.start("parent", root=tmp_path)
    child = os.fork()
    if child == 0:
        run.log_metrics({"a": 1.0})
        os._exit(0)
    os.waitpid(child, 0)
    run.end()
    assert len(spool.files(tmp_path, "runs")) == 2
    assert sorted(data["kind"] for data in records(tmp_path)) == ["run_changed", "run_logged", "run_started"]


def test_plain_mlflow_goes_to_the_spool_unless_the_user_chose(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "MLFLOW_UV_AUTO_DETECT", "GIT_PYTHON_REFRESH"):
        monkeypatch.setenv(name, "as it was")  # so that the test leaves none behind
    runs.prepare()
    assert os.environ["MLFLOW_TRACKING_URI"] == "mlnb-spool:"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mine")
    runs.prepare()
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://mine"


def test_logging_imports_nothing_heavy():
    code = (
        "import sys\nfrom mlnb.kernel import runs\nruns.prepare()\nrun = runs.SpoolRun.start('x')\nrun.end()\nruns.link_snapshot('s')\n"
        "print(sorted({'mlflow', 'sqlalchemy', 'pandas', 'numpy', 'IPython'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
