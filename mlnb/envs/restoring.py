"""Environments made again from a lock: a virtual environment beside its place, moved there whole, and a kernelspec for it."""

from __future__ import annotations

import contextlib
import json
import platform as _platform
import re
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mlnb.core.files import store_error, write_atomically
from mlnb.envs import inventory as inventories
from mlnb.envs import lock_files, uv
from mlnb.envs.errors import CannotRestore, UvRefused
from mlnb.envs.lock_types import Lock

_NOT_A_NAME = re.compile(r"[^a-z0-9._-]+")
_MARK = "mlnb"  # in a kernelspec's metadata: written by us, so we may write it again


@contextlib.contextmanager
def made(folder: Path, lock: Lock, into: Path, python: str, *, replace: bool) -> Iterator[Path]:
    """A virtual environment with the packages of a lock, which takes the place `into` when the block ends well.

    Args:
        folder: of the lock.
        lock: what it says.
        into: where the environment is to be.
        python: an interpreter of the lock's Python; empty: one is looked for.
        replace: whether a virtual environment that is there may go.

    Yields:
        Where it is for the time being.

    Raises:
        CannotRestore: `into` is something else, or the lock is for another Python.
        UvRefused: a package could not be had, or no Python was found.
        NoUv: uv is not installed.
        StoreUnavailable: the place cannot be written.
    """
    into = into.absolute()
    _check_place(into, replace=replace)
    base = interpreter(lock, python)
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name}."))
    except OSError as error:
        raise store_error(into, error) from error
    try:
        venv = temporary / into.name
        filled(folder, lock, venv, base)
        yield venv
        if into.exists():
            into.rename(temporary / "before")
        try:
            venv.rename(into)
        except OSError:
            if (temporary / "before").exists():
                (temporary / "before").rename(into)
            raise
    except OSError as error:
        raise store_error(into, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_place(into: Path, *, replace: bool) -> None:
    if not into.exists() or (into.is_dir() and not any(into.iterdir())):
        return
    if not (into / "pyvenv.cfg").is_file():
        raise CannotRestore(f"{into} exists and is no virtual environment", "Name another folder (--into).")
    if not replace:
        raise CannotRestore(
            f"{into} is a virtual environment already", "Name another folder (--into), or add --replace."
        )


def filled(folder: Path, lock: Lock, venv: Path, python: str, *, for_linux: bool = False) -> None:
    """Make a virtual environment at `venv` and install what the lock in `folder` names, each file checked by its digest.

    Args:
        folder: of the lock.
        lock: what it says.
        venv: where to.
        python: the interpreter; empty: one is looked for.
        for_linux: the packages are for a Linux, whatever this platform is.

    Raises:
        CannotRestore: there is no such Python.
        UvRefused: a package could not be had.
        NoUv: uv is not installed.
    """
    here = (sysconfig.get_platform().partition("-")[0], _platform.machine())
    elsewhere = for_linux and here != (lock.system, lock.machine)
    # its programs find it by where they lie, so that it can be moved
    uv.run("venv", "--relocatable", "--python", python or interpreter(lock, ""), venv)
    target = ["--python-platform", f"{lock.machine}-manylinux_2_28"] if elsewhere else []
    uv.run("pip", "sync", *target, "--python", venv / "bin" / "python", folder.absolute() / lock_files.PYLOCK)


def interpreter(lock: Lock, python: str) -> str:
    """An interpreter for uv: the one given, else the very version of the lock, else one of the same x.y.

    Raises:
        CannotRestore: it is of another Python, or there is none.
    """
    if python:
        there = inventories.take(python)
        if there.python != lock.python:
            raise CannotRestore(
                f"the lock is for Python {lock.python}; {python} is Python {there.full_python}",
                f"Name an interpreter of Python {lock.python}.",
            )
        return python
    for wanted in (lock.full_python, lock.python):
        with contextlib.suppress(UvRefused):
            uv.run("python", "find", "--no-project", wanted)
            return wanted
    raise CannotRestore(
        f"the lock is for Python {lock.python}, which is not installed here", "Install it, or name one by --python."
    )


def kernel_name(into: Path, name: str) -> str:
    """The name of the kernelspec for the environment `into`: the one given, else the folder's, as Jupyter allows it."""
    return _NOT_A_NAME.sub("-", (name or into.absolute().name).lower()).strip(".-") or "restored"


def check_kernel_name(name: str, into: Path) -> None:
    """Accept that the kernelspec `name` is written for the environment `into`.

    Raises:
        CannotRestore: there is a kernelspec of that name for something else.
    """
    file = _kernelspec(name)
    try:
        value = json.loads(file.read_text())
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        value = {}
    if value.get("argv", [""])[0] != str(into.absolute() / "bin" / "python"):
        raise CannotRestore(
            f"there is a kernel named {name!r} for something else ({file})", "Choose another name (--name)."
        )


def write_kernelspec(name: str, into: Path, title: str) -> Path:
    """Make the environment `into` a kernel that Jupyter lists; returns the file.

    Raises:
        StoreUnavailable: Jupyter's folder cannot be written.
    """
    value = {
        "argv": [str(into.absolute() / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": title,
        "language": "python",
        "metadata": {"debugger": True, _MARK: {"environment": str(into.absolute())}},
    }
    file = _kernelspec(name)
    write_atomically(file, (json.dumps(value, indent=1) + "\n").encode())
    return file


def _kernelspec(name: str) -> Path:
    from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415 - only where a kernel is made

    return Path(jupyter_data_dir(), "kernels", name, "kernel.json")
