"""What a snapshot knows besides variables: gathered behind the cell's back, and stored as a part of its own.

It stands among the components of a manifest, without names, under the codec ``surroundings``: its stream is JSON, its buffers are the
diff to the commit and the small files that are kept. So it is deduplicated, verified, exported and cleared away as values are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xxhash

from mlnb.core.content import digest_of
from mlnb.core.errors import Damaged
from mlnb.core.records import dataclass, replace
from mlnb.core.wire import dumps, from_wire
from mlnb.snapshots.plugins.data import pointers
from mlnb.snapshots.plugins.git import GitFacts, git_facts
from mlnb.snapshots.plugins.holding import hold
from mlnb.snapshots.plugins.packs import PackReader, chunks_of
from mlnb.snapshots.plugins.parameters import parameter_values, plain_values
from mlnb.snapshots.plugins.storing import Known, Layout, StoredPart, component_of
from mlnb.snapshots.surroundings import FORMAT, Readings, Surroundings
from mlnb.snapshots.types import Chunk, Git, Manifest

CODEC = "surroundings"


@dataclass(frozen=True)
class Sources:
    """Who tells what a snapshot knows besides variables.

    Attributes:
        readings: what cells have read; None when nobody watches. It is asked while the cell waits.
        packages: versions by name; asked behind its back.
    """

    readings: Callable[[], Readings | None] = lambda: None
    packages: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True)
class Gathered:
    """What was gathered, with the blocks of bytes that it refers to; `commit` stands in the manifest itself."""

    surroundings: Surroundings
    blocks: tuple[bytes, ...] = ()
    commit: Git | None = None


class Gathering:
    """What was looked at while the cell waited; the rest is asked by `finish`, in another thread or process.

    Args:
        sources: who tells.
        values: the notebook's namespace.
        folder: whose repository counts.
        notebook: its absolute path, or None.
    """

    def __init__(self, sources: Sources, values: Mapping[str, Any], folder: Path, notebook: Path | None) -> None:
        self._sources = sources
        self._folder = folder
        self._notebook = notebook
        self._notes: list[str] = []
        self._values: dict[str, str] = self._ask("the parameters", lambda: plain_values(values), {})
        self._readings: Readings | None = self._ask("which files were read", sources.readings, None)

    def finish(self, previous: Surroundings | None = None, tick: Callable[[], None] = lambda: None) -> Gathered:
        """Everything else. Never raises: what cannot be found out is said in the notes.

        Args:
            previous: what the last snapshot of this kernel recorded.
            tick: called after each piece of work.
        """
        blocks: list[bytes] = []
        git: GitFacts | None = self._ask("the git diff", lambda: git_facts(self._folder, self._notebook), None)
        details = None if git is None else git.details
        if git is not None and git.patch:
            details = replace(git.details, patch=len(blocks))
            blocks.append(git.patch)
        data = None
        if self._readings is not None:
            readings, known = (
                self._readings,
                {one.path: one for one in (previous.data if previous else None) or () if not one.query},
            )
            files = self._ask("the data files", lambda: pointers(readings, known, tick, len(blocks)), None)
            if files is not None:
                data = tuple(files.files)
                blocks += files.kept
                self._notes += files.notes
        parameters = self._ask("the parameters", lambda: parameter_values(self._notebook, self._values), {})
        packages = self._ask("the packages", self._sources.packages, {})
        found = Surroundings(data, parameters, packages, details, tuple(self._notes))
        return Gathered(found, tuple(blocks), None if git is None else git.commit)

    def _ask(self, what: str, ask: Callable[[], Any], instead: Any) -> Any:  # noqa: ANN401 - whatever is asked for
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - it must not lose the snapshot
            self._notes.append(f"{what} could not be found out: {type(error).__name__}")
            return instead


def with_gathered(layout: Layout, gathered: Gathered, known: Known, blobs: Path) -> Layout:
    """`layout` with what was gathered as one more component; nothing is written anew that is stored already."""
    while True:
        found = _with_gathered(layout, gathered, known)
        gone = hold(blobs, known.packs_of(found.used))
        if not gone:
            return found
        known.drop(gone)  # cleared away meanwhile: it is stored anew


def _with_gathered(layout: Layout, gathered: Gathered, known: Known) -> Layout:
    stream = dumps(gathered.surroundings).encode()
    digest = xxhash.xxh3_128_hexdigest("\0".join([stream.decode(), *map(digest_of, gathered.blocks)]).encode())
    part = known.parts.get(digest)
    pieces = dict(layout.pieces)
    if part is None:

        def keep(data: bytes) -> tuple[str, ...]:
            digests = []
            for chunk, piece in chunks_of(data):
                if chunk not in known.chunks:
                    pieces.setdefault(chunk, piece)
                digests.append(chunk)
            return tuple(digests)

        blocks = tuple((len(block), True, keep(block)) for block in gathered.blocks)
        part = StoredPart((), CODEC, keep(stream), blocks)
    used = list(dict.fromkeys([*layout.used, *part.digests]))
    component = component_of(digest, part, {one: number for number, one in enumerate(used)})
    return Layout({**layout.parts, digest: part}, pieces, used, (*layout.components, component))


def alone(gathered: Gathered) -> Layout:
    """What was gathered, for a snapshot that holds no variables."""
    return _with_gathered(Layout({}, {}, [], ()), gathered, Known())


def surroundings_of(manifest: Manifest, blobs: Path) -> Surroundings | None:
    """What the snapshot knows besides variables; None for one that was taken before this was recorded. It is data: nothing is run.

    Raises:
        Damaged: it was changed on disk, or written by a newer mlnb.
    """
    component = next((one for one in manifest.components if one.codec == CODEC), None)
    return None if component is None else _read([manifest.chunks[number] for number in component.stream], blobs)


def block_of(manifest: Manifest, blobs: Path, number: int) -> bytes:
    """A block of bytes that the snapshot's surroundings refer to: the diff to the commit, or a file that was kept.

    Raises:
        Damaged: it was changed on disk.
    """
    component = next(one for one in manifest.components if one.codec == CODEC)
    with PackReader(blobs) as reader:
        return b"".join(reader.read(manifest.chunks[chunk]) for chunk in component.buffers[number].chunks)


def latest(known: Known, blobs: Path) -> Surroundings | None:
    """What the last snapshot that `known` knows of recorded; None when there is none, or it cannot be read."""
    part = next((one for one in reversed(known.parts.values()) if one.codec == CODEC), None)
    try:
        return None if part is None else _read([known.chunks[digest] for digest in part.stream], blobs)
    except (Damaged, KeyError):
        return None


def _read(chunks: list[Chunk], blobs: Path) -> Surroundings:
    with PackReader(blobs) as reader:
        text = b"".join(reader.read(chunk) for chunk in chunks)
    try:
        content = json.loads(text)
        if content["format"] > FORMAT:
            raise Damaged(
                f"what surrounds the snapshot was written by a newer mlnb (format {content['format']})", "Upgrade mlnb."
            )
        return from_wire(Surroundings, content)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"what surrounds the snapshot is not as it was written: {error}", "See `mlnb snapshot verify`."
        ) from error
