"""Re-reading what is stored: every file against its name, every value against its digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mlnb.core.content import blob_path, check
from mlnb.core.errors import Damaged, MlnbError, NotFound
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.plugins.process import CODEC
from mlnb.snapshots.rules.purging import numbers_of
from mlnb.snapshots.types import Chunk, Manifest, Problem, Verified

_NAMELESS = {CODEC: "(the state of the process)", "surroundings": "(what surrounds it)"}
Elsewhere = Callable[[str], str | None]
"""What is wrong with the copy of a pack in the remote store: empty: nothing; None: there is none."""


def packs_of(files: SnapshotFiles, snapshot_id: str) -> set[str]:
    """The packs that a snapshot and its document refer to.

    Raises:
        Damaged: its manifest or document record cannot be read.
    """
    manifest, _ = files.read_any(snapshot_id)
    found = {chunk.pack for chunk in manifest.chunks}
    if files.has_document(snapshot_id):
        found.update(chunk.pack for chunk in files.document(snapshot_id).chunks)
    return found


def verify(files: SnapshotFiles, ids: Sequence[str], elsewhere: Elsewhere | None = None) -> Verified:
    """Re-read every byte that `ids` refer to.

    Args:
        files: the snapshots.
        ids: which.
        elsewhere: asked about packs that are not here.

    Raises:
        SnapshotNotFound: there is none of one of the ids.
    """
    problems: list[Problem] = []
    with PackReader(files.blobs) as reader:
        checker = _Checker(files, reader, elsewhere or (lambda _pack: None))
        for snapshot_id in ids:
            try:
                manifest, _ = files.read_any(snapshot_id)
                document = files.document(snapshot_id).chunks if files.has_document(snapshot_id) else ()
            except NotFound:
                raise
            except MlnbError as error:
                problems.append(Problem(snapshot_id, "manifest", error.message))
                continue
            problems += checker.problems(manifest, document)
    return Verified(not problems, len(ids), len(checker.packs), checker.size, tuple(problems))


@dataclass
class _Checker:
    """Reads each pack and each chunk once.

    Attributes:
        packs: what is wrong with each; empty: it is whole.
        chunks: whether each value's bytes are as they were written, by pack and offset.
        size: how much was read.
    """

    files: SnapshotFiles
    reader: PackReader
    elsewhere: Elsewhere
    packs: dict[str, str] = field(default_factory=dict)
    chunks: dict[tuple[str, int, str], bool] = field(default_factory=dict)
    size: int = 0

    def problems(self, manifest: Manifest, document: Sequence[Chunk]) -> list[Problem]:
        """What is wrong with a snapshot: for each pack that is not whole, the variables whose bytes are not."""
        found = []
        everything = [*manifest.chunks, *document]
        for pack in sorted({chunk.pack for chunk in everything}):
            wrong = self._pack(pack)
            bad = {
                number for number, chunk in enumerate(everything) if chunk.pack == pack and not self._is_whole(chunk)
            }
            if bad or wrong:
                names = _names_of(manifest, bad) + (
                    ["(the notebook document)"] if max(bad, default=0) >= len(manifest.chunks) else []
                )
                detail = wrong or f"blob {pack[:12]} does not hold what the manifest says"
                what = f"variables {', '.join(names)}" if names else "no variable, but a file it shares"
                found.append(Problem(manifest.id, what, detail))
        return found

    def _pack(self, pack: str) -> str:
        if pack not in self.packs:
            self.packs[pack] = self._reread(pack)
        return self.packs[pack]

    def _reread(self, pack: str) -> str:
        path = self.files.blobs / blob_path(pack)
        try:
            data = path.read_bytes()
            self.size += len(data)
            check(data, pack, f"blob {pack[:12]}")
        except Damaged as error:
            return error.message
        except OSError as error:
            there = self.elsewhere(pack) if isinstance(error, FileNotFoundError) else None
            return (
                f"blob {pack[:12]} cannot be read: {(error.strerror or str(error)).lower()}" if there is None else there
            )
        return ""

    def _is_whole(self, chunk: Chunk) -> bool:
        place = (chunk.pack, chunk.offset, chunk.digest)
        if place not in self.chunks:
            is_here = (self.files.blobs / blob_path(chunk.pack)).exists()
            try:
                if is_here:
                    self.reader.read(chunk)
                self.chunks[place] = is_here or not self._pack(chunk.pack)
            except Damaged:
                self.chunks[place] = False
        return self.chunks[place]


def _names_of(manifest: Manifest, bad: set[int]) -> list[str]:
    """The names of what refers to the chunks `bad`."""
    touched = [component for component in manifest.components if bad.intersection(numbers_of(component))]
    names = sorted({name for component in touched for name in component.names})
    return names + sorted(_NAMELESS.get(one.codec, f"({one.codec})") for one in touched if not one.names)
