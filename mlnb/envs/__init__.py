"""Environments: captured and compared.

`mlnb.envs.capture` is a module that must stand alone (it is sent to foreign interpreters); the functions here ask the service.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core import current

if TYPE_CHECKING:
    from mlnb.envs.image_types import Image
    from mlnb.envs.lock_types import Lock, Restored, Verified
    from mlnb.envs.types import Drift, Environment

__all__ = ["build", "diff", "lock", "restore", "take", "verify"]


def take(python: str | None = None, level: str = "fast") -> Environment:
    """The environment of this process, or of another interpreter.

    Args:
        python: path of an interpreter or of a virtual environment's folder; None: this process, with what it has imported.
        level: ``fast`` (metadata only), ``stat`` (also sizes of files) or ``hash`` (also their contents).

    Raises:
        NoEnvironment: there is no interpreter at `python`.
        InterpreterFailed: it could not capture itself.
    """
    environment: Environment = current.service("envs").capture(python, level)
    return environment


def diff(before: str, after: str = ".") -> Drift:
    """How the environment `after` differs from `before`: capture files, interpreters, or ``.`` for this one.

    Raises:
        NoEnvironment: one of them does not exist.
        NotACapture: one of them is a file but not a capture.
        InterpreterFailed: an interpreter could not capture itself.
    """
    drift: Drift = current.service("envs").diff(before, after)
    return drift


def lock(out: str | Path = "env.lock", python: str | None = None, **options: Any) -> Lock:  # noqa: ANN401 - named there
    """Pin an environment into the folder `out`: every package in one version, with the digests of its files.

    Args:
        out: the folder; a lock that is there is replaced, whole or not at all.
        python: an interpreter or a virtual environment's folder; None: the one that runs this.
        options: the other parameters of `mlnb.envs.locks.LocksService.lock`, such as ``requirements=Path("r.txt")``,
            ``platform="linux"`` or ``for_jobs=True``.

    Raises:
        CannotLock: a package cannot be locked; the message names it and the reason.
        NotALock: `out` holds something else.
        NoUv: uv is not installed.
        UvRefused: uv could not resolve.
    """
    made: Lock = current.service("env_locks").lock(Path(out), python=python, **options)
    return made


def verify(folder: str | Path, python: str | None = None, level: str = "fast") -> Verified:
    """Whether an environment is the one that the lock in `folder` names.

    Args:
        folder: of the lock.
        python: an interpreter or a virtual environment's folder; None: the one that runs this.
        level: as for `take`.

    Raises:
        NotALock: it is no lock, or a file of it is gone or another.
        NoEnvironment: there is no interpreter at `python`.
        CannotCompare: the lock is for another platform.
    """
    found: Verified = current.service("env_locks").verify(Path(folder), python, level)
    return found


def restore(folder: str | Path, into: str | Path, **options: Any) -> Restored:  # noqa: ANN401 - named there
    """Make the environment of a lock again, as a virtual environment with a kernel; whole, or not at all.

    Args:
        folder: of the lock.
        into: where the virtual environment is to be.
        options: the other parameters of `mlnb.envs.locks.LocksService.restore`, such as ``replace=True``.

    Raises:
        NotALock: it is no lock, or a file of it is gone or another.
        CannotRestore: it is for another platform or Python, or the place or the name is taken.
        UvRefused: a package could not be had.
        NoUv: uv is not installed.
    """
    made: Restored = current.service("env_locks").restore(Path(folder), Path(into), **options)
    return made


def build(folder: str | Path, **options: Any) -> Image:  # noqa: ANN401 - named there
    """The image of a lock in the Docker engine, built unless it is there.

    Args:
        folder: of the lock.
        options: the parameters of `mlnb.envs.building.ImagesService.build`, such as ``base_image`` and ``tag``.

    Raises:
        NotALock: it is no lock.
        NoEngine: no Docker engine answers.
        BuildFailed: a step failed; the message has its last line.
    """
    made: Image = current.service("env_locks").images.build(Path(folder), **options)
    return made
