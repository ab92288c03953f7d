"""Files whole or not at all; one holder of a lock at a time, and none after its end."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.errors import StoreUnavailable
from mlnb.core.files import locked, store_error, write_atomically


@given(st.lists(st.binary(), min_size=1, max_size=4), st.booleans())
def test_the_last_one_written_is_read(tmp_path_factory, contents, durable):
    target = tmp_path_factory.mktemp("files") / "a" / "b.bin"
    for content in contents:
        write_atomically(target, content, durable=durable)
    assert target.read_bytes() == contents[-1]
    assert [p.name for p in target.parent.iterdir()] == ["b.bin"]


def test_the_mode_is_the_one_asked_for(tmp_path):
    write_atomically(tmp_path / "key", b"x", mode=0o600)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_where_writing_fails_the_old_file_stays_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "x"
    write_atomically(target, b"old")

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="no space left") as refused:
        write_atomically(target, b"new")
    assert "MLNB_HOME" in refused.value.hint
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        write_atomically(tmp_path / "file" / "x", b"")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_every_refusal_names_the_place_and_a_way_out(number):
    error = store_error(Path("/a/b"), OSError(number, os.strerror(number)))
    assert "/a/b" in error.message
    assert error.hint


READER = """
import sys
from pathlib import Path
seen = set()
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    data = path.read_bytes()
    assert data in (b"a" * 200_000, b"b" * 200_000), len(data)
    if Path(sys.argv[2]).exists():
        break
"""


def test_a_reader_beside_sees_the_old_or_the_new(tmp_path):
    target = tmp_path / "x"
    write_atomically(target, b"a" * 200_000)
    reader = subprocess.Popen([sys.executable, "-c", READER, target, tmp_path / "end"], stdout=subprocess.PIPE)
    reader.stdout.readline()
    for n in range(200):
        write_atomically(target, (b"a", b"b")[n % 2] * 200_000, durable=False)
    (tmp_path / "end").touch()
    assert reader.wait() == 0


COUNTER = """
import sys
from pathlib import Path
from mlnb.core.files import locked
lock, number = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(50):
    with locked(lock) as held:
        assert held
        number.write_text(str(int(number.read_text()) + 1))
"""


def test_a_lock_holds_between_processes(tmp_path):
    (tmp_path / "n").write_text("0")
    counters = [
        subprocess.Popen([sys.executable, "-c", COUNTER, tmp_path / "sub" / "lock", tmp_path / "n"]) for _ in range(4)
    ]
    assert [counter.wait() for counter in counters] == [0, 0, 0, 0]
    assert (tmp_path / "n").read_text() == "200"


def test_a_lock_that_is_taken_is_told_when_not_waiting(tmp_path):
    with locked(tmp_path / "lock") as first, locked(tmp_path / "lock", blocking=False) as second:
        assert (first, second) == (True, False)
    with locked(tmp_path / "lock", blocking=False) as again:
        assert again


HOLDER = """
import sys, time
from pathlib import Path
from mlnb.core.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_holder_holds_no_longer(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path / "lock"], **pipes)
    holder.stdout.readline()
    with locked(tmp_path / "lock", blocking=False) as held:
        assert not held
    holder.kill()
    holder.wait()
    with locked(tmp_path / "lock", blocking=False) as held:
        assert held


def test_the_body_of_a_lock_may_raise(tmp_path):
    with pytest.raises(ValueError, match="mine"), locked(tmp_path / "lock"):
        raise ValueError("mine")
    with locked(tmp_path / "lock", blocking=False) as held:
        assert held


_COPIED = """
import os, sys, threading
from pathlib import Path
from mlnb.core.files import locked

lock = Path(sys.argv[1])
holds, release = threading.Event(), threading.Event()

def hold():
    with locked(lock):
        holds.set()
        release.wait()

holder = threading.Thread(target=hold)
holder.start()
holds.wait()
tried, say = os.pipe()
pid = os.fork()
if pid == 0:
    with locked(lock, blocking=False) as held:
        is_free = held
    os.write(say, b"tried")
    with locked(lock):
        os._exit(7 if is_free else 0)
os.read(tried, 5)
release.set()
holder.join()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_a_copy_of_the_process_waits_for_a_lock_of_a_thread_and_not_for_itself(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _COPIED, str(tmp_path / "lock")], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "0\n"
