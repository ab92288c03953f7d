"""Notebook files as a snapshot keeps them: the bytes as they are, in parts that the states of a notebook share.

They are cut where what stands there says so, not at fixed places: a long line, such as a picture, is a part of its own, and shorter ones
are grouped up to one whose checksum ends a group. So a cell that changed changes the parts around it and leaves all others as they were.
This is content-defined chunking (Muthitacharoen et al., "A low-bandwidth network file system", 2001) by lines.
"""

from __future__ import annotations

import contextlib
import platform
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlnb.core.content import digest_of
from mlnb.core.errors import Damaged, MlnbError
from mlnb.core.ids import new_id
from mlnb.core.notebook_file import id_of, read_document
from mlnb.core.secrets import mask
from mlnb.core.user import user_name
from mlnb.core.version import __version__
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.git import git_state
from mlnb.snapshots.plugins.holding import hold
from mlnb.snapshots.plugins.packs import CHUNK_BYTES, PackReader, write_packs
from mlnb.snapshots.types import DOCUMENT_FORMAT, Chunk, Document, Manifest

_WHOLE_BYTES = 1 << 15
_LONG_BYTES = 1 << 14
_LEAST_BYTES = 1 << 13
_MOST_BYTES = 1 << 16
_ENDS_ONE_IN = 63  # of the lines, as a mask
_MOST_LOOKED_AT = 50
_MOST_ANEW = 3
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"[^"]*', re.DOTALL)


def read_notebook(path: Path) -> tuple[bytes, str | None]:
    """The bytes of the notebook at `path`, and its identity (``metadata.mlnb.id``) or None.

    Raises:
        NotFound: there is no such file.
        NotANotebook: it cannot be read, or is not a notebook.
    """
    data, document = read_document(path)
    return data, id_of(document)


@dataclass(frozen=True)
class Whose:
    """To what a document belongs; the fields of `Document` of the same names."""

    snapshot: str
    notebook: str
    notebook_id: str | None
    attached_at: datetime
    is_clean: bool | None = None


def attach(files: SnapshotFiles, whose: Whose, data: bytes) -> Document:
    """Store `data`, as far as the notebook's last document does not hold it already, as the document of a snapshot.

    Raises:
        Conflict: it has one.
        StoreUnavailable: the disk refused.
        Damaged: packs were cleared away while it was written, again and again.
    """
    pieces = {digest_of(piece): piece for piece in cut(data)}
    for attempt in range(_MOST_ANEW):
        known = {} if attempt else _stored(files, whose)
        shared = {digest: known[digest] for digest in pieces if digest in known}
        gone = hold(files.blobs, {chunk.pack for chunk in shared.values()})
        shared = {digest: chunk for digest, chunk in shared.items() if chunk.pack not in gone}
        written = write_packs(files.blobs, {digest: piece for digest, piece in pieces.items() if digest not in shared})
        document = _document(whose, data, [{**shared, **written}[digest_of(piece)] for piece in cut(data)])
        try:
            files.attach(document)
        except Damaged:
            if attempt == _MOST_ANEW - 1:
                raise
        else:
            break
    return document


def _document(whose: Whose, data: bytes, chunks: Sequence[Chunk]) -> Document:
    told = (whose.snapshot, whose.notebook, whose.notebook_id, whose.attached_at)
    if len(chunks) == 1:
        return Document(*told, chunks[0], whose.is_clean)
    whole = Chunk(digest_of(data), "", 0, 0, len(data), "raw")
    return Document(*told, whole, whose.is_clean, tuple(chunks), DOCUMENT_FORMAT)


def _stored(files: SnapshotFiles, whose: Whose) -> dict[str, Chunk]:
    """The parts of the notebook's last document, by digest; empty when there is none."""
    for snapshot_id in files.ids()[:_MOST_LOOKED_AT]:
        if not files.has_document(snapshot_id):
            continue
        with contextlib.suppress(MlnbError):  # damaged: another one will do
            found = files.document(snapshot_id)
            is_same = whose.notebook_id is not None and found.notebook_id == whose.notebook_id
            if is_same or found.notebook == whose.notebook:
                return {chunk.digest: chunk for chunk in found.chunks}
    return {}


def read(reader: PackReader, document: Document) -> bytes:
    """The bytes of `document`, verified.

    Raises:
        Damaged: they are gone, or not as they were written.
    """
    data = b"".join(reader.read(chunk) for chunk in document.chunks)
    if document.parts and digest_of(data) != document.content.digest:
        raise Damaged(f"the document of {document.snapshot} does not match its digest", "See `mlnb snapshot verify`.")
    return data


def cut(data: bytes) -> Iterator[bytes]:
    """`data` in parts, which together are it again."""
    if len(data) <= _WHOLE_BYTES:
        yield data
        return
    start = position = 0
    for piece in _lines(data):
        end = position + len(piece)
        if len(piece) >= _LONG_BYTES:
            if position > start:
                yield data[start:position]
            for first in range(position, end, CHUNK_BYTES):
                yield data[first : min(first + CHUNK_BYTES, end)]
            start = end
        elif end - start >= _MOST_BYTES or (end - start >= _LEAST_BYTES and not zlib.crc32(piece) & _ENDS_ONE_IN):
            yield data[start:end]
            start = end
        position = end
    if position > start:
        yield data[start:position]


def _lines(data: bytes) -> Iterator[bytes]:
    """The lines of `data`; of those that are long, as all of a file without lines is, their texts with what follows each."""
    for line in data.splitlines(keepends=True):
        if len(line) < _LONG_BYTES:
            yield line
            continue
        position = 0
        for found in _TEXT.finditer(line):
            yield line[position : found.end()]
            position = found.end()
        if position < len(line):
            yield line[position:]


def manifest_of_document(path: Path, reason: str, env_id: str, now: datetime) -> Manifest:
    """The manifest of a snapshot of the notebook at `path` alone, without variables."""
    return Manifest(
        id=new_id("snap"),
        created_at=now,
        reason=mask(reason),
        notebook=str(path),
        owner=user_name(),
        session="",
        has_kernel=False,
        env_id=env_id,
        git=git_state(path.parent),
        python=platform.python_version(),
        mlnb=__version__,
    )
