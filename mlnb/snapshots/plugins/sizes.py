"""How much disk snapshots take: in all, for each notebook, and what of it is only elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mlnb.snapshots.keeping import DiskUsage, NotebookUsage
from mlnb.snapshots.plugins.collecting import References, blobs_of
from mlnb.snapshots.plugins.limits import Limits
from mlnb.snapshots.types import Chunk


def disk_usage(
    references: References, notebooks: Mapping[str, str], limits: Limits, away: Collection[str]
) -> DiskUsage:
    """What the snapshots of `references` take.

    Args:
        references: of the store.
        notebooks: by snapshot what is the same for all of one notebook.
        limits: how much they may take.
        away: packs that the remote store has.
    """
    here = {path.name: path.stat().st_size for path in blobs_of(references.files)}
    used = references.all_packs()
    chunks: dict[str, dict[str, Chunk]] = {}
    alone: dict[str, int] = {}
    latest: dict[str, str] = {}
    for snapshot_id in sorted(references.manifests):
        which = notebooks[snapshot_id]
        found = _chunks(references, snapshot_id)
        chunks.setdefault(which, {}).update(found)
        alone[which] = alone.get(which, 0) + sum(chunk.stored_bytes for chunk in found.values())
        latest[which] = snapshot_id
    count: dict[str, int] = {}
    for found in chunks.values():
        for digest in found:
            count[digest] = count.get(digest, 0) + 1
    rows = [
        NotebookUsage(
            notebook=references.manifests[latest[which]].notebook,
            snapshots=sum(1 for one in references.manifests if notebooks[one] == which),
            size_bytes=sum(chunk.stored_bytes for chunk in found.values()),
            own_bytes=sum(chunk.stored_bytes for digest, chunk in found.items() if count[digest] == 1),
            saved_bytes=alone[which],
        )
        for which, found in chunks.items()
    ]
    stored = {chunk.pack: 0 for found in chunks.values() for chunk in found.values()}
    for found in chunks.values():
        for chunk in found.values():
            stored[chunk.pack] += chunk.stored_bytes
    return DiskUsage(
        home=str(references.files.root),
        snapshots=len(references.manifests),
        packs=len(used),
        size_bytes=sum(size for pack, size in here.items() if pack in used),
        unused_bytes=sum(size for pack, size in here.items() if pack not in used),
        away_bytes=sum(size for pack, size in stored.items() if pack in away and pack not in here),
        cap_bytes=limits.total_bytes,
        cap_notebook_bytes=limits.notebook_bytes,
        notebooks=tuple(sorted(rows, key=lambda row: (-row.size_bytes, row.notebook or ""))),
    )


def _chunks(references: References, snapshot_id: str) -> dict[str, Chunk]:
    found = {chunk.digest: chunk for chunk in references.manifests[snapshot_id].chunks}
    if snapshot_id in references.documents:
        found.update((chunk.digest, chunk) for chunk in references.documents[snapshot_id].chunks)
    return found
