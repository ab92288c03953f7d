"""Locks made: from a live environment, exactly as it is, or from requirements, as uv resolves them."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from pathlib import Path

from mlnb.envs import editables, kernel_half, uv, wheels
from mlnb.envs import inventory as inventories
from mlnb.envs.capture import Distribution, Environment, Origin, normalised
from mlnb.envs.errors import CannotLock
from mlnb.envs.inventory import Installed, Inventory
from mlnb.envs.pylock import Block
from mlnb.envs.resolving import Parts, Target, compiled

FOR_JOBS = ("papermill", "nbclient", "ipykernel")
"""What the program that runs jobs in an image needs there, beside the kernel half."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


# ---- from a live environment -----------------------------------------------------------------------------------------
def from_environment(
    environment: Environment, target: Target, parts: Parts, *, vendor: frozenset[str] = frozenset(), kernel: bool = True,
    for_jobs: bool = False,
) -> None:  # fmt: skip
    """Fill `parts` with exactly the packages of a captured environment.

    Args:
        environment: the capture.
        target: what the lock is for.
        parts: filled here.
        vendor: names of packages of an index that are packed all the same, from what is installed.
        kernel: also the kernel half, so that order and snapshots work where the lock is restored.
        for_jobs: also what running jobs needs.

    Raises:
        CannotLock: a package cannot be packed, is on no index, or is compiled for another platform.
        UvRefused: uv could not resolve.
        NoUv: uv is not installed.
    """
    python = environment.executable
    if environment.unreadable:
        raise CannotLock(
            f"the environment of {python} cannot be read whole: {environment.unreadable[0]}",
            "Make it readable for you, or install that package again.",
        )
    there = inventories.take(python)
    packages = {one.name: one for one in environment.distributions if one.role == "package"}
    unknown = sorted(vendor - set(packages))
    if unknown:
        raise CannotLock(f"{unknown[0]} is not installed in the environment of {python}", "See `mlnb env capture`.")
    of_conda = [one for one in packages.values() if one.origin.kind == "conda"]
    if of_conda:
        parts.notes.append(
            f"{len(of_conda)} packages came from conda; the lock has them as the index does, environment.yml as conda does"
        )
    for name in sorted(packages):
        _pack_if_needed(packages[name], there, python, target, parts, is_asked=name in vendor)
    _take_from_index(packages, there, python, target, parts)
    if kernel or for_jobs:
        own = [one for one in environment.distributions if one.role == "mlnb"]
        _add_for_mlnb(own, python, there.platform, target, parts, for_jobs=for_jobs)


def _pack_if_needed(
    found: Distribution, there: Inventory, python: str, target: Target, parts: Parts, *, is_asked: bool
) -> None:
    one = there.distributions.get(found.name)
    if one is None or (found.origin.kind in ("index", "conda") and not is_asked):
        return
    if found.origin.kind == "editable":
        tree = editables.pack(one, found.origin, python, parts.wheels, parts.folder / "patches")
        parts.notes += tree.notes
        parts.pack(one.name, one.version, tree.wheel, tree.origin, tree.patch)
        return
    if target.uv_platform and not wheels.is_for_every_platform(one):
        raise CannotLock(
            f"{one.name} {one.version} did not come from an index and is compiled for this platform, not for {target.uv_platform}",
            "Build its wheel for that platform and install from an index, or make the lock there.",
        )
    origin = without_machine(found.origin)
    parts.pack(one.name, one.version, wheels.repack(one, there, parts.wheels, origin), origin)


def without_machine(origin: Origin) -> Origin:
    """`origin` without a path of this machine: the last part is kept, as a name."""
    is_path = origin.url.startswith("file:")
    return dataclasses.replace(origin, url=origin.url.rstrip("/").rpartition("/")[2]) if is_path else origin


def _take_from_index(
    packages: dict[str, Distribution], there: Inventory, python: str, target: Target, parts: Parts
) -> None:
    pins = {name: f"{name}=={one.version}" for name, one in packages.items() if name not in parts.blocks}
    if not target.uv_platform:
        blocks = compiled(list(pins.values()), python, target, parts, no_deps=True)
    else:  # what only the other platform needs comes in by the packages that need it; what only this one needs stays out
        packed = {name: f"{name} @ {(parts.wheels / parts.packages[name].wheel).as_uri()}" for name in parts.packages}
        asked = [{**pins, **packed}[name] for name in sorted(asked_for(packages, there.distributions))]
        blocks = compiled(asked, python, target, parts, constraints=list(pins.values()))
    for block in blocks:
        if block.name in parts.blocks:
            continue
        one = there.distributions.get(block.name)
        if "wheels" not in block.value and one is not None and not target.uv_platform:
            # its index has sources only: what was built from them is packed, so that nothing is built again
            parts.pack(block.name, block.version, wheels.repack(one, there, parts.wheels), None)
        else:
            parts.take(block)


def asked_for(packages: dict[str, Distribution], installed: dict[str, Installed]) -> set[str]:
    """The packages that no other one needs, and of circles that nothing else needs all members."""
    needs = {
        name: {
            normalised(match[0])
            for line in (installed[name].requires if name in installed else ())
            if "extra" not in line.partition(";")[2] and (match := _NAME.match(line))
        }
        & set(packages) - {name}
        for name in packages
    }
    found = set(packages) - {needed for more in needs.values() for needed in more}
    reached, todo = set(found), list(found)
    while todo:
        fresh = needs[todo.pop()] - reached
        reached |= fresh
        todo += fresh
    return found | (set(packages) - reached)


def _add_for_mlnb(
    own: list[Distribution], python: str, platform: str, target: Target, parts: Parts, *, for_jobs: bool
) -> None:
    """The kernel half, what it stands on, and what running jobs needs; marked as such, so that digests stay the same.

    Args:
        own: what is there for mlnb's sake already.
        python: an interpreter for uv.
        platform: of `target`, as `sysconfig.get_platform` says it.
        target: what the lock is for.
        parts: filled here.
        for_jobs: also what running jobs needs.
    """
    wanted = [f"{one.name}=={one.version}" for one in own if one.name not in ("mlnb", kernel_half.NAME)]
    have = {*parts.packages, *(one.name for one in own)}
    packed, more = kernel_half.needed_wheels(have, (target.python, target.uv_platform or platform), parts.wheels)
    for path in packed:
        name, version = path.name.split("-")[:2]
        parts.pack(normalised(name), version, path, None, role="mlnb")
    wanted += more
    if for_jobs:
        wanted += [name for name in FOR_JOBS if name not in parts.packages]
    if wanted:
        pins = [f"{one.name}=={one.version}" for one in parts.packages.values()]
        for block in compiled(wanted, python, target, parts, constraints=pins):
            if block.name not in parts.blocks:
                parts.take(block, role="mlnb")
    added = tuple(name for name, one in parts.packages.items() if one.role == "mlnb")
    wheel = kernel_half.build(parts.wheels, added)
    parts.pack(kernel_half.NAME, wheel.name.split("-")[1], wheel, None, role="mlnb")


# ---- from requirements -----------------------------------------------------------------------------------------------
def from_requirements(
    asked: list[str], python: str, target: Target, parts: Parts, *, cwd: Path | None = None, kernel: bool = True,
    for_jobs: bool = False,
) -> None:  # fmt: skip
    """Fill `parts` with what uv resolves requirements to; folders and commits are built and packed.

    Args:
        asked: lines of a requirements file.
        python: an interpreter to resolve and build with.
        target: what the lock is for.
        parts: filled here.
        cwd: folder that relative paths in `asked` start from.
        kernel: also the kernel half.
        for_jobs: also what running jobs needs.

    Raises:
        CannotLock: a version is on no index, or a folder or commit cannot be built for the target.
        UvRefused: uv could not resolve or build.
        NoUv: uv is not installed.
    """
    sources = []
    for block in compiled(asked, python, target, parts, cwd=cwd):
        if block.is_source:
            sources.append(block)
        else:
            parts.take(block)
    if sources:
        _pack_sources(sources, python, target, parts, cwd)
    if kernel or for_jobs:
        platform = inventories.take(python).platform
        _add_for_mlnb([], python, platform, target, parts, for_jobs=for_jobs)


def _pack_sources(sources: list[Block], python: str, target: Target, parts: Parts, cwd: Path | None) -> None:
    """Install folders, commits and archives into an environment of their own, and pack what came of them."""
    with tempfile.TemporaryDirectory(prefix="mlnb-lock-") as temporary:
        venv = Path(temporary) / "venv"
        uv.run("venv", "--quiet", "--python", python, venv)
        lines = [f"{one.name} @ {_url(one)}" for one in sources]
        (Path(temporary) / "in.txt").write_text("\n".join(lines) + "\n")
        uv.run("pip", "install", "--no-deps", "--python", venv, "-r", Path(temporary) / "in.txt", cwd=cwd)
        there = inventories.take(str(venv / "bin" / "python"))
        for block in sources:
            one = there.distributions[block.name]
            if target.uv_platform and not wheels.is_for_every_platform(one):
                raise CannotLock(
                    f"{one.name} {one.version} is built here, for this platform, not for {target.uv_platform}",
                    "Build its wheel for that platform and put it on an index, or make the lock there.",
                )
            vcs = block.value.get("vcs", {})
            kind = "vcs" if vcs else "local" if "directory" in block.value else "archive"
            origin = without_machine(Origin(kind, uv.without_credentials(_url(block)), vcs.get("commit-id")))
            parts.pack(one.name, one.version, wheels.repack(one, there, parts.wheels, origin), origin)


def _url(block: Block) -> str:
    """Where a folder, commit or archive of a lock file is, as a requirement names it."""
    value = block.value.get("vcs") or block.value.get("directory") or block.value["archive"]
    url = value.get("url") or (block.base / value["path"]).resolve().as_uri()
    inside = f"#subdirectory={value['subdirectory']}" if value.get("subdirectory") else ""
    if "vcs" in block.value:
        return f"{value.get('type', 'git')}+{url}@{value['commit-id']}{inside}"
    return f"{url}{inside}"
