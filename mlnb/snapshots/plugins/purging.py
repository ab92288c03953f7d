"""Taking one value out of the store for good: manifests written anew with a tombstone, packs without its bytes, the old files removed.

New packs come first, then the manifests one by one, last the old packs go: whoever is interrupted leaves a store in which everything can be
read, and a second purge ends the work. Chunks that no snapshot refers to any more are left out of every pack that is looked at, since
they may be an older snapshot's copy of the same value.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlnb.core.content import blob_path, digest_of
from mlnb.core.errors import Damaged
from mlnb.core.files import locked, store_error, write_atomically
from mlnb.core.wire import dumps
from mlnb.snapshots.plugins import documents, packs, signed, texts
from mlnb.snapshots.plugins.collecting import References, blobs_of, stored_bytes
from mlnb.snapshots.plugins.files import DOCUMENT, MANIFEST, SnapshotFiles
from mlnb.snapshots.rules import purging
from mlnb.snapshots.types import Chunk, Component, Document, Manifest

_SURROUNDINGS = "surroundings"  # the codec of what a snapshot knows besides variables, as JSON
_GRACE_S = 60.0  # a pack so young, that no manifest names, belongs to a snapshot that is being written


@dataclass
class Purging:
    """What was done in one store.

    Attributes:
        snapshots: those that held the value.
        along: variables that went with it, by snapshot.
        texts: texts that the value held.
        removed: packs that are gone, with what they took on disk.
        freed_bytes: how much smaller the store is.
        left: snapshots that somebody else signed, which now are signed by nobody.
    """

    snapshots: list[str] = field(default_factory=list)
    along: dict[str, tuple[str, ...]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    freed_bytes: int = 0
    left: list[str] = field(default_factory=list)


def holders(references: References, name: str, ids: Collection[str] | None) -> list[str]:
    """The snapshots (of `ids`, None: of all) that hold a value of the variable `name`."""
    return [
        one
        for one, manifest in sorted(references.manifests.items())
        if (ids is None or one in ids) and any(name in component.names for component in manifest.components)
    ]


def purge(files: SnapshotFiles, name: str, ids: Collection[str] | None, mark: str) -> Purging:
    """Take the value of the variable `name` out of the snapshots `ids`, or of all. Every pack has to be at hand.

    Args:
        files: the store.
        name: the variable.
        ids: which snapshots; None: all.
        mark: what stands in its place.

    Raises:
        Damaged: a manifest or a pack cannot be read; what was to be purged is still there.
        StoreUnavailable: the disk refused; the store is whole, but the old packs may still be there: purge again.
    """
    done, references = Purging(), References(files)
    with locked(files.lock):
        references.refresh()
        before = dict(references.manifests)
        own = {one: signed.read_any(files.folder / one / "manifest.json", MANIFEST)[1] for one in before}
        done.texts = _texts(files, references, name, ids)
        after = dict(before)
        for snapshot_id in holders(references, name, ids):
            after[snapshot_id], along = purging.without(before[snapshot_id], name, mark)
            done.snapshots.append(snapshot_id)
            if along:
                done.along[snapshot_id] = along
        for snapshot_id in [one for one in after if ids is None or one in ids]:
            other = _without_parameter(files, after[snapshot_id], name, mark, done)
            if other is not None:
                after[snapshot_id] = other
                done.snapshots += [] if snapshot_id in done.snapshots else [snapshot_id]
        live = _live([*after.values()], references.documents.values())
        touched = {chunk.pack for one in done.snapshots for chunk in before[one].chunks}
        bound = {chunk.pack for one, manifest in before.items() if not own[one] for chunk in manifest.chunks} - touched
        places, old = _rewrite(files, live, touched, bound)
        for snapshot_id, manifest in after.items():
            whole = purging.moved(manifest, places)
            if whole != before[snapshot_id]:
                _write(files.folder / snapshot_id / "manifest.json", whole, MANIFEST, is_own=own[snapshot_id])
                done.left += [] if own[snapshot_id] else [snapshot_id]
        _move_documents(files, references.documents, places)
        _remove(files, old, done)
        done.freed_bytes -= sum(stored_bytes(files, pack) for pack in {chunk.pack for chunk in places.values()})
    return done


def _without_parameter(
    files: SnapshotFiles, manifest: Manifest, name: str, mark: str, done: Purging
) -> Manifest | None:
    """`manifest` with `mark` in place of the value of the parameter `name`; None: it has no such parameter."""
    component = next((one for one in manifest.components if one.codec == _SURROUNDINGS), None)
    if component is None:
        return None
    with packs.PackReader(files.blobs) as reader:
        content = json.loads(b"".join(reader.read(manifest.chunks[number]) for number in component.stream))
    value = content.get("parameters", {}).get(name)
    if value is None or value == mark or str(value).startswith("purged by "):
        return None
    done.texts |= texts.worth_looking_for([str(value), str(value).strip("'\"")])
    content["parameters"][name] = mark
    data = dumps(content).encode()
    return purging.with_stream(manifest, component, packs.write_whole(files.blobs, data), digest_of(data)[:32])


def _texts(files: SnapshotFiles, references: References, name: str, ids: Collection[str] | None) -> set[str]:
    found: set[str] = set()
    with packs.PackReader(files.blobs) as reader:
        for snapshot_id in holders(references, name, ids):
            manifest = references.manifests[snapshot_id]
            for component in manifest.components:
                if name in component.names:
                    with contextlib.suppress(Damaged):  # it goes all the same
                        stream = b"".join(reader.read(manifest.chunks[number]) for number in component.stream)
                        found |= texts.texts_of(stream, without=manifest.variables)
    return found


def _live(manifests: Collection[Manifest], documents: Collection[Document]) -> dict[str, dict[int, Chunk]]:
    """The chunks that are referred to: by pack and offset."""
    found: dict[str, dict[int, Chunk]] = {}
    for chunk in (
        *(chunk for manifest in manifests for chunk in manifest.chunks),
        *(chunk for document in documents for chunk in document.chunks),
    ):
        found.setdefault(chunk.pack, {})[chunk.offset] = chunk
    return found


def _rewrite(
    files: SnapshotFiles, live: Mapping[str, Mapping[int, Chunk]], touched: Collection[str], bound: Collection[str]
) -> tuple[dict[purging.Place, Chunk], list[Path]]:
    """Write the packs anew that hold bytes which nothing refers to; returns where their chunks lie now, and the old ones.

    Those of `bound` are left as they are.
    """
    places: dict[purging.Place, Chunk] = {}
    old: list[Path] = []
    now = time.time()
    for path in list(blobs_of(files)):
        pack, size = path.name, path.stat().st_size
        chunks = live.get(pack, {})
        if not chunks:
            old += [path] if pack in touched or now - path.stat().st_mtime > _GRACE_S else []
        elif size > len(packs.MAGIC) + sum(chunk.stored_bytes for chunk in chunks.values()) and pack not in bound:
            found = packs.copy_chunks(files.blobs, pack, chunks.values())
            places.update({(pack, offset): chunk for offset, chunk in found.items()})
            old.append(path)
    missing = sorted(pack for pack in touched if pack in live and not (files.blobs / blob_path(pack)).exists())
    if missing and not {pack for pack, _ in places}.issuperset(missing):
        raise Damaged(f"blob {missing[0][:12]} is missing", "See `mlnb snapshot verify`; nothing was purged.")
    new = {chunk.pack for chunk in places.values()}
    return places, [path for path in old if path.name not in new]  # an interrupted purge may have written the same one


def _write(path: Path, content: Manifest | Document, purpose: str, *, is_own: bool) -> None:
    """Write a record anew: with this user's signature when it had that before, else with nobody's."""
    if is_own:
        signed.write(path, content, purpose)
        return
    write_atomically(path, signed.encode_unsigned(content), mode=0o600)


def _move_documents(
    files: SnapshotFiles, documents: Mapping[str, Document], places: Mapping[purging.Place, Chunk]
) -> None:
    for snapshot_id, document in documents.items():
        moved = purging.moved_document(document, places)
        if moved != document:
            path = files.folder / snapshot_id / "document.json"
            is_own = signed.read_any(path, DOCUMENT)[1]
            _write(path, moved, DOCUMENT, is_own=is_own)


def _remove(files: SnapshotFiles, old: Collection[Path], done: Purging) -> None:
    for path in old:
        try:
            done.freed_bytes += path.stat().st_size
            path.unlink()
        except OSError as error:
            raise store_error(path, error) from error
        done.removed.append(path.name)


def traces(
    files: SnapshotFiles, forms: Collection[bytes], name_of_cell: Callable[[bytes, Collection[bytes]], list[str]]
) -> Iterator[tuple[str, str]]:
    """Where in the store one of `forms` still shows: snapshot, and what of it.

    Args:
        files: the store.
        forms: bytes to look for.
        name_of_cell: which parts of a notebook (its bytes) show them.
    """
    references = References(files)
    references.refresh()
    known: dict[str, bool] = {}
    with packs.PackReader(files.blobs) as reader:

        def shows(chunk: Chunk) -> bool:
            if chunk.digest not in known:
                try:
                    data = reader.read(chunk)
                except Damaged:
                    data = b""
                known[chunk.digest] = any(form in data for form in forms)
            return known[chunk.digest]

        for snapshot_id, manifest in sorted(references.manifests.items()):
            for component in manifest.components:
                if any(shows(manifest.chunks[number]) for number in purging.numbers_of(component)):
                    yield snapshot_id, words_from_component(component)
            document = references.documents.get(snapshot_id)
            data = _document(reader, document) if document is not None else b""
            if any(form in data for form in forms):
                for part in name_of_cell(data, forms) or ["the notebook document"]:
                    yield snapshot_id, part


def _document(reader: packs.PackReader, document: Document) -> bytes:
    try:
        return documents.read(reader, document)
    except Damaged:
        return b""


def words_from_component(component: Component) -> str:
    """What a part of a snapshot is called."""
    if component.names:
        return ("variable " if len(component.names) == 1 else "variables ") + ", ".join(component.names)
    return {
        "process": "the state of the process",
        "surroundings": "what surrounds it (parameters, git diff, files)",
    }.get(component.codec, component.codec)
