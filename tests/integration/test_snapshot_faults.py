"""Faults while snapshots are taken and read: a killed kernel, a changed byte, a cut file, a full disk, two kernels, two restores at once.

``MLNB_TEST_FAULTS=200`` tries each as often as that; by default a few times, so that a run of all tests stays short.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from mlnb.core.errors import Damaged, NotTrusted
from mlnb.snapshots.plugins import checking
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.loading import read_contents

TIMES = int(os.environ.get("MLNB_TEST_FAULTS", "0"))
pytestmark = pytest.mark.timeout(3600 if TIMES else 300)
HEAD = """
import sys, os
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from mlnb.kernel.snapshots import KernelSnapshots
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
ns = shell.user_ns
snapshots = KernelSnapshots(shell, link=lambda _: None, notebook=lambda: None)
"""
WRITES_FOR_EVER = (
    HEAD
    + """
ns['log'] = []
while True:
    number = len(ns['log']) + 1
    ns['log'].append(number)
    ns['data'] = bytes([number % 251]) * 50_000 + os.urandom(400_000)
    taken = snapshots.take(str(number))
    snapshots.flush()
    print(number, taken.id, flush=True)
"""
)
RESTORES = (
    HEAD
    + """
for line in sys.stdin:
    try:
        done = snapshots.restore(line.strip())
        print('restored', len(ns['log']), ns['data'][0], dict(done.not_restored), flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""
)


def python(code, **given):
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **given
    )


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    place = tmp_path / "working"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_a_kernel_killed_at_any_moment_leaves_every_acknowledged_state(mlnb_home):
    chance, acknowledged = random.Random(7), []
    reader = python(RESTORES)
    for _ in range(TIMES or 6):
        writer = python(WRITES_FOR_EVER)
        lines = [writer.stdout.readline()]
        killer = threading.Timer(chance.random() * 0.4, lambda writer=writer: writer.send_signal(signal.SIGKILL))
        killer.start()
        lines += list(writer.stdout)  # until it is killed
        writer.wait()
        writer.stdin.close()
        whole = [line.split() for line in lines if line.endswith("\n")]
        acknowledged.append(whole[-1])
        number, snapshot = whole[-1]
        reader.stdin.write(snapshot + "\n")
        reader.stdin.flush()
        assert reader.stdout.readline().strip() == f"restored {number} {int(number) % 251} {{}}"
    reader.stdin.close()
    reader.wait()
    files = SnapshotFiles()
    assert {snapshot for _, snapshot in acknowledged} <= set(files.ids())
    assert checking.verify(files, files.ids()).is_ok  # also the older ones, and what was being written


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with two snapshots that share values; the ids, and where each byte of the store lies."""
    home, keys = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("keys")
    code = (
        HEAD
        + "ns['log'] = [1, 2]; ns['data'] = bytes(range(256)) * 900; ns['other'] = {str(n): n for n in range(900)}\n"
        "one = snapshots.take('one'); snapshots.flush(); ns['other']['x'] = 1\n"
        "two = snapshots.take('two'); snapshots.flush(); print(one.id, two.id)"
    )
    place = tmp_path_factory.mktemp("working")
    done = python(code, env={**os.environ, "MLNB_HOME": str(home), "MLNB_KEYS": str(keys)}, cwd=place)
    out, _ = done.communicate()
    return home, keys, out.split()


@pytest.fixture
def store(made, tmp_path, monkeypatch):
    """A copy of that home to spoil."""
    home, keys, ids = made
    shutil.copytree(home, tmp_path / "copy")
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "copy"))
    monkeypatch.setenv("MLNB_KEYS", str(keys))
    return SnapshotFiles(tmp_path / "copy"), ids


def stored(files):
    """The files that a snapshot consists of."""
    found = [path for path in files.folder.rglob("*") if path.is_file() and path.suffix == ".json"]
    return sorted(found + [path for path in files.blobs.glob("??/*") if path.is_file()])


def contents(files, snapshot):
    manifest = files.read(snapshot)
    return {
        one.component.names: (bytes(one.stream), [bytes(block) for block in one.buffers])
        for one in read_contents(manifest, files.blobs, manifest.components)
    }


def test_one_changed_byte_is_found_and_spoils_nothing_but_what_it_is_in(store):
    files, ids = store
    right = {snapshot: contents(files, snapshot) for snapshot in ids}
    chance = random.Random(11)
    paths = stored(files)
    for _ in range(TIMES or 60):
        path = chance.choices(paths, [one.stat().st_size for one in paths])[0]
        whole = path.read_bytes()
        place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        refused, said = [], []
        for snapshot in ids:
            try:
                assert contents(files, snapshot) == right[snapshot]
            except (Damaged, NotTrusted) as error:
                refused.append(snapshot)
                said.append(error.message)
        # a changed signature is somebody else's: whole, and not loaded
        assert refused or not checking.verify(files, ids).is_ok, f"bit {bit} of byte {place} of {path.name}"
        assert all(snapshot in words for snapshot, words in zip(refused, said, strict=True))
        if path.parent.name in ids:
            assert refused in ([], [path.parent.name])
        path.write_bytes(whole)
    assert checking.verify(files, ids).is_ok


def test_a_blob_that_was_cut_names_the_snapshot_and_the_variable(store):
    files, ids = store
    largest = max(files.blobs.glob("??/*"), key=lambda path: path.stat().st_size)
    whole = largest.read_bytes()
    for size in (0, 7, len(whole) // 2, len(whole) - 1):
        largest.write_bytes(whole[:size])
        with pytest.raises(Damaged, match=rf"{ids[0]}: the saved value of \w+"):
            contents(files, ids[0])
        assert not checking.verify(files, ids).is_ok
    largest.write_bytes(whole)
    assert checking.verify(files, ids).is_ok


def test_two_kernels_that_write_at_once_lose_nothing(mlnb_home):
    rounds = TIMES or 15
    code = (
        HEAD + "import sys\n"
        f"for number in range({rounds}):\n"
        "    ns['data'] = (sys.argv[0] + WHO + str(number)) * 2000; ns['same'] = 'in both ' * 2000\n"
        "    taken = snapshots.take(str(number)); snapshots.flush(); print(WHO, number, taken.id, flush=True)\n"
    )
    kernels = [python(f"WHO = {who!r}\n" + code) for who in "ab"]
    lines = [line.split() for kernel in kernels for line in kernel.communicate()[0].splitlines()]
    assert len(lines) == 2 * rounds
    files = SnapshotFiles()
    assert {snapshot for _, _, snapshot in lines} <= set(files.ids())
    assert checking.verify(files, files.ids()).is_ok
    for who, number, snapshot in random.Random(3).sample(lines, 5):
        streams = b"".join(stream + b"".join(blocks) for stream, blocks in contents(files, snapshot).values())
        assert f"{who}{number}".encode() in streams


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_full_keeps_what_it_has_and_says_so(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    code = (
        HEAD + "from mlnb.core.errors import MlnbError\n"
        "ns['data'] = os.urandom(900_000); ns['log'] = [1]\n"
        "first = snapshots.take('first'); snapshots.flush(); print(first.id)\n"
        "for number in range(6):\n"
        "    ns['data'] = os.urandom(900_000)\n"
        "    try:\n        taken = snapshots.take(str(number)); snapshots.flush()\n"
        "    except MlnbError as error: print('refused', error.message, flush=True)\n"
        "    else: print(taken.variables['data'].state, taken.variables['data'].reason)\n"
    )
    try:
        environment = {**os.environ, "MLNB_HOME": str(disk), "MLNB_SNAPSHOTS_MIN_FREE_PERCENT": "0"}
        out, _ = python(code, env=environment).communicate()
        first, *rest = out.splitlines()
        words = [line.split()[0] for line in rest]
        assert words.count("saved") <= 3  # more than three do not fit
        assert "refused" in words or "not_restorable" in words
        files = SnapshotFiles(disk)
        assert checking.verify(files, files.ids()).is_ok
        assert {("log",), ("data",)} <= set(contents(files, first))
        assert not list(files.blobs.glob(".pack.*"))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_restore_within_a_restore_is_refused_and_changes_nothing(mlnb_home):
    code = (
        HEAD + "from mlnb.core.errors import MlnbError\n"
        "source = '''\\nclass K:\\n    def __init__(self): self.v = 1\\n"
        "    def __setstate__(self, state):\\n        self.v = state['v']\\n        within(self)\\n'''\n"
        "seen = []\n"
        "def within(_):\n"
        "    if not armed: return\n"
        "    try: snapshots.restore(first.id)\n"
        "    except MlnbError as error: seen.append(type(error).__name__)\n"
        "    else: seen.append('not refused')\n"
        "import builtins; builtins.within = within; armed = False\n"
        "shell.run_cell(source + 'k = K(); x = [1]')\n"
        "first = snapshots.take('first'); snapshots.flush()\n"
        "shell.run_cell('k.v = 2; x.append(2)')\n"
        "armed = True\n"
        "done = snapshots.restore(first.id)\n"
        "print(seen, ns['x'], ns['k'].v, dict(done.not_restored))\n"
    )
    out, _ = python(code).communicate()
    assert out.splitlines()[-1] == "['Conflict'] [1] 1 {}"


def test_a_writer_that_is_stopped_and_goes_on_disturbs_no_reader(mlnb_home):
    writer = python(WRITES_FOR_EVER)
    try:
        _, snapshot = writer.stdout.readline().split()
        for _ in range(min(TIMES or 5, 40)):
            writer.send_signal(signal.SIGSTOP)
            files = SnapshotFiles()
            assert snapshot in files.ids()
            assert checking.verify(files, files.ids()).is_ok
            writer.send_signal(signal.SIGCONT)
            _, snapshot = writer.stdout.readline().split()
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
