"""fsspec's SFTP with the two things that values of variables need: a host that is known, and files that appear whole."""

from __future__ import annotations

import os
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem


class KnownHostSftp(SFTPFileSystem):  # type: ignore[misc] # fsspec is untyped
    """SFTP to hosts of ``~/.ssh/known_hosts`` only; fsspec itself trusts whoever answers.

    Keys come from the SSH agent and ``~/.ssh``.
    """

    cachable = False  # a store that is opened again connects again: the first connection may be gone

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.load_system_host_keys()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self.client.connect(self.host, **self.ssh_kwargs)
        self.ftp = self.client.open_sftp()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:  # noqa: ANN401 - as fsspec has it
        """Write `value` beside `path` and rename: who reads sees all of it or nothing."""
        half = f"{path}.{os.urandom(6).hex()}.part"
        try:
            super().pipe_file(half, value, **kwargs)
            self.mv(half, path)
        except BaseException:
            if self.exists(half):
                self.rm_file(half)
            raise

    def rm_file(self, path: str) -> None:
        """Remove one file; fsspec's own has no such call for SFTP."""
        self.ftp.remove(self._strip_protocol(path))
