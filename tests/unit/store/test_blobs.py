"""Blobs: equal bytes once, what is read is what was put, on a disk and in memory alike."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.content import blob_path, digest_of
from mlnb.core.errors import BadInput, Damaged, NotFound, NotInstalled, StoreUnavailable
from mlnb.store.blobs import FsspecBlobStore


@pytest.fixture(params=["folder", "file", "memory"], scope="module")
def new_store(request, tmp_path_factory):
    """Makes a new, empty store of one kind."""

    def new():
        folder = tmp_path_factory.mktemp("blobs") / "deep" / "er"
        url = {"folder": str(folder), "file": f"file://{folder}", "memory": f"memory://{uuid.uuid4().hex}"}[
            request.param
        ]
        return FsspecBlobStore(url)

    return new


@given(st.lists(st.binary(), max_size=5))
def test_what_is_put_is_got(new_store, contents):
    store = new_store()
    digests = [store.put(content) for content in contents]
    assert digests == [digest_of(content) for content in contents]
    assert [store.get(digest) for digest in digests] == contents
    assert all(store.has(digest) for digest in digests)


def test_what_is_not_there_is_named(new_store):
    store = new_store()
    digest = digest_of(b"never put")
    assert not store.has(digest)
    with pytest.raises(NotFound, match=digest[:12]):
        store.get(digest)


def test_deleting_is_final_and_may_be_repeated(new_store):
    store = new_store()
    digest = store.put(b"x")
    store.delete(digest)
    store.delete(digest)
    assert not store.has(digest)
    store.put(b"x")
    assert store.get(digest) == b"x"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 64, "A" * 64])
def test_a_name_that_is_no_digest_is_refused(new_store, name):
    store = new_store()
    for verb in (store.get, store.has, store.delete):
        with pytest.raises(BadInput):
            verb(name)


@given(st.binary(min_size=1, max_size=64), st.data())
def test_damage_is_seen_and_mended_by_the_next_put(tmp_path_factory, content, data):
    folder = tmp_path_factory.mktemp("blobs")
    store = FsspecBlobStore(str(folder))
    digest = store.put(content)
    file = folder / blob_path(digest)
    at = data.draw(st.integers(0, len(content) - 1))
    file.write_bytes(content[:at])  # cut short, as by a full disk
    with pytest.raises(Damaged, match=digest[:12]):
        store.get(digest)
    assert store.put(content) == digest
    assert store.get(digest) == content


def test_bytes_are_stored_once(tmp_path):
    store = FsspecBlobStore(str(tmp_path))
    store.put(b"x" * 1000)
    store.put(b"x" * 1000)
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_a_store_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        FsspecBlobStore(str(tmp_path / "file")).put(b"x")


def test_an_unknown_kind_of_store_is_told():
    with pytest.raises(BadInput, match="nosuch"):
        FsspecBlobStore("nosuch://x")


def test_a_missing_package_is_named_with_the_extra(monkeypatch):
    import fsspec

    def missing(_url, **_options):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(NotInstalled, match="s3fs") as refused:
        FsspecBlobStore("s3://ana:hunter2pass@bucket/x")
    assert "mlnb[s3]" in refused.value.hint
    assert "hunter2pass" not in refused.value.message


def test_the_folder_is_made_when_first_needed(tmp_path):
    store = FsspecBlobStore(str(tmp_path / "a" / "b"))
    assert not Path(tmp_path / "a").exists()
    store.put(b"")
    assert store.get(digest_of(b"")) == b""
