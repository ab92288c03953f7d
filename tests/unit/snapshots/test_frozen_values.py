"""What a job takes along of a snapshot: the values it needs, and as little else as can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlnb.core.content import digest_of
from mlnb.core.errors import Damaged, NotTrusted
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.frozen_values import choose, lend, take_over

NOTEBOOK = Path("/somewhere/nb.ipynb")


@pytest.fixture
def notebook(new_notebook):
    found = new_notebook()
    found.snapshots._notebook = lambda: NOTEBOOK
    return found


def need(source, *names, harmless=(), cell="c1"):
    return {"id": cell, "digest": digest_of(source.encode()), "names": list(names), "harmless": list(harmless)}


def take(notebook, reason=""):
    taken = notebook.snapshots.take(reason)
    notebook.snapshots.flush()
    return taken.id


def lent(needs, root):
    assert lend(SnapshotFiles(), NOTEBOOK, needs, root) == {}
    return SnapshotFiles(root)


def size_of(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def test_only_what_is_needed_goes_along(notebook, tmp_path):
    source = "x = list(range(1000))\nbig = bytes(range(256)) * 40000\nimport random\nnoise = random.randbytes(5 << 20)"
    notebook.run(source)
    taken = take(notebook)
    files = lent([need(source, "x")], tmp_path / "values")
    assert files.ids() == [taken]
    assert set(files.read(taken).variables) == {"x"}
    assert size_of(tmp_path / "values") < 100_000


def test_what_shares_objects_goes_along_and_shares_them_again(notebook, new_notebook, tmp_path):
    source = "inner = [1]\nx = [inner]\ny = [inner]\nalone = 5"
    notebook.run(source)
    taken = take(notebook)
    files = lent([need(source, "x", "y")], tmp_path / "values")
    assert set(files.read(taken).variables) >= {"x", "y"}
    assert "alone" not in files.read(taken).variables
    other = new_notebook()
    other.snapshots._files = files
    other.snapshots.restore(taken, ["x", "y"])
    other["x"][0].append(2)
    assert other["y"] == [[1, 2]]


def test_values_of_several_megabytes_come_back_as_they_were(notebook, new_notebook, tmp_path):
    np = pytest.importorskip("numpy")
    source = (
        "import numpy as np\na = np.arange(3_000_000)\nb = a[10:]\nrows = np.random.default_rng(1).random((5000, 500))"
    )
    notebook.run(source)
    taken = take(notebook)
    files = lent([need(source, "a", "b", "rows")], tmp_path / "values")
    other = new_notebook()
    other.snapshots._files = files
    done = other.snapshots.restore(taken, ["a", "b", "rows"])
    assert not done.not_restored
    assert all((other[name] == notebook[name]).all() for name in ("a", "b", "rows"))
    assert np.shares_memory(other["a"], other["b"])


def test_cells_may_take_theirs_from_different_snapshots(notebook, tmp_path):
    notebook.run("x = 1")
    first = take(notebook)
    notebook.run("del x")
    notebook.run("y = 2")
    second = take(notebook)
    files = lent([need("x = 1", "x"), need("y = 2", "y", cell="c2")], tmp_path / "values")
    assert {name: set(files.read(name).variables) for name in files.ids()} == {first: {"x"}, second: {"y"}}


def test_the_latest_snapshot_that_holds_them_counts(notebook):
    ids = []
    for _ in range(3):
        notebook.run("x = 1")
        ids.append(take(notebook))
    take(notebook, "end of job-1")
    assert choose(SnapshotFiles(), NOTEBOOK, [need("x = 1", "x")]).found["c1"].id == ids[-1]
    assert (
        "no snapshot of this notebook"
        in choose(SnapshotFiles(), Path("/other.ipynb"), [need("x = 1", "x")]).missing["c1"]
    )


def test_what_came_with_a_job_is_signed_anew_where_it_runs_and_a_changed_byte_is_seen(notebook, tmp_path, monkeypatch):
    notebook.run("x = [1, 2]")
    taken = take(notebook)
    files = lent([need("x = [1, 2]", "x")], tmp_path / "values")
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other-keys"))
    with pytest.raises(NotTrusted):
        files.read(taken)
    take_over(tmp_path / "values")
    assert set(files.read(taken).variables) == {"x"}
    manifest = tmp_path / "values" / "snapshots" / taken / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"saved"', b'"Saved"'))
    with pytest.raises(Damaged):
        take_over(tmp_path / "values")
