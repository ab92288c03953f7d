"""The pictures that a cell of a notebook document shows."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from mlnb.core.content import digest_of
from mlnb.snapshots.differences import Picture

_KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_MOST_BYTES = 2 << 20
_MOST_PICTURES = 20


def pictures_of(cell: Mapping[str, Any] | None, room: int) -> tuple[tuple[Picture, ...], int]:
    """The pictures among a cell's outputs, one of each output, and how much of `room` is left.

    Args:
        cell: of a notebook document; None where there is none.
        room: how many bytes of pictures may be given; those that do not fit are named by kind and digest alone.
    """
    found: list[Picture] = []
    outputs = cell.get("outputs", ()) if cell is not None else ()
    for output in outputs:
        data = output.get("data") if isinstance(output, Mapping) else None
        if not isinstance(data, Mapping):
            continue
        kind = next((one for one in _KINDS if one in data), "")
        if not kind or len(found) == _MOST_PICTURES:
            continue
        content = _text(data[kind])
        encoded = base64.b64encode(content.encode()).decode() if kind == "image/svg+xml" else "".join(content.split())
        is_given = len(encoded) <= min(room, _MOST_BYTES)
        room -= len(encoded) if is_given else 0
        digest = digest_of(content.encode(errors="surrogatepass"))[:12]
        found.append(Picture(kind, digest, encoded if is_given else ""))
    return tuple(found), room


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
