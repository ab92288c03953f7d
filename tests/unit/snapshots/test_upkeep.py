"""Keeping house: what goes and what stays, sizes, a purge that leaves nothing, copies in a remote store."""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.core.errors import BadInput, Damaged, StoreUnavailable
from mlnb.core.home import home
from mlnb.core.wire import dumps
from mlnb.snapshots.errors import SnapshotNotFound
from mlnb.snapshots.plugins import checking, purging
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.limits import Limits
from mlnb.snapshots.plugins.remote import RemotePacks
from mlnb.snapshots.plugins.texts import texts_of
from mlnb.snapshots.rules.retention import Retention
from mlnb.snapshots.upkeep import Upkeep
from mlnb.store.blobs import FsspecBlobStore

SECRET = "s3cr3t-of-ana-0815"


class Now:
    def __init__(self):
        self.at = datetime.now(UTC)

    def __call__(self):
        return self.at


@pytest.fixture
def world():
    """What the upkeep is told and tells."""

    class World:
        events, linked, indexed, log, now = [], set(), [], [], Now()
        publish = events.append

    World.events, World.linked, World.indexed, World.log = [], set(), [], []
    World.publish = staticmethod(World.events.append)
    return World


@pytest.fixture
def upkeep(world):
    def make(retention=None, remote=None, drop_local_days=0.0):
        return Upkeep(
            SnapshotFiles(), world, retention or Retention(), Limits(), lambda: world.linked,
            lambda changed, gone: world.indexed.append((list(changed), list(gone))),
            remote=(lambda files: RemotePacks(files, remote)) if remote else None,
            drop_local_days=drop_local_days, log=world.log.append, clock=world.now,
        )  # fmt: skip

    return make


def take(notebook, reason="", **values):
    for name, value in values.items():
        notebook[name] = value
    taken = notebook.snapshots.take(reason)
    notebook.snapshots.flush()
    return taken.id


def grow_old():
    for path in (home() / "blobs").glob("??/*"):
        os.utime(path, (time.time() - 7200, time.time() - 7200))


def test_what_the_rules_do_not_keep_goes_with_its_bytes(notebook, upkeep, world):
    ids = [take(notebook, x=bytes([number]) * 5000) for number in range(5)]
    named = take(notebook, "the good one", x=b"good" * 5000)
    linked = take(notebook, x=b"linked" * 5000)
    rest = [take(notebook, x=bytes([number]) * 6000) for number in range(3)]
    world.linked.add(linked)
    grow_old()
    keeper = upkeep(Retention(keep_last=2, keep_daily_days=0))
    assert keeper.clean().snapshots == ()  # an hour has not passed
    world.now.at += timedelta(hours=2)
    before = keeper.usage()
    promised = keeper.clean(is_dry_run=True)
    assert keeper.usage() == before
    done = keeper.clean()
    assert (done.snapshots, done.size_bytes, done.files) == (promised.snapshots, promised.size_bytes, promised.files)
    assert set(done.snapshots) == {*ids, rest[0]}
    assert dict(done.kept) == {"last": 2, "named": 1, "linked": 1}
    assert SnapshotFiles().ids() == sorted([named, linked, *rest[1:]], reverse=True)
    assert done.size_bytes > 0
    assert keeper.verify().is_ok
    assert world.indexed == [([], list(done.snapshots))]
    notebook.snapshots.restore(named)
    assert notebook["x"] == b"good" * 5000


def test_it_is_done_when_it_is_due_and_never_raises(notebook, upkeep, world):
    take(notebook, x=1)
    keeper = upkeep()
    assert keeper.if_due()
    assert not keeper.if_due()
    assert keeper.if_due(every_s=0)
    (home() / "snapshots" / SnapshotFiles().ids()[0] / "manifest.json").write_text("{}")
    assert not keeper.if_due(every_s=0)
    assert "not cleaned up" in world.log[0]
    keeper.soon()
    keeper._running.join()


def test_sizes_for_each_notebook_and_in_all(new_notebook, upkeep):
    one, two = new_notebook(), new_notebook()
    two.snapshots._notebook = lambda: Path("/work/two.ipynb")
    shared = os.urandom(40_000)
    take(one, a=shared, b=os.urandom(20_000))
    take(one, a=shared)
    take(two, a=shared, c=os.urandom(10_000))
    used = upkeep().usage()
    assert used.snapshots == 3
    first, second = used.notebooks
    assert (first.notebook, first.snapshots, second.notebook, second.snapshots) == (None, 2, "/work/two.ipynb", 1)
    assert first.size_bytes >= 60_000
    assert 20_000 <= first.own_bytes <= first.size_bytes - 40_000
    assert first.saved_bytes >= 120_000
    assert used.size_bytes >= 70_000
    assert used.unused_bytes == 0


def test_verify_names_snapshot_and_variable_and_no_other(notebook, upkeep):
    taken = take(notebook, left=os.urandom(9000), right=os.urandom(9000), small=[1])
    manifest = SnapshotFiles().read(taken)
    number = next(one for one in manifest.components if one.names == ("left",)).stream[0]
    chunk = manifest.chunks[number]
    path = home() / "blobs" / chunk.pack[:2] / chunk.pack
    whole = path.read_bytes()
    path.write_bytes(whole[: chunk.offset + 9] + b"?" + whole[chunk.offset + 10 :])
    found = upkeep().verify()
    assert [(one.snapshot, one.what) for one in found.problems] == [(taken, "variables left")]
    path.write_bytes(whole + b"more")
    assert upkeep().verify(taken).problems[0].what == "no variable, but a file it shares"
    path.unlink()
    assert "left, right, small" in upkeep().verify(taken).problems[0].what
    with pytest.raises(SnapshotNotFound):
        upkeep().verify("snap-none")


def everywhere(folder):
    """Every byte string under `folder`: files as they are, what is compressed in them, packed or not."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield path, data
        start = data.find(b"\x28\xb5\x2f\xfd")
        while start >= 0:
            with contextlib.suppress(zstandard.ZstdError):
                yield path, zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data[start:])).read()
            start = data.find(b"\x28\xb5\x2f\xfd", start + 1)


def shows(folder):
    return [path for path, data in everywhere(folder) if SECRET.encode() in data]


def test_a_purged_value_is_nowhere_and_the_others_are_untouched(notebook, upkeep, world, mlnb_home):
    big = b"other" * 4000
    ids = [take(notebook, door=SECRET, rows=[1, 2], big=big, alone={"k": SECRET * 50})]
    notebook.run("del alone")
    ids.append(take(notebook, rows=[1, 2, 3]))
    manifest = SnapshotFiles().read(ids[1])
    never = take(notebook, door="x" * 30)
    (home() / "snapshots" / ids[0] / "manifest.json").unlink()  # its copy of `alone` lies in a pack that others need
    del ids[0]
    assert shows(mlnb_home)
    done = upkeep().purge("door", why="it leaked")
    assert shows(mlnb_home) == []
    assert done.snapshots == tuple(sorted([*ids, never]))
    assert (done.traces, done.packs > 0, done.searched > 0) == ((), True, True)
    files = SnapshotFiles()
    after = files.read(ids[0])
    assert after.id == manifest.id
    assert after.variables["door"].state == "not_restorable"
    assert after.variables["door"].digest == ""
    assert "it leaked" in after.variables["door"].reason
    assert f"{datetime.now(UTC):%Y-%m-%d}" in after.variables["door"].reason
    assert {n: v for n, v in after.variables.items() if n != "door"} == {
        n: v for n, v in manifest.variables.items() if n != "door"
    }
    assert upkeep().verify().is_ok
    notebook.run("rows = big = door = None")
    back = notebook.snapshots.restore(ids[0])
    assert (notebook["rows"], notebook["big"]) == ([1, 2, 3], big)
    assert "it leaked" in back.not_restored["door"]
    assert world.indexed == [(list(done.snapshots), [])]


def test_what_shares_objects_with_it_goes_along_and_one_snapshot_can_be_meant(notebook, upkeep, mlnb_home):
    notebook.run(f"key = ['{SECRET}']; holder = {{'k': key}}; free = 5")
    first, second = take(notebook), take(notebook)
    done = upkeep().purge("key", first)
    assert done.along == {first: ("holder",)}
    assert "shared objects with key" in SnapshotFiles().read(first).variables["holder"].reason
    assert [trace.where for trace in done.traces] == [second]
    assert "holder" in done.traces[0].what
    upkeep().purge("key")
    assert shows(mlnb_home) == []
    assert upkeep().purge("key").snapshots == ()  # again: there is nothing left to do
    with pytest.raises(BadInput, match="nothing"):
        upkeep().purge("nothing")
    with pytest.raises(SnapshotNotFound):
        upkeep().purge("key", "snap-none")


def test_a_parameter_that_the_snapshot_recorded_goes_too(notebook, upkeep, mlnb_home):
    from mlnb.snapshots.plugins import around, packs, signed
    from mlnb.snapshots.plugins.files import MANIFEST
    from mlnb.snapshots.rules.purging import with_stream
    from mlnb.snapshots.surroundings import Surroundings

    taken, files = take(notebook, place=SECRET, rows=[1]), SnapshotFiles()
    manifest = files.read(taken)
    component = next(one for one in manifest.components if one.codec == around.CODEC)
    said = dumps(Surroundings(parameters={"place": repr(SECRET), "rows": "[1]"})).encode()
    changed = with_stream(manifest, component, packs.write_whole(files.blobs, said), "other")
    signed.write(files.folder / taken / "manifest.json", changed, MANIFEST)
    done = upkeep().purge("place", why="it leaked")
    assert done.snapshots == (taken,)
    assert shows(mlnb_home) == []
    found = around.surroundings_of(files.read(taken), files.blobs).parameters
    assert "it leaked" in found["place"]
    assert found["rows"] == "[1]"
    assert upkeep().purge("place").snapshots == ()


def test_a_damaged_value_goes_too_and_stores_of_jobs_are_not_forgotten(notebook, upkeep, mlnb_home, monkeypatch):
    with monkeypatch.context() as job:
        job.setenv("MLNB_HOME", str(mlnb_home / "jobs" / "job-1" / "1" / "home"))
        take(notebook, door=SECRET)
    taken = take(notebook, door=SECRET + "!", other=b"other" * 500)
    manifest = SnapshotFiles().read(taken)
    chunk = manifest.chunks[next(one for one in manifest.components if one.names == ("door",)).stream[0]]
    path = home() / "blobs" / chunk.pack[:2] / chunk.pack
    data = bytearray(path.read_bytes())
    data[chunk.offset + 1] ^= 1
    path.write_bytes(data)
    upkeep().purge("door")
    assert shows(mlnb_home) == []
    assert upkeep().verify().is_ok


def test_outputs_other_variables_and_files_that_show_it_are_named(notebook, upkeep, mlnb_home, tmp_path):
    taken = take(notebook, door=SECRET, config={"lock": SECRET})
    cells = [
        {"cell_type": "code", "id": "a", "source": [f"door = '{SECRET}'"], "metadata": {}, "outputs": []},
        {"cell_type": "code", "id": "b", "source": "door", "metadata": {},
         "outputs": [{"output_type": "stream", "name": "stdout", "text": SECRET}]},
    ]  # fmt: skip
    (tmp_path / "nb.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    from mlnb.snapshots.plugins import packs
    from mlnb.snapshots.types import Document

    files = SnapshotFiles()
    content = packs.write_whole(files.blobs, (tmp_path / "nb.ipynb").read_bytes())
    files.attach(Document(taken, "/nb.ipynb", None, datetime.now(UTC), content))
    (mlnb_home / "logs").mkdir()
    (mlnb_home / "logs" / "kernel.log").write_text(f"said {SECRET}")
    done = upkeep().purge("door")
    assert [(one.where, one.what) for one in done.traces] == [
        (taken, "variable config"),
        (taken, "the source of cell 1"),
        (taken, "the output of cell 2"),
        (str(mlnb_home / "logs" / "kernel.log"), "a file"),
    ]


def test_a_purge_that_is_killed_leaves_a_whole_store_and_can_be_done_again(notebook, upkeep, mlnb_home, monkeypatch):
    ids = [take(notebook, door=SECRET, rows=list(range(number))) for number in range(4)]
    for stop in range(6):
        seen = []

        def write(*given, stop=stop, seen=seen, real=purging._write, **named):
            if len(seen) == stop:
                raise KeyboardInterrupt
            seen.append(given)
            real(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr(purging, "_write", write)
            try:
                upkeep().purge("door")
            except KeyboardInterrupt:
                assert stop < 4
        assert checking.verify(SnapshotFiles(), SnapshotFiles().ids()).is_ok
    assert upkeep().purge("door").snapshots == ()
    grow_old()
    upkeep().purge("door")
    assert shows(mlnb_home) == []
    assert set(SnapshotFiles().ids()) == set(ids)


def test_a_snapshot_of_somebody_else_stays_foreign_when_it_is_purged(
    notebook, upkeep, mlnb_home, monkeypatch, tmp_path
):
    taken = take(notebook, door=SECRET, rows=[1])
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other"))
    files = SnapshotFiles()
    assert not files.read_any(taken)[1]
    done = upkeep().purge("door")
    assert any("nobody's signature" in note for note in done.notes)
    assert shows(mlnb_home) == []
    assert not files.read_any(taken)[1]
    monkeypatch.setenv("MLNB_KEYS", str(mlnb_home / "keys"))
    assert not files.read_any(taken)[1]


def test_texts_are_found_without_running_anything(tmp_path):
    import pickle

    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "ran"), "w")

    found = texts_of(pickle.dumps({"door": [SECRET, b"bytes-secret"], "trap": Trap()}, 5), without=("door",))
    assert {SECRET, "bytes-secret"} <= found
    assert not (tmp_path / "ran").exists()
    assert texts_of(b"no pickle") == set()


@pytest.fixture(params=["memory", "file"])
def remote(request, tmp_path):
    url = f"memory://{tmp_path}/far" if request.param == "memory" else f"file://{tmp_path}/far"
    return FsspecBlobStore(url)


def test_values_are_copied_dropped_here_and_fetched_when_needed(notebook, upkeep, world, remote):
    kept = take(notebook, "keep", x=b"value" * 4000)
    keeper = upkeep(remote=remote, drop_local_days=1)
    done = keeper.clean()
    assert done.uploaded == keeper.usage().packs > 0
    assert (keeper.clean().uploaded, done.dropped) == (0, 0)
    grow_old()
    world.now.at += timedelta(days=2)
    done = keeper.clean()
    assert done.dropped > 0
    assert not list((home() / "blobs").glob("??/*"))
    assert keeper.usage().away_bytes > 0
    assert keeper.verify().is_ok
    notebook.run("x = None")
    with pytest.raises(Damaged, match="remote store only") as caught:
        notebook.snapshots.restore(kept)
    assert "mlnb snapshot fetch" in caught.value.hint
    assert keeper.fetch(kept) > 0
    notebook.snapshots.restore(kept)
    assert notebook["x"] == b"value" * 4000
    assert keeper.fetch() == 0


def test_what_is_damaged_elsewhere_is_named_and_what_nobody_needs_goes_there_too(notebook, upkeep, world, remote):
    take(notebook, "base")
    take(notebook, x=b"old" * 4000)
    kept = take(notebook, "keep", x=b"new" * 4000, door=SECRET)
    keeper = upkeep(Retention(1, 0), remote=remote, drop_local_days=1)
    keeper.clean()
    there = RemotePacks(SnapshotFiles(), remote).ids()
    grow_old()
    world.now.at += timedelta(days=2)
    take(notebook, x=1)
    keeper.clean()
    after = RemotePacks(SnapshotFiles(), remote).ids()
    assert there - after
    assert not any(remote.has(pack) for pack in there - after)
    old = set(after)
    keeper.purge("door")
    assert old - RemotePacks(SnapshotFiles(), remote).ids()
    keeper.clean()
    assert keeper.verify(kept).is_ok


def test_a_remote_store_that_does_not_answer_loses_nothing(notebook, upkeep, world):
    class Away:
        def put(self, data):
            raise StoreUnavailable("the bucket does not answer", "Wait.")

        get = delete = put

    kept = take(notebook, "keep", x=b"value" * 4000)
    keeper = upkeep(remote=Away(), drop_local_days=1)
    grow_old()
    world.now.at += timedelta(days=2)
    done = keeper.clean()
    assert "does not answer" in done.note
    assert (done.uploaded, done.dropped) == (0, 0)
    assert keeper.verify(kept).is_ok


def cli(*arguments, **given):
    done = CliRunner().invoke(root, ["snapshot", *map(str, arguments)], standalone_mode=False, **given)
    if done.exception is not None:
        raise done.exception
    return done.return_value or 0, done.output


def test_the_command_line(notebook, monkeypatch, tmp_path):
    monkeypatch.setenv("MLNB_STORE_BLOBS_URL", f"file://{tmp_path}/far")
    taken = take(notebook, "keep", door=SECRET, x=1)
    assert json.loads(cli("gc", "--json")[1])["uploaded"] > 0
    assert list((tmp_path / "far" / "snapshots").glob("home-*/??/*"))
    assert json.loads(cli("du", "--json")[1])["notebooks"][0]["snapshots"] == 1
    assert "kernels without a notebook" in cli("du")[1]
    assert cli("fetch", taken)[1].startswith("0 files")
    with pytest.raises(BadInput, match="cannot be undone"):
        cli("purge", "--name", "door")
    text = cli("purge", "--name", "door", "--reason", "leaked", "--yes")[1]
    assert "gone from 1 snapshots" in text
    assert "cannot be undone" in text
    assert shows(home()) == []
    assert shows(tmp_path / "far") == []
    assert cli("verify", taken)[0] == 0
    listed = json.loads(cli("list", "--json")[1])
    assert "leaked" in listed["snapshots"][0]["variables"]["door"]["reason"]
    cli("export", taken, tmp_path / "one.zip")
    assert zipfile.is_zipfile(tmp_path / "one.zip")
