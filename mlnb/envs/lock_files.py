"""Locks on disk: a folder with ``pylock.toml``, ``requirements.txt``, ``wheels/``, ``patches/``, ``lock.json`` and ``environment.json``.

A lock is written beside its place and moved there whole, and nothing is installed from one whose files are not those it names.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mlnb.core.errors import NotFound
from mlnb.core.files import store_error, write_atomically
from mlnb.core.wire import dumps, from_wire
from mlnb.envs import pylock
from mlnb.envs.capture import Environment, to_json
from mlnb.envs.errors import NotALock
from mlnb.envs.lock_types import FORMAT, Lock

LOCK, PYLOCK, REQUIREMENTS = "lock.json", "pylock.toml", "requirements.txt"
ENVIRONMENT, CONDA, PATCHES = "environment.json", "environment.yml", "patches"
OURS = frozenset({LOCK, PYLOCK, REQUIREMENTS, ENVIRONMENT, CONDA, PATCHES, pylock.WHEELS})
_AGAIN = "Make the lock again (mlnb env lock), or get its files back."


@contextlib.contextmanager
def written(folder: Path) -> Iterator[Path]:
    """A new folder to write a lock into; it takes the place of `folder` when the block ends well, and is gone otherwise.

    What lies in `folder` beside the files of a lock (a Dockerfile, notes) stays.

    Raises:
        NotALock: `folder` holds something else.
        StoreUnavailable: it cannot be written.
    """
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise NotALock(f"{folder} is a file", "Name a folder for the lock.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).is_file():
        raise NotALock(f"{folder} holds something else than a lock", "Name another folder, such as env.lock.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise store_error(folder, error) from error
    try:
        temporary.chmod(0o755)
        yield temporary
        _take_place(temporary, folder)
    except OSError as error:
        raise store_error(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_place(new: Path, folder: Path) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name not in OURS:
                _copy(path, new / path.name)
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old.")) / folder.name
        folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        finally:
            shutil.rmtree(old.parent, ignore_errors=True)
    else:
        new.rename(folder)


def _copy(path: Path, to: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, to, symlinks=True)
    else:
        shutil.copy2(path, to, follow_symlinks=False)


def write(folder: Path, lock: Lock, text: str, requirements: str, environment: Environment | None) -> None:
    """Put the files of `lock` into `folder`, its wheels being there already.

    Raises:
        StoreUnavailable: they cannot be written.
    """
    write_atomically(folder / PYLOCK, text.encode())
    write_atomically(folder / REQUIREMENTS, requirements.encode())
    if environment is not None:
        write_atomically(folder / ENVIRONMENT, to_json(environment).encode())
    write_atomically(folder / LOCK, (dumps(lock, indent=1) + "\n").encode())


def digest(text: str) -> str:
    """What names a lock: SHA-256 of its ``pylock.toml``."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(folder: Path) -> Lock:
    """The lock in `folder`, with every file checked against the digest that it names.

    Raises:
        NotFound: there is no such folder.
        NotALock: it is none, a file is gone or another, or a newer mlnb wrote it.
    """
    if not folder.exists():
        raise NotFound(f"there is no lock {str(folder)!r}", "Make one: mlnb env lock.")
    try:
        raw = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        text = (folder / PYLOCK).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotALock(
            f"{folder} is not a lock: {Path(error.filename).name} is not there", "Make one: mlnb env lock."
        ) from error
    except (OSError, ValueError) as error:
        raise NotALock(f"{folder} is not a lock that can be read: {error}", _AGAIN) from error
    if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
        raise NotALock(f"{folder} was written by a newer mlnb", "Upgrade mlnb on this machine.")
    try:
        lock = from_wire(Lock, raw)
        blocks = pylock.read(text, folder)
    except ValueError as error:
        raise NotALock(f"{folder} is not a lock: {error}", _AGAIN) from error
    if digest(text) != lock.digest:
        raise NotALock(f"{folder / PYLOCK} was changed since it was locked", _AGAIN)
    _check_wheels(folder, blocks)
    return lock


def _check_wheels(folder: Path, blocks: list[pylock.Block]) -> None:
    for block in blocks:
        for file in block.value.get("wheels", []):
            if "path" not in file:
                continue
            path = folder / file["path"]
            if not path.is_file():
                raise NotALock(f"the wheel of {block.name} {block.version} is gone: {path}", _AGAIN)
            if hashlib.sha256(path.read_bytes()).hexdigest() != file["hashes"]["sha256"]:
                raise NotALock(
                    f"the wheel of {block.name} {block.version} is not the one that was locked: {path}", _AGAIN
                )
