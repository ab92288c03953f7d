"""Files into and out of containers as tar archives on disk: no shared folder is needed, so a remote engine is no different."""

from __future__ import annotations

import functools
import io
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import IO

from mlnb.core import version
from mlnb.core.errors import NotInstalled, Unavailable
from mlnb.jobs import folder as files

JOB = PurePosixPath("/mlnb-job")
PACKAGE = JOB / "package"
UID = 10001
"""The user inside: no name, no rights, the owner of the job's folder."""
_IN_MEMORY_BYTES = 4 << 20
_LEFT_OUT = {"__pycache__", "labextension"}
_SENT = (files.REQUEST, files.INPUT)


@functools.cache
def package_archive() -> bytes:
    """mlnb itself and its metadata (entry points), as they are here, so that the image needs neither.

    Raises:
        NotInstalled: mlnb runs from a folder without metadata.
    """
    root = Path(version.__file__).parents[1]
    try:
        about = metadata.distribution("mlnb")
    except metadata.PackageNotFoundError as error:
        raise NotInstalled("mlnb has no metadata here", "Install it: pip install -e . in its folder.") from error
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add_folder(tar, JOB)
        for path in sorted(root.rglob("*")):
            if path.is_file() and not _LEFT_OUT & set(path.relative_to(root).parts):
                _add_file(tar, PACKAGE / "mlnb" / path.relative_to(root).as_posix(), path.read_bytes())
        for name in ("METADATA", "entry_points.txt"):
            text = about.read_text(name) or ""
            _add_file(tar, PACKAGE / f"mlnb-{about.version}.dist-info" / name, text.encode())
    return buffer.getvalue()


def job_archive(folder: Path) -> IO[bytes]:
    """What the attempt in `folder` needs inside; the caller closes it."""
    spooled = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - handed to the caller
    with tarfile.open(fileobj=spooled, mode="w") as tar:
        for name in (files.HOME, files.WORK, files.SPOOL):
            _add_folder(tar, JOB / name)
        for name in _SENT:
            _add_file(tar, JOB / name, (folder / name).read_bytes())
        for name in (files.FROZEN, files.VALUES):
            for path in sorted((folder / name).rglob("*")):
                _add_path(tar, JOB / path.relative_to(folder).as_posix(), path)
    spooled.seek(0)
    return spooled


def extract(chunks: Iterable[bytes], dest: Path) -> None:
    """Unpack an archive that an engine sent into `dest`: plain files and folders only, none of them outside.

    Raises:
        Unavailable: it broke off, or holds something else.
    """
    with tempfile.TemporaryFile() as spooled:
        for chunk in chunks:
            spooled.write(chunk)
        spooled.seek(0)
        try:
            with tarfile.open(fileobj=spooled, mode="r") as tar:
                tar.extractall(dest, members=_plain(tar), filter="data")
        except tarfile.TarError as error:
            raise Unavailable(f"the engine sent an archive that cannot be read: {error}", "Try again.") from error


def _plain(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in tar:
        if member.isfile() or member.isdir():
            member.mode = 0o700 if member.isdir() else 0o600
            yield member


def _member(path: PurePosixPath) -> tarfile.TarInfo:
    member = tarfile.TarInfo(str(path).lstrip("/"))
    member.uid = member.gid = UID
    member.mode = 0o600
    return member


def _add_file(tar: tarfile.TarFile, path: PurePosixPath, data: bytes) -> None:
    member = _member(path)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _add_path(tar: tarfile.TarFile, place: PurePosixPath, path: Path) -> None:
    if path.is_dir():
        _add_folder(tar, place)
    elif path.is_file():
        with path.open("rb") as data:
            member = _member(place)
            member.size = path.stat().st_size
            tar.addfile(member, data)


def _add_folder(tar: tarfile.TarFile, path: PurePosixPath) -> None:
    member = _member(path)
    member.type, member.mode = tarfile.DIRTYPE, 0o700
    tar.addfile(member)
