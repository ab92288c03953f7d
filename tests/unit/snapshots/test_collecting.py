"""Clearing away never takes what is referred to: random stores, takes at the same time, a collector that is killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlnb.core.content import blob_path
from mlnb.core.errors import Damaged
from mlnb.core.home import home
from mlnb.snapshots.plugins import checking, packs
from mlnb.snapshots.plugins.collecting import References, clear
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.holding import hold, put_back, take_away
from mlnb.snapshots.types import Component, Manifest, Variable

LONG_AGO = time.time() - 7200


def manifest(number, names=("x",), components=()):
    variable = Variable("saved", "bytes", 1, "d")
    return Manifest(
        f"snap-{number}", datetime(2026, 1, 1, tzinfo=UTC), "", None, "ana", "s", True, "", None, "3.12", "0",
        variables=dict.fromkeys(names, variable), components=components,
    )  # fmt: skip


def grow_old(files):
    for path in [*files.blobs.glob("**/*"), *files.folder.glob("**/*")]:
        os.utime(path, (LONG_AGO, LONG_AGO))


def write(files, number, values, known):
    """A snapshot of byte strings, one variable each; `known` learns where each lies."""
    pieces = {digest: bytes(piece) for value in values for digest, piece in packs.chunks_of(value)}
    used = list(pieces)
    names = [f"v{place}" for place in range(len(used))]
    components = tuple(Component((name,), "raw", used[place], (place,), ()) for place, name in enumerate(names))
    new = {digest: piece for digest, piece in pieces.items() if digest not in known}
    whole = files.write(manifest(number, names, components), known, new, used)
    known.update({chunk.digest: chunk for chunk in whole.chunks})
    return whole


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=8),
    st.sets(st.integers(0, 8)),
    st.booleans(),
)
def test_what_a_snapshot_refers_to_stays_and_what_none_does_goes(contents, going, is_old):
    shutil.rmtree(home() / "store", ignore_errors=True)
    files, known = SnapshotFiles(home() / "store"), {}
    whole = [write(files, n, [bytes([v]) * 300 for v in values], known) for n, values in enumerate(contents)]
    if is_old:
        grow_old(files)
    going = {f"snap-{number}" for number in going}
    promised = clear(References(files), lambda _: going, is_dry_run=True)
    done = clear(References(files), lambda _: going, is_dry_run=False)
    assert promised == done
    kept = [one for one in whole if one.id not in going]
    assert set(files.ids()) == {one.id for one in kept}
    assert checking.verify(files, files.ids()).is_ok
    left = {path.name for path in files.blobs.glob("??/*")}
    used = {chunk.pack for one in kept for chunk in one.chunks}
    assert used <= left
    assert not is_old or left == used


def test_who_holds_a_pack_keeps_it(tmp_path):
    files, known = SnapshotFiles(tmp_path), {}
    one = write(files, 1, [b"x" * 500], known)
    pack = one.chunks[0].pack
    grow_old(files)
    assert hold(files.blobs, [pack, "0" * 64]) == {"0" * 64}
    clear(References(files), lambda _: ["snap-1"], is_dry_run=False)
    assert (files.blobs / blob_path(pack)).exists()
    grow_old(files)
    clear(References(files), lambda _: [], is_dry_run=False)
    assert hold(files.blobs, [pack]) == {pack}


def test_a_pack_that_was_put_aside_when_the_collector_died_comes_back(tmp_path):
    files, known = SnapshotFiles(tmp_path), {}
    one = write(files, 1, [b"x" * 500], known)
    path = files.blobs / blob_path(one.chunks[0].pack)
    path.rename(path.with_name(".gone." + path.name))
    clear(References(files), lambda _: [], is_dry_run=False)
    assert checking.verify(files, files.ids()).is_ok
    os.utime(path)
    assert not take_away(path, 3600)
    assert path.exists()
    assert take_away(path, -1)
    put_back(files.blobs)
    assert not path.exists()


def test_leftovers_of_interrupted_writes_go_and_blobs_of_others_stay(tmp_path):
    files, known = SnapshotFiles(tmp_path), {}
    write(files, 1, [b"x" * 500], known)
    (files.folder / "snap-half").mkdir()
    (files.folder / "snap-half" / "document.json").write_text("{}")
    (files.blobs / ".pack.abc").write_bytes(b"half")
    (files.folder / "snap-1" / ".manifest.json.tmp").write_bytes(b"half")
    foreign = files.blobs / blob_path("ab" + "0" * 62)
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_bytes(b"another area's blob")
    assert clear(References(files), lambda _: [], is_dry_run=False).files == 0
    grow_old(files)
    assert clear(References(files), lambda _: [], is_dry_run=False).files == 3
    assert foreign.exists()
    assert files.ids() == ["snap-1"]
    assert not (files.folder / "snap-half").exists()


def test_nothing_goes_while_a_manifest_cannot_be_read(tmp_path):
    files, known = SnapshotFiles(tmp_path), {}
    write(files, 1, [b"x" * 500], known)
    write(files, 2, [b"y" * 500], known)
    (files.folder / "snap-1" / "manifest.json").write_text("{}")
    grow_old(files)
    before = sorted(tmp_path.glob("**/*"))
    with pytest.raises(Damaged):
        clear(References(files), lambda _: ["snap-2"], is_dry_run=False)
    assert sorted(tmp_path.glob("**/*")) == before


def test_a_kernel_whose_old_packs_were_cleared_away_saves_the_values_anew(new_notebook):
    notebook = new_notebook()
    notebook.run("x = b'value' * 1000; y = [1]")
    first = notebook.snapshots.take()
    notebook.snapshots.flush()
    files = SnapshotFiles()
    for _ in range(2):
        for snapshot_id in files.ids():
            grow_old(files)
            clear(References(files), lambda _, gone=snapshot_id: [gone], is_dry_run=False)
        assert not list(files.blobs.glob("??/*"))
        again = notebook.snapshots.take()
        notebook.snapshots.flush()
        assert checking.verify(files, [again.id]).is_ok
    before = {path.name for path in files.blobs.glob("??/*")}
    third = notebook.snapshots.take()
    notebook.snapshots.flush()
    assert {path.name for path in files.blobs.glob("??/*")} == before  # and known again
    notebook.run("x = y = None")
    notebook.snapshots.restore(third.id)
    assert (notebook["x"], notebook["y"]) == (b"value" * 1000, [1])
    assert first.id not in files.ids()


def test_by_thread_too(new_notebook, monkeypatch):
    from mlnb.snapshots.plugins import copies

    monkeypatch.setattr(copies, "why_not", lambda: "for the test")
    test_a_kernel_whose_old_packs_were_cleared_away_saves_the_values_anew(new_notebook)


COLLECT = """
import sys
from mlnb.snapshots.plugins.collecting import References, clear
from mlnb.snapshots.plugins.files import SnapshotFiles
files = SnapshotFiles()
print("on", flush=True)
while True:
    clear(References(files), lambda found: sorted(found.manifests)[:-2], is_dry_run=False, grace_s=float(sys.argv[1]))
"""


def age(files):
    """As if all that is stored had been there for long."""
    for path in files.blobs.glob("??/*"):
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (LONG_AGO, LONG_AGO))


@pytest.mark.parametrize("kill", [False, True])
def test_takes_while_another_process_clears_away_lose_nothing(new_notebook, kill):
    """The collector keeps the two latest snapshots only, all the time; in the second round it is killed over and over."""
    notebook, files = new_notebook(), SnapshotFiles()
    collector = None
    try:
        for number in range(12):
            if collector is None:
                collector = subprocess.Popen([sys.executable, "-c", COLLECT, "5"], stdout=subprocess.PIPE, text=True)
                collector.stdout.readline()
            notebook.run(f"import os; big = os.urandom(300_000); same = b'same' * 5000; n = {number}")
            age(files)
            taken = notebook.snapshots.take()
            notebook.snapshots.flush()
            if kill and number % 3 == 2:
                collector.send_signal(signal.SIGKILL)
                collector.wait()
                collector.stdout.close()
                collector = None
                assert checking.verify(files, files.ids()).is_ok
            assert taken.id in files.ids()
            notebook.run("big = same = n = None")
            notebook.snapshots.restore(taken.id)
            assert (notebook["n"], notebook["same"]) == (number, b"same" * 5000)
        assert checking.verify(files, files.ids()[:2]).is_ok
    finally:
        if collector is not None:
            collector.kill()
            collector.wait()
            collector.stdout.close()


PURGE = """
from mlnb.snapshots.plugins import purging
from mlnb.snapshots.plugins.files import SnapshotFiles
print("on", flush=True)
while True:
    purging.purge(SnapshotFiles(), "token", None, "purged by x")
"""


def test_takes_while_another_process_purges_lose_nothing(notebook):
    files, ids = SnapshotFiles(), []
    purger = subprocess.Popen([sys.executable, "-c", PURGE], stdout=subprocess.PIPE, text=True)
    try:
        purger.stdout.readline()
        for number in range(12):
            notebook.run(
                f"import os; token = 'secret {number}'; big = os.urandom(100_000); same = b'same' * 5000; n = {number}"
            )
            ids.append(notebook.snapshots.take().id)
            notebook.snapshots.flush()
        assert purger.poll() is None
    finally:
        purger.kill()
        purger.wait()
        purger.stdout.close()
    assert set(files.ids()) == set(ids)
    assert checking.verify(files, ids).is_ok
