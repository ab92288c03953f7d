"""Names that people give to snapshots afterwards: ``label.json`` beside the manifest, signed. A snapshot itself never changes."""

from __future__ import annotations

from mlnb.core.errors import MlnbError
from mlnb.core.secrets import mask
from mlnb.core.wire import from_wire
from mlnb.snapshots.plugins import signed
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.timelines import Label
from mlnb.snapshots.types import Manifest

LONGEST_NAME = 200
_PURPOSE = "snapshot label"


def name_of(files: SnapshotFiles, snapshot_id: str) -> str:
    """What this user called the snapshot; empty: nothing. A label that cannot be read, or somebody else's, is none."""
    path = files.folder / snapshot_id / "label.json"
    if not path.exists():
        return ""
    try:
        label = from_wire(Label, signed.read(path, _PURPOSE))
    except (MlnbError, ValueError):
        return ""
    return label.name if label.snapshot == snapshot_id else ""


def write(files: SnapshotFiles, label: Label) -> None:
    """Call a snapshot something; an empty name takes the label away.

    Raises:
        SnapshotNotFound: there is none of that id.
        Damaged: it was changed.
        StoreUnavailable: the disk refused.
    """
    files.examine(label.snapshot)
    path = files.folder / label.snapshot / "label.json"
    if label.name:
        signed.write(path, label, _PURPOSE)
    else:
        path.unlink(missing_ok=True)


def plain(text: str) -> str:
    """A name that somebody else gave, as one line that can be shown: nothing that steers a terminal, no credentials, not too long."""
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return mask(" ".join(words))[:LONGEST_NAME]


def reason_of(files: SnapshotFiles, manifest: Manifest) -> str:
    """Why the snapshot is there: what it was called afterwards, else what was said when it was taken."""
    return name_of(files, manifest.id) or manifest.reason
