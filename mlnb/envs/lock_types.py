"""The nouns of locks: what an environment is made from again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mlnb.envs.capture import Origin
from mlnb.envs.types import Drift

FORMAT = 1


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock.

    Attributes:
        name: normalised (PEP 503).
        version: exact.
        wheel: its file below ``wheels/``; empty when it comes from a package index.
        origin: where a packed one came from; None for a package of an index.
        patch: file below ``patches/`` with the uncommitted changes of its work tree; empty when there were none.
        role: ``package``, or ``mlnb`` for what is there for mlnb's sake and left out of both digests.
    """

    name: str
    version: str
    wheel: str = ""
    origin: Origin | None = None
    patch: str = ""
    role: Literal["package", "mlnb"] = "package"


@dataclass(frozen=True)
class Lock:
    """A lock: every package in one version with its digests, for one Python and one platform.

    Attributes:
        digest: SHA-256 over ``pylock.toml``, which names the digests of all files; images are found again by it.
        python: such as ``3.11``.
        full_python: of the environment it was made from, such as ``3.11.7``; else as `python`.
        system: such as ``linux``.
        machine: such as ``x86_64``.
        env_request_id: digest of what was asked for.
        env_id: digest of the environment it was made from; None when it was made for another platform or from requirements.
        packages: sorted by name.
        notes: what to know about it, such as a work tree that was packed with its uncommitted changes.
        created_at: UTC.
        format: version of this form.
    """

    digest: str
    python: str
    full_python: str
    system: str
    machine: str
    env_request_id: str
    env_id: str | None
    packages: tuple[LockedPackage, ...]
    notes: tuple[str, ...]
    created_at: datetime
    format: int = FORMAT


@dataclass(frozen=True)
class Verified:
    """Whether an environment is the one that was locked.

    Attributes:
        same: nothing of packages, Python x.y and platform differs.
        compared: ``contents``: with the environment that was locked; ``versions``: with the lock's names and versions only,
            where it was made for another platform or from requirements.
        drift: how the environment differs from the lock.
    """

    same: bool
    compared: Literal["contents", "versions"]
    drift: Drift


@dataclass(frozen=True)
class Restored:
    """An environment that was made from a lock.

    Attributes:
        folder: the virtual environment.
        python: its interpreter.
        kernel: name of its kernelspec; empty when it has no ipykernel.
        packages: how many were installed.
        verified: whether it is the one that was locked.
        notes: what to know.
    """

    folder: str
    python: str
    kernel: str
    packages: int
    verified: Verified
    notes: tuple[str, ...] = ()
