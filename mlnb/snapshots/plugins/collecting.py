"""Clearing away: snapshots that are not kept, packs that no snapshot refers to, and what interrupted writes left behind.

What is referred to is never removed: it is looked up under the lock that every writer of a manifest takes, and what a writer is
about to refer to it has touched (see `holding`). The manifest of a snapshot goes before its packs, so that whoever is interrupted
leaves whole snapshots and, at worst, packs for the next time.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlnb.core.content import blob_path, is_digest
from mlnb.core.errors import NotFound
from mlnb.core.files import locked, store_error, sync_folder
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.holding import GRACE_S, put_back, take_away
from mlnb.snapshots.plugins.packs import MAGIC
from mlnb.snapshots.types import Document, Manifest


@dataclass
class References:
    """What the snapshots refer to, read once and read again where it changed.

    Attributes:
        manifests: by snapshot.
        documents: by snapshot.
    """

    files: SnapshotFiles
    manifests: dict[str, Manifest] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    _stamps: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def refresh(self) -> None:
        """Bring this up to the files.

        Raises:
            Damaged: a manifest or document record cannot be read, so that it is not known what it refers to.
        """
        ids = self.files.ids()
        for gone in set(self._stamps) - set(ids):
            self._forget(gone)
        for snapshot_id in ids:
            stamp = self._stamp(snapshot_id)
            if self._stamps.get(snapshot_id) == stamp:
                continue
            self._forget(snapshot_id)
            try:
                self.manifests[snapshot_id] = self.files.read_any(snapshot_id)[0]
                if self.files.has_document(snapshot_id):
                    self.documents[snapshot_id] = self.files.document(snapshot_id)
                self._stamps[snapshot_id] = stamp
            except NotFound:
                self._forget(snapshot_id)  # removed meanwhile

    def _stamp(self, snapshot_id: str) -> tuple[int, ...]:
        found = []
        for name in ("manifest.json", "document.json"):
            path = self.files.folder / snapshot_id / name
            status = path.stat() if path.exists() else None
            found += [status.st_ino, status.st_mtime_ns] if status else [0]
        return tuple(found)

    def _forget(self, snapshot_id: str) -> None:
        for known in (self.manifests, self.documents, self._stamps):
            known.pop(snapshot_id, None)

    def packs(self, snapshot_id: str) -> set[str]:
        """The packs of one snapshot and its document."""
        found = {chunk.pack for chunk in self.manifests[snapshot_id].chunks}
        if snapshot_id in self.documents:
            found.update(chunk.pack for chunk in self.documents[snapshot_id].chunks)
        return found

    def all_packs(self, without: Collection[str] = ()) -> set[str]:
        """The packs of all snapshots but those in `without`."""
        return set().union(*(self.packs(one) for one in self.manifests if one not in without), set())


@dataclass(frozen=True)
class Cleared:
    """What was removed, or would be: snapshots, and files with their bytes; `packs`: those among the files."""

    snapshots: tuple[str, ...]
    files: int
    size_bytes: int
    packs: tuple[str, ...]


def clear(
    references: References,
    choose: Callable[[References], Collection[str]],
    *,
    is_dry_run: bool,
    grace_s: float = GRACE_S,
) -> Cleared:
    """Remove the snapshots that `choose` names, and everything under the home that is then referred to by none.

    Args:
        references: of the store; it is brought up to the files.
        choose: tells which snapshots go; asked under the lock.
        is_dry_run: remove nothing.
        grace_s: how long nobody must have touched what is removed, in seconds.

    Raises:
        Damaged: a manifest cannot be read, so that it is not known what it refers to; nothing was removed.
        StoreUnavailable: the disk refused.
    """
    files = references.files
    with locked(files.lock):
        put_back(files.blobs)
    references.refresh()  # the long part, while nobody has to wait
    used = references.all_packs(choose(references))
    maybe = [path for path in blobs_of(files) if path.name not in used]
    with locked(files.lock):
        references.refresh()
        going = [one for one in choose(references) if one in references.manifests]
        used = references.all_packs(going)
        now = time.time()
        old = [path for path in maybe if path.name not in used and _age(path, now) > grace_s]
        old += [path for path in _half_written(files) if _age(path, now) > grace_s]
        packs = tuple(path.name for path in old if is_digest(path.name))
        left = [path for path in _broken_off(files) if _age(path, now) > grace_s]
        size = sum(path.stat().st_size for path in old)
        done = Cleared(tuple(going), len(old) + len(left), size, packs)
        if not is_dry_run:
            _remove(files, going, [*left, *old], grace_s)
    return done


def _remove(files: SnapshotFiles, ids: Collection[str], paths: Collection[Path], grace_s: float) -> None:
    try:
        for snapshot_id in ids:
            remove_snapshot(files, snapshot_id)
        for path in paths:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                take_away(path, grace_s)
    except OSError as error:
        raise store_error(error.filename or files.root, error) from error


def remove_snapshot(files: SnapshotFiles, snapshot_id: str) -> None:
    """Remove the files of a snapshot, its manifest first and for good; its packs stay. The caller holds the lock.

    Raises:
        OSError: the disk refused.
    """
    folder = files.folder / snapshot_id
    (folder / "manifest.json").unlink(missing_ok=True)
    sync_folder(folder)
    shutil.rmtree(folder)


def blobs_of(files: SnapshotFiles) -> Iterator[Path]:
    """Everything in the blob folder that is a pack; other areas may keep blobs of their own there."""
    for path in files.blobs.glob("??/*"):
        if is_digest(path.name) and _is_pack(path):
            yield path


def _half_written(files: SnapshotFiles) -> Iterator[Path]:
    yield from files.blobs.glob(".pack.*")
    yield from files.blobs.glob("??/.*")
    yield from files.folder.glob("snap-*/.*")


def _broken_off(files: SnapshotFiles) -> Iterator[Path]:
    """Folders of snapshots without a manifest: their writing, or their removal, was interrupted."""
    return (path for path in files.folder.glob("snap-*") if path.is_dir() and not (path / "manifest.json").exists())


def _is_pack(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return False


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def stored_bytes(files: SnapshotFiles, pack: str) -> int:
    """How much disk the pack takes here; 0 when it is not here."""
    try:
        return (files.blobs / blob_path(pack)).stat().st_size
    except FileNotFoundError:
        return 0
