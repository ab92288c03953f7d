"""Whom this user trusts: keys of other machines, beside the signing key, and beside each snapshot where it came from.

::

    <keys folder>/trusted.json               paired keys, signed with this machine's key
    MLNB_HOME/snapshots/<id>/origin.json     where a snapshot came from, signed
    MLNB_HOME/snapshots/<id>/consent.json    that the user said it may be loaded, signed

The signing key never leaves its machine. A second machine is paired with a secret that is made from it one way: with that secret one
can make vouchers that the second machine accepts, and nothing that the first one accepts. So the pairing file is kept as a
private key is: whoever has it may make snapshots that the machine where it was added loads.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from mlnb.core import signing
from mlnb.core.clock import datetime_from_iso, iso_from_datetime
from mlnb.core.content import is_digest
from mlnb.core.errors import BadInput, Conflict, MlnbError, NotFound, NotTrusted
from mlnb.core.files import locked, store_error
from mlnb.core.home import keys_dir
from mlnb.core.wire import dumps, from_wire
from mlnb.snapshots.plugins import signed
from mlnb.snapshots.rules import trust

_KIND = "mlnb pairing"
_KEYS = "trusted keys"
_ORIGIN = "snapshot origin"
_CONSENT = "snapshot consent"
_VOUCHER = "snapshot voucher"
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
T = TypeVar("T")


def keys() -> dict[str, trust.TrustedKey]:
    """The paired keys, by id.

    Raises:
        Damaged: the list was changed.
        NotTrusted: another key signed it.
    """
    return {
        key_id: trust.TrustedKey(key_id, str(entry["name"]), datetime_from_iso(str(entry["added_at"])))
        for key_id, entry in sorted(_entries().items(), key=lambda one: str(one[1]["name"]))
    }


def write_pairing(target: Path, name: str) -> str:
    """Write the file that pairs this machine's key elsewhere, readable by the user only; returns the key's id.

    Raises:
        BadInput: `name` is no name.
        Conflict: `target` exists.
        StoreUnavailable: the disk refused.
    """
    key_id = signing.key_id()
    content = {"kind": _KIND, "format": 1, "key_id": key_id, "name": _checked_name(name), "secret": _own_secret()}
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(dumps(content, indent=1) + "\n")
    except FileExistsError:
        raise Conflict(f"{target} exists", "Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise store_error(target, error) from error
    return key_id


def add(source: Path, name: str, now: datetime) -> trust.TrustedKey:
    """Trust the key whose pairing file is `source`, called `name` here (as the file says when empty).

    Raises:
        BadInput: it is no pairing file, or this machine's own.
        Conflict: another key has that name, or this key was added with another secret.
        StoreUnavailable: the disk refused.
    """
    key_id, own_name, secret = _read_pairing(source)
    if key_id == signing.key_id():
        raise BadInput(f"{source} is this machine's own key", "Add it on the other machine.")
    called = _checked_name(name or own_name)
    with locked(_path().with_suffix(".lock")):
        entries = _entries()
        taken = [other for other, entry in entries.items() if entry["name"] == called and other != key_id]
        if taken:
            raise Conflict(f"another key is called {called!r} already", "Give this one another --name.")
        if key_id in entries and entries[key_id]["secret"] != secret:
            raise Conflict(f"the key {key_id} was added with another secret", f"`mlnb trust remove {key_id}` first.")
        entries[key_id] = {"name": called, "secret": secret, "added_at": iso_from_datetime(now)}
        signed.write(_path(), {"format": 1, "keys": entries}, _KEYS)
    return trust.TrustedKey(key_id, called, now)


def remove(which: str) -> trust.TrustedKey:
    """No longer trust the key `which` (its id or name): what it vouched for counts as foreign at once.

    Raises:
        NotFound: there is none of that id or name.
        StoreUnavailable: the disk refused.
    """
    with locked(_path().with_suffix(".lock")):
        found = trust.key_named(keys(), which)
        if found is None:
            raise NotFound(f"no trusted key is called {which!r}", "See `mlnb trust list`.")
        entries = _entries()
        del entries[found.key_id]
        signed.write(_path(), {"format": 1, "keys": entries}, _KEYS)
    return found


def voucher(manifest: str) -> str:
    """This machine's word, for those who paired it, that the manifest of this digest may be loaded."""
    return _voucher(_own_secret(), manifest)


def standing_of(folder: Path, seen: signed.Seen) -> trust.Standing:
    """How the snapshot in `folder` stands whose manifest is `seen`. What is damaged beside it counts as absent."""
    origin = _record(folder / "origin.json", _ORIGIN, trust.Origin)
    consent = None if seen.is_own else _record(folder / "consent.json", _CONSENT, trust.Consent)
    who = _verified(origin) if origin is not None and not seen.is_own and consent is None else ""
    return trust.standing(seen.is_own, seen.digest, origin, consent, who)


def write_origin(folder: Path, origin: trust.Origin) -> None:
    """Note where the snapshot in `folder` came from.

    Raises:
        StoreUnavailable: the disk refused.
    """
    signed.write(folder / "origin.json", origin, _ORIGIN)


def write_consent(folder: Path, consent: trust.Consent) -> None:
    """Note that the user said the snapshot in `folder` may be loaded.

    Raises:
        StoreUnavailable: the disk refused.
    """
    signed.write(folder / "consent.json", consent, _CONSENT)


def _record(path: Path, purpose: str, kind: type[T]) -> T | None:
    try:
        return from_wire(kind, signed.read(path, purpose))
    except (MlnbError, ValueError):
        return None


def _verified(origin: trust.Origin) -> str:
    """The name of the paired key that vouches for `origin`; empty: none."""
    try:
        entry = _entries().get(origin.key_id)
    except MlnbError:
        return ""
    if entry is None or not hmac.compare_digest(_voucher(str(entry["secret"]), origin.manifest), origin.voucher):
        return ""
    return str(entry["name"])


def _voucher(secret: str, manifest: str) -> str:
    return hmac.new(bytes.fromhex(secret), f"{_VOUCHER}\0{manifest}".encode(), hashlib.sha256).hexdigest()


def _own_secret() -> str:
    return signing.sign(b"1", _KIND)


def _entries() -> dict[str, dict[str, str]]:
    try:
        content = signed.read(_path(), _KEYS)
    except NotFound:
        return {}
    except NotTrusted:
        raise NotTrusted(f"{_path()} was signed with another key", "Move it away and add the keys again.") from None
    return {str(key_id): dict(entry) for key_id, entry in content["keys"].items()}


def _path() -> Path:
    return keys_dir() / "trusted.json"


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name for a key", "Take a short one, such as --name laptop.")
    return name


def _read_pairing(source: Path) -> tuple[str, str, str]:
    wrong = BadInput(f"{source} is not a pairing file", "Make one on the other machine: `mlnb trust export FILE`.")
    try:
        with source.open("rb") as file:
            content = json.loads(file.read(1 << 16))
        key_id, name, secret = (content[field] for field in ("key_id", "name", "secret"))
        is_right = content["kind"] == _KIND and content["format"] == 1
    except FileNotFoundError:
        raise NotFound(f"there is no {source}", "Check the path.") from None
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {(error.strerror or '').lower()}", "Make it readable.") from error
    except (ValueError, KeyError, TypeError):
        raise wrong from None
    texts = all(isinstance(text, str) for text in (key_id, name, secret))
    if not is_right or not texts or not _KEY_ID.fullmatch(key_id) or not is_digest(secret):
        raise wrong
    return key_id, name, secret
