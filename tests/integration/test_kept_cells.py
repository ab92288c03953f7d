"""Cells tagged skip and frozen: the same in papermill, in tracked runs and when a notebook is verified."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.manager import start_new_kernel

from mlnb.jobs.folder import RunnerRequest, jobs_dir
from mlnb.jobs.types import JobRequest
from mlnb.order.errors import FrozenValueMissing
from mlnb.runner.execute import run_attempt
from mlnb.runner.foreground import run_here
from mlnb.wiring import build_services

pytestmark = pytest.mark.kernel


def write(path, *cells, metadata=None):
    """Cells as source, or (source, tag, printed text)."""
    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            **(metadata or {}),
        }
    )
    for number, cell in enumerate(cells):
        source, tag, text = cell if isinstance(cell, tuple) else (cell, "", "")
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
        made = nbformat.v4.new_code_cell(
            source, id=f"c{number}", outputs=outputs, metadata={"tags": [tag]} if tag else {}
        )
        notebook.cells.append(made)
    nbformat.write(notebook, path)
    return path


def snapshot_after(path, *sources):
    """Run the cells in a kernel of this notebook, its tags taken off meanwhile, and take a snapshot."""
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"frozen"', b'"later"'))
    manager, client = start_new_kernel(
        extra_arguments=["--ext=mlnb"], env={**os.environ, "MLNB_NOTEBOOK": str(path)}, cwd=str(path.parent)
    )
    try:
        for source in (*sources, "import mlnb\nmlnb.snapshots.take('kept').wait()"):
            reply = client.execute_interactive(source, timeout=60, output_hook=lambda message: None)
            assert reply["content"]["status"] == "ok", reply
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        path.write_bytes(before)


def texts(path):
    return [
        "".join(output.get("text", "") for output in cell.outputs) for cell in nbformat.read(path, as_version=4).cells
    ]


def states(path):
    return [cell.metadata.papermill.status for cell in nbformat.read(path, as_version=4).cells]


SLOW = "import os\nos.environ['RAN'] = 'yes'\nx = [1, 2, 3]\nprint('made x')"


@pytest.fixture
def frozen(tmp_path):
    return write(
        tmp_path / "nb.ipynb",
        "a = 1",
        (SLOW, "frozen", "made x\n"),
        ("raise ValueError('never')", "skip", "old"),
        "print(len(x) + a)",
    )


@pytest.fixture
def events():
    return []


def listener(events):
    return lambda event, **fields: events.append((event, fields.get("state", ""), fields.get("index")))


def test_papermill(frozen, tmp_path, monkeypatch):
    snapshot_after(frozen, SLOW)
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        frozen, out, engine_name="mlnb", kernel_name="python3", progress_bar=False, cwd=str(tmp_path)
    )
    assert texts(out) == ["", "made x\n", "", "4\n"]
    assert states(out) == ["completed", "frozen", "skipped", "completed"]


@pytest.mark.parametrize("mode", ["block", "linear"])
def test_a_tracked_run_in_the_modes_that_refuse(frozen, tmp_path, events, mode):
    notebook = nbformat.read(frozen, as_version=4)
    notebook.metadata["mlnb"] = {"order": {"mode": mode}}
    nbformat.write(notebook, frozen)
    snapshot_after(frozen, "a = 1", SLOW)
    result, out = run_here(frozen, {}, tmp_path / "out.ipynb", None, listener(events))
    assert (result.exit_code, result.error) == (0, "")
    assert texts(out) == ["", "made x\n", "", "4\n"]
    assert [(event, state, index) for event, state, index in events if event in ("cell_kept", "cell_ended")] == [
        ("cell_ended", "succeeded", 0), ("cell_kept", "frozen", 1), ("cell_kept", "skipped", 2), ("cell_ended", "succeeded", 3),
    ]  # fmt: skip


def test_without_the_values_nothing_runs(frozen, tmp_path, events):
    result, _ = run_here(frozen, {}, tmp_path / "out.ipynb", None, listener(events))
    assert result.exit_code == 1
    assert "cell 2 is frozen" in result.error
    assert "there is no snapshot of this notebook that holds `x`" in result.error
    assert not [event for event, _, _ in events if event == "cell_started"]
    with pytest.raises(FrozenValueMissing) as caught:
        build_services().order.verify(frozen)
    assert "take a snapshot" in caught.value.hint


@pytest.mark.parametrize(
    ("ran", "why"),
    [
        (["x = [9]"], "in no snapshot of this notebook had the cell run as it is now"),
        ([SLOW, "x.append(4)"], "other cells may have changed `x`"),
        ([SLOW, "del x"], "`x` is not in the snapshot"),
    ],
)
def test_a_snapshot_of_other_values_is_not_used(frozen, ran, why):
    snapshot_after(frozen, *ran)
    with pytest.raises(FrozenValueMissing, match=why.replace("`", ".")):
        build_services().order.verify(frozen)


def test_the_snapshot_of_a_job_is_not_used(tmp_path):
    path = write(tmp_path / "nb.ipynb", "n = 1", "x = n", "print(x)")
    assert run_here(path, {}, None, None, lambda *_, **__: None)[0].snapshot_id
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = ["frozen"]
    nbformat.write(notebook, path)
    with pytest.raises(FrozenValueMissing):
        build_services().order.verify(path)


def test_verify_keeps_them_too_and_leaves_no_snapshot(frozen, mlnb_home):
    snapshot_after(frozen, SLOW)
    before = sorted(path.name for path in (mlnb_home / "snapshots").glob("snap-*"))
    found = build_services().order.verify(frozen)
    assert [(cell.verdict, cell.kept) for cell in found.cells] == [
        ("identical", ""), ("not_run", "frozen"), ("not_run", "skip"), ("identical", ""),
    ]  # fmt: skip
    assert (found.compared_with, found.first_different) == ("second_run", None)
    assert sorted(path.name for path in (mlnb_home / "snapshots").glob("snap-*")) == before


def test_a_frozen_cell_that_nothing_builds_on_needs_no_snapshot(tmp_path):
    path = write(tmp_path / "nb.ipynb", ("print('drawn')", "frozen", "drawn\n"), "print(1)")
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(path, out, engine_name="mlnb", kernel_name="python3", progress_bar=False)
    assert texts(out) == ["drawn\n", "1\n"]


def test_verify_logs_to_no_server_of_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1/nobody")
    monkeypatch.setenv("MLFLOW_RUN_ID", "somebody-elses")
    code = "import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('m', 1.0)\nprint(mlflow.get_tracking_uri().split(':')[0])"
    path = write(tmp_path / "nb.ipynb", (code, "", "mlnb-spool\n"))
    found = build_services().order.verify(path)
    assert (found.verdict, found.written) == ("identical", [])
    assert json.dumps([str(one) for one in Path(tmp_path).rglob("*")]).count("mlruns") == 0


def test_a_job_takes_the_values_along_and_needs_no_snapshot_of_the_user_any_more(frozen, mlnb_home):
    snapshot_after(frozen, "secret = 'not for the job'", SLOW)
    folder = mlnb_home / "attempt"
    build_services()._lend_frozen_values(frozen, folder / "values")
    for path in (mlnb_home / "snapshots").glob("snap-*"):
        shutil.rmtree(path)
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"secret" not in stored
    (folder / "input.ipynb").write_bytes(frozen.read_bytes())
    request = RunnerRequest("job-1", 1, str(frozen), "python3", cwd=str(frozen.parent))
    result = run_attempt(folder, request, lambda *_args, **_fields: None)
    assert (result.exit_code, result.error) == (0, "")
    assert texts(folder / "output.ipynb") == ["", "made x\n", "", "4\n"]
    assert [path.name for path in (mlnb_home / "snapshots").glob("snap-*")] == [result.snapshot_id]


def test_a_job_whose_frozen_values_cannot_be_had_is_refused_when_it_is_submitted(frozen):
    services = build_services()
    with pytest.raises(FrozenValueMissing, match="there is no snapshot of this notebook that holds") as caught:
        services.jobs.submit(JobRequest(str(frozen)))
    assert "take a snapshot" in caught.value.hint
    assert services.jobs.list().total == 0
    assert not list(jobs_dir().glob("*"))
