"""The spool: every whole line comes out once and in order, whoever wrote it and however the writer ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core import spool
from mlnb.core.errors import Damaged, StoreUnavailable
from mlnb.core.spool import SpoolWriter


def everything(root, topic="runs"):
    return [record.data for file in spool.files(root, topic) for record in spool.read(file)]


records = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=4)


@given(st.lists(records, max_size=8))
def test_what_is_appended_is_read_in_order(tmp_path_factory, given_records):
    root = tmp_path_factory.mktemp("spool")
    writer = SpoolWriter("runs", root)
    ids = [writer.append(record) for record in given_records]
    assert everything(root) == given_records
    assert [record.id for file in spool.files(root, "runs") for record in spool.read(file)] == ids


@given(st.lists(records, min_size=1, max_size=5), st.data())
def test_a_torn_line_waits_until_it_is_whole(tmp_path_factory, given_records, data):
    root = tmp_path_factory.mktemp("spool")
    writer = SpoolWriter("runs", root)
    for record in given_records:
        writer.append(record)
    (file,) = spool.files(root, "runs")
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    file.write_bytes(whole[:cut])
    first = list(spool.read(file))
    assert [record.data for record in first] == given_records[: len(first)]
    cursor = first[-1].end if first else 0
    file.write_bytes(whole)
    assert [record.data for record in spool.read(file, cursor)] == given_records[len(first) :]


def test_the_cursor_goes_on_where_it_stood(tmp_path):
    writer = SpoolWriter("runs", tmp_path)
    writer.append({"n": 1})
    (file,) = spool.files(tmp_path, "runs")
    (first,) = spool.read(file)
    writer.append({"n": 2})
    assert [record.data for record in spool.read(file, first.end)] == [{"n": 2}]


def test_threads_of_one_writer_tear_nothing(tmp_path):
    writer = SpoolWriter("runs", tmp_path)

    def many(name):
        for n in range(50):
            writer.append({"by": name, "n": n})

    threads = [threading.Thread(target=many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = everything(tmp_path)
    assert len(found) == 200
    for name in "abcd":
        assert [r["n"] for r in found if r["by"] == name] == list(range(50))


def test_two_writers_have_a_file_each(tmp_path):
    SpoolWriter("runs", tmp_path).append({"by": 1})
    SpoolWriter("runs", tmp_path).append({"by": 2})
    assert len(spool.files(tmp_path, "runs")) == 2
    assert everything(tmp_path) == [{"by": 1}, {"by": 2}] or len(everything(tmp_path)) == 2


def test_topics_are_apart(tmp_path):
    SpoolWriter("runs", tmp_path).append({"n": 1})
    SpoolWriter("other", tmp_path).append({"n": 2})
    assert everything(tmp_path, "runs") == [{"n": 1}]


FORK = """
import os, sys
from mlnb.core.spool import SpoolWriter
writer = SpoolWriter("runs")
writer.append({"by": "parent", "n": 0})
child = os.fork()
if child == 0:
    for n in range(20):
        writer.append({"by": "child", "n": n})
    os._exit(0)
for n in range(1, 20):
    writer.append({"by": "parent", "n": n})
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_after_a_fork_each_side_has_its_own_file(tmp_path):
    env = {**os.environ, "MLNB_SPOOL": str(tmp_path)}
    subprocess.run([sys.executable, "-c", FORK], check=True, env=env, stdin=subprocess.DEVNULL)
    assert len(spool.files(tmp_path, "runs")) == 2
    found = everything(tmp_path)
    for name in ("parent", "child"):
        assert [r["n"] for r in found if r["by"] == name] == list(range(20))


KILLED = """
from mlnb.core.spool import SpoolWriter
writer = SpoolWriter("runs")
n = 0
while True:
    writer.append({"n": n})
    print(n, flush=True)
    n += 1
"""


def test_a_killed_writer_loses_nothing_it_was_told_is_written(tmp_path):
    env = {**os.environ, "MLNB_SPOOL": str(tmp_path)}
    writer = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, env=env)
    for line in writer.stdout:
        if int(line) >= 100:
            break
    writer.kill()
    told = int(([line, *writer.stdout.read().split()])[-1])
    writer.wait()
    found = [record["n"] for record in everything(tmp_path)]
    assert found == list(range(len(found)))
    assert len(found) > told - 1  # a number cut off by the kill may read shorter, never longer


@pytest.mark.parametrize("line", [b"{}\n", b"not json\n", b"[]\n", b'{"v": 1, "id": "x", "at": "never", "data": {}}\n'])
def test_a_line_that_is_no_record_is_named(line, tmp_path):
    SpoolWriter("runs", tmp_path).append({"n": 1})
    (file,) = spool.files(tmp_path, "runs")
    with file.open("ab") as end:
        end.write(line)
    with pytest.raises(Damaged, match=f"{file.name}.*byte {file.stat().st_size}"):
        list(spool.read(file))


def test_a_record_of_a_newer_version_is_not_guessed_at(tmp_path):
    (tmp_path / "runs").mkdir()
    file = tmp_path / "runs" / "w.ndjson"
    file.write_text(json.dumps({"v": 99, "id": "x", "at": "2026-01-01T00:00:00Z", "data": {}}) + "\n")
    with pytest.raises(Damaged, match="newer"):
        list(spool.read(file))


@pytest.mark.parametrize(
    "golden", sorted((__import__("pathlib").Path(__file__).parents[2] / "golden" / "spool").glob("v*/*.ndjson"))
)
def test_old_versions_are_read_for_ever(golden):
    assert [record.data["n"] for record in spool.read(golden)] == [1, 2]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="runs"):
        SpoolWriter("runs", tmp_path).append({})


def test_the_place_comes_from_the_environment(tmp_path, monkeypatch, mlnb_home):
    assert spool.default_root() == mlnb_home / "spool"
    monkeypatch.setenv("MLNB_SPOOL", str(tmp_path))
    assert spool.default_root() == tmp_path
