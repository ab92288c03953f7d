"""Packs: the bytes of saved values, in chunks, in content-addressed files under ``MLNB_HOME/blobs``.

A chunk is named by the digest of its bytes; a chunk that is stored already is never written again. A pack is a blob like any other: its
name is the digest of the file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Literal

import zstandard
from blake3 import blake3

from mlnb.core.content import blob_path, check, digest_of
from mlnb.core.errors import Damaged
from mlnb.core.files import store_error, sync_folder, write_atomically
from mlnb.snapshots.plugins.holding import touch
from mlnb.snapshots.types import Chunk

MAGIC = b"mlnbpck1"
"""How every pack begins, so that it is known from other blobs."""
UPLOADED = "snapshots/.uploaded"
"""Below the home: an empty file, laid out as a blob is, for each pack whose copy in the remote store was verified."""
CHUNK_BYTES = 1 << 20
PACK_BYTES = 32 << 20
_SAMPLE_BYTES = 1 << 14
_SMALLEST_BYTES = 256
_LEAST_ROW_BYTES = 1 << 16
_WORTH = 0.85  # compress only what shrinks below this part of its size
_LEVEL = 1
_WAY_OUT = "It was changed on disk or by transfer; nothing of it was used. See `mlnb snapshot verify`."


def chunks_of(data: memoryview | bytes, row_bytes: int = 0) -> Iterator[tuple[str, memoryview]]:
    """`data` cut into chunks, each with its digest; also at the ends of rows of `row_bytes`, when these are long enough."""
    whole = memoryview(data).cast("B") if len(data) else memoryview(b"")
    row = row_bytes if row_bytes >= _LEAST_ROW_BYTES else whole.nbytes
    for first in range(0, whole.nbytes, row or 1):
        end = min(first + row, whole.nbytes)
        for start in range(first, end, CHUNK_BYTES):
            piece = whole[start : min(start + CHUNK_BYTES, end)]
            yield digest_of(piece), piece


def write_packs(root: Path, pieces: Mapping[str, bytes | memoryview]) -> dict[str, Chunk]:
    """Store `pieces` (bytes by digest) in packs under `root`, durably, and say where each lies.

    Raises:
        StoreUnavailable: the disk refused; nothing that counts was written.
    """
    found: dict[str, Chunk] = {}
    waiting: dict[str, tuple[bytes | memoryview, int, Literal["raw", "zstd"]]] = {}
    size = 0
    for digest, data in pieces.items():
        stored, encoding = _encode(data)
        waiting[digest] = (stored, len(data), encoding)
        size += len(stored)
        if size >= PACK_BYTES:
            found.update(_write_pack(root, waiting))
            waiting, size = {}, 0
    if waiting:
        found.update(_write_pack(root, waiting))
    return found


def _encode(data: bytes | memoryview) -> tuple[bytes | memoryview, Literal["raw", "zstd"]]:
    if len(data) < _SMALLEST_BYTES:
        return data, "raw"
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    sample = data[:_SAMPLE_BYTES]
    if len(data) > 8 * _SAMPLE_BYTES and len(compressor.compress(sample)) > _WORTH * len(sample):
        return data, "raw"
    packed = compressor.compress(data)
    return (packed, "zstd") if len(packed) < _WORTH * len(data) else (data, "raw")


def _write_pack(
    root: Path, pieces: Mapping[str, tuple[bytes | memoryview, int, Literal["raw", "zstd"]]]
) -> dict[str, Chunk]:
    hasher = blake3(MAGIC)
    temporary: str | None = None
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=root, prefix=".pack.")  # readable by the user only
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC)
            for stored, _, _ in pieces.values():
                hasher.update(stored)
                file.write(stored)
            file.flush()
            os.fsync(file.fileno())
        pack = hasher.hexdigest()
        path = root / blob_path(pack)
        path.parent.mkdir(exist_ok=True)
        Path(temporary).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise store_error(root, error) from error
    found, offset = {}, len(MAGIC)
    for digest, (stored, size, encoding) in pieces.items():
        found[digest] = Chunk(digest, pack, offset, len(stored), size, encoding)
        offset += len(stored)
    return found


def write_whole(root: Path, data: bytes) -> Chunk:
    """Store `data` as one chunk in a pack of its own, durably.

    Raises:
        StoreUnavailable: the disk refused.
    """
    digest = digest_of(data)
    return write_packs(root, {digest: data})[digest]


def copy_pack(source: Path, target: Path, pack: str) -> None:
    """Copy the blob `pack` from one blob folder to another, verified; nothing happens when it is there.

    Raises:
        Damaged: it is missing, or not what its name says.
        StoreUnavailable: the disk refused.
    """
    if touch(target / blob_path(pack)):
        return
    try:
        data = (source / blob_path(pack)).read_bytes()
    except OSError as error:
        raise Damaged(f"blob {pack[:12]} is missing", _WAY_OUT) from error
    check(data, pack, f"blob {pack[:12]}")
    write_atomically(target / blob_path(pack), data, mode=0o600)


def copy_chunks(root: Path, pack: str, chunks: Iterable[Chunk]) -> dict[int, Chunk]:
    """Copy `chunks` of `pack`, as they are stored there, into a new pack; returns where each lies now, by its old offset.

    Raises:
        Damaged: the pack is gone, or shorter than they say.
        StoreUnavailable: the disk refused; nothing that counts was written.
    """
    by_offset = {chunk.offset: chunk for chunk in chunks}
    pieces: dict[str, tuple[bytes | memoryview, int, Literal["raw", "zstd"]]] = {}
    try:
        with (root / blob_path(pack)).open("rb") as file:
            for offset in sorted(by_offset):
                chunk = by_offset[offset]
                data = os.pread(file.fileno(), chunk.stored_bytes, offset)
                if len(data) != chunk.stored_bytes:
                    raise Damaged(f"blob {pack[:12]} is cut off", _WAY_OUT)
                pieces[chunk.digest] = (data, chunk.size_bytes, chunk.encoding)
    except OSError as error:
        raise Damaged(f"blob {pack[:12]} cannot be read: {error.strerror}", _WAY_OUT) from error
    found = _write_pack(root, pieces)
    return {offset: found[chunk.digest] for offset, chunk in by_offset.items()}


class PackReader:
    """Reads chunks from the packs under `root`; every one is verified. Close it, or use it in a ``with``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> PackReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def read_into(self, chunk: Chunk, target: memoryview) -> None:
        """Put the bytes of `chunk` into `target` (of its size), verified. Threads may read at the same time.

        Raises:
            Damaged: they are gone or not as they were written.
        """
        try:
            handle = self._file(chunk.pack).fileno()
            if chunk.encoding == "zstd":
                stored = os.pread(handle, chunk.stored_bytes, chunk.offset)
                unpacked = zstandard.ZstdDecompressor().stream_reader(stored, read_size=len(stored) or 1)
                is_whole = unpacked.readinto(target) == target.nbytes  # in C, straight to its place
            else:
                is_whole = os.preadv(handle, [target], chunk.offset) == chunk.stored_bytes == target.nbytes
            is_whole = is_whole and target.nbytes == chunk.size_bytes and digest_of(target) == chunk.digest
        except (OSError, zstandard.ZstdError, ValueError) as error:
            raise Damaged(f"blob {chunk.pack[:12]} cannot be read: {error}", _WAY_OUT) from error
        if not is_whole:
            raise Damaged(f"blob {chunk.pack[:12]} does not match its digest", _WAY_OUT)

    def read(self, chunk: Chunk) -> bytes:
        """The bytes of `chunk`, verified.

        Raises:
            Damaged: as `read_into`.
        """
        data = bytearray(chunk.size_bytes)
        self.read_into(chunk, memoryview(data))
        return bytes(data)

    def _file(self, pack: str) -> IO[bytes]:
        file = self._files.get(pack)
        if file is None:
            path = self._root / blob_path(pack)
            if not path.exists() and (self._root.parent / UPLOADED / blob_path(pack)).exists():
                raise Damaged(f"blob {pack[:12]} lies in the remote store only", "Bring it back: mlnb snapshot fetch.")
            file = self._files.setdefault(pack, path.open("rb"))
        return file
