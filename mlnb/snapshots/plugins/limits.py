"""How much disk snapshots may take: a limit for each notebook, one for all, and what stays free of the disk whatever happens."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from typing import TYPE_CHECKING

from mlnb.core.records import dataclass
from mlnb.snapshots.plugins.files import SnapshotFiles

if TYPE_CHECKING:
    from mlnb.snapshots.plugins.capture import Captured, Part

_GIB = 1 << 30


@dataclass(frozen=True)
class Room:
    """How many bytes may still be written, and what ends there, in words."""

    size_bytes: int
    limit: str


@dataclass(frozen=True)
class Limits:
    """The limits: settings ``snapshots.cap_notebook_bytes``, ``snapshots.cap_total_bytes`` and ``snapshots.min_free_percent``."""

    notebook_bytes: int = 2 * _GIB
    total_bytes: int = 10 * _GIB
    min_free_percent: float = 10.0

    @classmethod
    def from_environment(cls) -> Limits:
        """As the kernel was started with them."""
        return cls(
            int(_number("MLNB_SNAPSHOTS_CAP_NOTEBOOK_BYTES", cls.notebook_bytes)),
            int(_number("MLNB_SNAPSHOTS_CAP_TOTAL_BYTES", cls.total_bytes)),
            _number("MLNB_SNAPSHOTS_MIN_FREE_PERCENT", cls.min_free_percent),
        )

    def room(self, files: SnapshotFiles, notebook: str | None, wanted_bytes: int) -> Room | None:
        """What there is room for, when it is less than `wanted_bytes`; None: there is room.

        Args:
            files: where snapshots are kept.
            notebook: absolute path, or None for kernels without one.
            wanted_bytes: how much is to be written, before compression.
        """
        total = _size_of_all(files)
        rooms = [Room(self.total_bytes - total, f"the limit of {words_from_bytes(self.total_bytes)} for all snapshots")]
        with contextlib.suppress(OSError):
            files.root.mkdir(parents=True, exist_ok=True)
            disk = shutil.disk_usage(files.root)
            least_free = self.min_free_percent / 100 * disk.total
            words = f"the {self.min_free_percent:g} % of the disk that stay free"
            rooms.append(Room(int(disk.free - least_free), words))
        if total + wanted_bytes > self.notebook_bytes:  # else one notebook cannot have that much
            rest = self.notebook_bytes - _size_of(files, notebook)
            rooms.append(Room(rest, f"the limit of {words_from_bytes(self.notebook_bytes)} a notebook"))
        least = min(rooms, key=lambda room: room.size_bytes)
        return least if least.size_bytes < wanted_bytes else None


def leave_out(captured: Captured, room: Room) -> str:
    """Take out of `captured` the largest new values until the rest fits into `room`; returns what to tell the user, in one line."""
    new = sorted((part for part in captured.parts if part.encoded is not None), key=_size)
    rest, out = sum(map(_size, new)), []
    while new and rest > room.size_bytes:
        out.append(new.pop())
        rest -= _size(out[-1])
    captured.parts = [part for part in captured.parts if part not in out]
    left = [name for part in out for name in part.names]
    for name in left:
        found = captured.variables[name]
        reason = f"keeping it ({words_from_bytes(found.size_bytes)}) would go beyond {room.limit}"
        captured.variables[name] = dataclasses.replace(found, state="not_restorable", reason=reason)
    return f"mlnb: snapshots leave out {', '.join(left)}: {room.limit} is reached. Off: mlnb.snapshots.set_auto('off')"


def words_from_bytes(size: int) -> str:
    """``1.5 GiB``, ``20 MiB``, ``3 KiB``."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def _size(part: Part) -> int:
    if part.encoded is None:
        return 0
    return len(part.encoded.stream) + sum(buffer.nbytes for buffer in part.encoded.buffers)


def _number(name: str, default: float) -> float:
    try:
        return float(os.environ[name])
    except (KeyError, ValueError):
        return default


def _size_of_all(files: SnapshotFiles) -> int:
    return sum(path.stat().st_size for path in files.blobs.glob("??/*"))


def _size_of(files: SnapshotFiles, notebook: str | None) -> int:
    """Of what the snapshots of `notebook` refer to, shared chunks once. For an estimate nobody need have signed them."""
    sizes: dict[str, int] = {}
    for snapshot_id in files.ids():
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads((files.folder / snapshot_id / "manifest.json").read_bytes())["content"]
            if content["notebook"] == notebook:
                sizes.update((chunk["digest"], chunk["stored_bytes"]) for chunk in content["chunks"])
    return sum(sizes.values())
