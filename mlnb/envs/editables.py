"""Packages under development: their work tree built as a wheel, with what is not committed kept as a patch beside it."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mlnb.core.files import write_atomically
from mlnb.core.wire import dumps
from mlnb.envs import uv, wheels
from mlnb.envs.capture import Origin
from mlnb.envs.errors import CannotLock, UvRefused
from mlnb.envs.inventory import Installed

_TIMEOUT_S = 120
_NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", ".tox", "*.egg-info"
)


@dataclass(frozen=True)
class PackedTree:
    """A work tree as a wheel.

    Attributes:
        wheel: the file.
        origin: its commit and whether something was not committed; no path of this machine.
        patch: name of the patch; empty when everything is committed.
        notes: what to know.
    """

    wheel: Path
    origin: Origin
    patch: str
    notes: tuple[str, ...]


def pack(one: Installed, origin: Origin, python: str, folder: Path, patches: Path) -> PackedTree:
    """Pack an editable install as it is now.

    Args:
        one: the package.
        origin: as captured, with the digest of its source files.
        python: the interpreter to build with.
        folder: where the wheel goes.
        patches: where the patch goes.

    Raises:
        CannotLock: its work tree is gone, or cannot be built.
        NoUv: uv is not installed.
    """
    tree = one.editable_at
    if tree is None or not tree.is_dir():
        raise CannotLock(
            f"{one.name} {one.version} is an editable install, and its folder {tree} is gone",
            f"Bring the folder back, or install another {one.name}.",
        )
    with tempfile.TemporaryDirectory(prefix="mlnb-tree-") as temporary:
        place = Path(temporary)
        commit, changed, new = _git_state(tree)
        dirty = None if commit is None else bool(changed or new)
        origin = dataclasses.replace(origin, url=tree.name, commit=commit, dirty=dirty)
        files = _built(one, tree, python, place)
        own = one.info.name
        files.data = {
            name: data for name, data in files.data.items() if not name.partition("/")[0].endswith(".dist-info")
        }
        for path in one.info.iterdir():  # as installed: what the environment's capture has seen
            if path.is_file() and path.name not in wheels.NOT_PACKED:
                files.add(f"{own}/{path.name}", path)
        files.data[f"{own}/{wheels.ORIGIN_FILE}"] = dumps(origin).encode()
        tag = next(place.glob("dist/*.whl")).stem.split("-", 2)[2].split("-")[-3:]
        wheel = wheels.pack(files, own.removesuffix(".dist-info"), ["-".join(tag)], folder)
    patch = f"{one.name}.patch" if changed else ""
    if changed:
        write_atomically(patches / patch, changed)
    return PackedTree(wheel, origin, patch, _notes(one, commit, patch, new))


def _notes(one: Installed, commit: str | None, patch: str, new: list[str]) -> tuple[str, ...]:
    if commit is None:
        return (f"{one.name} {one.version}: its folder is no git work tree; packed as it is now",)
    if not patch and not new:
        return ()
    more = f"; {len(new)} new file{'s' if len(new) > 1 else ''} that git does not know" if new else ""
    kept = f": the changes are kept as patches/{patch}" if patch else ""
    return (f"{one.name} {one.version}: packed with uncommitted changes on {commit[:10]}{kept}{more}",)


def _built(one: Installed, tree: Path, python: str, place: Path) -> wheels.Files:
    """The files of the wheel that the work tree gives; built from a copy, for build tools write where they build."""
    _copy(tree, place / "tree")
    as_installed = {"SETUPTOOLS_SCM_PRETEND_VERSION": one.version, "PDM_BUILD_SCM_VERSION": one.version}
    try:
        uv.run(
            "build",
            "--wheel",
            "--python",
            python,
            "--out-dir",
            place / "dist",
            place / "tree",
            environment=as_installed,
        )
        (built,) = place.glob("dist/*.whl")
    except (UvRefused, ValueError) as error:
        raise CannotLock(
            f"{one.name} {one.version} is an editable install of {tree}, which cannot be built: {error}",
            f"Make `uv build --wheel` work in that folder, or install a released {one.name}.",
        ) from error
    files = wheels.Files()
    with zipfile.ZipFile(built) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                files.data[entry.filename] = archive.read(entry)
                if entry.external_attr >> 16 & 0o100:
                    files.programs.add(entry.filename)
    return files


def _copy(tree: Path, to: Path) -> None:
    listed = _git(tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        shutil.copytree(tree, to, ignore=_NOT_SOURCE, symlinks=True)
        return
    for name in filter(None, listed.decode(errors="surrogateescape").split("\0")):
        source = tree / name
        if source.is_file():  # one that was deleted is still listed, and a submodule is a folder
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to / name)


def _git_state(tree: Path) -> tuple[str | None, bytes, list[str]]:
    """Commit, the difference of tracked files to it, and the new files; (None, nothing) where there is no git."""
    commit = _git(tree, "rev-parse", "HEAD")
    if commit is None:
        return None, b"", []
    changed = _git(tree, "diff", "--binary", "--relative", "HEAD", "--", ".") or b""
    new = _git(tree, "ls-files", "--others", "--exclude-standard", "--", ".") or b""
    return commit.decode().strip(), changed, new.decode(errors="replace").splitlines()


def _git(tree: Path, *arguments: str) -> bytes | None:
    """What git says about `tree`; None where it has nothing to say."""
    try:
        done = subprocess.run(
            ["git", "-C", str(tree), *arguments], capture_output=True, check=False, timeout=_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
