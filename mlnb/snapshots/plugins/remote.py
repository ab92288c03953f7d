"""Packs of snapshots in a remote store: copied there, verified there, fetched from there, and dropped here when they are there.

What of this machine's packs is there is noted in files of their own, so that a command need not ask the store for each; each home has a
folder of its own there, so that clearing away never takes what another one refers to.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from mlnb.core.content import blob_path, check, is_digest
from mlnb.core.errors import Damaged, MlnbError, NotFound, StoreUnavailable
from mlnb.core.files import locked, write_atomically
from mlnb.core.ids import new_id
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import UPLOADED
from mlnb.snapshots.ports import Blobs


class RemotePacks:
    """The copies of one home's packs in a remote store.

    Args:
        files: the home.
        blobs: the store; equal bytes are one there.
    """

    def __init__(self, files: SnapshotFiles, blobs: Blobs) -> None:
        self._files = files
        self._blobs = blobs

    def ids(self) -> set[str]:
        """The packs that are there, verified after they were copied."""
        return {path.name for path in self._notes.glob("??/*") if is_digest(path.name)}

    def upload(self, packs: Collection[str]) -> int:
        """Copy those of `packs` that are here and not there yet, and read each back; returns how many.

        Raises:
            StoreUnavailable: the store cannot be written or does not answer; those before it are there.
            Damaged: a pack is not what its name says, here or there.
        """
        done = 0
        for pack in sorted(set(packs) - self.ids()):
            try:
                data = (self._files.blobs / blob_path(pack)).read_bytes()
            except FileNotFoundError:
                continue  # cleared away meanwhile
            check(data, pack, f"blob {pack[:12]}")
            self._blobs.put(data)
            self._blobs.get(pack)  # verified
            write_atomically(self._notes / blob_path(pack), b"", durable=False)
            done += 1
        return done

    def fetch(self, packs: Collection[str]) -> int:
        """Bring those of `packs` back that are not here; returns how many. What is neither here nor there is left to the reader.

        Raises:
            StoreUnavailable: the store does not answer.
            Damaged: what is there does not match; nothing of it was kept.
        """
        done = 0
        for pack in sorted(packs):
            path = self._files.blobs / blob_path(pack)
            if path.exists():
                continue
            try:
                data = self._blobs.get(pack)
            except NotFound:
                continue
            write_atomically(path, data, mode=0o600)
            done += 1
        return done

    def check(self, pack: str) -> str:
        """What is wrong with the copy of `pack` that is there; empty: nothing."""
        try:
            self._blobs.get(pack)
        except MlnbError as error:
            return error.message
        return ""

    def delete(self, packs: Collection[str]) -> None:
        """Remove the copies of `packs`.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        for pack in packs:
            try:
                self._blobs.delete(pack)
            except OSError as error:
                raise StoreUnavailable(f"cannot remove blob {pack[:12]} from the remote store: {error}") from error
            (self._notes / blob_path(pack)).unlink(missing_ok=True)

    @property
    def _notes(self) -> Path:
        return self._files.root / UPLOADED


def store_id(files: SnapshotFiles) -> str:
    """The name of this home's folder in a remote store; made on first use.

    Raises:
        StoreUnavailable: the disk refused.
        Damaged: the file that holds it is not what it was.
    """
    path = files.folder / ".store-id"
    with locked(files.lock):
        if not path.exists():
            write_atomically(path, new_id("home").encode(), mode=0o600)
    name = path.read_text().strip()
    if not name.startswith("home-") or not name.replace("-", "").isalnum():
        raise Damaged(f"{path} is not as it was written", "Bring it back: it names the folder of the remote copies.")
    return name
