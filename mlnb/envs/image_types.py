"""The nouns of images."""

from __future__ import annotations

from dataclasses import dataclass

from mlnb.envs.lock_types import Verified


@dataclass(frozen=True)
class Image:
    """The image of a lock, in the Docker engine.

    Attributes:
        name: to give to ``mlnb jobs submit --image``.
        id: of the engine.
        base: the image it stands on.
        size_bytes: with its base.
        built: False when the engine had it already.
        env_id: what a container of it says of itself; None where it was there already and so was not asked again.
        verified: how a container of it compares with the lock; None as above.
        notes: what to know.
    """

    name: str
    id: str
    base: str
    size_bytes: int
    built: bool
    env_id: str | None
    verified: Verified | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageFiles:
    """The files by which others build the image of a lock.

    Attributes:
        dockerfile: beside the lock's files.
        devcontainer: what editors with dev containers look for.
    """

    dockerfile: str
    devcontainer: str
