"""What a snapshot knows besides variables: files read, what they are, what is kept of them, parameters, git."""

from __future__ import annotations

import json
import sqlite3

import pytest

from mlnb.core.content import digest_of
from mlnb.snapshots.plugins.around import Gathering, Sources, block_of, surroundings_of
from mlnb.snapshots.plugins.data import pointers
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.git import MOST_PATCH_BYTES, git_details
from mlnb.snapshots.plugins.parameters import parameters_in, plain_values
from mlnb.snapshots.surroundings import ReadFile, Readings
from tests.committed import git


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "work")
    (folder / "module.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def read(*paths, **given):
    found = pointers(Readings({str(path): ReadFile(("c1",), **given) for path in paths}), {})
    return {one.path: one for one in found.files}, found


def test_a_file_is_recorded_by_path_size_and_hash_and_kept_when_small(tmp_path, monkeypatch):
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(b"a,b\n1,2\n")
    large.write_bytes(b"x" * 3000)
    monkeypatch.setenv("MLNB_SNAPSHOTS_KEEP_FILES_BYTES", "2048")
    files, found = read(small, large)
    one, other = files[str(small)], files[str(large)]
    assert (one.kind, one.size_bytes, one.digest, one.cells) == ("file", 8, digest_of(b"a,b\n1,2\n"), ("c1",))
    assert found.kept[one.kept] == b"a,b\n1,2\n"
    assert (other.kept, other.digest) == (None, digest_of(b"x" * 3000))
    monkeypatch.setenv("MLNB_SNAPSHOTS_KEEP_FILES_BYTES", "0")
    assert read(small)[1].kept == []


def test_what_changed_after_it_was_read_or_is_gone_is_said_and_not_kept(tmp_path):
    changed = tmp_path / "changed.csv"
    changed.write_text("1")
    files, found = read(changed, tmp_path / "gone.csv", is_as_read=lambda: False)
    assert files[str(changed)].note == "changed after it was read"
    assert files[str(tmp_path / "gone.csv")].note == "not found"
    assert found.kept == []


@pytest.mark.parametrize(
    ("name", "text"),
    [(".env", "A=1"), ("key.pem", "x"), ("settings.ini", "password = open-sesame"), ("credentials.json", "{}")],
)
def test_credentials_are_never_kept(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    files, found = read(tmp_path / name)
    assert files[str(tmp_path / name)].digest
    assert found.kept == []


def test_pointers_of_dvc_are_recorded_as_such(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("1")
    (tmp_path / "data.csv.dvc").write_text(
        "outs:\n- md5: 0cc175b9c0f1b6a831c399e269772661\n  size: 1\n  hash: md5\n  path: data.csv\n"
    )
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "one.png").write_text("1")
    (tmp_path / "images.dvc").write_text("outs:\n- md5: abc.dir\n  path: images\n")
    files, _ = read(data, folder / "one.png")
    assert (files[str(data)].kind, files[str(data)].version) == ("dvc", "md5:0cc175b9c0f1b6a831c399e269772661")
    assert files[str(folder / "one.png")].version == "md5:abc.dir"


LOCK = """schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py > log.txt
    deps:
    - path: raw.csv
      hash: md5
      md5: 11111111111111111111111111111111
      size: 1
    params:
      params.yaml:
        split: 0.2
    outs:
    - path: data/clean.csv
      hash: md5
      md5: 22222222222222222222222222222222
      size: 3
    - path: 'data/images'
      hash: md5
      md5: 33333333333333333333333333333333.dir
      files:
      - relpath: one.png
        md5: 44444444444444444444444444444444
  train:
    cmd: python train.py
    outs:
    - md5: 55555555555555555555555555555555
      path: model.bin
"""


def test_outputs_of_stages_are_recorded_as_their_lock_names_them(repository):
    (repository / "dvc.lock").write_text(LOCK)
    images = repository / "data" / "images"
    images.mkdir(parents=True)
    places = [repository / "data" / "clean.csv", images / "one.png", repository / "model.bin", repository / "raw.csv"]
    for place in places:
        place.write_text("1,2")
    files, _ = read(*places)
    assert [(files[str(place)].kind, files[str(place)].version) for place in places] == [
        ("dvc", "md5:22222222222222222222222222222222"),
        ("dvc", "md5:33333333333333333333333333333333.dir"),
        ("dvc", "md5:55555555555555555555555555555555"),
        ("file", ""),
    ]
    assert files[str(places[0])].digest == digest_of(b"1,2")
    (repository / "dvc.lock").write_bytes(b"\xff: [")
    assert read(places[0])[0][str(places[0])].kind == "file"


def test_caches_of_hubs_are_known_by_reference_blob_repository_and_version(tmp_path):
    hub = tmp_path / "hub" / "models--google--bert"
    kept = {
        hub / "refs" / "main": "google/bert@1dbc",
        hub / "blobs" / ("b" * 64): f"google/bert sha256:{'b' * 64}",
        hub / "blobs" / ("c" * 40): "google/bert",
        tmp_path / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth": "resnet18-f37072fd.pth",
        tmp_path / "torch" / "hub" / "pytorch_vision_v0.10.0" / "hubconf.py": "pytorch_vision_v0.10.0",
        tmp_path / "kagglehub" / "datasets" / "ana" / "shops" / "versions" / "3" / "shops.csv": "datasets/ana/shops@3",
    }
    for place in kept:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("1dbc\n")
    files, _ = read(*kept)
    assert {place: files[str(place)].version for place in kept} == kept
    assert {one.kind for one in files.values()} == {"download"}
    assert [not one.digest for one in files.values()].count(True) == 1  # that whose name is its hash


def test_downloaded_weights_are_recorded_by_name_and_revision(tmp_path):
    hub = tmp_path / "hub" / "models--google--bert"
    (hub / "blobs").mkdir(parents=True)
    (hub / "snapshots" / "1dbc").mkdir(parents=True)
    (hub / "blobs" / ("a" * 64)).write_text("weights")
    weights = hub / "snapshots" / "1dbc" / "model.safetensors"
    weights.symlink_to(hub / "blobs" / ("a" * 64))
    one = read(weights)[0][str(weights)]
    assert (one.kind, one.version, one.digest) == ("download", f"google/bert@1dbc sha256:{'a' * 64}", "")


def test_databases_and_what_lies_elsewhere_are_pointers(tmp_path):
    file = tmp_path / "store.db"
    connection = sqlite3.connect(file)
    connection.execute("create table t (x)")
    connection.close()
    elsewhere = {
        "s3://bucket/key?X-Amz-Signature=abcdef": ("c1",),
        "postgresql://ana:open-sesame@db/shop": ("c2",),
        "psycopg2": ("c2",),
    }
    found = {one.path: one for one in pointers(Readings({str(file): ReadFile(())}, elsewhere), {}).files}
    assert found[str(file)].kind == "database"
    assert found["s3://bucket/key"].kind == "remote"
    assert found["postgresql://ana:••••••@db/shop"].kind == "database"
    assert found["psycopg2"].kind == "database"


def test_a_large_file_that_has_not_changed_is_not_hashed_again(tmp_path, monkeypatch):
    from mlnb.snapshots.plugins import data

    monkeypatch.setattr(data, "_ALWAYS_HASHED_BYTES", 4)
    file = tmp_path / "large.bin"
    file.write_bytes(b"12345678")
    before, _ = read(file)
    monkeypatch.setattr(data, "_digest_of", lambda *_: pytest.fail("it was read again"))
    readings = Readings({str(file): ReadFile(())})
    assert pointers(readings, before).files[0].digest == digest_of(b"12345678")


def test_git_says_branch_files_and_the_diff_without_credentials(repository):
    (repository / "module.py").write_text("x = 2\npassword = 'open-sesame'\n")
    (repository / "new name.py").write_text("")
    details, patch = git_details(repository, repository / "nb.ipynb")
    assert (details.branch, details.changed, details.untracked) == ("work", ("module.py",), ("new name.py",))
    assert b"-x = 1\n+x = 2\n" in patch
    assert b"sesame" not in patch
    (repository / "module.py").write_text("y\n" * MOST_PATCH_BYTES)
    details, patch = git_details(repository, None)
    assert details.is_cut
    assert len(patch) == MOST_PATCH_BYTES
    assert git_details(repository.parent, None) is None


def test_the_notebook_itself_is_not_in_the_diff_and_the_rest_of_the_repository_is(repository):
    folder = repository / "notebooks"
    folder.mkdir()
    (folder / "nb.ipynb").write_text("{}")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "second")
    (folder / "nb.ipynb").write_text('{"cells": []}')
    (repository / "module.py").write_text("x = 3\n")
    details, patch = git_details(folder, folder / "nb.ipynb")
    assert details.changed == ("module.py", "notebooks/nb.ipynb")
    assert b"module.py" in patch
    assert b"nb.ipynb" not in patch


def test_parameters_are_what_tagged_cells_set():
    cells = [
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]},
            "source": ["n: int = 3\n", "name = 'a'\n", "api_key = 'abcdefgh'"],
        },
        {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": "n = 5"},
        {"cell_type": "code", "metadata": {}, "source": "other = 1"},
    ]
    assert parameters_in({"cells": cells}) == {"n": "5", "name": "'a'", "api_key": "••••••"}
    assert plain_values({"a": [1], "token": "abcdefgh", "_b": 1, "f": print}) == {"a": "[1]", "token": "••••••"}


def test_a_snapshot_carries_it_all_and_nothing_twice(notebook, repository, monkeypatch):
    data, document = repository / "data.csv", repository / "nb.ipynb"
    data.write_text("1,2")
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "n = 3"}
    document.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    sources = Sources(lambda: Readings({str(data): ReadFile(("c1",))}), lambda: {"python": "3.11.7", "numpy": "2.0"})
    notebook.snapshots._sources = lambda: sources
    notebook.snapshots._notebook = lambda: document
    notebook.run("n = 7")
    (repository / "module.py").write_text("x = 2\n")
    ids = [notebook.snapshots.take().id for _ in range(2)]
    notebook.snapshots.flush()
    files = SnapshotFiles()
    one, two = (files.read(id) for id in ids)
    found = surroundings_of(one, files.blobs)
    assert found == surroundings_of(two, files.blobs)
    assert {chunk.digest for chunk in two.chunks} <= {chunk.digest for chunk in one.chunks}
    assert found.parameters == {"n": "7"}
    assert found.packages["numpy"] == "2.0"
    assert b"+x = 2" in block_of(one, files.blobs, found.git.patch)
    assert [(file.path, block_of(one, files.blobs, file.kept)) for file in found.data] == [(str(data), b"1,2")]
    assert notebook.snapshots.restore(ids[0]).not_restored == {}


def test_what_cannot_be_found_out_does_not_lose_the_snapshot(tmp_path):
    def broken():
        raise RuntimeError("secret words")

    found = Gathering(Sources(broken, broken), {}, tmp_path, None).finish().surroundings
    assert found.data is None
    assert found.notes == (
        "which files were read could not be found out: RuntimeError",
        "the packages could not be found out: RuntimeError",
    )
