"""Wheels of what is installed: the very files of a package, packed again as its wheel held them.

Nothing is built and nothing is downloaded, so the wheel has the content that ran, also where the wheel it came from is gone.
The form is that of the binary distribution format (PyPA specifications, "Binary distribution format").
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import os
import re
import stat
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from mlnb.core.files import write_atomically
from mlnb.core.wire import dumps
from mlnb.envs.capture import Origin
from mlnb.envs.errors import CannotLock
from mlnb.envs.inventory import Installed, Inventory

ORIGIN_FILE = "mlnb_origin.json"
"""In the metadata folder of a packed wheel: where the package came from, since its own ``direct_url.json`` cannot travel."""

_DATE = (1980, 1, 1, 0, 0, 0)  # the oldest that zip knows: equal content gives equal bytes
NOT_PACKED = {
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    "uv_build.json",
    "RECORD.jws",
    "RECORD.p7s",
}
_SHEBANG = re.compile(rb"\A#!.*python[^\n]*")


@dataclass
class Files:
    """What goes into a wheel: bytes by path, and which are programs."""

    data: dict[str, bytes] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)

    def add(self, name: str, path: Path) -> None:
        """Take the file at `path` in as `name`."""
        self.data[name] = path.read_bytes()
        if path.stat().st_mode & stat.S_IXUSR:
            self.programs.add(name)


def pack(files: Files, distribution: str, tags: list[str], folder: Path) -> Path:
    """Write a wheel into `folder`; its RECORD is made here.

    Args:
        files: its content, with ``<distribution>.dist-info/METADATA`` and ``WHEEL``.
        distribution: name and version as the metadata folder spells them, such as ``ruamel.yaml-0.18``.
        tags: such as ``py3-none-any``.
        folder: where to.

    Raises:
        StoreUnavailable: the folder cannot be written.
    """
    record = f"{distribution}.dist-info/RECORD"
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files.data):
            rows.writerow((name, _digest(files.data[name]), len(files.data[name])))
            archive.writestr(_entry(name, name in files.programs), files.data[name])
        rows.writerow((record, "", ""))
        archive.writestr(_entry(record, is_program=False), lines.getvalue())
    path = folder / f"{distribution}-{_one_tag(tags)}.whl"
    write_atomically(path, buffer.getvalue())
    return path


def repack(one: Installed, inventory: Inventory, folder: Path, origin: Origin | None = None) -> Path:
    """The wheel of an installed package, written into `folder`.

    Args:
        one: the package.
        inventory: of its environment.
        folder: where to.
        origin: where it came from; None: an index.

    Raises:
        CannotLock: it has no list of its files, or one of them is gone or cannot be read.
        StoreUnavailable: the folder cannot be written.
    """
    distribution, tags = one.info.name.removesuffix(".dist-info"), tags_of(one)
    files = Files()
    programs = _made_by_installers(one.info)
    for path in _recorded(one):
        place = Path(os.path.normpath(one.info.parent / path))
        name = _name_in_wheel(place, one, inventory, distribution)
        if name is None or (place.parent == inventory.scripts and place.name in programs):
            continue
        try:
            files.add(name, place)
        except OSError as error:
            raise CannotLock(
                f"{one.name} {one.version} cannot be packed: {place}: {(error.strerror or str(error)).lower()}",
                f"Install it again (pip install --force-reinstall {one.name}), or make the file readable for you.",
            ) from error
        if ".data/scripts/" in name:
            files.data[name] = _SHEBANG.sub(b"#!python", files.data[name], count=1)
    if origin is not None and origin.kind != "index":
        files.data[f"{distribution}.dist-info/{ORIGIN_FILE}"] = dumps(origin).encode()
    return pack(files, distribution, tags, folder)


def tags_of(one: Installed) -> list[str]:
    """For which Pythons and platforms an installed package is, such as ``cp311-cp311-manylinux_2_17_x86_64``.

    Raises:
        CannotLock: it was not installed from a wheel.
    """
    try:
        text = (one.info / "WHEEL").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CannotLock(
            f"{one.name} {one.version} was not installed from a wheel, so nothing says which files are its own",
            f"Install it again with a current installer: pip install --force-reinstall {one.name}.",
        ) from error
    return [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Tag:")] or ["py3-none-any"]


def is_for_every_platform(one: Installed) -> bool:
    """Whether a package holds nothing compiled."""
    return all(tag.endswith("-none-any") for tag in tags_of(one))


def _recorded(one: Installed) -> list[str]:
    try:
        with (one.info / "RECORD").open(encoding="utf-8", errors="replace", newline="") as file:
            paths = [row[0] for row in csv.reader(file) if row]
    except OSError as error:
        raise CannotLock(
            f"{one.name} {one.version} cannot be packed: {one.info / 'RECORD'}: {(error.strerror or str(error)).lower()}",
            f"Install it again (pip install --force-reinstall {one.name}), or make that file readable for you.",
        ) from error
    return [path for path in paths if not path.endswith(".pyc") and "__pycache__" not in path]


def _name_in_wheel(place: Path, one: Installed, inventory: Inventory, distribution: str) -> str | None:
    """What the file at `place` is called in the wheel; None for what installers write themselves."""
    site = one.info.parent
    if place.parent == one.info and place.name in {*NOT_PACKED, ORIGIN_FILE}:
        return None
    if place.is_relative_to(site):
        return place.relative_to(site).as_posix()
    if place.parent == inventory.scripts:
        return f"{distribution}.data/scripts/{place.name}"
    if place.is_relative_to(inventory.prefix):
        return f"{distribution}.data/data/{place.relative_to(inventory.prefix).as_posix()}"
    return None  # outside of the environment: no wheel can put a file there


def _made_by_installers(info: Path) -> set[str]:
    """Names of programs that installers make from the package's entry points."""
    points = configparser.ConfigParser(delimiters=("=",), strict=False)
    points.optionxform = str  # type: ignore[assignment,method-assign] # names of programs keep their case
    try:
        points.read_string((info / "entry_points.txt").read_text(encoding="utf-8"))
    except (OSError, configparser.Error, UnicodeDecodeError):
        return set()
    groups = [group for group in ("console_scripts", "gui_scripts") if points.has_section(group)]
    return {name for group in groups for name in points.options(group)}


def _digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def _entry(name: str, is_program: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | (0o755 if is_program else 0o644)) << 16
    return entry


def _one_tag(tags: list[str]) -> str:
    """Several tags as the one that file names have: ``py2.py3-none-any``."""
    parts = [tag.split("-", 2) for tag in tags]
    return "-".join(".".join(dict.fromkeys(part[i] for part in parts if len(part) == 3)) for i in range(3))
