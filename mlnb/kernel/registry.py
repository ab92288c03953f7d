"""Which kernels with mlnb are alive on this machine, for servers and command lines that want to reach one."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from mlnb.core.clock import utc_now
from mlnb.core.files import write_atomically
from mlnb.core.home import home
from mlnb.core.records import dataclass, replace
from mlnb.core.version import __version__
from mlnb.core.wire import dumps, from_wire

_MARK = "MLNB_SESSION_NOTEBOOK"
_PARENTS = os.environ.get(_MARK, "")  # read once: a kernel that a notebook starts inherits its surroundings
_moved_to: str | None = None


@dataclass(frozen=True)
class LiveKernel:
    """A kernel that runs with mlnb loaded.

    Attributes:
        pid: its process.
        connection_file: how to reach it.
        notebook: absolute path of its notebook, where the server told it.
        started_at: when mlnb was loaded, UTC.
        python: its interpreter.
        mlnb_version: of the kernel half.
    """

    pid: int
    connection_file: str
    notebook: str | None
    started_at: datetime
    python: str
    mlnb_version: str


def folder() -> Path:
    """Where the files lie, one per kernel."""
    return home() / "kernels"


def enter(shell: Any) -> Path | None:  # noqa: ANN401 - untyped by its library
    """Write this kernel down and remove it at exit; None when `shell` is no kernel.

    Raises:
        StoreUnavailable: the file cannot be written.
    """
    connection_file = getattr(
        getattr(shell, "config", {}).get("IPKernelApp", {}), "connection_file", ""
    ) or _connection_file(shell)
    if not connection_file:
        return None
    session = _said("JPY_SESSION_NAME")
    os.environ[_MARK] = str(own_notebook() or "")
    kernel = LiveKernel(
        os.getpid(), str(Path(connection_file).absolute()), str(Path(session).absolute()) if session else None, utc_now(),
        sys.executable, __version__,
    )  # fmt: skip
    path = folder() / f"{kernel.pid}.json"
    write_atomically(path, dumps(kernel).encode(), durable=False, mode=0o600)
    atexit.register(leave, path, kernel.pid)
    return path


def own_notebook() -> Path | None:
    """The notebook of this kernel: what the runner says (``MLNB_NOTEBOOK``), where it was moved to, or what Jupyter said at start.

    None when nobody said it, or what was said is no path of a notebook.
    """
    given = _said("MLNB_NOTEBOOK") or _moved_to or _said("JPY_SESSION_NAME")
    return Path(given) if Path(given).is_absolute() and given.endswith(".ipynb") else None


def _said(variable: str) -> str:
    """What the variable says of this kernel's notebook; what it said of the one that started this kernel does not count."""
    found = os.environ.get(variable, "")
    return "" if found == _PARENTS else found


def moved(root: str, path: str) -> dict[str, str | None]:
    """Note where the notebook lies now: it may have been renamed since the kernel was started, and is found by its path.

    Args:
        root: the server's root folder; ``~`` is the user's home.
        path: the notebook's path below it.

    Returns:
        ``{"notebook": its absolute path now}``; as before when there is no such file on this kernel's machine.

    Raises:
        StoreUnavailable: the note cannot be written.
    """
    global _moved_to
    place = Path(root).expanduser() / path
    if place.is_absolute() and place.is_file() and place != own_notebook():
        _moved_to = str(place)
        entry = folder() / f"{os.getpid()}.json"
        with contextlib.suppress(FileNotFoundError):
            kernel = from_wire(LiveKernel, json.loads(entry.read_text()))
            write_atomically(entry, dumps(replace(kernel, notebook=_moved_to)).encode(), durable=False, mode=0o600)
    now = own_notebook()
    return {"notebook": str(now) if now else None}


def leave(path: Path, pid: int) -> None:
    """Remove the file of the kernel `pid`, unless this is a fork of it."""
    if os.getpid() == pid:
        with contextlib.suppress(OSError):
            path.unlink()


def live_kernels() -> list[LiveKernel]:
    """Every kernel with mlnb that is alive, latest first; files of dead ones are removed."""
    found = []
    for path in folder().glob("*.json"):
        try:
            kernel = from_wire(LiveKernel, json.loads(path.read_text()))
        except (OSError, ValueError):
            continue
        if _is_alive(kernel.pid) and Path(kernel.connection_file).exists():
            found.append(kernel)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return sorted(found, key=lambda kernel: kernel.started_at, reverse=True)


def _connection_file(shell: Any) -> str:  # noqa: ANN401 - untyped by its library
    if getattr(shell, "kernel", None) is None:
        return ""
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - only when needed

    if not IPKernelApp.initialized():
        return ""
    return str(getattr(IPKernelApp.instance(), "abs_connection_file", "") or "")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
