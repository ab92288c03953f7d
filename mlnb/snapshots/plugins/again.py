"""Taking a snapshot of a state that is stored already: nothing is looked at, copied or written but the manifest and what is around."""

from __future__ import annotations

import dataclasses
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mlnb.core.clock import utc_now
from mlnb.snapshots.plugins import process
from mlnb.snapshots.plugins.around import CODEC, Gathering, latest, with_gathered
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.haste import wait_until_calm
from mlnb.snapshots.plugins.holding import hold
from mlnb.snapshots.plugins.packs import chunks_of
from mlnb.snapshots.plugins.storing import Known, Layout, Piece, StoredPart, component_of, store
from mlnb.snapshots.plugins.taking import Found, Job, with_variables
from mlnb.snapshots.plugins.warming import warm_up
from mlnb.snapshots.types import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable


def take_again(files: SnapshotFiles, known: Known, job: Job, manifest: Manifest, log: Callable[[str], object]) -> bool:
    """Take a snapshot whose variables are those of `manifest`; False when not all that it refers to is known to be stored.

    Args:
        files: where to.
        known: what is stored; learns what this writes.
        job: the snapshot.
        manifest: of one that was taken of the same state.
        log: told what could not be written.
    """
    parts = {one.digest: known.parts.get(one.digest) for one in manifest.components if one.codec != CODEC}
    is_first = not known.parts
    pieces = _keep_state(job, manifest, parts)
    stored = {digest: part for digest, part in parts.items() if part is not None}
    used = list(dict.fromkeys(digest for part in stored.values() for digest in part.digests))
    if len(stored) < len(parts) or not known.chunks.keys() | pieces.keys() >= set(used):
        return False
    gone = hold(files.blobs, known.packs_of(used))
    if gone:
        known.drop(gone)
        return False
    position = {digest: number for number, digest in enumerate(used)}
    layout = Layout(
        stored, pieces, used, tuple(component_of(digest, part, position) for digest, part in stored.items())
    )
    taking, now = job.taking, utc_now()
    found = Found(manifest.variables, {digest: part.names for digest, part in stored.items()})
    taking.found.set_result(found)
    gathering = job.gather()
    described = None if is_first else job.describe()

    def write() -> None:
        wait_until_calm()
        try:
            whole = with_variables(described or _describe_later(job, now), found)
            taking.written.set_result(_write(files, known, whole, layout, gathering))
        except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
            known.forget()
            log(f"the snapshot {job.id} was not written: {error}")
            taking.fail(error)

    threading.Thread(target=write, name="mlnb-snapshots-again", daemon=True).start()
    return True


def _keep_state(job: Job, manifest: Manifest, parts: dict[str, StoredPart | None]) -> dict[str, Piece]:
    """The bytes of the state of the process by digest, where it is not stored yet; it is small, so `parts` gets it here."""
    digest = next((one.digest for one in manifest.components if one.codec == process.CODEC), "")
    state = job.process() if digest and parts[digest] is None else b""
    if not state or process.digest_of_state(state) != digest:
        return {}
    chunks = list(chunks_of(state))
    parts[digest] = StoredPart((), process.CODEC, tuple(chunk for chunk, _ in chunks), ())
    return dict(chunks)


def _describe_later(job: Job, then: datetime) -> Manifest:
    """What the first snapshot of a kernel says of it; finding that out takes long, and cells may have run since `then`."""
    warm_up(job.prepare)
    found = job.describe()
    runs = [one for one in found.cell_runs if one.started_at + timedelta(seconds=one.duration_s) <= then]
    return dataclasses.replace(found, cell_runs=tuple(runs))


def _write(files: SnapshotFiles, known: Known, manifest: Manifest, layout: Layout, gathering: Gathering) -> Manifest:
    around = gathering.finish(latest(known, files.blobs))
    whole = with_gathered(layout, around, known, files.blobs)
    stored = store(files, dataclasses.replace(manifest, git=around.commit), whole, known.chunks)
    known.learn(stored)
    return stored
