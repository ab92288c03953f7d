"""A snapshot as one file: a zip with its manifest, its document record and its packs, as they are."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from mlnb.core.content import blob_path, is_digest
from mlnb.core.errors import BadInput, Conflict
from mlnb.core.files import store_error
from mlnb.snapshots.plugins.checking import packs_of
from mlnb.snapshots.plugins.files import SnapshotFiles

_NAMES = ("manifest.json", "document.json")


def export(files: SnapshotFiles, snapshot_id: str, target: Path) -> Path:
    """Write the snapshot to the file `target`.

    Raises:
        SnapshotNotFound: there is none of that id.
        Conflict: `target` exists.
        Damaged: something of it is gone or changed.
        StoreUnavailable: the disk refused; nothing was left behind.
    """
    packs = sorted(packs_of(files, snapshot_id))
    if target.exists():
        raise Conflict(f"{target} exists", "Choose another name.")
    temporary = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as bundle:
            for name in _NAMES:
                path = files.folder / snapshot_id / name
                if path.exists():
                    bundle.write(path, f"snapshots/{snapshot_id}/{name}")
            for pack in packs:
                bundle.write(files.blobs / blob_path(pack), f"blobs/{blob_path(pack)}")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store_error(target, error) from error
    return target


def unpack(files: SnapshotFiles, bundle_file: Path) -> str:
    """Take over the snapshot in `bundle_file` as it is signed there; returns its id.

    A snapshot that somebody else signed stays foreign: its document can be read, its variables are not loaded.

    Raises:
        BadInput: it is no such file.
        Damaged: something in it was changed.
        StoreUnavailable: the disk refused.
    """
    with tempfile.TemporaryDirectory(prefix="mlnb-import-") as folder:
        try:
            with zipfile.ZipFile(bundle_file) as bundle:
                for entry in bundle.infolist():
                    _unpack_entry(bundle, entry, Path(folder))
        except FileNotFoundError as error:
            raise BadInput(f"there is no {bundle_file}", "Check the path.") from error
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise BadInput(f"{bundle_file} is not a snapshot file: {error}", "Export it again.") from error
        source = SnapshotFiles(Path(folder))
        ids = source.ids()
        if len(ids) != 1:
            raise BadInput(f"{bundle_file} holds {len(ids)} snapshots, not one", "Export it again.")
        files.adopt(source, ids[0], sign=False)
        return ids[0]


def _unpack_entry(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    parts = Path(entry.filename).parts
    is_blob = len(parts) == 3 and parts[0] == "blobs" and is_digest(parts[2]) and parts[1] == parts[2][:2]
    is_record = len(parts) == 3 and parts[0] == "snapshots" and parts[1].isascii() and parts[2] in _NAMES
    if not (is_blob or (is_record and parts[1].replace("-", "").isalnum())):
        raise BadInput(
            f"{bundle.filename} has a file that does not belong there: {entry.filename!r}", "Export it again."
        )
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with bundle.open(entry) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
