"""Files written whole or not at all, and a lock between processes."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mlnb.core.errors import StoreUnavailable

_WAYS_OUT = {
    errno.ENOSPC: "Free some disk space, or point MLNB_HOME at another disk.",
    errno.EFBIG: "The file would be larger than allowed here (ulimit -f): raise the limit, or point MLNB_HOME at another disk.",
    errno.EDQUOT: "Your disk quota is used up: free some space, or point MLNB_HOME at another disk.",
    errno.EROFS: "The disk is read-only: point MLNB_HOME at a writable folder.",
    errno.EACCES: "Make the folder writable for you, or point MLNB_HOME at another one.",
    errno.EPERM: "Make the folder writable for you, or point MLNB_HOME at another one.",
    errno.ENOTDIR: "A part of that path is a file: name a folder, or point MLNB_HOME at another one.",
    errno.EISDIR: "There is a folder of that name: name a file.",
}


def store_error(path: Path | str, error: OSError) -> StoreUnavailable:
    """The error to raise when the operating system refused to write `path`: names the path, the reason and the way out."""
    reason = (error.strerror or str(error)).lower()
    return StoreUnavailable(f"cannot write {path}: {reason}", _WAYS_OUT.get(error.errno or 0, "See `mlnb doctor`."))


def write_atomically(path: Path, data: bytes, *, durable: bool = True, mode: int = 0o644) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    Args:
        path: target; missing parent folders are made.
        data: the bytes.
        durable: also wait until the bytes and the name are on disk (fsync of file and folder).
        mode: permission bits of the new file.

    Raises:
        StoreUnavailable: the disk is full, read-only or not ours to write; nothing was left behind.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    except OSError as error:
        raise store_error(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            if durable:
                os.fsync(file.fileno())
        Path(temporary).replace(path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise store_error(path, error) from error


def sync_folder(folder: Path) -> None:
    """Wait until names made in `folder` are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path, *, blocking: bool = True) -> Iterator[bool]:
    """Hold the lock file `path` between processes; it is released when the holder ends, however it ends.

    Yields:
        True while the lock is held; False when `blocking` is off and somebody else holds it.

    Raises:
        StoreUnavailable: the lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise store_error(path, error) from error
    _held.add(handle)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        if handle in _held:
            _held.remove(handle)
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)


_held: set[int] = set()


def _leave_locks() -> None:
    """In a copy of the process: what a thread of the other one holds is not held by this one, which would wait for itself for ever."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_leave_locks)
