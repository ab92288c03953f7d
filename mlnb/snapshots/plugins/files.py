"""Snapshots as files: a signed manifest each, a signed document each, and packs of bytes. The database is only their index.

::

    MLNB_HOME/snapshots/<id>/manifest.json   the kernel's part, or an empty one; written once, never changed
    MLNB_HOME/snapshots/<id>/document.json   where the notebook with its outputs lies; added once
    MLNB_HOME/snapshots/<id>/origin.json     of one that was not taken here; consent.json: the user's word (see `trusted`)
    MLNB_HOME/blobs/ab/abcd...               packs

A snapshot exists when its manifest does; the manifest is written last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from mlnb.core.content import blob_path
from mlnb.core.errors import Conflict, Damaged, NotFound, NotTrusted
from mlnb.core.files import locked, store_error, write_atomically
from mlnb.core.home import home
from mlnb.core.wire import from_wire
from mlnb.snapshots.errors import not_found
from mlnb.snapshots.plugins import packs, signed, trusted
from mlnb.snapshots.rules import trust
from mlnb.snapshots.types import DOCUMENT_FORMAT, FORMAT, Chunk, Document, Manifest

MANIFEST = "snapshot manifest"
DOCUMENT = "snapshot document"
_ID_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyz-")


class SnapshotFiles:
    """The snapshots under one home.

    Args:
        root: the home; ``MLNB_HOME`` as it is at each use when None.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """The home."""
        return self._root or home()

    @property
    def folder(self) -> Path:
        """Where the manifests are."""
        return self.root / "snapshots"

    @property
    def blobs(self) -> Path:
        """Where the packs are."""
        return self.root / "blobs"

    @property
    def lock(self) -> Path:
        """Held by whoever writes a manifest or deletes blobs."""
        return self.folder / ".lock"

    def ids(self) -> list[str]:
        """All snapshots, newest first."""
        return sorted((path.parent.name for path in self.folder.glob("snap-*/manifest.json")), reverse=True)

    def write(
        self,
        manifest: Manifest,
        known: Mapping[str, Chunk],
        pieces: Mapping[str, bytes | memoryview],
        used: Iterable[str],
    ) -> Manifest:
        """Store `manifest` durably and return it with its chunks.

        Args:
            manifest: without chunks.
            known: chunks that are stored already, by digest.
            pieces: bytes that are not, by digest.
            used: digests of the chunks, in the order that the manifest's components count them.

        Raises:
            StoreUnavailable: the disk refused; nothing that counts was written.
            Damaged: a pack that earlier snapshots of this kernel share is gone.
        """
        chunks = {**known, **(packs.write_packs(self.blobs, pieces) if pieces else {})}
        whole = dataclasses.replace(manifest, chunks=tuple(chunks[digest] for digest in used))
        with locked(self.lock):
            for pack in sorted({chunk.pack for chunk in whole.chunks}):
                if not (self.blobs / blob_path(pack)).exists():
                    raise Damaged(
                        f"blob {pack[:12]} was removed while the kernel still needed it", "Take the snapshot again."
                    )
            signed.write(self._manifest_path(whole.id), whole, MANIFEST)
        return whole

    def read(self, snapshot_id: str) -> Manifest:
        """The manifest of a snapshot that this user signed, or said may be loaded, or for which a paired key vouches.

        Raises:
            SnapshotNotFound: there is none of that id.
            NotTrusted: it is foreign.
            Damaged: it was changed, or written by a newer mlnb.
        """
        manifest, found = self.read_standing(snapshot_id)
        if not found.is_trusted:
            raise NotTrusted(*trust.why_not_trusted(snapshot_id, found))
        return manifest

    def read_any(self, snapshot_id: str) -> tuple[Manifest, bool]:
        """The manifest of a snapshot, and whether its variables may be loaded (see `read`).

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: it was changed, or written by a newer mlnb.
        """
        manifest, found = self.read_standing(snapshot_id)
        return manifest, found.is_trusted

    def read_standing(self, snapshot_id: str) -> tuple[Manifest, trust.Standing]:
        """The manifest of a snapshot, and whether and why its variables may be loaded.

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: it was changed, or written by a newer mlnb.
        """
        path = self._manifest_path(snapshot_id)
        seen = self.examine(snapshot_id)
        return _manifest(seen.content, path), trusted.standing_of(path.parent, seen)

    def examine(self, snapshot_id: str) -> signed.Seen:
        """The manifest as it is signed.

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: it was changed.
        """
        try:
            return signed.examine(self._manifest_path(snapshot_id), MANIFEST)
        except NotFound:
            raise not_found(snapshot_id) from None

    def consent(self, snapshot_id: str, now: datetime) -> None:
        """The user said that the variables of this snapshot, as it is now, may be loaded.

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: it was changed.
            StoreUnavailable: the disk refused.
        """
        _, found = self.read_standing(snapshot_id)
        if not found.is_trusted:
            place = self._place(snapshot_id)
            trusted.write_consent(place, trust.Consent(snapshot_id, self.examine(snapshot_id).digest, now))

    def holds(self, snapshot_id: str) -> bool:
        """Whether there is a snapshot of that id, whole or damaged."""
        return _ID_CHARACTERS.issuperset(snapshot_id) and self._manifest_path(snapshot_id).exists()

    def has_document(self, snapshot_id: str) -> bool:
        """Whether the notebook document is attached."""
        return self._document_path(snapshot_id).exists()

    def attach(self, document: Document) -> None:
        """Attach the notebook document; it is done once.

        Raises:
            Conflict: one is attached already.
            Damaged: a pack that it shares with an earlier one is gone.
            StoreUnavailable: the disk refused.
        """
        with locked(self.lock):
            if self.has_document(document.snapshot):
                raise Conflict(f"{document.snapshot} has its document already", "Take a new snapshot.")
            gone = [chunk.pack for chunk in document.chunks if not (self.blobs / blob_path(chunk.pack)).exists()]
            if gone:
                raise Damaged(f"blob {gone[0][:12]} was removed while it was still needed", "Take the snapshot again.")
            signed.write(self._document_path(document.snapshot), document, DOCUMENT)

    def document(self, snapshot_id: str) -> Document:
        """Where the notebook document lies. It is data, so one that somebody else signed is read too.

        Raises:
            NotFound: none is attached.
            Damaged: it was changed.
        """
        path = self._document_path(snapshot_id)
        try:
            content, _ = signed.read_any(path, DOCUMENT)
            version = content.get("format")
            if not isinstance(version, int) or version > DOCUMENT_FORMAT:
                raise Damaged(f"{path} was written by a newer mlnb (format {version})", "Upgrade mlnb.")
            document = from_wire(Document, content)
        except NotFound:
            raise NotFound(f"{snapshot_id} has no notebook document", "It holds the variables alone.") from None
        except ValueError as error:
            raise Damaged(f"{path} is not a document record: {error}") from error
        if document.snapshot != snapshot_id:
            raise Damaged(f"{path} belongs to {document.snapshot}", "Somebody moved it. See `mlnb snapshot verify`.")
        return document

    def adopt(self, other: SnapshotFiles, snapshot_id: str, origin: trust.Origin | None = None) -> None:
        """Copy a snapshot from `other`, as it is signed there: packs verified, then the document, last the manifest.

        One that this user did not sign stays foreign. Doing it twice changes nothing.

        Args:
            other: where it lies.
            snapshot_id: which.
            origin: where it came from; noted for one that this user did not sign.

        Raises:
            Conflict: there is another snapshot of that id.
            Damaged: something of it was changed on the way.
            StoreUnavailable: the disk refused.
        """
        manifest, _ = other.read_standing(snapshot_id)
        seen, place = other.examine(snapshot_id), self._place(snapshot_id)
        is_here = self._manifest_path(snapshot_id).exists()
        if is_here and self.examine(snapshot_id).digest != seen.digest:
            raise Conflict(
                f"there is another snapshot {snapshot_id} here", "It was left as it is; nothing was changed."
            )
        document = other.document(snapshot_id) if other.has_document(snapshot_id) else None
        if (
            document is not None
            and seen.is_own
            and not signed.examine(other._document_path(snapshot_id), DOCUMENT).is_own
        ):
            document = None  # somebody put theirs beside a snapshot of this user
        chunks = [*manifest.chunks, *(document.chunks if document else ())]
        for pack in sorted({chunk.pack for chunk in chunks}):
            packs.copy_pack(other.blobs, self.blobs, pack)
        with locked(self.lock):
            if document is not None and not self.has_document(snapshot_id):
                write_atomically(place / "document.json", other._document_path(snapshot_id).read_bytes(), mode=0o600)
            if is_here:
                return
            if origin is not None and not seen.is_own:
                trusted.write_origin(place, origin)
            write_atomically(place / "manifest.json", other._manifest_path(snapshot_id).read_bytes(), mode=0o600)

    def discard(self, snapshot_id: str) -> None:
        """Forget a snapshot that nobody has seen yet. Its packs are left to the garbage collection.

        Raises:
            StoreUnavailable: the disk refused.
        """
        place = self._place(snapshot_id)
        with locked(self.lock):
            try:
                self._manifest_path(snapshot_id).unlink(missing_ok=True)  # from here on it does not exist
                for path in place.glob("*"):
                    path.unlink()
                place.rmdir()
            except FileNotFoundError:
                return
            except OSError as error:
                raise store_error(place, error) from error

    def _manifest_path(self, snapshot_id: str) -> Path:
        return self._place(snapshot_id) / "manifest.json"

    def _document_path(self, snapshot_id: str) -> Path:
        return self._place(snapshot_id) / "document.json"

    def _place(self, snapshot_id: str) -> Path:
        if not snapshot_id.startswith("snap-") or not _ID_CHARACTERS.issuperset(snapshot_id):
            raise not_found(snapshot_id)  # an id never leads out of the folder
        return self.folder / snapshot_id


def _manifest(content: dict[str, object], path: Path) -> Manifest:
    version = content.get("format")
    if not isinstance(version, int) or version > FORMAT:
        raise Damaged(f"{path} was written by a newer mlnb (format {version})", "Upgrade mlnb.")
    try:
        manifest = from_wire(Manifest, content)
    except ValueError as error:
        raise Damaged(f"{path} is not a manifest: {error}", "See `mlnb snapshot verify`.") from error
    if manifest.id != path.parent.name:
        raise Damaged(f"{path} belongs to {manifest.id}", "Somebody moved it. See `mlnb snapshot verify`.")
    return manifest
