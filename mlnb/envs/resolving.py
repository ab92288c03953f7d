"""Requirements resolved by uv, and what a lock consists of while it is made."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from mlnb.core.files import store_error
from mlnb.envs import pylock, uv
from mlnb.envs.capture import Origin
from mlnb.envs.errors import CannotLock, UvRefused
from mlnb.envs.lock_types import LockedPackage
from mlnb.envs.pylock import Block

_YANKED = re.compile(r"warning: `([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
_NO_VERSION = re.compile(r"there (?:is|are) no versions? of ([A-Za-z0-9._-]+==[^\s,]+)")
_NOT_FOUND = re.compile(r"because ([A-Za-z0-9._-]+) was not found in", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """What a lock is for.

    Attributes:
        python: such as ``3.11``.
        system: such as ``linux``.
        machine: such as ``x86_64``.
        uv_platform: what uv calls it; empty for the platform of the interpreter itself.
        uv_python: what uv is told; empty for the very version of the interpreter.
    """

    python: str
    system: str
    machine: str
    uv_platform: str = ""
    uv_python: str = ""


@dataclass
class Parts:
    """A lock while it is made: its packages, their blocks and what to say."""

    folder: Path
    blocks: dict[str, Block] = field(default_factory=dict)
    packages: dict[str, LockedPackage] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def wheels(self) -> Path:
        """Where wheels go that travel with the lock."""
        return self.folder / pylock.WHEELS

    def take(self, block: Block, role: str = "package") -> None:
        """Take a package of an index in, or of a wheel that lies on this machine, which is copied.

        Raises:
            CannotLock: that wheel is gone.
        """
        wheel = ""
        for path in block.local_wheels:
            try:
                self.wheels.mkdir(exist_ok=True)
                shutil.copy(path, self.wheels / path.name)
            except OSError as error:
                raise CannotLock(
                    f"the wheel of {block.name} {block.version} is gone: {path}",
                    "Bring it back, or name another version.",
                ) from error
            block, wheel = pylock.beside(block), path.name
        self.blocks[block.name] = block
        self.packages[block.name] = LockedPackage(block.name, block.version, wheel, role=role)  # type: ignore[arg-type]

    def pack(
        self, name: str, version: str, wheel: Path, origin: Origin | None, patch: str = "", role: str = "package"
    ) -> None:
        """Take a wheel in that was packed for the lock."""
        sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.blocks[name] = pylock.packed(name, version, wheel.name, sha256)
        self.packages[name] = LockedPackage(name, version, wheel.name, origin, patch, role)  # type: ignore[arg-type]


def compiled(
    asked: list[str], python: str, target: Target, parts: Parts, *, no_deps: bool = False, constraints: list[str] | None = None,
    cwd: Path | None = None,
) -> list[Block]:  # fmt: skip
    """The lock file that uv makes of requirements, in blocks; what it warns about is noted.

    Raises:
        CannotLock: a version is on no index; the message names it.
        UvRefused: uv could not resolve for another reason.
        NoUv: uv is not installed.
    """
    if not asked:
        return []
    with tempfile.TemporaryDirectory(prefix="mlnb-lock-") as temporary:
        place = Path(temporary)
        (place / "in.txt").write_text("\n".join(asked) + "\n")
        arguments: list[str | Path] = [
            "pip",
            "compile",
            place / "in.txt",
            "-o",
            place / "pylock.toml",
            "--format",
            "pylock.toml",
        ]
        arguments += ["--no-header", "--no-annotate", "--python", python]
        arguments += ["--python-version", target.uv_python] if target.uv_python else []
        arguments += ["--no-deps"] if no_deps else []
        arguments += ["--python-platform", target.uv_platform] if target.uv_platform else []
        if constraints:
            (place / "pins.txt").write_text("\n".join(constraints) + "\n")
            arguments += ["--constraint", place / "pins.txt"]
        try:
            said = uv.run(*arguments, cwd=cwd)
        except UvRefused as error:
            raise _refusal(error) from error
        try:
            text = (place / "pylock.toml").read_text()
            for name, reason in _YANKED.findall(said):
                parts.notes.append(f"{name} was withdrawn from its index (yanked)" + (f": {reason}" if reason else ""))
            return pylock.read(text, place)
        except OSError as error:
            raise store_error(place, error) from error


def _refusal(error: UvRefused) -> Exception:
    """The package that uv's words are about, where one can be named."""
    missing = _NO_VERSION.search(error.message) or _NOT_FOUND.search(error.message)
    if missing is None:
        return error
    name = re.split(r"[=<>]", missing[1])[0]
    return CannotLock(
        f"{missing[1]} is on no package index that uv knows",
        f"Pack what is installed (--vendor {name}), choose another version, or name its index (UV_INDEX_URL, UV_FIND_LINKS).",
    )
