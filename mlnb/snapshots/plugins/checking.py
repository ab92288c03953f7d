"""Re-reading what is stored, counting it, and clearing away what nothing refers to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlnb.core.content import blob_path, check, is_digest
from mlnb.core.errors import Damaged, MlnbError, NotFound
from mlnb.core.files import locked, store_error
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import MAGIC
from mlnb.snapshots.plugins.process import CODEC
from mlnb.snapshots.types import Collected, Problem, Usage, Verified

_YOUNG_S = 3600.0  # a snapshot that is being written has packs that no manifest names yet


def packs_of(files: SnapshotFiles, snapshot_id: str) -> set[str]:
    """The packs that a snapshot and its document refer to.

    Raises:
        Damaged: its manifest or document record cannot be read.
    """
    manifest, _ = files.read_any(snapshot_id)
    found = {chunk.pack for chunk in manifest.chunks}
    if files.has_document(snapshot_id):
        found.add(files.document(snapshot_id).content.pack)
    return found


def verify(files: SnapshotFiles, ids: Sequence[str]) -> Verified:
    """Re-read every byte that `ids` refer to."""
    problems: list[Problem] = []
    wrong: dict[str, str] = {}  # by pack; empty: it is whole
    size = 0
    for snapshot_id in ids:
        try:
            packs = packs_of(files, snapshot_id)
        except NotFound:
            raise
        except MlnbError as error:
            problems.append(Problem(snapshot_id, "manifest", error.message))
            continue
        for pack in sorted(packs):
            if pack not in wrong:
                wrong[pack], length = _reread(files.blobs / blob_path(pack), pack)
                size += length
            if wrong[pack]:
                problems.append(Problem(snapshot_id, f"variables {_names_in(files, snapshot_id, pack)}", wrong[pack]))
    return Verified(not problems, len(ids), len(wrong), size, tuple(problems))


def _reread(path: Path, pack: str) -> tuple[str, int]:
    try:
        data = path.read_bytes()
        check(data, pack, f"blob {pack[:12]}")
    except Damaged as error:
        return error.message, path.stat().st_size
    except OSError as error:
        return f"blob {pack[:12]} cannot be read: {(error.strerror or str(error)).lower()}", 0
    return "", len(data)


def _names_in(files: SnapshotFiles, snapshot_id: str, pack: str) -> str:
    manifest, _ = files.read_any(snapshot_id)
    inside = {number for number, chunk in enumerate(manifest.chunks) if chunk.pack == pack}
    names = [
        name
        for component in manifest.components
        if inside & {*component.stream, *(number for buffer in component.buffers for number in buffer.chunks)}
        for name in component.names
    ]
    nameless = {CODEC: "(the state of the process)", "surroundings": "(what surrounds it)"}
    names += [
        nameless[component.codec]
        for component in manifest.components
        if component.codec in nameless
        and inside & {*component.stream, *(number for buffer in component.buffers for number in buffer.chunks)}
    ]
    return ", ".join(sorted(names, key=lambda name: (name.startswith("("), name))) or "(the notebook document)"


def usage(files: SnapshotFiles) -> Usage:
    """How much disk the snapshots take.

    Raises:
        Damaged: a manifest cannot be read, so that it is not known what it refers to.
    """
    ids = files.ids()
    used = set().union(*(packs_of(files, snapshot_id) for snapshot_id in ids)) if ids else set()
    size = sum(path.stat().st_size for pack in used if (path := files.blobs / blob_path(pack)).exists())
    unused = sum(path.stat().st_size for path in _unused(files, used))
    return Usage(len(ids), len(used), size, unused, str(files.root))


def collect(files: SnapshotFiles, *, is_dry_run: bool) -> Collected:
    """Remove packs that no snapshot refers to, and what interrupted writes left behind.

    Raises:
        Damaged: a manifest cannot be read, so that it is not known what it refers to; nothing was removed.
        StoreUnavailable: the disk refused.
    """
    with locked(files.lock):
        used = set().union(*(packs_of(files, snapshot_id) for snapshot_id in files.ids()), set())
        now = time.time()
        old = [path for path in _unused(files, used) if now - path.stat().st_mtime > _YOUNG_S]
        size = sum(path.stat().st_size for path in old)
        for path in [] if is_dry_run else old:
            try:
                path.unlink()
            except OSError as error:
                raise store_error(path, error) from error
    return Collected(is_dry_run, len(old), size)


def _unused(files: SnapshotFiles, used: set[str]) -> Iterator[Path]:
    yield from files.blobs.glob(".pack.*")
    for path in files.blobs.glob("??/*"):
        if is_digest(path.name) and path.name not in used and _is_pack(path):
            yield path


def _is_pack(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
