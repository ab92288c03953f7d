"""From captured values to files: what is new is laid out in chunks, and stored under a signed manifest."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mlnb.core.records import dataclass, field
from mlnb.snapshots.errors import StoreChanged
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import chunks_of
from mlnb.snapshots.types import Buffer, Chunk, Component, Manifest, Variable

if TYPE_CHECKING:
    from mlnb.snapshots.plugins.capture import Captured, Part

Piece = bytes | memoryview


@dataclass(frozen=True)
class StoredPart:
    """A part that is stored or on its way: what its manifest entry is made of, with chunks by digest."""

    names: tuple[str, ...]
    codec: str
    stream: tuple[str, ...]
    buffers: tuple[tuple[int, bool, tuple[str, ...]], ...]
    notes: tuple[tuple[str, str], ...] = ()  # why a variable counts as recomputed, by name

    @property
    def digests(self) -> Iterator[str]:
        """Of its chunks, in order."""
        yield from self.stream
        for _, _, digests in self.buffers:
            yield from digests


@dataclass
class Known:
    """What is stored already, as far as this kernel knows.

    Attributes:
        parts: by digest.
        chunks: where each lies, by digest.
    """

    parts: dict[str, StoredPart] = field(default_factory=dict)
    chunks: dict[str, Chunk] = field(default_factory=dict)

    def learn(self, manifest: Manifest) -> None:
        """The components of `manifest` are stored."""
        digests = [chunk.digest for chunk in manifest.chunks]
        for chunk in manifest.chunks:
            self.chunks[chunk.digest] = chunk  # where the latest snapshot found it
        for component in manifest.components:
            self.parts[component.digest] = StoredPart(
                component.names,
                component.codec,
                tuple(digests[number] for number in component.stream),
                tuple(
                    (buffer.size_bytes, buffer.is_readonly, tuple(digests[number] for number in buffer.chunks))
                    for buffer in component.buffers
                ),
                _notes(component.names, manifest.variables),
            )

    def packs_of(self, digests: Iterable[str]) -> set[str]:
        """The packs that hold those of the chunks `digests` that are stored."""
        return {self.chunks[digest].pack for digest in digests if digest in self.chunks}

    def drop(self, packs: Container[str]) -> None:
        """What lies in `packs` is not stored any more."""
        gone = {digest for digest, chunk in self.chunks.items() if chunk.pack in packs}
        self.chunks = {digest: chunk for digest, chunk in self.chunks.items() if digest not in gone}
        self.parts = {digest: part for digest, part in self.parts.items() if gone.isdisjoint(part.digests)}

    def forget(self) -> None:
        """Nothing is known to be stored: the next snapshot saves everything anew."""
        self.parts.clear()
        self.chunks.clear()


class Codecs(dict[str, str]):
    """The codec of each part of `parts`, by digest; `notes`: why its variables count as recomputed, by digest and name."""

    def __init__(self, parts: Mapping[str, StoredPart]) -> None:
        super().__init__({digest: part.codec for digest, part in parts.items()})
        self.notes = {digest: dict(part.notes) for digest, part in parts.items() if part.notes}


@dataclass(frozen=True)
class Layout:
    """How a snapshot is going to be stored.

    Attributes:
        parts: by digest.
        pieces: bytes of the chunks that are not stored yet, by digest; they may be the memory of live objects.
        used: digests of all chunks, in the order that the components count them.
        components: as they stand in the manifest.
    """

    parts: dict[str, StoredPart]
    pieces: dict[str, Piece]
    used: list[str]
    components: tuple[Component, ...]

    @property
    def size_bytes(self) -> int:
        """How much has to be written, before compression."""
        return sum(memoryview(piece).nbytes for piece in self.pieces.values())


def lay_out(captured: Captured, parts: Mapping[str, StoredPart], has_chunk: Container[str]) -> Layout:
    """Cut what is new into chunks.

    Args:
        captured: the values.
        parts: what is stored or on its way.
        has_chunk: digests of chunks that are stored or on their way.
    """
    pieces: dict[str, Piece] = {}
    found = {part.digest: _part(part, parts, has_chunk, pieces, captured.variables) for part in captured.parts}
    used = list(dict.fromkeys(digest for part in found.values() for digest in part.digests))
    position = {digest: number for number, digest in enumerate(used)}
    components = tuple(component_of(digest, part, position) for digest, part in found.items())
    return Layout(found, pieces, used, components)


def store(files: SnapshotFiles, manifest: Manifest, layout: Layout, chunks: Mapping[str, Chunk]) -> Manifest:
    """Write what is new and then the manifest, which is returned whole.

    Raises:
        StoreChanged: it shares values with a snapshot that was not written, or was cleared away.
        StoreUnavailable: the disk refused; nothing that counts was written.
        Damaged: a pack that earlier snapshots of this kernel share is gone.
    """
    missing = [digest for digest in layout.used if digest not in chunks and digest not in layout.pieces]
    if missing:
        raise StoreChanged(f"{manifest.id} shares values with a snapshot that could not be written", "Take it again.")
    whole = dataclasses.replace(manifest, components=layout.components)
    return files.write(whole, chunks, layout.pieces, layout.used)


def _part(
    part: Part,
    parts: Mapping[str, StoredPart],
    has_chunk: Container[str],
    pieces: dict[str, Piece],
    variables: Mapping[str, Variable],
) -> StoredPart:
    if part.encoded is None:
        return parts[part.digest]

    def keep(data: memoryview | bytes, row_bytes: int = 0) -> tuple[str, ...]:
        digests = []
        for digest, piece in chunks_of(data, row_bytes):
            if digest not in has_chunk and digest not in pieces:
                pieces[digest] = piece
            digests.append(digest)
        return tuple(digests)

    rows = part.encoded.row_bytes or [0] * len(part.encoded.buffers)
    buffers = [
        (buffer.nbytes, buffer.readonly, keep(buffer, row_bytes))
        for buffer, row_bytes in zip(part.encoded.buffers, rows, strict=True)
    ]
    return StoredPart(part.names, part.codec, keep(part.encoded.stream), tuple(buffers), _notes(part.names, variables))


def _notes(names: Iterable[str], variables: Mapping[str, Variable]) -> tuple[tuple[str, str], ...]:
    found = {name: variables[name] for name in names if name in variables}
    return tuple((name, one.reason) for name, one in found.items() if one.state == "recompute")


def component_of(digest: str, part: StoredPart, position: Mapping[str, int]) -> Component:
    """The entry of `part` in a manifest whose chunks lie at `position`."""
    return Component(
        names=part.names,
        codec=part.codec,
        digest=digest,
        stream=tuple(position[one] for one in part.stream),
        buffers=tuple(
            Buffer(size, is_readonly, tuple(position[one] for one in digests))
            for size, is_readonly, digests in part.buffers
        ),
    )
