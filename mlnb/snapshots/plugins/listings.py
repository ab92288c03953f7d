"""A snapshot as it is listed, from all of its records: by one rule for servers, command lines and kernels."""

from __future__ import annotations

from dataclasses import replace

from mlnb.snapshots import rules
from mlnb.snapshots.plugins import labels
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.types import Manifest, Snapshot


def listing_of(files: SnapshotFiles, manifest: Manifest, *, is_trusted: bool = True) -> Snapshot:
    """The listing of the snapshot that `manifest` describes, with its name, and what its document adds.

    Raises:
        Damaged: the record of its document was changed.
    """
    document = files.document(manifest.id) if files.has_document(manifest.id) else None
    listing = rules.snapshot_from_manifest(manifest, has_document=document is not None, is_trusted=is_trusted)
    name = labels.name_of(files, manifest.id)
    if document is None:
        return replace(listing, name=name)
    is_clean = document.is_clean if listing.is_clean is None else listing.is_clean
    return replace(listing, name=name, notebook_id=document.notebook_id, is_clean=is_clean)
