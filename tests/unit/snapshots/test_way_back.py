"""Going back from outside a kernel: preview, consent, undo, and a notebook that starts from a snapshot."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.core import current
from mlnb.core.errors import BadInput, Conflict, NotTrusted
from mlnb.snapshots.errors import NoLiveKernel
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.repo import SnapshotRepo
from mlnb.snapshots.service import SnapshotsService
from mlnb.store.core_tables import Outbox
from mlnb.store.database import Database


def cell(number, source, outputs=()):
    return {
        "cell_type": "code",
        "id": f"c{number}",
        "source": source,
        "metadata": {},
        "outputs": list(outputs),
        "execution_count": None,
    }


def write(path, *cells):
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def document(tmp_path):
    return write(tmp_path / "nb.ipynb", cell(1, "x = 1"), cell(2, "y = x"))


@pytest.fixture
def kernels():
    return []


@pytest.fixture
def service(kernels, notebook):
    def call(connection_file, name, arguments, timeout_s):
        return json.loads(json.dumps(notebook.snapshots.door_functions()[name](**arguments)))

    database = Database("sqlite:///:memory:")
    made = SnapshotsService(
        SnapshotRepo(database), SnapshotFiles(), Outbox(database), lambda: kernels, SimpleNamespace(call=call)
    )
    current.fill("snapshots", made)
    yield made
    current.clear("snapshots")
    database.close()


@pytest.fixture
def live(document, kernels, notebook):
    notebook.snapshots._notebook = lambda: document
    kernels.append(SimpleNamespace(pid=7, connection_file="k.json", notebook=str(document)))
    return notebook


def cli(*arguments):
    done = CliRunner().invoke(root, ["snapshot", *map(str, arguments)], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_a_preview_asks_the_live_kernel_and_compares_the_saved_cells(service, document, live, kernels):
    live.run("x = 1; y = [x]")
    taken = service.take(document).snapshot
    live.run("y.append(2); z = 1")
    write(document, cell(2, "y = x + 1"), cell(3, "new"))
    seen = json.loads(cli("restore", taken.id, "--dry-run", "--json"))
    assert {one["name"]: one["action"] for one in seen["variables"]} == {"x": "keep", "y": "load"}
    assert [(one["cell_id"], one["kind"]) for one in seen["cells"]] == [
        ("c2", "edited"),
        ("c3", "added"),
        ("c1", "removed"),
    ]
    assert (seen["removed"], seen["has_kernel"]) == (["z"], True)
    words = cli("restore", taken.id, "--dry-run")
    assert "nothing was changed" in words
    assert "1 edited" in words
    kernels.clear()
    alone = service.preview(taken.id)
    assert (alone.has_kernel, {one.now for one in alone.variables}) == (False, {"unknown"})
    assert "No live kernel" in cli("restore", taken.id, "--dry-run")
    assert live["y"] == [1, 2]


def test_a_restore_is_taken_back_and_done_again_from_the_command_line(service, document, live):
    live.run("x = 1")
    taken = service.take(document).snapshot
    live.run("x = 2")
    assert "To take this back" in cli("restore", taken.id)
    seen = [live["x"]]
    for verb in ("undo", "redo"):
        cli(verb, document)
        seen.append(live["x"])
    assert seen == [1, 2, 1]
    with pytest.raises(Conflict):
        service.undo(document, redo=True)
    with pytest.raises(NoLiveKernel):
        service.undo(document.with_name("other.ipynb"))


def test_a_foreign_snapshot_is_loaded_after_one_consent(service, document, live, tmp_path, monkeypatch):
    live.run("x = 1; f = lambda: x")
    taken = service.take(document).snapshot
    path = service.export(taken.id, tmp_path / "state.zip")
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "other-home"))
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other-keys"))
    assert "foreign" in cli("import", path)
    assert "--trust" in cli("restore", taken.id, "--dry-run")
    live.run("x = 2; f = None")
    with pytest.raises(NotTrusted):
        cli("restore", taken.id)
    cli("restore", taken.id, "--name", "x")  # a number is data
    assert (live["x"], live["f"]) == (1, None)
    cli("restore", taken.id, "--trust")
    assert live["f"]() == 1
    assert "(foreign)" not in cli("list")


def test_a_notebook_starts_from_a_snapshot_in_a_fresh_kernel(
    service, document, live, new_notebook, tmp_path, monkeypatch
):
    live.run("x = [1, 2]")
    taken = service.take(document).snapshot
    target = tmp_path / "again.ipynb"
    cli("restore", taken.id, "--to", target, "--start")
    cells = json.loads(target.read_text())["cells"]
    assert [one["source"] for one in cells[1:]] == ["x = 1", "y = x"]
    fresh = new_notebook()
    current.fill("snapshots", fresh.snapshots)
    fresh.run(cells[0]["source"])
    assert fresh["x"] == [1, 2]
    current.fill("snapshots", service)
    before = target.read_bytes()
    with pytest.raises(Conflict):
        cli("restore", taken.id, "--to", target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".again")] == []
    for wrong in (("--start",), ("--to", target, "--trust"), ("--to", target, "--name", "x")):
        with pytest.raises(BadInput):
            cli("restore", taken.id, *wrong)


def test_a_document_alone_has_nothing_to_start_with(service, document, tmp_path):
    taken = service.take(document).snapshot
    with pytest.raises(Conflict, match="no variables"):
        service.write_document(taken.id, tmp_path / "o.ipynb", with_start=True)
    seen = service.preview(taken.id)
    assert (seen.variables, seen.cells, seen.needs_consent) == ((), (), False)
