"""Whether a snapshot that came from elsewhere is what it says, before anything of it is kept: nothing of it is loaded here."""

from __future__ import annotations

import json

import zstandard

from mlnb.core.content import blob_path, is_digest
from mlnb.core.errors import Damaged
from mlnb.snapshots.plugins import checking, documents
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import CHUNK_BYTES, PackReader
from mlnb.snapshots.types import Chunk, Document, Manifest

_DOCUMENT_BYTES = 256 << 20
_HEAD_BYTES = 64
_WAY_OUT = "Nothing was taken over. Export it again, or fetch it again."


def check(files: SnapshotFiles, snapshot_id: str, name: str) -> None:
    """Verify the snapshot in `files`: every pack, every chunk of it, and that its parts fit together.

    Args:
        files: where it was unpacked, with nothing else.
        snapshot_id: which.
        name: what it is called in messages.

    Raises:
        Damaged: something of it was changed, is missing, or lies about its size.
    """
    manifest, _ = files.read_any(snapshot_id)
    document = files.document(snapshot_id) if files.has_document(snapshot_id) else None
    chunks = [*manifest.chunks, *(document.chunks if document else ())]
    if not all(is_digest(chunk.pack) and is_digest(chunk.digest) for chunk in chunks):
        raise Damaged(f"{name} is not a snapshot of mlnb: it names files that are no blobs", _WAY_OUT)
    _check_shape(manifest, name)
    for chunk in chunks:
        _check_size(
            files, chunk, CHUNK_BYTES if document is None or chunk != document.content else _DOCUMENT_BYTES, name
        )
    if document is not None and sum(chunk.size_bytes for chunk in document.chunks) > _DOCUMENT_BYTES:
        raise Damaged(f"{name} has a document that is too large", _WAY_OUT)
    found = checking.verify(files, [snapshot_id])
    if not found.is_ok:
        first = found.problems[0]
        raise Damaged(f"{name} is damaged: {first.what}: {first.detail}", _WAY_OUT)
    with PackReader(files.blobs) as reader:
        for chunk in manifest.chunks:
            reader.read(chunk)
        if document is not None:
            _check_document(reader, document, name)


def _check_shape(manifest: Manifest, name: str) -> None:
    """Components name variables that exist, once each, and chunks that exist and fill their buffers."""
    seen: set[str] = set()
    count = len(manifest.chunks)
    for component in manifest.components:
        numbers = [*component.stream, *(number for buffer in component.buffers for number in buffer.chunks)]
        names = set(component.names)
        if any(not 0 <= number < count for number in numbers) or names & seen or not names <= set(manifest.variables):
            raise Damaged(f"{name} is not a snapshot of mlnb: its parts do not fit together", _WAY_OUT)
        seen |= names
        for buffer in component.buffers:
            if sum(manifest.chunks[number].size_bytes for number in buffer.chunks) != buffer.size_bytes:
                raise Damaged(f"{name} is not a snapshot of mlnb: a buffer has another size than its parts", _WAY_OUT)


def _check_document(reader: PackReader, document: Document, name: str) -> None:
    try:
        is_notebook = isinstance(json.loads(documents.read(reader, document)), dict)
    except (ValueError, RecursionError):
        is_notebook = False
    if not is_notebook:
        raise Damaged(f"{name} has a document that is no notebook", _WAY_OUT)


def _check_size(files: SnapshotFiles, chunk: Chunk, most_bytes: int, name: str) -> None:
    """That `chunk` has the size it says, as its compressed form tells it: no memory is taken for a lie."""
    lies = Damaged(f"{name} has a part that is larger than it says", _WAY_OUT)
    if min(chunk.offset, chunk.stored_bytes, chunk.size_bytes) < 0 or chunk.size_bytes > most_bytes:
        raise lies
    if chunk.encoding == "raw" and chunk.stored_bytes != chunk.size_bytes:
        raise lies
    if chunk.encoding == "zstd" and _told_size(files, chunk, name) != chunk.size_bytes:
        raise lies


def _told_size(files: SnapshotFiles, chunk: Chunk, name: str) -> int:
    try:
        with (files.blobs / blob_path(chunk.pack)).open("rb") as file:
            file.seek(chunk.offset)
            return zstandard.frame_content_size(file.read(min(chunk.stored_bytes, _HEAD_BYTES)))
    except zstandard.ZstdError:
        return -1
    except OSError as error:
        raise Damaged(f"{name} is damaged: blob {chunk.pack[:12]} is missing", _WAY_OUT) from error
