"""Content addresses: bytes are named by their BLAKE3 digest, so equal bytes are one and a changed byte is seen."""

from __future__ import annotations

from pathlib import PurePosixPath

from blake3 import blake3

from mlnb.core.errors import Damaged

DIGEST_CHARACTERS = 64


def digest_of(data: bytes | memoryview) -> str:
    """The BLAKE3 digest of `data`: 64 hex characters."""
    return blake3(data).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` has the form of a digest (it can then not leave the blob folder)."""
    return len(text) == DIGEST_CHARACTERS and all(c in "0123456789abcdef" for c in text)


def blob_path(digest: str) -> PurePosixPath:
    """Where the blob lies below a store's root: two characters of fan-out, then the digest."""
    return PurePosixPath(digest[:2], digest)


def check(data: bytes, digest: str, name: str) -> bytes:
    """`data`, verified.

    Raises:
        Damaged: the digest of `data` is not `digest`; `name` says what it was.
    """
    if digest_of(data) != digest:
        raise Damaged(
            f"{name} does not match its digest",
            "It was changed on disk or by transfer; it was not used. See `mlnb snapshot verify`.",
        )
    return data
