"""Two images: the same picture, the same but for what a file notes beside it, nearly the same to the eye, or another one.

Only the standard library: PNG is decoded (8 bits, not interlaced, as plotting libraries write it); of other formats the bytes are
compared, without what they note about themselves.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib

from mlnb.core.records import dataclass
from mlnb.order.types import Verdict

NEAR_LEVELS = 8
"""Levels of 255 by which a pixel may differ and still look the same: rounding of colours and of smoothed edges."""
NEAR_SHARE = 0.001
"""Share of the pixels that may differ by more."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True)
class Picture:
    """A decoded picture: `rows` of bytes, `channels` per pixel; `palette` where pixels are numbers of colours."""

    width: int
    height: int
    channels: int
    rows: bytes
    palette: bytes


def compare_images(kind: str, old: str, new: str) -> tuple[Verdict, str]:
    """The verdict on two images as they stand in a notebook (base64) and what differs.

    Args:
        kind: the media type.
        old: the saved one.
        new: that of the fresh run.
    """
    name = kind.partition("/")[2].upper()
    try:
        before, after = (base64.b64decode(text, validate=False) for text in (old, new))
    except ValueError:
        return "different", f"the {name} image differs"
    if before == after:
        return "identical", ""
    if kind == "image/png":
        return _compare_png(before, after)
    if _without_notes(kind, before) == _without_notes(kind, after):
        return "noise", f"only what the {name} file notes about itself differs"
    return "different", f"the {name} image differs"


def _compare_png(before: bytes, after: bytes) -> tuple[Verdict, str]:
    old, new = _chunks(before), _chunks(after)
    if old is None or new is None:
        return "different", "the PNG image differs"
    if (old.get(b"IHDR"), old.get(b"PLTE")) != (new.get(b"IHDR"), new.get(b"PLTE")):
        sizes = [struct.unpack(">II", one[b"IHDR"][:8]) for one in (old, new)]
        if sizes[0] != sizes[1]:
            return "different", f"the PNG image is {sizes[1][0]}x{sizes[1][1]} instead of {sizes[0][0]}x{sizes[0][1]}"
        return "different", "the PNG image differs"
    try:
        data = [zlib.decompress(one[b"IDAT"]) for one in (old, new)]
        if data[0] == data[1]:
            return "noise", "only what the PNG file notes about itself differs"
        pictures = [_decoded(one, rows) for one, rows in zip((old, new), data, strict=True)]
    except (zlib.error, KeyError, IndexError, struct.error):
        return "different", "the PNG image differs"
    if pictures[0] is None or pictures[1] is None:
        return "different", "the PNG image differs"
    return _compare_pixels(pictures[0], pictures[1])


def _chunks(data: bytes) -> dict[bytes, bytes] | None:
    """The critical chunks of a PNG file, those of one name joined; None when it is none."""
    if not data.startswith(_SIGNATURE):
        return None
    found: dict[bytes, bytes] = {}
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if name in (b"IHDR", b"PLTE", b"IDAT", b"tRNS"):
            found[name] = found.get(name, b"") + data[at + 8 : at + 8 + length]
        at += 12 + length
    return found if len(found.get(b"IHDR", b"")) == 13 and b"IDAT" in found else None


def _decoded(chunks: dict[bytes, bytes], data: bytes) -> Picture | None:
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if depth != 8 or interlace or colour not in _CHANNELS:
        return None
    channels = _CHANNELS[colour]
    length = width * channels
    rows, previous = bytearray(), bytearray(length)
    for number in range(height):
        start = number * (length + 1)
        row = bytearray(data[start + 1 : start + 1 + length])
        _undo(data[start], row, previous, channels)
        rows += row
        previous = row
    return Picture(width, height, channels, bytes(rows), chunks.get(b"PLTE", b"") if colour == 3 else b"")


def _undo(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    """Turn a filtered line of a PNG file back into its bytes, in place."""
    if kind == 1:
        for at in range(step, len(row)):
            row[at] = (row[at] + row[at - step]) & 255
    elif kind == 2:
        row[:] = bytes([(one + other) & 255 for one, other in zip(row, above, strict=True)])
    elif kind == 3:
        for at in range(len(row)):
            left = row[at - step] if at >= step else 0
            row[at] = (row[at] + (left + above[at]) // 2) & 255
    elif kind == 4:
        for at in range(len(row)):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            row[at] = (row[at] + _nearest(left, above[at], corner)) & 255


def _nearest(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    far_left, far_above, far_corner = abs(guess - left), abs(guess - above), abs(guess - corner)
    if far_left <= far_above and far_left <= far_corner:
        return left
    return above if far_above <= far_corner else corner


def _compare_pixels(old: Picture, new: Picture) -> tuple[Verdict, str]:
    if old.palette:
        return "different", "the PNG image differs"
    if old.rows == new.rows:
        return "noise", "only how the PNG file is packed differs"
    far = {
        at // old.channels
        for at, (one, other) in enumerate(zip(old.rows, new.rows, strict=True))
        if one != other and abs(one - other) > NEAR_LEVELS
    }
    pixels = old.width * old.height
    share = len(far) / pixels if pixels else 0.0
    if share <= NEAR_SHARE:
        return "tolerance", f"the picture looks the same: {share:.2%} of the pixels differ visibly"
    return "different", f"the PNG image differs in {share:.1%} of its pixels"


def _without_notes(kind: str, data: bytes) -> bytes:
    """The bytes without what the file notes about itself: segments of JPEG, dates of PDF."""
    if kind == "application/pdf":
        return re.sub(rb"/(?:CreationDate|ModDate|Producer|Creator|ID) ?(?:\([^)]*\)|\[[^\]]*\])", b"", data)
    if kind != "image/jpeg" or not data.startswith(b"\xff\xd8"):
        return data
    kept, at = bytearray(data[:2]), 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if not (0xE1 <= data[at + 1] <= 0xEF or data[at + 1] == 0xFE):
            kept += data[at:end]
        at = end
    return bytes(kept + data[at:])
