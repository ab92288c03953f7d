"""What lies at a path, as a fingerprint, and which paths are no business of a notebook's."""

from __future__ import annotations

import functools
import os
import re
import stat
import sys
import sysconfig
import tempfile
import time
from typing import Final

import xxhash

from mlnb.core.home import home

ABSENT: Final = "absent"
CONTENT_LIMIT_BYTES: Final = 16 << 20
_LISTING_LIMIT: Final = 2_000
_SETTLED_NS: Final = 3_000_000_000  # file systems tell times of change in steps of up to two seconds
_REMEMBERED: Final = 10_000

Signature = tuple[int, int, int, int, int]


class _Real:
    """The functions themselves, kept where no stand-in is ever put in their place."""

    open, read, stat, listdir = (
        staticmethod(os.open),
        staticmethod(os.read),
        staticmethod(os.stat),
        staticmethod(os.listdir),
    )


_contents: dict[str, tuple[Signature, str]] = {}
_never_settled: set[str] = set()
_own_state: tuple[str, ...] = ()


def _quiet_folders() -> tuple[str, ...]:
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    return (
        *sorted(p.rstrip("/") + "/" for p in paths if p and p != "/"),
        "/proc/",
        "/sys/",
        "/dev/",
        "/usr/lib/",
        "/usr/share/",
        "/etc/",
    )


_QUIET: Final = _quiet_folders()


_OWN_NAMES: Final = (
    "spool/",
    "logs/",
    "locks/",
    "kernels/",
    "snapshots/",
    "blobs/",
    "keys/",
    "mlflow",
    "artifacts/",
    "mlnb.db",
    "jobs.db",
    ".mlnb",
)


def look_for_own_state(history: str = "") -> None:
    """Read anew where mlnb keeps its state: logging a run is no input of the cell that logs. `history` is the file in which IPython
    notes every run, from a thread of its own, at a time of its own."""
    global _own_state
    own = _own_paths(os.environ.get("MLNB_HOME"), os.environ.get("MLNB_SPOOL"))
    _own_state = (*own, history) if os.path.isabs(history) else own  # noqa: PTH117 - plain text wanted


@functools.lru_cache(maxsize=8)
def _own_paths(_home: str | None, spool: str | None) -> tuple[str, ...]:
    root = str(home())
    return tuple(f"{root}{os.sep}{name}" for name in _OWN_NAMES) + ((f"{spool}{os.sep}",) if spool else ())


def is_quiet(path: str) -> bool:
    """Whether the file belongs to Python, a library or the system, and not to the notebook's data."""
    return (
        path.startswith(_QUIET)
        or path.startswith(_own_state)
        or path.endswith((".pyc", ".py-journal"))
        or "/site-packages/" in path
        or "/__pycache__/" in path
    )


_SCRATCH: Final = re.compile(re.escape(os.path.join(tempfile.gettempdir(), "tmp")) + r"[a-z0-9_]{8}(?:/|$)")  # noqa: PTH118


def is_scratch(path: str) -> bool:
    """Whether it lies in a folder or file that Python's ``tempfile`` named: no two runs use the same."""
    return _SCRATCH.match(path) is not None


def content(path: str) -> str:
    """A fingerprint of what lies at `path`: text of a file, names in a folder; large files by size and time of change.

    A file that has not changed for some seconds is read once: its size, times and number tell whether it is still the same.
    """
    try:
        status = _Real.stat(path)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            names = sorted(_Real.listdir(path))[:_LISTING_LIMIT]
            return "folder " + xxhash.xxh3_128_hexdigest("\0".join(names).encode("utf-8", "surrogateescape"))
        if status.st_size > CONTENT_LIMIT_BYTES or kind != stat.S_IFREG:
            return f"large {status.st_size} {status.st_mtime_ns} {status.st_ino}"
        signature = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        known = _contents.get(path)
        if known is not None and known[0] == signature:
            return known[1]
        data = _bytes_of(path, status.st_size)
        if data.startswith(b"SQLite format 3\0"):  # its counts of changes are no content
            data = data[:24] + data[28:92] + data[100:]
        digest = xxhash.xxh3_128_hexdigest(data)
    except OSError:
        return ABSENT
    _remember(path, signature, digest)
    return digest


def names_in(folder: str) -> list[str]:
    """The names in a folder, up to a limit; none when it cannot be listed."""
    try:
        return sorted(_Real.listdir(folder))[:_LISTING_LIMIT]
    except OSError:
        return []


def never_settled(path: str) -> None:
    """The file is open to be changed in place, through mapped memory perhaps, which leaves its time of change as it is."""
    _never_settled.add(path)
    _contents.pop(path, None)


def in_place() -> set[str]:
    """The files that may be changed in place."""
    return set(_never_settled)


def _remember(path: str, signature: Signature, digest: str) -> None:
    if path in _never_settled or time.time_ns() - max(signature[3], signature[4]) < _SETTLED_NS:
        return
    if len(_contents) >= _REMEMBERED:
        _contents.clear()
    _contents[path] = (signature, digest)


def _bytes_of(path: str, size: int) -> bytes:
    descriptor = _Real.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        parts = [_Real.read(descriptor, size + 1)]
        while parts[-1]:
            parts.append(_Real.read(descriptor, 1 << 20))
    finally:
        os.close(descriptor)
    return b"".join(parts)


def named_in(texts: tuple[str, ...] | frozenset[str]) -> set[str]:
    """Absolute paths of files and folders near the notebook that these texts may mean, whether they exist or not."""
    found = set()
    for text in texts:
        if 0 < len(text) <= 200 and "\n" not in text and "\0" not in text:
            path = os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - hot path, plain text wanted
            if not is_quiet(path):
                found.add(path)
    return found
