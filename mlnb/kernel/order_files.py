"""Which files a cell run opens, and what they held. One audit hook per process, asleep unless a cell runs."""

from __future__ import annotations

import functools
import os
import re
import sys
import sysconfig
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import xxhash

from mlnb.core.home import home

ABSENT: Final = "absent"
CONTENT_LIMIT_BYTES: Final = 16 << 20
_LISTING_LIMIT: Final = 2_000
_PROGRAMS: Final = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"})
_WRITES: Final = frozenset({"sqlite3.connect", "os.mkdir", "os.remove", "os.rename"})
_WATCHED: Final = _PROGRAMS | _WRITES | frozenset({"open", "os.listdir", "os.scandir"})
_FOLDER_AT: Final = {"os.remove": 1, "os.mkdir": 2}  # where the descriptor of the folder stands in the arguments
_NO_FOLDER: Final = -1
_SEARCH: Final = re.compile(
    r"<frozen (?:importlib|zipimport)|/(?:importlib|importlib_metadata|pkg_resources)/|/pkgutil\.py$"
)
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


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


@dataclass
class Watch:
    """What one cell run did with files.

    Attributes:
        before: by absolute path, what each touched file held when it was first touched.
        read: those opened for reading, or for changing what is there.
        written: those opened for writing, made, removed or renamed.
        searched: folders that Python looked through for modules and installed packages.
        databases: those opened by sqlite3.
        relative: whether any was named relative to the working directory.
        programs: whether another program was started.
    """

    before: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    searched: set[str] = field(default_factory=set)
    databases: set[str] = field(default_factory=set)
    relative: bool = False
    programs: bool = False


_active: Watch | None = None
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
_own_state: tuple[str, ...] = ()  # what mlnb itself keeps: logging a run is no input of the cell that logs
_busy = False
_installed = False


def start(watch: Watch) -> None:
    """Note into `watch` what is opened from now on."""
    global _active, _installed, _own_state
    _own_state = _own_paths(os.environ.get("MLNB_HOME"), os.environ.get("MLNB_SPOOL"))
    if not _installed:
        sys.addaudithook(_hook)  # it cannot be taken out again; asleep it costs one comparison
        _installed = True
    _active = watch


@functools.lru_cache(maxsize=8)
def _own_paths(_home: str | None, spool: str | None) -> tuple[str, ...]:
    """Where mlnb keeps its state, while the environment says so."""
    root = str(home())
    return tuple(f"{root}{os.sep}{name}" for name in _OWN_NAMES) + ((f"{spool}{os.sep}",) if spool else ())


def stop() -> None:
    """Note nothing any more."""
    global _active
    _active = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _active is None or event not in _WATCHED:
        return
    global _busy
    if _busy:
        return
    _busy = True
    try:
        _note(_active, event, arguments)
    except Exception:  # noqa: S110, BLE001 - there is nobody to tell
        pass
    finally:
        _busy = False


def _note(watch: Watch, event: str, arguments: tuple[Any, ...]) -> None:
    if event in _PROGRAMS:
        watch.programs = True
        return
    given = _as_path(arguments[0])
    if given is not None and event in _FOLDER_AT and arguments[_FOLDER_AT[event]] != _NO_FOLDER:
        given = _below(arguments[_FOLDER_AT[event]], given)
    if given is None:
        return
    path = os.path.abspath(given)  # noqa: PTH100 - hot path, plain text wanted
    if is_quiet(path):
        return
    watch.relative = watch.relative or not os.path.isabs(given)  # noqa: PTH117 - hot path, plain text wanted
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        writes = (
            bool(set(mode) & set("wax+"))
            if isinstance(mode, str)
            else bool(isinstance(flags, int) and flags & _WRITING)
        )
    else:
        writes = event in _WRITES
        mode = "x" if event == "os.mkdir" else ""
    _touch(watch, path, writes=writes)
    if event in ("os.listdir", "os.scandir") and _SEARCH.search(sys._getframe(2).f_code.co_filename):
        watch.searched.add(path)
    elif not (isinstance(mode, str) and set(mode) & set("wx")):
        watch.read.add(path)
    if event == "sqlite3.connect":
        watch.databases.add(path)
    if event == "os.rename":
        _touch(watch, os.path.abspath(os.fspath(arguments[1])), writes=True)  # noqa: PTH100 - hot path, plain text wanted


def _as_path(given: object) -> str | None:
    """The path that an audited call was given; None for a descriptor, a database in memory or a URL."""
    if given is None:
        return "."
    if isinstance(given, os.PathLike):
        given = os.fspath(given)
    if isinstance(given, bytes):
        given = os.fsdecode(given)
    return given if isinstance(given, str) and given != ":memory:" and not given.startswith("file:") else None


def _below(folder: int, given: str) -> str | None:
    """`given` in the folder that is open as the descriptor `folder`; None where the system does not tell its path."""
    for known in (f"/proc/self/fd/{folder}", f"/dev/fd/{folder}"):
        try:
            return os.path.join(os.readlink(known), given)  # noqa: PTH115, PTH118 - hot path, plain text wanted
        except OSError:
            continue
    return None


def _touch(watch: Watch, path: str, *, writes: bool) -> None:
    if path not in watch.before:
        watch.before[path] = content(path)
    if writes:
        watch.written.add(path)
        parent = os.path.dirname(path)  # noqa: PTH120 - hot path, plain text wanted
        if watch.before[path] == ABSENT and parent not in watch.before and not is_scratch(path):
            watch.before[parent] = content(parent)


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
    """A fingerprint of what lies at `path`: text of a file, names in a folder; large files by size and time of change."""
    try:
        status = os.stat(path)  # noqa: PTH116 - hot path, plain text wanted
        if os.path.isdir(path):  # noqa: PTH112 - hot path, plain text wanted
            names = sorted(os.listdir(path))[:_LISTING_LIMIT]  # noqa: PTH208 - hot path, plain text wanted
            return "folder " + xxhash.xxh3_128_hexdigest("\0".join(names).encode("utf-8", "surrogateescape"))
        if status.st_size > CONTENT_LIMIT_BYTES or not os.path.isfile(path):  # noqa: PTH113 - hot path, plain text wanted
            return f"large {status.st_size} {status.st_mtime_ns} {status.st_ino}"
        return xxhash.xxh3_128_hexdigest(Path(path).read_bytes())
    except OSError:
        return ABSENT


def named_in(texts: tuple[str, ...] | frozenset[str]) -> set[str]:
    """Absolute paths of files and folders near the notebook that these texts may mean, whether they exist or not."""
    found = set()
    for text in texts:
        if 0 < len(text) <= 200 and "\n" not in text and "\0" not in text:
            path = os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - hot path, plain text wanted
            if not is_quiet(path):
                found.add(path)
    return found
