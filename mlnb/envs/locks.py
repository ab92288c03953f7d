"""What can be done with locks: make one, hold an environment against it, make the environment again."""

from __future__ import annotations

import dataclasses
import platform as _platform
import sys
import sysconfig
from pathlib import Path

from mlnb.core.clock import utc_now
from mlnb.core.errors import BadInput, NotFound
from mlnb.core.files import write_atomically
from mlnb.core.notebook_file import read_document
from mlnb.envs import inventory as inventories
from mlnb.envs import lock_files, locking, pep723, pylock, restoring
from mlnb.envs.building import ImagesService
from mlnb.envs.capture import Distribution, Environment, Origin, request_digest
from mlnb.envs.conda import environment_yml
from mlnb.envs.errors import CannotCompare, CannotRestore
from mlnb.envs.interpreters import environment_from_json
from mlnb.envs.kernels import KernelsService
from mlnb.envs.lock_types import Lock, Restored, Verified
from mlnb.envs.ports import ImageEngine
from mlnb.envs.resolving import Parts, Target
from mlnb.envs.rules import drift_between
from mlnb.envs.service import EnvsService
from mlnb.envs.types import Drift

_SYSTEMS = {
    "linux": "linux",
    "manylinux": "linux",
    "musllinux": "linux",
    "apple": "macosx",
    "macos": "macosx",
    "windows": "win",
}
_COMPARED = ("package", "conda", "python", "platform")


class LocksService:
    """Locks, and environments made from them.

    Args:
        envs: captures environments.
        kernels: puts the kernel half into other environments.
        engine: builds images.
    """

    def __init__(self, envs: EnvsService, kernels: KernelsService, engine: ImageEngine) -> None:
        self._envs, self.kernels = envs, kernels
        self.images = ImagesService(engine, self.compare)

    def lock(
        self, out: Path, *, python: str | None = None, requirements: Path | None = None, notebook: Path | None = None,
        of_kernel: str | None = None, platform: str = "", python_version: str = "", vendor: tuple[str, ...] = (),
        kernel: bool = True, for_jobs: bool = False, to_notebook: Path | None = None,
    ) -> Lock:  # fmt: skip
        """Write a lock into the folder `out`: every package in one version, with the digests of its files.

        Args:
            out: the folder; a lock that is there is replaced, whole or not at all.
            python: lock exactly what is installed for this interpreter (or in this virtual environment's folder); None: for
                the one that runs this, unless `requirements` or `notebook` is given. With these: what resolves and builds.
            of_kernel: lock exactly what is installed for a running kernel, named by its id or its notebook.
            requirements: lock what a requirements file asks for.
            notebook: lock what a notebook's PEP 723 block asks for.
            platform: for another platform, as ``linux`` or as uv calls it (``aarch64-unknown-linux-gnu``); empty: for this one.
            python_version: for another Python, such as ``3.12``; only with `requirements` or `notebook`.
            vendor: packages of an index that are packed from what is installed.
            kernel: also mlnb's kernel half, so that order and snapshots work where the lock is restored.
            for_jobs: also what running jobs in an image of it needs.
            to_notebook: also write what was asked for into this notebook, as its PEP 723 block.

        Raises:
            BadInput: more than one source was given, or a platform that uv does not know.
            NotFound: there is no such file, or no such kernel.
            CannotLock: a package cannot be locked; the message names it and the reason.
            NotALock: `out` holds something else.
            NoUv: uv is not installed.
            UvRefused: uv could not resolve.
        """
        given = [one for one in (of_kernel, requirements, notebook) if one is not None]
        from_text = requirements is not None or notebook is not None
        if len(given) + (python is not None and not from_text) > 1 or (python_version and not from_text):
            raise BadInput(
                "that would be two sources of one lock",
                "Give one of --python, --kernel, -r and --notebook; --python-version goes with the last two.",
            )
        if to_notebook is not None:
            read_document(to_notebook)  # whether it is one is said before anything is done
        environment = None if from_text else self._of_interpreter(python, of_kernel)
        interpreter = environment.executable if environment else self._interpreter(python)
        asked, cwd = _asked(requirements, notebook)
        with lock_files.written(out) as folder:
            parts = Parts(folder)
            target = _target(platform, python_version or inventories.take(interpreter).python)
            target = dataclasses.replace(target, uv_python=python_version)
            if environment is not None:
                locking.from_environment(
                    environment, target, parts, vendor=frozenset(vendor), kernel=kernel, for_jobs=for_jobs
                )
            else:
                locking.from_requirements(asked, interpreter, target, parts, cwd=cwd, kernel=kernel, for_jobs=for_jobs)
            lock = _write(folder, parts, target, environment)
        if to_notebook is not None:
            pep723.write(to_notebook, _needs(lock, asked, environment))
        return lock

    def read(self, folder: Path) -> Lock:
        """The lock in `folder`, its files checked.

        Raises:
            NotALock: it is none, or a file of it is gone or another.
        """
        return lock_files.read(folder)

    def verify(self, folder: Path, python: str | None = None, level: str = "fast") -> Verified:
        """Whether an environment is the one that was locked.

        Args:
            folder: of the lock.
            python: an interpreter or a virtual environment's folder; None: the one that runs this.
            level: how closely files are looked at, as for captures.

        Raises:
            NotALock: it is no lock.
            NoEnvironment: there is no interpreter at `python`.
            CannotCompare: the lock is for another platform than this.
        """
        lock = lock_files.read(folder)
        found = self._envs.capture(python or sys.executable, level)
        if (lock.system, lock.machine) != (found.system, found.machine):
            raise CannotCompare(
                f"the lock is for {lock.system} {lock.machine}, and this is {found.system} {found.machine}",
                "Verify where it is restored, such as in its image.",
            )
        return self.compare(folder, lock, found)

    def restore(
        self,
        folder: Path,
        into: Path,
        *,
        python: str = "",
        name: str = "",
        kernelspec: bool = True,
        replace: bool = False,
    ) -> Restored:
        """Make the environment of a lock again: a virtual environment, and a kernel of it. Whole, or not at all.

        Args:
            folder: of the lock.
            into: where the virtual environment is to be.
            python: an interpreter of the lock's Python; empty: one is looked for.
            name: of the kernel; empty: the folder's.
            kernelspec: whether to make one.
            replace: whether a virtual environment that is there may go.

        Raises:
            NotALock: it is no lock, or a file of it is gone or another.
            CannotRestore: it is for another platform or Python, or the place or the name is taken.
            UvRefused: a package could not be had.
            NoUv: uv is not installed.
        """
        lock = lock_files.read(folder)
        here = _target("", lock.python)
        if (lock.system, lock.machine) != (here.system, here.machine):
            raise CannotRestore(
                f"the lock is for {lock.system} {lock.machine}, and this is {here.system} {here.machine}",
                "Make it for this platform (mlnb env lock), or build an image of it (mlnb env build).",
            )
        kernel = restoring.kernel_name(into, name)
        has_kernel = kernelspec and any(one.name == "ipykernel" for one in lock.packages)
        if has_kernel:
            restoring.check_kernel_name(kernel, into)
        with restoring.made(folder, lock, into, python, replace=replace) as venv:
            verified = self.compare(folder, lock, self._envs.capture(venv))
        notes = []
        if has_kernel:
            restoring.write_kernelspec(kernel, into, f"Python {lock.python} ({kernel})")
        elif kernelspec:
            notes.append("it has no ipykernel, so no kernel was made of it")
        into = into.absolute()
        return Restored(
            str(into),
            str(into / "bin" / "python"),
            kernel if has_kernel else "",
            len(lock.packages),
            verified,
            tuple(notes),
        )

    def _of_interpreter(self, python: str | None, kernel: str | None) -> Environment:
        """What is on disk for an interpreter, or for the one of a running kernel (what that has in memory cannot be locked)."""
        if kernel is not None:
            python = self._envs.capture(kernel=kernel).executable
        return self._envs.capture(python or sys.executable)

    def _interpreter(self, python: str | None) -> str:
        return self._envs.capture(python).executable if python else sys.executable

    def compare(self, folder: Path, lock: Lock, found: Environment) -> Verified:
        """How a captured environment stands to a lock that was read from `folder`."""
        file = folder / lock_files.ENVIRONMENT
        if lock.env_id is not None and file.is_file():
            locked = environment_from_json(file.read_text(encoding="utf-8"), str(file))
            drift = _of_packages(drift_between(locked, found))
            return Verified(_is_same(drift), "contents", drift)
        plain = Origin("index")
        locked = dataclasses.replace(
            found,
            env_id=lock.digest,
            env_request_id=lock.env_request_id,
            distributions=tuple(Distribution(one.name, one.version, "", plain, one.role) for one in lock.packages),
        )
        bare = tuple(
            dataclasses.replace(one, fingerprint="", origin=plain, loaded=None, loaded_version=None, problems=())
            for one in found.distributions
        )
        drift = _of_packages(drift_between(locked, dataclasses.replace(found, distributions=bare)))
        return Verified(_is_same(drift), "versions", drift)


def _needs(lock: Lock, asked: list[str], environment: Environment | None) -> pep723.Needs:
    """What a notebook says it needs: requirements as given, or the packages that no other one needs, as locked."""
    if environment is None:
        lines = [one for one in asked if not one.startswith("-r ")]
        names = [one for one in lock.packages if one.role == "package"] if not lines else []
        return pep723.Needs((*lines, *(f"{one.name}=={one.version}" for one in names)), f"=={lock.python}.*")
    there = inventories.take(environment.executable)
    roots = locking.asked_for(
        {o.name: o for o in environment.distributions if o.role == "package"}, there.distributions
    )
    pins = tuple(f"{one.name}=={one.version}" for one in lock.packages if one.name in roots)
    return pep723.Needs(pins, f"=={lock.python}.*")


def _of_packages(drift: Drift) -> Drift:
    """`drift` without what no virtual environment carries: variables, search paths, modules, the machine's own packages."""
    kept = tuple(one for one in drift.differences if one.kind in _COMPARED)
    return dataclasses.replace(
        drift, differences=kept, same=not kept, summary=drift.summary if kept else "the same environment"
    )


def _is_same(drift: Drift) -> bool:
    """Whether nothing differs but the patch release of Python, which is in no `env_id`: an image has the one of its base."""
    return all(one.kind == "python" and one.severity == "amber" for one in drift.differences)


def _asked(requirements: Path | None, notebook: Path | None) -> tuple[list[str], Path | None]:
    """Lines of requirements, and the folder that paths in them start from."""
    if notebook is not None:
        return list(pep723.read(notebook).dependencies), notebook.absolute().parent
    if requirements is None:
        return [], None
    if not requirements.is_file():
        raise NotFound(f"there is no file {requirements}", "Name a requirements file.")
    return [f"-r {requirements.absolute()}"], requirements.absolute().parent


def _target(platform: str, python: str) -> Target:
    """What a lock is for; nothing is said to uv where that is this very platform."""
    system, machine = sysconfig.get_platform().partition("-")[0], _platform.machine()
    if not platform:
        return Target(python, system, machine)
    head, _, rest = platform.partition("-")
    known = next((found for word, found in _SYSTEMS.items() if word in platform), None)
    if known is None:
        raise BadInput(f"there is no platform {platform!r}", "Use linux, macos, windows, or uv's name of one.")
    wanted = head if rest else {"arm64": "aarch64"}.get(machine, machine)
    if (known, wanted) == (system, machine):
        return Target(python, system, machine)
    if platform == "linux":
        platform = f"{wanted}-manylinux_2_28"
    return Target(python, known, wanted, platform)


def _write(folder: Path, parts: Parts, target: Target, environment: Environment | None) -> Lock:
    text = pylock.compose(list(parts.blocks.values()), target.python)
    exact = environment if environment is not None and not target.uv_platform and not environment.conda else None
    packages = tuple(sorted(parts.packages.values(), key=lambda one: one.name))
    pairs = [(one.name, one.version) for one in packages if one.role == "package"]
    asked = environment.env_request_id if environment is not None else request_digest(pairs)
    lock = Lock(
        lock_files.digest(text),
        target.python,
        environment.python if exact and environment else target.python,
        target.system,
        target.machine,
        asked,
        exact.env_id if exact else None,
        packages,
        tuple(parts.notes),
        utc_now(),
    )
    kept = None if exact is None else dataclasses.replace(
        exact, executable="", surroundings=None, unreadable=(), distributions=tuple(
            dataclasses.replace(one, origin=locking.without_machine(one.origin)) for one in exact.distributions
        ),
    )  # fmt: skip
    lock_files.write(folder, lock, text, pylock.requirements(list(parts.blocks.values())), kept)
    if environment is not None and environment.conda:
        write_atomically(folder / lock_files.CONDA, environment_yml(environment).encode())
    return lock
