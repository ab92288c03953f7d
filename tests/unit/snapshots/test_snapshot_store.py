"""The files: their form, damage, foreign hands, a killed writer, a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlnb.core.errors import Damaged, NotTrusted, StoreUnavailable
from mlnb.core.wire import to_wire
from mlnb.snapshots.plugins import checking
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.loading import read_contents
from mlnb.snapshots.types import Manifest

GOLDEN = Path(__file__).parents[2] / "golden" / "snapshots"
HEAD = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from mlnb.kernel.snapshots import KernelSnapshots
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
snapshots = KernelSnapshots(shell, link=lambda _: None, notebook=lambda: None)
"""


def python(code, *arguments, check=True, **environment):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code, *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr
    return done


def test_another_process_restores_what_this_one_took(notebook):
    notebook.run(
        "import numpy as np, collections\n"
        "a = np.arange(6).reshape(2, 3); v = a[:, 1]; words = {'x', 'y'}\n"
        "class K:\n    def __init__(self): self.words = words\n"
        "k = K(); count = collections.Counter('abca')\n"
        "def f(n): return n + len(words)"
    )
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    done = python(
        "done = snapshots.restore(sys.argv[1]); ns = shell.user_ns\n"
        "ns['a'][0, 1] = 50\n"
        "print(done.not_restored, ns['v'].tolist(), ns['k'].words is ns['words'], ns['f'](1), ns['count']['a'], type(ns['k']) is ns['K'])",
        taken.id,
        PYTHONHASHSEED="7",
    )
    assert done.stdout.strip() == "{} [50, 4] True 3 2 True"


@pytest.fixture
def stored(notebook):
    notebook.run("a = [1, 2, 'three']; big = b'x' * 5000 + bytes(range(256)) * 20")
    taken = notebook.snapshots.take("golden")
    notebook.snapshots.flush()
    return taken.id


def everything(files, snapshot_id):
    manifest = files.read(snapshot_id)
    return read_contents(manifest, files.blobs, manifest.components)


def test_one_changed_byte_anywhere_is_seen_before_anything_is_loaded(notebook, stored, mlnb_home):
    manifest = mlnb_home / "snapshots" / stored / "manifest.json"
    packs = [path for path in (mlnb_home / "blobs").glob("??/*") if path.is_file()]
    head = 8  # a pack's magic; it belongs to no chunk, `verify` sees it
    places = [(manifest, number) for number in range(manifest.stat().st_size)]
    places += [(pack, number) for pack in packs for number in range(head, pack.stat().st_size)]
    notebook.run("a = 'now'; del big")
    files = SnapshotFiles()
    right = everything(files, stored)
    for path, number in places:
        whole = path.read_bytes()
        path.write_bytes(whole[:number] + bytes([whole[number] ^ 1]) + whole[number + 1 :])
        try:
            found = everything(files, stored)
        except (Damaged, NotTrusted):
            pass
        else:  # a bit that the compression does not look at: how many there are depends on what the process is like
            assert found == right
            assert not checking.verify(files, [stored]).is_ok
        if path == manifest and number % 100 == 0:
            with pytest.raises((Damaged, NotTrusted)):
                notebook.snapshots.restore(stored)
        path.write_bytes(whole)
    assert notebook["a"] == "now"
    assert checking.verify(SnapshotFiles(), [stored]).is_ok


def test_damage_names_the_variable(notebook, mlnb_home):
    notebook.run("import os; left = os.urandom(200_000); right = [1]")
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    chunk = max(notebook.snapshots._files.read(taken.id).chunks, key=lambda one: one.size_bytes)
    path = mlnb_home / "blobs" / chunk.pack[:2] / chunk.pack
    data = bytearray(path.read_bytes())
    data[chunk.offset + 5] ^= 1
    path.write_bytes(data)
    notebook.run("del left")  # a value that still is as it was is not read
    with pytest.raises(Damaged, match="left"):
        notebook.snapshots.restore(taken.id)
    found = checking.verify(SnapshotFiles(), [taken.id])
    assert not found.is_ok
    assert "left" in found.problems[0].what
    notebook.run("right.append(2)")
    path.unlink()
    with pytest.raises(Damaged, match="left"):
        notebook.snapshots.restore(taken.id, ["left"])


def test_a_snapshot_that_somebody_else_signed_is_not_unpickled(notebook, monkeypatch, tmp_path):
    notebook.run(f"class Trap:\n    def __reduce__(self): return open, ({str(tmp_path / 'ran')!r}, 'w')\nx = [1]")
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "others-keys"))
    with pytest.raises(NotTrusted):
        notebook.snapshots.restore(taken.id)
    assert notebook.snapshots.list() == []


def test_a_manifest_under_another_name_is_refused(notebook, stored, mlnb_home):
    other = "snap-" + "0" * 22
    shutil.copytree(mlnb_home / "snapshots" / stored, mlnb_home / "snapshots" / other)
    with pytest.raises(Damaged, match="belongs to"):
        notebook.snapshots.restore(other)


def test_a_newer_format_is_refused(notebook, stored, mlnb_home):
    from mlnb.snapshots.plugins import signed
    from mlnb.snapshots.plugins.files import MANIFEST

    path = mlnb_home / "snapshots" / stored / "manifest.json"
    signed.write(path, {**signed.read(path, MANIFEST), "format": 2}, MANIFEST)
    with pytest.raises(Damaged, match="newer mlnb"):
        notebook.snapshots.restore(stored)


def test_the_form_of_the_manifest_is_the_golden_one():
    from mlnb.core.wire import from_wire

    golden = json.loads((GOLDEN / "manifest-1.json").read_text())
    manifest = from_wire(Manifest, golden)
    written = to_wire(manifest)
    assert {name: written[name] for name in golden} == golden
    assert not any(written[name] for name in written.keys() - golden.keys())  # what came later was not known then
    assert manifest.format == 1


def test_a_stream_of_format_1_is_read_for_ever(notebook, mlnb_home, monkeypatch):
    monkeypatch.setenv("MLNB_KEYS", str(GOLDEN / "test-keys"))
    shutil.copytree(GOLDEN / "home-1", mlnb_home, dirs_exist_ok=True)
    (snapshot_id,) = SnapshotFiles().ids()
    done = notebook.snapshots.restore(snapshot_id)
    assert done.not_restored == {}
    notebook.run("a[0, 1] = 7")
    assert notebook.ask("v.tolist(), b['rows'] is rows, db.execute('select a from t').fetchall()") == (
        [7, 4],
        True,
        [(5,)],
    )


def test_the_state_of_the_process_and_recipes_of_format_1_are_read_for_ever(notebook, mlnb_home, monkeypatch, tmp_path):
    monkeypatch.setenv("MLNB_KEYS", str(GOLDEN / "test-keys"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(GOLDEN / "home-2", mlnb_home, dirs_exist_ok=True)
    (snapshot_id,) = SnapshotFiles().ids()
    done = notebook.snapshots.restore(snapshot_id)
    assert done.not_restored == {}
    assert {"random", "working folder"} <= set(done.process)
    notebook.run("row[3] = -5")
    seen = "table[1, 3], str(days[1]), q.get_nowait(), found.span(), round(random.random(), 6), np.shares_memory(row, table)"
    assert notebook.ask(seen) == (-5.0, "2026-01-03", 7, (1, 3), 0.236048, True)


def test_code_of_another_python_is_named_and_not_loaded(notebook, mlnb_home):
    from mlnb.snapshots.plugins import signed
    from mlnb.snapshots.plugins.files import MANIFEST

    notebook.run("def f(): return 1\nx = [1]")
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    path = mlnb_home / "snapshots" / taken.id / "manifest.json"
    signed.write(path, {**signed.read(path, MANIFEST), "python": "3.99.0"}, MANIFEST)
    notebook.run("del f; x = 2")
    done = notebook.snapshots.restore(taken.id)
    assert "3.99.0" in done.not_restored["f"]
    assert notebook["x"] == [1]


def test_a_killed_writer_leaves_the_store_whole(mlnb_home, new_notebook):
    code = (
        "import os; shell.user_ns['n'] = 0\n"
        "while True:\n"
        "    shell.user_ns['n'] += 1\n"
        "    shell.user_ns['data'] = os.urandom(3_000_000)\n"
        "    taken = snapshots.take(str(shell.user_ns['n']))\n"
        "    if shell.user_ns['n'] % 2: snapshots.flush(); print(taken.id, flush=True)\n"
    )
    for last in (1, 2, 3):
        process = subprocess.Popen([sys.executable, "-c", HEAD + code], stdout=subprocess.PIPE, text=True)
        acknowledged = [process.stdout.readline().strip() for _ in range(last)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        files = SnapshotFiles()
        assert checking.verify(files, files.ids()).is_ok
        notebook = new_notebook()
        assert set(acknowledged) <= set(files.ids())
        notebook.snapshots.restore(acknowledged[-1])
        assert notebook["n"] == 2 * last - 1


def test_a_full_disk_leaves_nothing_half_written_and_names_the_way_out(mlnb_home):
    code = (
        "import os, resource\n"
        "shell.user_ns['x'] = 1\n"
        "first = snapshots.take(); snapshots.flush()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "shell.user_ns['data'] = os.urandom(1_000_000)\n"
        "second = snapshots.take()\n"
        "from mlnb.core.errors import StoreUnavailable\n"
        "try: snapshots.flush()\n"
        "except StoreUnavailable as error: print(error.message, '|', error.hint)\n"
        "del shell.user_ns['data']\n"
        "third = snapshots.take(); snapshots.flush()\n"
        "print(len(snapshots.list()))\n"
    )
    done = python(code)
    message, count = done.stdout.strip().splitlines()
    assert "cannot write" in message
    assert message.split("|")[1].strip()
    assert count == "2"
    assert checking.verify(SnapshotFiles(), SnapshotFiles().ids()).is_ok
    assert not list((mlnb_home / "blobs").glob(".pack.*"))


def test_a_store_that_cannot_be_written_does_not_break_the_notebook(notebook, mlnb_home):
    (mlnb_home / "blobs").write_text("in the way")
    notebook.run("x = 1")
    taken = notebook.snapshots.take()
    with pytest.raises(StoreUnavailable):
        notebook.snapshots.flush()
    assert taken.variables["x"].state == "saved"
    assert notebook.snapshots.list() == []
    (mlnb_home / "blobs").unlink()
    again = notebook.snapshots.take()
    notebook.snapshots.flush()
    notebook.run("x = 2")
    notebook.snapshots.restore(again.id)
    assert notebook["x"] == 1


def test_a_restore_that_cannot_keep_the_state_before_changes_nothing(notebook, mlnb_home):
    notebook.run("x = 1")
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    notebook.run("x = 2; y = b'more' * 1000")
    for path in (mlnb_home / "blobs").iterdir():
        path.rename(mlnb_home / path.name)
    (mlnb_home / "blobs").rmdir()
    (mlnb_home / "blobs").write_text("in the way")
    with pytest.raises((StoreUnavailable, Damaged)):
        notebook.snapshots.restore(taken.id)
    assert notebook["x"] == 2


def test_two_writers_share_one_store(new_notebook):
    one, two = new_notebook(), new_notebook()
    for number in range(5):
        one["x"], two["x"] = f"one {number}" * 100, f"two {number}" * 100
        first, second = one.snapshots.take(), two.snapshots.take()
    one.snapshots.flush()
    two.snapshots.flush()
    files = SnapshotFiles()
    assert len(files.ids()) == 10
    assert checking.verify(files, files.ids()).is_ok
    one.snapshots.restore(second.id)
    assert one["x"] == "two 4" * 100
    two.snapshots.restore(first.id)
    assert two["x"] == "one 4" * 100
