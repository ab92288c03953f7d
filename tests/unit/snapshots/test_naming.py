"""Names of snapshots and being rid of them: by the command line, in Python, and what travels in a file."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import mlnb
from mlnb.cli.main import root
from mlnb.core import current
from mlnb.core.errors import BadInput, Conflict
from mlnb.snapshots.errors import SnapshotNotFound
from mlnb.snapshots.plugins.files import SnapshotFiles


@pytest.fixture(autouse=True)
def services():
    current.clear()
    yield
    current.clear()


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def call(*arguments):
    done = CliRunner().invoke(root, ["snapshot", *map(str, arguments)], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.output


def asked(*arguments):
    return json.loads(call(*arguments, "--json"))


def test_a_snapshot_gets_a_name_that_the_list_shows_and_loses_it(document):
    one = asked("take", document)["id"]
    assert "before lunch" in call("name", one, "before  lunch")
    assert "before lunch" in call("list", document)
    assert asked("show", one)["name"] == "before lunch"
    assert "no name" in call("name", one, "")
    assert asked("show", one)["name"] == ""
    with pytest.raises(BadInput, match="201 characters"):
        call("name", one, "x" * 201)


def test_snapshots_are_deleted_together_or_not_at_all(document):
    first, second = asked("take", document)["id"], asked("take", document)["id"]
    with pytest.raises(SnapshotNotFound, match="snap-none"):
        call("delete", first, "snap-none", "--yes")
    with pytest.raises(BadInput, match="needs a yes"):
        call("delete", first)
    assert asked("list", document)["total"] == 2
    assert asked("delete", first, second, first, "--yes") == {"deleted": [first, second]}
    assert asked("list", document)["total"] == 0
    assert SnapshotFiles().ids() == []


def test_a_damaged_snapshot_can_be_deleted(document):
    one = asked("take", document)["id"]
    (SnapshotFiles().folder / one / "manifest.json").write_text("{}")
    assert asked("delete", one, "--yes") == {"deleted": [one]}
    assert SnapshotFiles().ids() == []


def test_what_a_job_or_run_points_to_stays(document, monkeypatch):
    one = asked("take", document)["id"]
    services = current.service("snapshots")
    services._linked = lambda: {one}
    with pytest.raises(Conflict, match="points to"):
        services.history.delete(one)
    assert SnapshotFiles().ids() == [one]


def test_in_a_kernel_what_was_just_taken_can_be_named_and_deleted(notebook):
    notebook["x"] = [1]
    current.fill("snapshots", notebook.snapshots)
    taken = mlnb.snapshots.take()
    assert mlnb.snapshots.name(taken.id, "best").name == "best"
    current.clear("snapshots")
    assert asked("show", taken.id)["name"] == "best"
    mlnb.snapshots.delete(taken.id)
    with pytest.raises(SnapshotNotFound):
        mlnb.snapshots.delete(taken.id)


def test_a_name_travels_with_the_file_and_does_not_replace_one_that_is_here(document, tmp_path, monkeypatch):
    one = asked("take", document)["id"]
    unnamed, named = tmp_path / "unnamed.zip", tmp_path / "named.zip"
    call("export", one, unnamed)
    call("name", one, "best of all")
    call("export", one, named)
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other-keys"))
    current.clear()
    assert asked("import", unnamed)["name"] == ""
    assert asked("import", named)["name"] == "best of all"
    call("name", one, "mine")
    assert asked("import", named)["name"] == "mine"


def test_a_name_in_a_file_from_elsewhere_steers_no_terminal(document, tmp_path, monkeypatch):
    import zipfile

    one = asked("take", document)["id"]
    call("name", one, "best")
    call("export", one, tmp_path / "good.zip")
    with zipfile.ZipFile(tmp_path / "good.zip") as good, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        for entry in good.infolist():
            data = good.read(entry)
            if entry.filename == "bundle.json":
                data = json.dumps({**json.loads(data), "name": "\x1b[2J\nnice " + "x" * 500}).encode()
            bad.writestr(entry, data)
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "other"))
    current.clear()
    name = asked("import", tmp_path / "bad.zip")["name"]
    assert name.startswith("[2J nice xxx")
    assert len(name) == 200
