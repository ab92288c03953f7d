"""From captured values to files: what is new is copied while the cell waits, compressed and written behind its back, in order."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from mlnb.core.errors import MlnbError, StoreUnavailable
from mlnb.snapshots.plugins.capture import Captured, Part
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.git import git_state
from mlnb.snapshots.plugins.packs import chunks_of
from mlnb.snapshots.types import Buffer, Chunk, Component, Manifest

_MOST_PENDING_BYTES = 1 << 30


@dataclass(frozen=True)
class StoredPart:
    """A part that is stored or on its way: what its manifest entry is made of, with chunks by digest."""

    names: tuple[str, ...]
    codec: str
    stream: tuple[str, ...]
    buffers: tuple[tuple[int, bool, tuple[str, ...]], ...]


class SnapshotWriter:
    """Writes the snapshots of one kernel.

    Args:
        files: where to.
        log: told what could not be written.
    """

    def __init__(self, files: SnapshotFiles, log: Callable[[str], object]) -> None:
        self._files = files
        self._log = log
        self.parts: dict[str, StoredPart] = {}
        self._chunks: dict[str, Chunk] = {}  # stored; changed by the writing thread only, but for `learn`
        self._expected: set[str] = set()  # stored or on their way
        self._pending: list[tuple[Future[Manifest], int]] = []
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def write(self, manifest: Manifest, captured: Captured, git_folder: Path) -> Future[Manifest]:
        """Store `captured` under `manifest` (which has no components yet). Live memory is not looked at after this returns.

        Returns:
            The whole manifest once it is on disk, or the error.
        """
        pieces: dict[str, bytes] = {}
        parts = {part.digest: self._part(part, pieces) for part in captured.parts}
        self.parts = parts
        self._expected.update(pieces)
        used = list(dict.fromkeys(digest for part in parts.values() for digest in _digests(part)))
        position = {digest: number for number, digest in enumerate(used)}
        components = tuple(_component(digest, part, position) for digest, part in parts.items())
        whole = dataclasses.replace(manifest, components=components)
        size = sum(map(len, pieces.values()))
        self._wait_for_room(size)
        future = self._executor().submit(self._store, whole, pieces, used, git_folder)
        self._pending.append((future, size))
        return future

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until everything so far is on disk.

        Raises:
            StoreUnavailable: something could not be written, or not within `timeout_s`.
        """
        futures = [future for future, _ in self._pending]
        _, late = wait(futures, timeout_s)
        if late:
            raise StoreUnavailable(f"{len(late)} snapshots are not on disk after {timeout_s} s", "Wait longer.")
        self._pending.clear()
        for future in futures:
            future.result()

    def settle(self) -> None:
        """Wait for everything so far, whatever became of it."""
        with contextlib.suppress(MlnbError):
            self.flush()

    def learn(self, manifest: Manifest) -> None:
        """The components of `manifest` are stored already."""
        for chunk in manifest.chunks:
            self._chunks.setdefault(chunk.digest, chunk)
            self._expected.add(chunk.digest)
        digests = [chunk.digest for chunk in manifest.chunks]
        for component in manifest.components:
            self.parts[component.digest] = StoredPart(
                component.names,
                component.codec,
                tuple(digests[number] for number in component.stream),
                tuple(
                    (buffer.size_bytes, buffer.is_readonly, tuple(digests[number] for number in buffer.chunks))
                    for buffer in component.buffers
                ),
            )

    def _part(self, part: Part, pieces: dict[str, bytes]) -> StoredPart:
        if part.encoded is None:
            return self.parts[part.digest]
        buffers = [(buffer.nbytes, buffer.readonly, self._keep(buffer, pieces)) for buffer in part.encoded.buffers]
        return StoredPart(part.names, part.codec, self._keep(part.encoded.stream, pieces), tuple(buffers))

    def _keep(self, data: memoryview | bytes, pieces: dict[str, bytes]) -> tuple[str, ...]:
        digests = []
        for digest, piece in chunks_of(data):
            if digest not in self._expected and digest not in pieces:
                pieces[digest] = bytes(piece)
            digests.append(digest)
        return tuple(digests)

    def _store(self, manifest: Manifest, pieces: dict[str, bytes], used: Sequence[str], git_folder: Path) -> Manifest:
        try:
            missing = [digest for digest in used if digest not in self._chunks and digest not in pieces]
            if missing:
                raise StoreUnavailable(  # noqa: TRY301 - one handler forgets and logs, whatever failed
                    f"{manifest.id} shares values with a snapshot that could not be written", "Take it again."
                )
            git = git_state(git_folder)
            stored = self._files.write(dataclasses.replace(manifest, git=git), self._chunks, pieces, used)
            self._chunks.update((chunk.digest, chunk) for chunk in stored.chunks)
        except BaseException as error:
            self._expected = set(self._chunks)  # what was to be written is not there: the next snapshot saves it anew
            self.parts = {}
            self._log(f"the snapshot {manifest.id} was not written: {error}")
            raise
        return stored

    def _wait_for_room(self, size: int) -> None:
        self._pending = [
            (future, bytes_) for future, bytes_ in self._pending if not future.done() or future.exception()
        ]
        while size + sum(bytes_ for future, bytes_ in self._pending if not future.done()) > _MOST_PENDING_BYTES:
            running = [future for future, _ in self._pending if not future.done()]
            if not running:
                return
            wait(running[:1])

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None or self._pool[0] != os.getpid():  # threads do not survive a fork
            self._pool = (os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="mlnb-snapshots"))
        return self._pool[1]


def _digests(part: StoredPart) -> Iterable[str]:
    yield from part.stream
    for _, _, digests in part.buffers:
        yield from digests


def _component(digest: str, part: StoredPart, position: dict[str, int]) -> Component:
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
