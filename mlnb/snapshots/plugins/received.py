"""Whether a snapshot that came from elsewhere is what it says, before anything of it is kept: nothing of it is loaded here."""

from __future__ import annotations

import json

import zstandard

from mlnb.core.content import blob_path, is_digest
from mlnb.core.errors import Damaged
from mlnb.snapshots.plugins import checking
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import CHUNK_BYTES, PackReader
from mlnb.snapshots.types import Chunk, Document, Manifest

_DOCUMENT_BYTES = 256 << 20
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
    chunks = [*manifest.chunks, *([document.content] if document else [])]
    if not all(is_digest(chunk.pack) and is_digest(chunk.digest) for chunk in chunks):
        raise Damaged(f"{name} is not a snapshot of mlnb: it names files that are no blobs", _WAY_OUT)
    _check_shape(manifest, name)
    found = checking.verify(files, [snapshot_id])
    if not found.is_ok:
        first = found.problems[0]
        raise Damaged(f"{name} is damaged: {first.what}: {first.detail}", _WAY_OUT)
    with PackReader(files.blobs) as reader:
        for chunk in manifest.chunks:
            _check_chunk(files, reader, chunk, CHUNK_BYTES, name)
        if document is not None:
            _check_document(files, reader, document, name)


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


def _check_document(files: SnapshotFiles, reader: PackReader, document: Document, name: str) -> None:
    _check_chunk(files, reader, document.content, _DOCUMENT_BYTES, name)
    try:
        is_notebook = isinstance(json.loads(reader.read(document.content)), dict)
    except (ValueError, RecursionError):
        is_notebook = False
    if not is_notebook:
        raise Damaged(f"{name} has a document that is no notebook", _WAY_OUT)


def _check_chunk(files: SnapshotFiles, reader: PackReader, chunk: Chunk, most_bytes: int, name: str) -> None:
    """That `chunk` is what it says. Its size is compared first with what the compressed form says, so that no memory is taken for a lie."""
    lies = Damaged(f"{name} has a part that is larger than it says", _WAY_OUT)
    if min(chunk.offset, chunk.stored_bytes, chunk.size_bytes) < 0 or chunk.size_bytes > most_bytes:
        raise lies
    if chunk.encoding == "raw" and chunk.stored_bytes != chunk.size_bytes:
        raise lies
    if chunk.encoding == "zstd":
        with (files.blobs / blob_path(chunk.pack)).open("rb") as file:
            file.seek(chunk.offset)
            head = file.read(min(chunk.stored_bytes, 64))
        try:
            told = zstandard.frame_content_size(head)
        except zstandard.ZstdError:
            told = -1
        if told != chunk.size_bytes:
            raise lies
    reader.read(chunk)
