"""Taking a snapshot of a state that is stored already: nothing is looked at, copied or written but the manifest and what is around."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from mlnb.snapshots.plugins.around import CODEC, Gathering, latest, with_gathered
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.holding import hold
from mlnb.snapshots.plugins.storing import Known, Layout, component_of, store
from mlnb.snapshots.plugins.taking import Found, Job, Taking, with_variables
from mlnb.snapshots.types import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable


def take_again(
    files: SnapshotFiles, known: Known, job: Job, manifest: Manifest, log: Callable[[str], object]
) -> Taking | None:
    """Take a snapshot whose variables are those of `manifest`; None when not all that it refers to is known to be stored.

    Args:
        files: where to.
        known: what is stored; learns what this writes.
        job: the snapshot.
        manifest: of one that was taken of the same state.
        log: told what could not be written.
    """
    parts = {one.digest: known.parts.get(one.digest) for one in manifest.components if one.codec != CODEC}
    stored = {digest: part for digest, part in parts.items() if part is not None}
    used = list(dict.fromkeys(digest for part in stored.values() for digest in part.digests))
    if len(stored) < len(parts) or not known.chunks.keys() >= set(used):
        return None
    gone = hold(files.blobs, known.packs_of(used))
    if gone:
        known.drop(gone)
        return None
    position = {digest: number for number, digest in enumerate(used)}
    layout = Layout(stored, {}, used, tuple(component_of(digest, part, position) for digest, part in stored.items()))
    taking = Taking()
    found = Found(manifest.variables, {digest: part.names for digest, part in stored.items()})
    taking.found.set_result(found)
    whole = with_variables(job.describe(), found)
    gathering = job.gather()

    def write() -> None:
        try:
            taking.written.set_result(_write(files, known, whole, layout, gathering))
        except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
            known.forget()
            log(f"the snapshot {whole.id} was not written: {error}")
            taking.fail(error)

    threading.Thread(target=write, name="mlnb-snapshots-again", daemon=True).start()
    return taking


def _write(files: SnapshotFiles, known: Known, manifest: Manifest, layout: Layout, gathering: Gathering) -> Manifest:
    around = gathering.finish(latest(known, files.blobs))
    whole = with_gathered(layout, around, known, files.blobs)
    stored = store(files, dataclasses.replace(manifest, git=around.commit), whole, known.chunks)
    known.learn(stored)
    return stored
