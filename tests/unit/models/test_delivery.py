"""What was logged arrives once, whatever happens in between."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
from datetime import timedelta

import pytest

from mlnb.core.clock import utc_now
from mlnb.core.errors import StoreUnavailable
from mlnb.core.spool import SpoolWriter
from mlnb.kernel.runs import SpoolRun, link_snapshot
from mlnb.models.service import ModelsService
from mlnb.wiring import build_services

RUN = "0123456789abcdef0123456789abcdef"
MODEL = "m-00112233445566778899aabbccddeeff"


def contents(home):
    """Every row of MLflow's database, for comparing."""
    with sqlite3.connect(home / "mlflow.db") as connection:
        names = [
            row[0] for row in connection.execute("select name from sqlite_master where type = 'table' order by name")
        ]
        skipped = {"inputs", "input_tags", "datasets"}  # their keys are random; counted below
        rows = {
            name: sorted(map(repr, connection.execute(f"select * from {name}")))
            for name in names
            if name not in skipped
        }
        counts = {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in sorted(skipped)}
    return {name: [row for row in found if row] for name, found in rows.items()}, counts


def without_times(found):
    rows, counts = found
    changing = {"logged_models", "model_versions", "registered_models", "experiments"}  # "last updated"
    return {name: len(row) if name in changing else row for name, row in rows.items()}, counts


def assert_same(after, before):
    assert {name: rows for name, rows in after[0].items() if rows != before[0][name]} == {}
    assert after[1] == before[1]


def put_model(root):
    folder = root / "artifacts" / "models" / MODEL
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "model.bin").write_bytes(b"weights")
    (root / "artifacts" / RUN).mkdir()
    (root / "artifacts" / RUN / "plot.txt").write_text("plot")


def test_everything_of_the_golden_file_arrives(models, golden_spool, home):
    put_model(golden_spool)
    assert RUN in models.deliver(golden_spool)
    run = models.get_run(RUN)
    assert (run.name, run.experiment, run.status, run.user) == ("big forest", "churn", "FINISHED", "ana")
    assert run.params == {"seed": "1", "depth": "3"}
    assert run.metrics["auc"] == 0.75
    assert math.isnan(run.metrics["loss"])
    assert (run.notebook, run.job_id, run.snapshot_id) == ("/work/train.ipynb", "job-1", "snap-1")
    assert "wrong" not in run.tags
    assert [(model.model_id, model.status) for model in run.models] == [(MODEL, "READY")]
    version = models.get_model("churn@prod").versions[0]
    assert (version.version, version.run_id, version.description, version.aliases) == (1, RUN, "the first", ["prod"])
    assert version.digest == run.models[0].digest
    assert version.tags["checked"] == "yes"
    assert "from" not in version.tags
    assert models.get_model("churn").owner == "ana"
    assert models.list_runs().total == 1  # the deleted one is not listed
    assert (home / "artifacts" / "1" / RUN / "artifacts" / "plot.txt").read_text() == "plot"
    assert (
        golden_spool / "artifacts" / RUN / "plot.txt"
    ).read_text() == "plot"  # who knows the old place still finds it


def test_delivered_twice_is_delivered_once(models, golden_spool, home):
    put_model(golden_spool)
    models.deliver(golden_spool)
    before = without_times(contents(home))
    assert models.deliver(golden_spool) == []
    moved = golden_spool.rename(golden_spool.with_name("moved"))  # no cursor knows it there: everything is read again
    models.deliver(moved)
    assert_same(without_times(contents(home)), before)


def test_a_crash_between_the_store_and_the_cursor_doubles_nothing(models, golden_spool, home, monkeypatch):
    put_model(golden_spool)
    monkeypatch.setattr(models._repo, "advance", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        models.deliver(golden_spool)
    before = without_times(contents(home))
    assert RUN in build_services(folder=home).models.deliver(golden_spool)
    assert_same(without_times(contents(home)), before)


@pytest.mark.parametrize("torn_at", [1, 40, 200])
def test_a_torn_last_line_waits_and_is_delivered_when_whole(models, golden_spool, torn_at):
    file = golden_spool / "runs" / "w-golden-1.ndjson"
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + lines[3][:torn_at])
    models.deliver(golden_spool, is_final=False)
    assert models.get_run(RUN).metrics == {}
    file.write_bytes(whole)
    models.deliver(golden_spool)
    assert models.get_run(RUN).metrics["auc"] == 0.75


def test_a_damaged_line_costs_that_line_only(models, golden_spool):
    file = golden_spool / "runs" / "w-golden-1.ndjson"
    lines = file.read_bytes().splitlines(keepends=True)
    lines.insert(3, b"\x00\xff not a record\n")
    file.write_bytes(b"".join(lines))
    models.deliver(golden_spool)
    assert models.get_run(RUN).status == "FINISHED"


def test_lines_of_a_newer_mlnb_are_left_for_it(models, golden_spool):
    file = golden_spool / "runs" / "w-golden-1.ndjson"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], lines[3].replace(b'"v": 1', b'"v": 9'), *lines[4:]]))
    models.deliver(golden_spool, is_final=False)
    assert models.get_run(RUN).metrics == {}
    file.write_bytes(b"".join(lines))
    models.deliver(golden_spool)
    assert models.get_run(RUN).metrics["auc"] == 0.75


def test_two_writers_of_one_run_are_read_in_the_order_of_time(models, tmp_path):
    run = SpoolRun.start("job", root=tmp_path)
    kernel = SpoolWriter("runs", tmp_path)
    kernel.append({"kind": "run_changed", "run_id": run.run_id, "status": "RUNNING"})
    kernel.append({"kind": "run_logged", "run_id": run.run_id, "params": {"a": "1"}, "tags": {"who": "kernel"}})
    kernel.append({"kind": "run_changed", "run_id": run.run_id, "status": "FINISHED", "ended_at_ms": 1767225600000})
    run.set_tags({"who": "runner"})
    run.end("FAILED")
    models.deliver(tmp_path)
    found = models.get_run(run.run_id)
    assert (found.status, found.tags["who"], found.params) == ("FAILED", "runner", {"a": "1"})


def test_a_run_that_a_finished_job_left_open_counts_as_killed(models, tmp_path):
    run = SpoolRun.start("cut off", root=tmp_path)
    models.deliver(tmp_path)
    assert models.get_run(run.run_id).status == "KILLED"


def test_a_run_of_a_living_kernel_stays_open(models):
    run = SpoolRun.start("goes on", {"a": 1})
    run.log_metrics({"auc": 0.5})
    assert models.deliver() == [run.run_id]
    assert models.get_run(run.run_id).status == "RUNNING"
    run.log_metrics({"auc": 0.6}, step=1)
    assert models.get_run(run.run_id).metrics == {"auc": 0.6}


def test_a_run_of_a_kernel_that_died_is_ended_and_its_spool_file_removed(models, home):
    code = "from mlnb.kernel.runs import SpoolRun; print(SpoolRun.start('died').run_id)"
    run_id = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert models.get_run(run_id).status == "RUNNING"  # just now: it might be a container's
    later = ModelsService(models._store, models._repo, models._events, lambda: utc_now() + timedelta(minutes=2))
    assert later.get_run(run_id).status == "KILLED"
    assert list((home / "spool" / "runs").glob("*")) == []


def test_a_record_that_the_store_refuses_does_not_hold_up_the_others(models):
    run = SpoolRun.start("odd", {"seed": 1})
    writer = SpoolWriter("runs")
    writer.append(
        {
            "kind": "run_logged",
            "run_id": run.run_id,
            "metrics": [{"key": "no\nname", "value": 1.0, "timestamp_ms": 1, "step": 0}],
        }
    )
    writer.append({"kind": "run_logged", "run_id": run.run_id, "params": {"seed": "2", "b": "3"}})
    writer.append({"kind": "run_logged"})
    writer.append({"kind": "model_changed", "model_id": "m-unknown", "status": "READY"})
    run.log_metrics({"auc": 1.0})
    run.end()
    models.deliver()
    found = models.get_run(run.run_id)
    assert (found.status, found.metrics, found.params) == ("FINISHED", {"auc": 1.0}, {"seed": "1", "b": "3"})
    assert "no" in found.tags["mlnb.delivery_problem"]


def test_what_is_logged_to_a_run_whose_start_was_lost_is_kept(models, tmp_path):
    SpoolRun(RUN, tmp_path).log_metrics({"auc": 1.0})
    models.deliver(tmp_path)
    assert models.get_run(RUN).metrics == {"auc": 1.0}


def test_runs_are_found_by_the_snapshot_they_came_from(models):
    first, second = SpoolRun.start("one"), SpoolRun.start("two", tags={"mlnb.notebook": "/n.ipynb"})
    first.end()
    assert set(link_snapshot("snap-a")) == {first.run_id, second.run_id}
    second.end()
    assert link_snapshot("snap-b") == []
    third = SpoolRun.start("three")
    assert link_snapshot("snap-b") == [third.run_id]
    assert set(models.find_runs(snapshot_id="snap-a")) == {first.run_id, second.run_id}
    assert models.find_runs(notebook="/n.ipynb", snapshot_id="snap-a") == [second.run_id]
    assert models.get_run(third.run_id).snapshot_id == "snap-b"


def test_while_the_store_is_away_nothing_is_lost_and_nothing_half_written(mlnb_home, made_store, monkeypatch):
    run = SpoolRun.start("waits", {"a": 1})
    run.end()
    (mlnb_home / "in-the-way").write_text("")
    monkeypatch.setenv("MLNB_MODELS_TRACKING_URI", f"sqlite:///{mlnb_home}/in-the-way/mlflow.db")
    with pytest.raises(StoreUnavailable):
        build_services(folder=mlnb_home).models.flush()
    (mlnb_home / "in-the-way").unlink()
    (mlnb_home / "in-the-way").mkdir()
    (mlnb_home / "in-the-way" / "mlflow.db").write_bytes(made_store.read_bytes())
    assert build_services(folder=mlnb_home).models.flush(10).runs == [run.run_id]


def test_a_store_of_a_newer_mlflow_is_refused_and_left_alone(models, home):
    with sqlite3.connect(home / "mlflow.db") as connection:
        connection.execute("update alembic_version set version_num = 'ffffffffffff'")
    before = (home / "mlflow.db").read_bytes()
    with pytest.raises(StoreUnavailable, match="newer MLflow"):
        models.list_runs()
    assert (home / "mlflow.db").read_bytes() == before


def test_events_tell_of_new_runs_and_models(models, golden_spool, home):
    put_model(golden_spool)
    outbox = build_services(folder=home).outbox
    models.deliver(golden_spool)
    models.register(RUN, "second")
    told = [(entry.event.name, entry.event.subject) for entry in outbox.read(0)]
    assert ("run_logged", RUN) in told
    assert told[-1] == ("model_registered", "second")


EIGHT = """
import os
import mlnb.models.plugins.mlflow_open as mlflow_open
mlflow_open.silence()
import mlnb.models.plugins.mlflow_delivery
from mlnb.kernel.runs import SpoolRun
from mlnb.wiring import build_services

def log_and_deliver():
    for n in range(2):
        run = SpoolRun.start("one", {"n": n})
        run.log_metrics({"m": n})
        run.end()
    build_services().models.deliver()

children = []
for _ in range(8):
    child = os.fork()  # MLflow is imported once, the store is opened eight times
    if child == 0:
        code = 1
        try:
            log_and_deliver()
            code = 0
        finally:
            os._exit(code)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""


def test_eight_processes_on_a_new_store_lose_nothing(mlnb_home):
    done = subprocess.run([sys.executable, "-c", EIGHT], cwd=mlnb_home, capture_output=True, text=True)
    assert done.stdout.strip() == str([0] * 8), done.stderr
    page = build_services(folder=mlnb_home).models.list_runs()
    assert page.total == 16
    assert sorted(run.metrics["m"] for run in page.runs) == [0.0] * 8 + [1.0] * 8
    assert {run.status for run in page.runs} == {"FINISHED"}
