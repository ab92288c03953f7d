"""The values of cells tagged ``frozen``: which snapshot of a notebook has them, and a small store of them alone for a job."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.snapshots.plugins import packs, signed
from mlnb.snapshots.plugins.files import MANIFEST, SnapshotFiles
from mlnb.snapshots.types import Chunk, Component, Manifest

_OF_JOBS = ("end of job-", "end of run-")
_BATCH_BYTES = packs.PACK_BYTES

Need = Mapping[str, Any]
"""What one frozen cell has to bring: the fields of ``mlnb.order.rules.frozen.FrozenNeed`` as JSON values."""


@dataclasses.dataclass
class Choice:
    """Where the values are.

    Attributes:
        found: the snapshot that has them, by cell.
        missing: why no snapshot has them, by cell.
    """

    found: dict[str, Manifest] = dataclasses.field(default_factory=dict)
    missing: dict[str, str] = dataclasses.field(default_factory=dict)


def choose(files: SnapshotFiles, notebook: Path, needs: Sequence[Need]) -> Choice:
    """The latest snapshot of the notebook's own kernels that has what each of `needs` asks for.

    Args:
        files: the snapshots.
        notebook: the absolute path of the notebook whose snapshots count.
        needs: of each frozen cell what it has to bring.
    """
    choice, seen = Choice(), []
    for manifest in _manifests(files, notebook):
        seen.append(manifest)
        for need in needs:
            if need["id"] not in choice.found and _holds(manifest, need):
                choice.found[need["id"]] = manifest
        if len(choice.found) == len(needs):
            return choice
    choice.missing = {need["id"]: _why_none(seen, need) for need in needs if need["id"] not in choice.found}
    return choice


def lend(files: SnapshotFiles, notebook: Path, needs: Sequence[Need], root: Path) -> dict[str, str]:
    """Make a store of snapshots below `root` that holds what `needs` ask for and as little else as can be.

    What shares objects with a value goes with it. Everything read is verified.

    Returns:
        Why the values of a cell could not be had, by cell. Empty when all are there; else nothing was made.

    Raises:
        Damaged: something of a snapshot is gone or changed.
        StoreUnavailable: the disk refused.
    """
    choice = choose(files, notebook, needs)
    if not choice.missing:
        _copy(files, choice, needs, root)
    return choice.missing


def take_over(root: Path) -> None:
    """Sign the snapshots below `root` with the key of whoever runs this: where a job runs there may be no other.

    Only for a folder that came with the job itself, which is trusted as its notebook is.

    Raises:
        Damaged: one was changed on the way.
    """
    for path in sorted(SnapshotFiles(root).folder.glob("snap-*/manifest.json")):
        content, is_own = signed.read_any(path, MANIFEST)
        if not is_own:
            signed.write(path, content, MANIFEST)


def _manifests(files: SnapshotFiles, notebook: Path) -> Iterator[Manifest]:
    """The snapshots of the notebook's own kernels, the latest first; those of jobs had other parameters."""
    for snapshot_id in files.ids():
        try:
            manifest = files.read(snapshot_id)
        except MlnbError:
            continue  # damaged, or somebody else's
        is_own = manifest.has_kernel and not manifest.reason.startswith(_OF_JOBS)
        if is_own and manifest.notebook and Path(manifest.notebook) == notebook:
            yield manifest


def _holds(manifest: Manifest, need: Need) -> bool:
    """Whether the snapshot has the names as the frozen cell, as it is now, left them."""
    return _last_run(manifest, need) is not None and not _changed_by(manifest, need) and not _unsaved(manifest, need)


def _last_run(manifest: Manifest, need: Need) -> int | None:
    orders = [run.order for run in manifest.cell_runs if run.source_digest == need["digest"] and run.succeeded]
    return max(orders, default=None)


def _changed_by(manifest: Manifest, need: Need) -> bool:
    last = _last_run(manifest, need)
    after = {run.source_digest for run in manifest.cell_runs if last is not None and run.order > last}
    return bool(after - {*need["harmless"], need["digest"]})


def _unsaved(manifest: Manifest, need: Need) -> list[str]:
    have = {name for name, variable in manifest.variables.items() if variable.state == "saved"}
    return [name for name in need["names"] if name not in have]


def _why_none(manifests: Sequence[Manifest], need: Need) -> str:
    ran = [one for one in manifests if _last_run(one, need) is not None]
    words = ", ".join(f"`{name}`" for name in need["names"])
    if not manifests:
        return f"there is no snapshot of this notebook that holds {words}"
    if not ran:
        return f"in no snapshot of this notebook had the cell run as it is now, so none holds {words}"
    unsaved = _unsaved(ran[0], need)
    if unsaved:
        return f"`{unsaved[0]}` is not in the snapshot {ran[0].id}"
    return f"in every snapshot other cells may have changed {words} after the cell ran"


def _copy(files: SnapshotFiles, choice: Choice, needs: Sequence[Need], root: Path) -> None:
    wanted: dict[str, set[str]] = {}
    for need in needs:
        wanted.setdefault(choice.found[need["id"]].id, set()).update(need["names"])
    target = SnapshotFiles(root)
    for manifest in {one.id: one for one in choice.found.values()}.values():
        components = [one for one in manifest.components if wanted[manifest.id].intersection(one.names)]
        numbers = sorted({number for one in components for number in _chunks_of(one)})
        used = [manifest.chunks[number] for number in numbers]
        stored = _copy_chunks(files, target, used)
        places = {number: place for place, number in enumerate(numbers)}
        names = {name for one in components for name in one.names}
        part = dataclasses.replace(
            manifest,
            variables={name: variable for name, variable in manifest.variables.items() if name in names},
            components=tuple(_renumbered(one, places) for one in components),
        )
        target.write(part, stored, {}, [chunk.digest for chunk in used])


def _chunks_of(component: Component) -> Iterable[int]:
    return (*component.stream, *(number for buffer in component.buffers for number in buffer.chunks))


def _renumbered(component: Component, places: Mapping[int, int]) -> Component:
    return dataclasses.replace(
        component,
        stream=tuple(places[number] for number in component.stream),
        buffers=tuple(
            dataclasses.replace(buffer, chunks=tuple(places[number] for number in buffer.chunks))
            for buffer in component.buffers
        ),
    )


def _copy_chunks(files: SnapshotFiles, target: SnapshotFiles, chunks: Collection[Chunk]) -> dict[str, Chunk]:
    """Store the bytes of `chunks`, a part at a time, in packs of `target`, and say where each lies there."""
    stored: dict[str, Chunk] = {}
    waiting: dict[str, bytes] = {}
    with packs.PackReader(files.blobs) as reader:
        for chunk in chunks:
            waiting[chunk.digest] = reader.read(chunk)
            if sum(map(len, waiting.values())) >= _BATCH_BYTES:
                stored.update(packs.write_packs(target.blobs, waiting))
                waiting = {}
    stored.update(packs.write_packs(target.blobs, waiting) if waiting else {})
    return stored
