"""What this user wrote, and nobody else: HMAC-SHA256 with a key that never leaves the user's configuration folder."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets as randomness
from pathlib import Path

from mlnb.core.errors import StoreUnavailable
from mlnb.core.files import store_error
from mlnb.core.home import keys_dir

_KEY_BYTES = 32


def key() -> bytes:
    """The user's signing key, made on first use (32 random bytes, readable by the user only).

    Raises:
        StoreUnavailable: the key cannot be read or made, or is not a key.
    """
    path = keys_dir() / "signing.key"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = _make(path)
    except OSError as error:
        raise StoreUnavailable(
            f"cannot read the signing key {path}: {error.strerror}", "Make it readable for you only (chmod 600)."
        ) from error
    if len(data) != _KEY_BYTES:
        raise StoreUnavailable(
            f"{path} is not a signing key", "Move it away; a new one is made, and older snapshots count as foreign."
        )
    return data


def _make(path: Path) -> bytes:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{randomness.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(randomness.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # whoever is first wins; the others read that one
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        return path.read_bytes()
    except OSError as error:
        raise store_error(path, error) from error


def key_id() -> str:
    """A short public name of the user's key: 16 hex characters; it tells keys apart and reveals nothing."""
    return hashlib.sha256(b"mlnb key id" + key()).hexdigest()[:16]


def sign(data: bytes, purpose: str) -> str:
    """The signature of `data` (hex). `purpose` keeps a signature for one kind of thing from passing for another."""
    return hmac.new(key(), purpose.encode() + b"\0" + data, hashlib.sha256).hexdigest()


def is_signed(data: bytes, signature: str, purpose: str) -> bool:
    """Whether `signature` is this user's own for `data` and `purpose`."""
    return hmac.compare_digest(sign(data, purpose), signature)
