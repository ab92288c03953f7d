"""Stores on "other machines" for a test run: an S3 server and an SSH server on free ports of this one, gone afterwards."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

WAIT_S = 30


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """The address of an S3 server with the bucket ``bucket``."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        address = f"http://127.0.0.1:{port}"
        import botocore.session

        secret = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        botocore.session.Session().create_client("s3", endpoint_url=address, **secret).create_bucket(Bucket="bucket")
        yield address
    finally:
        server.stop()


@contextlib.contextmanager
def ssh_server(folder: Path) -> Iterator[tuple[str, str]]:
    """An SSH server that lets the key ``folder/key`` in: the start of its URL, and its line of a file of known hosts."""
    folder.mkdir(mode=0o700)
    for name in ("host", "key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    shutil.copy(folder / "key.pub", folder / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'authorized'}\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile {folder / 'pid'}\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it keeps its unprivileged half
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "-D", "-e", "-f", str(folder / "config")], stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        _wait_for(port, server, folder / "log")
        known = " ".join((folder / "host.pub").read_text().split()[:2])
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}", f"[127.0.0.1]:{port} {known}\n"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + WAIT_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
