"""Pointers to what cells read: path, size, time of change and content hash; small files are kept with the snapshot."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from blake3 import blake3

from mlnb.core.records import dataclass, field, replace
from mlnb.core.secrets import is_secret_name, mask
from mlnb.snapshots.plugins import data_origins
from mlnb.snapshots.surroundings import DataFile, DataKind, ReadFile, Readings

_MIB = 1 << 20
_MOST_FILES = 2000
_MOST_HASHED_BYTES = 8 << 30
_MOST_KEPT_BYTES = 32 * _MIB
_ALWAYS_HASHED_BYTES = 64 * _MIB  # larger ones only when size or time of change differ from what the last snapshot saw
_KEEP_VARIABLE = "MLNB_SNAPSHOTS_KEEP_FILES_BYTES"
_KEEP_BYTES = 256 << 10
_SECRET_FILE = re.compile(
    r"^(?:\.env(?:\..*)?|\.netrc|\.pgpass|id_[a-z0-9]+|.*\.(?:pem|key|p12|pfx|keystore))$", re.IGNORECASE
)
_QUERY = re.compile(r"[?#].*$")  # signed addresses carry credentials there


def keep_bytes() -> int:
    """Up to which size a file that was read is kept: the setting ``snapshots.keep_files_bytes``."""
    try:
        return int(float(os.environ[_KEEP_VARIABLE]))
    except (KeyError, ValueError):
        return _KEEP_BYTES


@dataclass
class Pointers:
    """Pointers, and the content of those files that are kept, in the order that `DataFile.kept` counts them."""

    files: list[DataFile] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def pointers(
    readings: Readings, previous: Mapping[str, DataFile], tick: Callable[[], None] = lambda: None, first_kept: int = 0
) -> Pointers:
    """What was read, as it is now, sorted by path.

    Args:
        readings: what cells have read.
        previous: what the last snapshot of this kernel recorded, by path; a large file that has not changed since is not hashed anew.
        tick: called after each piece of work.
        first_kept: the number of the first block that is kept.
    """
    found = Pointers()
    budget, room, limit = _MOST_HASHED_BYTES, _MOST_KEPT_BYTES, keep_bytes()
    for path in sorted(readings.files)[:_MOST_FILES]:
        pointer = _pointer(path, readings.files[path], previous.get(path), budget, tick)
        if not pointer.note.startswith("not hashed"):
            budget -= pointer.size_bytes or 0
        size = pointer.size_bytes
        if pointer.kind == "file" and size is not None and size <= min(limit, room) and limit and not pointer.note:
            data = _kept(path, pointer.digest)
            if data is not None:
                pointer = replace(pointer, kept=first_kept + len(found.kept))
                found.kept.append(data)
                room -= len(data)
        found.files.append(pointer)
        tick()
    if len(readings.files) > _MOST_FILES:
        found.notes.append(f"{len(readings.files)} files were read; the first {_MOST_FILES} are recorded.")
    found.files += [*_elsewhere(readings), *_queries(readings)]
    found.files.sort(key=lambda one: (one.path, one.query))
    return found


def _elsewhere(readings: Readings) -> list[DataFile]:
    """What lies on other computers; of an object that was opened what named its content then."""
    pointers: dict[str, DataFile] = {}
    for what, cells in readings.elsewhere.items():
        address = _plain(what)
        kind: DataKind = "database" if data_origins.is_database_server(address) else "remote"
        pointers[address] = DataFile(address, kind, cells=cells)
    for one in readings.objects:
        address = _plain(one.address)
        known = pointers.get(address)
        cells = tuple(dict.fromkeys([*(known.cells if known else ()), *one.cells]))
        pointers[address] = DataFile(address, "remote", one.size_bytes, version=one.version, cells=cells)
    return list(pointers.values())


def _queries(readings: Readings) -> list[DataFile]:
    return [
        DataFile(
            _plain(one.place),
            "query",
            digest=one.digest,
            cells=one.cells,
            note=one.note,
            query=mask(one.text),
            rows=one.rows,
        )
        for one in readings.queries
    ]


def _plain(address: str) -> str:
    return mask(_QUERY.sub("", address))


def _pointer(path: str, read: ReadFile, before: DataFile | None, budget: int, tick: Callable[[], None]) -> DataFile:
    place = Path(path)
    try:
        status = place.stat()
    except OSError:
        return DataFile(path, cells=read.cells, note="not found")
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    if place.is_dir():
        note = "" if read.is_as_read() else "changed after it was read"
        return DataFile(path, "folder", None, modified, _digest_of_names(place), cells=read.cells, note=note)
    if not place.is_file():
        return DataFile(path, cells=read.cells, note="not a file")
    size = status.st_size
    origin = data_origins.origin_of(place)
    pointer = DataFile(path, origin.kind, size, modified, version=origin.version, cells=read.cells)
    if origin.digest_is_name:
        return pointer
    is_same = before is not None and (before.size_bytes, before.modified_at) == (size, modified) and before.digest
    if before is not None and is_same and size > _ALWAYS_HASHED_BYTES:
        return replace(pointer, digest=before.digest)
    if size > budget:
        return replace(pointer, note=f"not hashed: more than {_MOST_HASHED_BYTES >> 30} GiB were read")
    try:
        pointer = replace(pointer, digest=_digest_of(place, tick))
    except OSError as error:
        return replace(pointer, note=f"cannot be read: {(error.strerror or str(error)).lower()}")
    return pointer if read.is_as_read() else replace(pointer, note="changed after it was read")


def _digest_of(path: Path, tick: Callable[[], None]) -> str:
    hasher = blake3()
    buffer = bytearray(_MIB)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(view[:count])
            tick()
    return hasher.hexdigest()


def _digest_of_names(folder: Path) -> str:
    try:
        return blake3(
            "\0".join(sorted(one.name for one in folder.iterdir())).encode(errors="surrogateescape")
        ).hexdigest()
    except OSError:
        return ""


def _kept(path: str, digest: str) -> bytes | None:
    """The content of a file that may be kept; None when it looks like a credential, or changed meanwhile."""
    place = Path(path)
    if _SECRET_FILE.match(place.name) or is_secret_name(place.stem):
        return None
    try:
        data = place.read_bytes()
    except OSError:
        return None
    text = data.decode(errors="replace")
    return data if blake3(data).hexdigest() == digest and mask(text) == text else None
