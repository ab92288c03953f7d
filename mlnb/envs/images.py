"""Images of locks: what goes into them, how they are called, and the files by which others build them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mlnb.core.files import write_atomically
from mlnb.envs import image_install, lock_files, restoring
from mlnb.envs.errors import CannotRestore
from mlnb.envs.image_types import ImageFiles
from mlnb.envs.lock_types import Lock

PLACE, TREE, INSTALL = "/opt/mlnb", "venv", "install.py"
LABEL = "org.mlnb."
UID = 1000

_DOCKERFILE = """\
# Written by mlnb: the environment of the lock beside it, for jobs, dev containers and Binder.
# `mlnb env build` puts the packages into venv/ beforehand, so that nothing is fetched in here; without it they are fetched here.
ARG BASE_IMAGE={base}
FROM ${{BASE_IMAGE}}
COPY . {place}/
RUN python3 {place}/{install}{compiled} \\
 && (id -u {uid} >/dev/null 2>&1 || useradd --uid {uid} jovyan || adduser -D -u {uid} jovyan) \\
 && mkdir -p /home/jovyan && chown {uid} /home/jovyan
ENV PATH={place}/{tree}/bin:$PATH VIRTUAL_ENV={place}/{tree} LANG=C.UTF-8 HOME=/home/jovyan
USER {uid}
WORKDIR /home/jovyan
CMD ["python3"]
"""
_OF_THE_IMAGE = frozenset({"pyvenv.cfg", ".gitignore", ".lock", "CACHEDIR.TAG"})


def dockerfile(lock: Lock, *, is_compiled: bool = False) -> str:
    """The Dockerfile of a lock: one for all who build it."""
    return _DOCKERFILE.format(
        base=base_of(lock),
        uid=UID,
        install=INSTALL,
        tree=TREE,
        place=PLACE,
        compiled=" --compile" if is_compiled else "",
    )


def base_of(lock: Lock) -> str:
    """The usual base image of a lock: the official one of its Python."""
    return f"python:{lock.python}-slim"


def recipe(lock: Lock, base_id: str, text: str) -> str:
    """What names an image: it changes when the lock, the base, the Dockerfile or how it installs does."""
    parts = [lock.digest, base_id, text, Path(image_install.__file__).read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@contextmanager
def context(folder: Path, lock: Lock, text: str, labels: dict[str, str]) -> Iterator[IO[bytes]]:
    """What the engine is sent: the Dockerfile, the lock, and its packages as they are installed. As a tar archive.

    The packages are installed on this machine, by uv and its cache: no setting, credential or certificate of it is needed inside.

    Raises:
        CannotRestore: the lock is not for Linux, or its Python is not here to install with.
        UvRefused: a package could not be had.
        NoUv: uv is not installed.
    """
    if lock.system != "linux":
        raise CannotRestore(
            f"the lock is for {lock.system}, and images are Linux", "Lock for it: mlnb env lock --platform linux."
        )
    with tempfile.TemporaryDirectory(prefix="mlnb-image-") as temporary:
        venv = Path(temporary) / TREE
        restoring.filled(folder, lock, venv, "", for_linux=True)
        with tempfile.TemporaryFile() as archive:
            with tarfile.open(fileobj=archive, mode="w") as tar:
                stated = " ".join(f"{LABEL}{name}={value}" for name, value in labels.items())
                # first of all, so that what a build that failed leaves in the engine can be found by it
                _add(tar, "Dockerfile", text.replace("\nCOPY", f"\nLABEL {stated}\nCOPY", 1).encode())
                _add(tar, INSTALL, Path(image_install.__file__).read_bytes())
                for name in (lock_files.LOCK, lock_files.PYLOCK, lock_files.REQUIREMENTS):
                    _add(tar, name, (folder / name).read_bytes())
                _add_tree(tar, venv)
            archive.seek(0)
            yield archive


def write_files(folder: Path, lock: Lock) -> ImageFiles:
    """Put the Dockerfile and what it needs beside the lock, and a dev container file into its parent folder.

    Raises:
        CannotRestore: there is a dev container file of somebody else's.
        StoreUnavailable: they cannot be written.
    """
    folder = folder.absolute()
    place = folder.parent / ".devcontainer" / "devcontainer.json"
    value = {
        "name": folder.parent.name,
        "build": {"dockerfile": f"../{folder.name}/Dockerfile", "context": f"../{folder.name}"},
        "remoteUser": "jovyan",
        "customizations": {"vscode": {"extensions": ["ms-python.python", "ms-toolsai.jupyter"]}},
    }
    if place.exists() and not _is_ours(place, folder.name):
        raise CannotRestore(
            f"{place} is there already, for another image", "Move it away, or add the build to it by hand."
        )
    write_atomically(folder / "Dockerfile", dockerfile(lock).encode())
    write_atomically(folder / INSTALL, Path(image_install.__file__).read_bytes())
    write_atomically(place, (json.dumps(value, indent=2) + "\n").encode())
    return ImageFiles(str(folder / "Dockerfile"), str(place))


def _is_ours(place: Path, name: str) -> bool:
    try:
        return bool(json.loads(place.read_text(encoding="utf-8"))["build"]["context"] == f"../{name}")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def _add_tree(tar: tarfile.TarFile, venv: Path) -> None:
    """The packages and programs of `venv`, owned by root and with no time, so that equal content is the engine's known layer."""
    for parent, folders, names in os.walk(venv):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = Path(parent, name)
            inside = path.relative_to(venv).as_posix()
            if path.is_symlink() or inside in _OF_THE_IMAGE or inside.startswith("bin/activate"):
                continue  # what names this machine's Python is made inside
            member = tarfile.TarInfo(f"{TREE}/{inside}")
            about = path.stat()
            member.size, member.mode = about.st_size, 0o755 if about.st_mode & stat.S_IXUSR else 0o644
            with path.open("rb") as data:
                tar.addfile(member, data)
