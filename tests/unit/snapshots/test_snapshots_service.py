"""Snapshots from outside a kernel: the document, the index, checking, carrying away, the command line."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.core.errors import BadInput, Conflict, Damaged, NotFound, NotTrusted
from mlnb.core.home import home
from mlnb.snapshots.errors import KernelBusy, NoLiveKernel, SnapshotNotFound
from mlnb.snapshots.plugins import checking
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.repo import SnapshotRepo
from mlnb.snapshots.service import SnapshotsService
from mlnb.store.core_tables import Outbox
from mlnb.store.database import Database


@dataclass(frozen=True)
class Kernel:
    pid: int
    connection_file: str
    notebook: str | None


class Door:
    """Calls the kernel half of a notebook in this process."""

    def __init__(self):
        self.snapshots = None
        self.is_busy = False

    def call(self, connection_file, name, arguments, timeout_s):
        if self.is_busy:
            raise KernelBusy(f"the kernel did not answer within {timeout_s:g} s")
        return json.loads(json.dumps(self.snapshots.door_functions()[name](**arguments)))


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "nb.ipynb"
    cell = {"cell_type": "code", "id": "c", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": 1}
    path.write_text(
        json.dumps({"cells": [cell], "metadata": {"mlnb": {"id": "n-1"}}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


@pytest.fixture
def kernels():
    return []


@pytest.fixture
def door():
    return Door()


@pytest.fixture
def database():
    found = Database(f"sqlite:///{home() / 'mlnb.db'}")
    yield found
    found.close()


@pytest.fixture
def service(database, kernels, door):
    return SnapshotsService(
        SnapshotRepo(database), SnapshotFiles(), Outbox(database), lambda: kernels, door, lambda: "env-2"
    )


@pytest.fixture
def live(document, kernels, door, notebook):
    """The document has a live kernel; returns its notebook."""
    notebook.snapshots._notebook = lambda: document
    door.snapshots = notebook.snapshots
    kernels.append(Kernel(7, "/nowhere/kernel-7.json", str(document)))
    return notebook


def test_without_a_kernel_the_document_alone_is_kept_and_that_is_said(service, document, tmp_path, database):
    taken = service.take(document, "first")
    assert taken.part == "document"
    assert "without variables" in taken.note
    assert (taken.snapshot.has_kernel, taken.snapshot.has_document, taken.snapshot.variables) == (False, True, {})
    assert service.write_document(taken.snapshot.id, tmp_path / "again.ipynb").read_bytes() == document.read_bytes()
    with pytest.raises(Conflict, match="exists"):
        service.write_document(taken.snapshot.id, tmp_path / "again.ipynb")
    with pytest.raises(Conflict, match="document alone"):
        service.restore(taken.snapshot.id)
    assert [entry.event.name for entry in Outbox(database).read(0)] == ["snapshot_taken"]


def test_a_front_end_that_gives_its_document_first_is_no_error(service, document, live, door, tmp_path):
    shown = {**json.loads(document.read_text()), "cells": []}
    ask = door.call

    def told_meanwhile(connection_file, name, arguments, timeout_s):
        answer = ask(connection_file, name, arguments, timeout_s)
        if name == "snapshots.take":
            service.history.attach(answer["id"], document, shown, is_clean=True)
        return answer

    door.call = told_meanwhile
    taken = service.take(document, "both at once")
    assert taken.part == "kernel_and_document"
    assert json.loads(service.write_document(taken.snapshot.id, tmp_path / "kept.ipynb").read_text())["cells"] == []


def test_with_a_kernel_variables_and_document_are_kept_and_come_back(service, document, live, database):
    live.run("x = [1]")
    taken = service.take(document, "live")
    assert (taken.part, taken.snapshot.has_document, set(taken.snapshot.variables)) == (
        "kernel_and_document",
        True,
        {"x"},
    )
    live.run("x.append(2)")
    done = service.restore(taken.snapshot.id)
    assert live["x"] == [1]
    assert done.undo in {one.id for one in service.list(document).snapshots}
    assert [entry.event.name for entry in Outbox(database).read(0)] == ["snapshot_taken", "snapshot_restored"]


def test_no_kernel_and_a_busy_kernel_are_told_apart(service, document, live, door, kernels):
    taken = service.take(document)
    door.is_busy = True
    with pytest.raises(KernelBusy):
        service.take(document)
    kernels.clear()
    with pytest.raises(NoLiveKernel, match=r"nb\.ipynb"):
        service.restore(taken.snapshot.id)
    with pytest.raises(NoLiveKernel, match="99"):
        service.take(document, pid=99)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 1}', "not json"])
def test_what_is_no_notebook_is_refused_and_nothing_is_kept(service, tmp_path, content):
    (tmp_path / "bad.ipynb").write_text(content)
    with pytest.raises(BadInput, match=r"bad\.ipynb"):
        service.take(tmp_path / "bad.ipynb")
    with pytest.raises(NotFound, match=r"missing\.ipynb"):
        service.take(tmp_path / "missing.ipynb")
    assert service.list().total == 0


def test_the_index_follows_the_files_and_can_be_made_from_them(service, document, live, database):
    ids = [live.snapshots.take(str(number)).id for number in range(3)]
    live.snapshots.flush()
    assert {one.id for one in service.list(document).snapshots} == set(ids)
    database.close()
    (home() / "mlnb.db").unlink()
    assert service.index() == 3
    page = service.list(document, limit=2)
    assert (len(page.snapshots), page.total) == (2, 3)
    rest = service.list(document, limit=2, cursor=page.cursor)
    assert [one.id for one in (*page.snapshots, *rest.snapshots)] == sorted(ids, reverse=True)
    assert rest.cursor is None
    for path in (home() / "snapshots" / ids[0]).iterdir():
        path.unlink()
    assert service.list().total == 2
    with pytest.raises(BadInput):
        service.list(limit=0)


def test_a_document_is_attached_once(service, document, live):
    taken = live.snapshots.take()
    live.snapshots.flush()
    assert service.attach_document(taken.id, document).has_document
    assert service.attach_document(taken.id, document).has_document
    document.write_text(document.read_text().replace("x = 1", "x = 2"))
    with pytest.raises(Conflict, match="another document"):
        service.attach_document(taken.id, document)


def test_a_bundle_carries_everything_and_a_foreign_one_is_not_unpickled(
    service, document, live, tmp_path, monkeypatch, database
):
    live.run("x = [1]")
    taken = service.take(document).snapshot
    bundle = service.export(taken.id, tmp_path / "state.zip")
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "second"))
    own = service.import_bundle(bundle)
    assert (own.id, own.is_trusted, own.has_document) == (taken.id, True, True)
    last = Outbox(database).read(0)[-1].event
    assert (last.name, last.subject) == ("snapshot_taken", own.id)  # open windows show it
    assert checking.verify(SnapshotFiles(), [own.id]).is_ok
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "third"))
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other keys"))
    foreign = service.import_bundle(bundle)
    assert not foreign.is_trusted
    assert service.write_document(foreign.id, tmp_path / "out.ipynb").read_bytes() == document.read_bytes()
    with pytest.raises(NotTrusted):
        service.restore(foreign.id)


def test_a_bundle_with_other_things_in_it_is_refused(service, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as bundle:
        bundle.writestr("../outside", "x")
    with pytest.raises(BadInput, match="outside"):
        service.import_bundle(tmp_path / "bad.zip")
    (tmp_path / "no.zip").write_text("text")
    for name in ("no.zip", "missing.zip"):
        with pytest.raises(BadInput, match=name.replace(".", r"\.")):
            service.import_bundle(tmp_path / name)
    assert not (tmp_path / "outside").exists()


def test_snapshots_of_a_job_with_a_key_of_its_own_want_one_consent(service, document, live, tmp_path, monkeypatch):
    job_home = tmp_path / "job"
    with monkeypatch.context() as job:
        job.setenv("MLNB_HOME", str(job_home))
        job.setenv("MLNB_KEYS", str(tmp_path / "job keys"))
        live.run("x = [1]")
        taken = live.snapshots.take("end of job")
        live.snapshots.flush()
    assert service.adopt(job_home) == [taken.id]
    assert service.adopt(job_home) == [taken.id]
    assert not service.get(taken.id).is_trusted
    live.run("x = 2")
    with pytest.raises(NotTrusted, match="a job with a key of its own"):
        service.restore(taken.id, pid=7)
    service.restore(taken.id, pid=7, trust=True)
    assert live["x"] == [1]
    live.run("x = 3")
    service.restore(taken.id, pid=7)  # it was said once
    assert live["x"] == [1]
    assert service.get(taken.id).is_trusted


def test_a_damaged_blob_of_a_job_is_not_taken_over(service, live, tmp_path, monkeypatch):
    job_home = tmp_path / "job"
    with monkeypatch.context() as job:
        job.setenv("MLNB_HOME", str(job_home))
        live.run("x = [1]")
        taken = live.snapshots.take()
        live.snapshots.flush()
    path = next((job_home / "blobs").glob("??/*"))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(Damaged):
        service.adopt(job_home)
    with pytest.raises(SnapshotNotFound):
        service.get(taken.id)


def cli(*arguments):
    done = CliRunner().invoke(root, ["snapshot", *map(str, arguments)], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value or 0, done.output


def test_the_command_line(document, tmp_path, monkeypatch):
    code, text = cli("take", document, "--reason", "from the shell", "--json")
    first = json.loads(text)
    assert (code, first["part"], first["variables"], first["reason"]) == (0, "document", {}, "from the shell")
    second = json.loads(cli("take", document, "--json")[1])
    listed = json.loads(cli("list", document, "--json")[1])
    assert ([one["id"] for one in listed["snapshots"]], listed["total"]) == ([second["id"], first["id"]], 2)
    assert first["id"] in cli("list")[1]
    assert "from the shell" in cli("show", first["id"])[1]
    assert cli("diff", first["id"], second["id"])[0] == 0
    assert cli("verify")[0] == 0
    assert "2 snapshots" in cli("du")[1]
    assert "0 files" in cli("gc", "--dry-run")[1]
    assert json.loads(cli("restore", first["id"], "--to", tmp_path / "o.ipynb", "--json")[1])["output"] == str(
        tmp_path / "o.ipynb"
    )
    cli("export", first["id"], tmp_path / "s.zip")
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "second"))
    assert first["id"] in cli("import", tmp_path / "s.zip")[1]
    pack = next(Path(os.environ["MLNB_HOME"]).glob("blobs/??/*"))
    pack.write_bytes(b"damaged")
    assert cli("verify")[0] == 3
    with pytest.raises(Conflict, match="document alone"):
        cli("restore", "--name", "x", json.loads(cli("take", document, "--json")[1])["id"])
