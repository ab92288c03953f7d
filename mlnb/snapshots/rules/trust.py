"""Whose word counts: where a snapshot came from, what the user agreed to, and what may therefore be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from mlnb.core.records import dataclass

FORMAT = 1
"""Version of the records of this module; every one up to it is read for ever."""


@dataclass(frozen=True)
class Origin:
    """Where a snapshot came from that was not taken here.

    Attributes:
        snapshot: its id.
        manifest: digest of the manifest that came.
        kind: ``bundle``: out of a file; ``job``: left by a job that had a key of its own.
        source: the name of that file or folder, as it was.
        at: when it came.
        key_id: the key that vouched for it in the file; empty: none.
        voucher: that key's voucher (see `mlnb.snapshots.plugins.trusted`).
    """

    snapshot: str
    manifest: str
    kind: Literal["bundle", "job"]
    source: str
    at: datetime
    key_id: str = ""
    voucher: str = ""
    format: int = FORMAT


@dataclass(frozen=True)
class Consent:
    """The user's word that the variables of a snapshot may be loaded; it holds for exactly this manifest."""

    snapshot: str
    manifest: str
    given_at: datetime
    format: int = FORMAT


@dataclass(frozen=True)
class TrustedKey:
    """The key of another machine of this user's, or of somebody whose code this user runs.

    Attributes:
        key_id: its public name, as `mlnb trust list` shows it there.
        name: what it is called here.
        added_at: when it was paired; None for this machine's own key.
        is_own: whether it is this machine's own.
    """

    key_id: str
    name: str
    added_at: datetime | None = None
    is_own: bool = False


@dataclass(frozen=True)
class TrustedKeys:
    """This machine's own key first, then the paired ones by name."""

    keys: tuple[TrustedKey, ...]


@dataclass(frozen=True)
class Standing:
    """Whether the variables of a snapshot may be loaded, and why.

    Attributes:
        level: ``own``: this user's key signed it; ``paired``: a key that was added with `mlnb trust add` vouches for it;
            ``consented``: the user said so; ``foreign``: nobody did, so that nothing of it is unpickled.
        origin: where it came from, when it was not taken here.
        who: the name of the paired key, for ``paired``.
    """

    level: Literal["own", "paired", "consented", "foreign"]
    origin: Origin | None = None
    who: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether its variables are loaded without asking."""
        return self.level != "foreign"


def standing(is_own: bool, manifest: str, origin: Origin | None, consent: Consent | None, voucher: str) -> Standing:
    """How a snapshot stands.

    Args:
        is_own: whether this user signed its manifest.
        manifest: the digest of its manifest as it lies there now.
        origin: where it came from, if that is known.
        consent: what the user said, if anything.
        voucher: name of the paired key whose voucher in `origin` was verified; empty: none.
    """
    if is_own:
        return Standing("own", origin)
    if consent is not None and consent.manifest == manifest:
        return Standing("consented", origin)
    if voucher and origin is not None and origin.manifest == manifest:
        return Standing("paired", origin, voucher)
    return Standing("foreign", origin)


def why_not_trusted(snapshot_id: str, found: Standing) -> tuple[str, str]:
    """What is said about a foreign snapshot whose variables somebody wants, and the way out."""
    origin = found.origin
    where = "it was not signed by you"
    if origin is not None:
        where = (
            f"it came from the file {origin.source}"
            if origin.kind == "bundle"
            else "a job with a key of its own took it"
        )
    return (
        f"{snapshot_id} is not trusted: {where}, and loading its variables may run code",
        f"Look at it first (`mlnb snapshot restore {snapshot_id} --dry-run`, or --to PATH for its document); "
        "if you trust who made it, restore it with --trust, in Python restore(id, trust=True).",
    )


def key_named(keys: Mapping[str, TrustedKey], text: str) -> TrustedKey | None:
    """The one key that `text` means: its id, the beginning of its id (4 characters at least), or its name."""
    found = [key for key in keys.values() if text in (key.key_id, key.name)]
    if not found and len(text) >= 4:
        found = [key for key in keys.values() if key.key_id.startswith(text)]
    return found[0] if len(found) == 1 else None
