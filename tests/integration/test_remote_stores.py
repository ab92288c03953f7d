"""Values of snapshots on other machines: a real S3 protocol, a real SSH server, and what is said when these do not answer."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from mlnb.core.errors import NotFound, StoreUnavailable
from mlnb.store.blobs import FsspecBlobStore
from mlnb.testing.executor_suite import write_notebook
from tests.integration.remote_stores import s3_server, ssh_server


@pytest.fixture(scope="module")
def s3():
    with s3_server() as address:
        yield address


@pytest.fixture(scope="module")
def ssh(tmp_path_factory):
    if not (shutil.which("sshd") or Path("/usr/sbin/sshd").exists()):
        pytest.skip("there is no SSH server here (Debian: apt-get install openssh-server)")
    folder = tmp_path_factory.mktemp("ssh") / "server"
    with ssh_server(folder) as (url, known):
        yield url, known, folder / "key"


@pytest.fixture
def s3_account(s3, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": s3, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


@pytest.fixture
def ssh_home(ssh, tmp_path, monkeypatch):
    url, known, key = ssh
    (tmp_path / ".ssh").mkdir(mode=0o700)
    (tmp_path / ".ssh" / "known_hosts").write_text(known)
    shutil.copy(key, tmp_path / ".ssh" / "id_ed25519")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return url


@pytest.fixture(params=["s3", "sftp"])
def url(request, tmp_path):
    if request.param == "s3":
        request.getfixturevalue("s3_account")
        return f"s3://bucket/{uuid.uuid4().hex}"
    return f"{request.getfixturevalue('ssh_home')}{tmp_path}/store"


def test_bytes_come_back_and_go(url):
    store = FsspecBlobStore(url)
    data = os.urandom(3_000_000)
    digest = store.put(data)
    assert store.put(data) == digest
    assert FsspecBlobStore(url).get(digest) == data
    store.delete(digest)
    store.delete(digest)
    assert not store.has(digest)
    with pytest.raises(NotFound):
        store.get(digest)


def test_values_of_a_snapshot_are_copied_there_and_fetched_back(url, tmp_path, monkeypatch):
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MLNB_STORE_BLOBS_URL", url)
    mlnb("run", write_notebook(tmp_path / "n.ipynb", "numbers = list(range(100_000))"))
    (taken,) = mlnb("snapshot", "list")["snapshots"]
    assert mlnb("snapshot", "gc")["uploaded"] > 0
    shutil.rmtree(tmp_path / "state" / "blobs")
    assert mlnb("snapshot", "fetch", taken["id"])["files"] > 0
    mlnb("snapshot", "verify", taken["id"])
    assert mlnb("snapshot", "gc")["uploaded"] == 0


def mlnb(*arguments):
    done = subprocess.run(
        [Path(sys.executable).parent / "mlnb", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_half_written_file_is_not_taken_for_the_whole(ssh_home, tmp_path):
    store = FsspecBlobStore(f"{ssh_home}{tmp_path}/store")
    data = os.urandom(100_000)
    path = next_path(store, data, tmp_path)
    path.write_bytes(data[:5_000])  # as a copy that was cut off leaves it
    digest = store.put(data)
    assert path.read_bytes() == data
    assert store.get(digest) == data
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def next_path(store, data, tmp_path):
    digest = store.put(data)
    (found,) = [
        path for path in (tmp_path / "store").rglob("*") if path.name.endswith(digest) or digest[2:] == path.name
    ]
    return found


def test_a_host_that_is_not_known_gets_nothing(ssh_home, tmp_path):
    (tmp_path / ".ssh" / "known_hosts").write_text("")
    with pytest.raises(StoreUnavailable, match="not found in known_hosts"):
        FsspecBlobStore(f"{ssh_home}{tmp_path}/store").put(b"secret")
    assert not (tmp_path / "store").exists()


def test_a_store_that_does_not_answer_is_said_in_one_sentence(s3_account, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = FsspecBlobStore("s3://bucket/away")
    for ask in (lambda: store.put(b"x"), lambda: store.get("0" * 64), lambda: store.has("0" * 64)):
        with pytest.raises(StoreUnavailable, match=r"cannot .* blob .*: Could not connect to the endpoint"):
            ask()


def test_wrong_credentials_are_said(s3_account, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreUnavailable, match="credentials"):
        FsspecBlobStore("s3://bucket/nobody").put(b"x")
