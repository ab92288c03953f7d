"""Files of JSON that only this user can have written: a digest against damage, a signature against others.

The file is one JSON object in canonical form (sorted keys, no spaces to vary): ``{"content": {...}, "digest", "key_id", "signature"}``.
A reader writes it anew and compares, so that any changed byte is seen, also one that JSON would not mind.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlnb.core import signing
from mlnb.core.content import digest_of
from mlnb.core.errors import Damaged, NotFound, NotTrusted, StoreUnavailable
from mlnb.core.files import write_atomically
from mlnb.core.records import dataclass
from mlnb.core.wire import dumps, plain_dumps

_WAY_OUT = "It was changed on disk or by transfer; it was not used. See `mlnb snapshot verify`."


def encode(content: object, purpose: str) -> bytes:
    """`content` (a dataclass or JSON values) signed for `purpose`, as the bytes of a file."""
    body = dumps(content)
    data = body.encode()
    head = {"digest": digest_of(data), "key_id": signing.key_id(), "signature": signing.sign(data, purpose)}
    return dumps({"content": json.loads(body), **head}).encode()


def encode_unsigned(content: object) -> bytes:
    """`content` as the bytes of a file that nobody signed: whole, but foreign to everybody."""
    body = dumps(content)
    head = {"digest": digest_of(body.encode()), "key_id": "", "signature": ""}
    return dumps({"content": json.loads(body), **head}).encode()


def write(path: Path, content: object, purpose: str) -> None:
    """Write `content` to `path`, signed, whole and durable or not at all.

    Raises:
        StoreUnavailable: the disk refused.
    """
    write_atomically(path, encode(content, purpose), mode=0o600)


def read(path: Path, purpose: str) -> dict[str, Any]:
    """The content of a file that this user signed.

    Raises:
        NotFound: there is none.
        Damaged: it was changed.
        NotTrusted: it is whole, but somebody else's.
    """
    content, is_own = read_any(path, purpose)
    if not is_own:
        raise NotTrusted(
            f"{path} was not signed by you", "Its document can be read and exported; its variables are not loaded."
        )
    return content


@dataclass(frozen=True)
class Seen:
    """A file that is whole.

    Attributes:
        content: what it says.
        digest: BLAKE3 of the canonical form of `content`; names exactly this content.
        key_id: the key that it says it was signed with.
        is_own: whether this user's key really signed it.
    """

    content: dict[str, Any]
    digest: str
    key_id: str
    is_own: bool


def read_any(path: Path, purpose: str) -> tuple[dict[str, Any], bool]:
    """The content of a file that is whole, and whether this user signed it.

    Raises:
        NotFound: there is none.
        Damaged: it was changed.
    """
    seen = examine(path, purpose)
    return seen.content, seen.is_own


def examine(path: Path, purpose: str) -> Seen:
    """What a file says that is whole, whoever signed it.

    Raises:
        NotFound: there is none.
        Damaged: it was changed.
    """
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"there is no {path}") from error
    except OSError as error:
        raise StoreUnavailable(f"cannot read {path}: {error.strerror}", "Make it readable for you.") from error
    try:
        parsed = json.loads(raw)
        if plain_dumps(parsed).encode() != raw:
            raise Damaged(f"{path} is not as it was written", _WAY_OUT)
        content: dict[str, Any] = parsed["content"]
        data = plain_dumps(content).encode()
        digest, key_id, signature = (str(parsed[name]) for name in ("digest", "key_id", "signature"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} is not as it was written", _WAY_OUT) from error
    if digest_of(data) != digest:
        raise Damaged(f"{path} does not match its digest", _WAY_OUT)
    return Seen(content, digest, key_id, key_id == signing.key_id() and signing.is_signed(data, signature, purpose))
