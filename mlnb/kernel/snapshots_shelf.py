"""Values that a restore replaced and that are still in memory: going back to them need not read the disk.

They are looked at again before they are used: what was changed meanwhile through some other reference is not what the snapshot holds,
and is read from the disk.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlnb.snapshots.plugins.capture import Capture, digest_of_values
from mlnb.snapshots.types import Component

_LEAST_BYTES = 1 << 18  # smaller ones are read as fast
_MOST_SHARE = 0.25  # of the memory that is free


def live_parts(namespace: dict[str, Any], names: Collection[str], state: bytes) -> dict[str, tuple[str, ...]]:
    """Which variables are saved together now, by the digest of what they are; the state of the process under no names."""
    capture = Capture(namespace, (), {})
    capture.look(sorted(names), state)
    return capture.parts()


@dataclass(frozen=True)
class _Kept:
    values: Mapping[str, Any]
    size_bytes: int


class Shelf:
    """What restores of one kernel replaced, by digest, the latest last; never more than a quarter of the memory that is free."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[str, _Kept] = collections.OrderedDict()

    def put(self, digest: str, values: Mapping[str, Any], size_bytes: int) -> None:
        """Keep `values`, which are saved together under `digest`, as long as there is room."""
        if size_bytes < _LEAST_BYTES:
            return
        self._kept[digest] = _Kept(dict(values), size_bytes)
        self._kept.move_to_end(digest)
        room = _MOST_SHARE * free_bytes()
        while self._kept and sum(one.size_bytes for one in self._kept.values()) > room:
            self._kept.popitem(last=False)

    def take(self, component: Component, namespace: dict[str, Any]) -> dict[str, Any] | None:
        """The values of `component`, which leave the shelf; None when they are not there or were changed."""
        kept = self._kept.pop(component.digest, None)
        if kept is None or tuple(sorted(kept.values)) != component.names:
            return None
        values = dict(kept.values)
        return values if digest_of_values(values, namespace) == component.digest else None


def free_bytes() -> float:
    """How much memory could be had; infinite where nobody knows."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return float("inf")
    return float("inf")
