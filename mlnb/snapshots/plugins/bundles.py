"""A snapshot as one file: a zip, nothing compressed, with the records of one snapshot and its packs as they are.

::

    bundle.json                        what it is: format, snapshot, what it holds, who vouches for it, its name if it has one
    snapshots/<id>/manifest.json       as it is signed where it was made
    snapshots/<id>/document.json
    blobs/ab/abcd...                   packs

The same snapshot gives the same bytes each time. Format 1 had no ``bundle.json``; it is read for ever.
"""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from mlnb.core import signing
from mlnb.core.content import blob_path, is_digest
from mlnb.core.errors import BadInput, Conflict, Damaged
from mlnb.core.files import store_error
from mlnb.core.user import user_name
from mlnb.core.wire import dumps
from mlnb.snapshots.plugins import labels, received, signed, trusted
from mlnb.snapshots.plugins.files import MANIFEST, SnapshotFiles
from mlnb.snapshots.rules.trust import Origin
from mlnb.snapshots.timelines import Label
from mlnb.snapshots.types import Manifest, Variable

FORMAT = 2
_ABOUT = "bundle.json"
_NAMES = ("manifest.json", "document.json")
_BLOCK_BYTES = 1 << 20
_ABOUT_BYTES = 1 << 16
_WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: a bundle does not depend on when it is made
_LEFT_OUT = "its value was left out when the snapshot was exported"
_AGAIN = "Nothing was taken over. Export it again, or fetch it again."


def export(files: SnapshotFiles, snapshot_id: str, target: Path, *, with_variables: bool = True) -> Path:
    """Write the snapshot to the file `target`.

    Args:
        files: where it lies.
        snapshot_id: which.
        target: a new file.
        with_variables: the values too; else the document with its outputs, and of the variables what is told about them.

    Raises:
        SnapshotNotFound: there is none of that id.
        Conflict: `target` exists.
        Damaged: something of it is gone or changed.
        StoreUnavailable: the disk refused; nothing was left behind.
    """
    manifest, found = files.read_standing(snapshot_id)
    record = (files.folder / snapshot_id / "manifest.json").read_bytes()
    if not with_variables:
        manifest = _without_values(manifest)
        record = signed.encode(manifest, MANIFEST)
    packs = {chunk.pack for chunk in manifest.chunks}
    entries = {"manifest.json": record}
    if files.has_document(snapshot_id):
        packs.update(chunk.pack for chunk in files.document(snapshot_id).chunks)
        entries["document.json"] = (files.folder / snapshot_id / "document.json").read_bytes()
    digest = json.loads(record)["digest"]
    about = {
        "kind": "mlnb snapshot",
        "format": FORMAT,
        "snapshot": snapshot_id,
        "with_variables": with_variables,
        "key_id": signing.key_id() if found.is_trusted else "",
        "voucher": trusted.voucher(digest) if found.is_trusted else "",
    }
    if name := labels.name_of(files, snapshot_id):
        about["name"] = name
    if target.exists():
        raise Conflict(f"{target} exists", "Choose another name.")
    _write(files, target, {_ABOUT: dumps(about).encode(), **_at(snapshot_id, entries)}, sorted(packs))
    return target


def _at(snapshot_id: str, entries: dict[str, bytes]) -> dict[str, bytes]:
    return {f"snapshots/{snapshot_id}/{name}": data for name, data in sorted(entries.items())}


def _without_values(manifest: Manifest) -> Manifest:
    def told(variable: Variable) -> Variable:
        return dataclasses.replace(variable, state="not_restorable", reason=variable.reason or _LEFT_OUT)

    variables = {name: told(variable) for name, variable in manifest.variables.items()}
    return dataclasses.replace(manifest, variables=variables, components=(), chunks=())


def _write(files: SnapshotFiles, target: Path, entries: dict[str, bytes], packs: list[str]) -> None:
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name[:40]}.")
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
                for name, data in entries.items():
                    bundle.writestr(_entry(name), data)
                for pack in packs:
                    _add_pack(bundle, files.blobs / blob_path(pack), pack)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, target)  # unlike a rename it replaces nothing that came meanwhile
    except FileExistsError:
        raise Conflict(f"{target} exists", "Choose another name.") from None
    except OSError as error:
        raise store_error(target, error) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o600) << 16
    return entry


def _add_pack(bundle: zipfile.ZipFile, path: Path, pack: str) -> None:
    try:
        source = path.open("rb")
    except OSError as error:
        raise Damaged(f"blob {pack[:12]} is missing", "See `mlnb snapshot verify`.") from error
    with source:
        entry = _entry(f"blobs/{blob_path(pack)}")
        entry.file_size = os.fstat(source.fileno()).st_size
        with bundle.open(entry, "w") as file:
            while block := source.read(_BLOCK_BYTES):
                file.write(block)


def unpack(files: SnapshotFiles, bundle_file: Path, origin: Origin) -> str:
    """Take over the snapshot in `bundle_file` as it is signed there; returns its id.

    All of it is verified before anything lands among the snapshots. One that this user did not sign stays foreign, with its origin noted,
    unless a key vouches for it that this user has paired.

    Args:
        files: where it goes.
        bundle_file: a file that `export` wrote.
        origin: its kind, its name and the moment; the rest is read from the file.

    Raises:
        BadInput: it is no such file.
        Conflict: there is another snapshot of that id.
        Damaged: something in it was changed.
        StoreUnavailable: the disk refused.
    """
    with tempfile.TemporaryDirectory(prefix="mlnb-import-") as folder:
        about = _unpack_all(bundle_file, Path(folder))
        source = SnapshotFiles(Path(folder))
        ids = source.ids()
        if len(ids) != 1:
            raise BadInput(f"{bundle_file} holds {len(ids)} snapshots, not one", _AGAIN)
        received.check(source, ids[0], str(bundle_file))
        noted = dataclasses.replace(
            origin,
            snapshot=ids[0],
            manifest=source.examine(ids[0]).digest,
            key_id=str(about.get("key_id", "")),
            voucher=str(about.get("voucher", "")),
        )
        files.adopt(source, ids[0], noted)
        name = labels.plain(str(about.get("name", "")))
        if name and not labels.name_of(files, ids[0]):
            labels.write(files, Label(ids[0], name, user_name(), origin.at))
        return ids[0]


def _unpack_all(bundle_file: Path, folder: Path) -> dict[str, Any]:
    """What ``bundle.json`` says (nothing in format 1), with everything else put below `folder`."""
    try:
        if not bundle_file.is_file():
            raise BadInput(f"there is no file {bundle_file}", "Check the path.")
        with zipfile.ZipFile(bundle_file) as bundle:
            entries = bundle.infolist()
            _check_entries(bundle_file, entries)
            about = _about(bundle, entries, bundle_file)
            for entry in entries:
                if entry.filename != _ABOUT:
                    _unpack_entry(bundle, entry, folder)
            return about
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadInput(f"{bundle_file} is not a snapshot file, or not a whole one: {error}", _AGAIN) from error
    except OSError as error:
        raise store_error(bundle_file, error) from error


def _check_entries(bundle_file: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Nothing but the files of a snapshot, each once, none compressed or linked, and together no larger than the bundle."""
    for entry in entries:
        parts = entry.filename.split("/")
        is_blob = len(parts) == 3 and parts[0] == "blobs" and is_digest(parts[2]) and parts[1] == parts[2][:2]
        is_record = len(parts) == 3 and parts[0] == "snapshots" and _is_id(parts[1]) and parts[2] in _NAMES
        if not (is_blob or is_record or entry.filename == _ABOUT):
            raise BadInput(f"{bundle_file} has a file that does not belong there: {entry.filename!r}", _AGAIN)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or kind not in (0, stat.S_IFREG):
            raise BadInput(f"{bundle_file} was not written by mlnb: {entry.filename!r} is packed or linked", _AGAIN)
    names = {entry.filename for entry in entries}
    if len(names) != len(entries) or sum(entry.file_size for entry in entries) > bundle_file.stat().st_size:
        raise BadInput(f"{bundle_file} was not written by mlnb: it has files that lie over each other", _AGAIN)


def _is_id(text: str) -> bool:
    return text.startswith("snap-") and text.isascii() and text.replace("-", "").isalnum()


def _about(bundle: zipfile.ZipFile, entries: list[zipfile.ZipInfo], bundle_file: Path) -> dict[str, Any]:
    entry = next((one for one in entries if one.filename == _ABOUT), None)
    if entry is None:
        return {}
    about = json.loads(bundle.read(entry)) if entry.file_size <= _ABOUT_BYTES else None
    if not isinstance(about, dict) or about.get("kind") != "mlnb snapshot" or not isinstance(about.get("format"), int):
        raise BadInput(f"{bundle_file} is not a snapshot file", _AGAIN)
    if about["format"] > FORMAT:
        raise BadInput(f"{bundle_file} was written by a newer mlnb (format {about['format']})", "Upgrade mlnb.")
    return about


def _unpack_entry(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / entry.filename  # checked: three plain names
    target.parent.mkdir(parents=True, exist_ok=True)
    with bundle.open(entry) as source, target.open("wb") as file:
        while block := source.read(_BLOCK_BYTES):
            file.write(block)
