"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def new_id(prefix: str) -> str:
    """A new identifier ``<prefix>-<22 characters>``: 48 bits of time in milliseconds, then 62 random bits.

    Two ids made in different milliseconds sort in the order they were made; within one they are merely different.
    """
    number = (time.time_ns() // 1_000_000) << 62 | secrets.randbits(62)
    text = ""
    for _ in range(22):
        number, rest = divmod(number, 32)
        text = _ALPHABET[rest] + text
    return f"{prefix}-{text}"
