"""Values that a restore replaced and that are still in memory: going back to them need not read the disk.

They are looked at again before they are used: what was changed meanwhile through some other reference is not what the snapshot holds,
and is read from the disk.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mlnb.core.records import dataclass, field
from mlnb.snapshots.plugins.capture import Capture, digest_of_values
from mlnb.snapshots.plugins.process import CODEC as PROCESS
from mlnb.snapshots.types import Component, Manifest

_LEAST_BYTES = 1 << 18  # smaller ones are read as fast
_MOST_SHARE = 0.25  # of the memory that is free


@dataclass(frozen=True)
class Live:
    """The variables as they are now.

    Attributes:
        parts: which of them hang together, by the digest of what they are; the state of the process under no names.
        digests: of each variable.
    """

    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def is_state_of(self, manifest: Manifest) -> bool:
        """Whether everything is as it was when `manifest` was written."""
        saved = {one.digest: one.names for one in manifest.components if one.names or one.codec == PROCESS}
        then = {name: variable.digest for name, variable in manifest.variables.items()}
        return then == self.digests and saved.items() <= self.parts.items()


def look(namespace: dict[str, Any], names: Collection[str], state: bytes) -> Live:
    """The variables `names` of `namespace`, and `state`, that of the process."""
    capture = Capture(namespace, (), {})
    capture.look(sorted(names), state)
    return Live(capture.parts(), capture.digests())


@dataclass(frozen=True)
class _Kept:
    values: Mapping[str, Any]
    size_bytes: int


class Shelf:
    """What restores of one kernel replaced, by digest, the latest last; never more than a quarter of the memory that is free.

    Attributes:
        reached: the snapshot whose state the last restore brought back.
    """

    def __init__(self) -> None:
        self.reached: Manifest | None = None
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
