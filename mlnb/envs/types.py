"""The nouns of environments. What is captured is declared in `mlnb.envs.capture`, which must stand alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlnb.envs.capture import CondaPackage, Distribution, Environment, LocalModule, Origin, Shadow, Surroundings

__all__ = [
    "CondaPackage", "Difference", "Distribution", "Drift", "Environment", "EnvironmentStatus", "Fix", "Kind", "LastJob", "LocalModule",
    "LockState", "NotebookEnvironment", "Origin", "RunningKernel", "Severity", "Shadow", "Surroundings",
]  # fmt: skip

Severity = Literal["red", "amber", "info"]
Kind = Literal[
    "package", "conda", "python", "platform", "variable", "module", "path", "kernelspec", "hardware", "system"
]
LockState = Literal["locked", "drifted", "unlocked", "other_platform"]
Fix = Literal["restart_kernel", "reinstall", "restore"]


@dataclass(frozen=True)
class Difference:
    """One thing in which two environments differ.

    Attributes:
        severity: ``red`` can change results, ``amber`` may, ``info`` is good to know.
        change: ``added``, ``removed`` or ``changed``, seen from the first environment to the second.
        kind: ``package``, ``conda`` (a package that conda alone knows), ``python``, ``platform``, ``variable``, ``module`` (one
            that no distribution brought), ``path`` (what is imported from where), ``kernelspec``, ``hardware`` or ``system``.
        name: of the package, variable, module or kernel; the field for the other kinds.
        before: in the first environment; None when it was not there.
        after: in the second environment; None when it is not there.
        reason: why it matters, in words.
        fix: what brings the second environment back: ``restart_kernel`` (the right files are on disk), ``reinstall`` the package
            in the same version, ``restore`` the first environment; None when none of them would.
    """

    severity: Severity
    change: Literal["added", "removed", "changed"]
    kind: Kind
    name: str
    before: str | None
    after: str | None
    reason: str
    fix: Fix | None = None


@dataclass(frozen=True)
class Drift:
    """How two environments differ.

    Attributes:
        same: nothing differs.
        same_request: the same packages in the same versions were asked for, whatever the platform.
        summary: one line, such as ``+1 package, 2 changed``.
        differences: red first, then amber, then info; by name within each.
        before: `env_id` of the first environment.
        after: `env_id` of the second.
    """

    same: bool
    same_request: bool
    summary: str
    differences: tuple[Difference, ...]
    before: str
    after: str


@dataclass(frozen=True)
class NotebookEnvironment:
    """The environment that a notebook runs in, or would.

    Attributes:
        environment: what was captured.
        kernel: True when it is that of the notebook's live kernel; False when there is none and the server's was taken.
        python: path of the interpreter that was captured.
        is_live: whether the running kernel itself was captured, so that what it has imported is known; a kernel that is busy is
            captured by a fresh interpreter.
    """

    environment: Environment
    kernel: bool
    python: str
    is_live: bool = False


@dataclass(frozen=True)
class RunningKernel:
    """A kernel that is alive.

    Attributes:
        connection_file: how to reach it.
        python: path of its interpreter; empty when not known.
        notebook: absolute path of its notebook; None when not known.
    """

    connection_file: str
    python: str = ""
    notebook: str | None = None


@dataclass(frozen=True)
class LastJob:
    """The job that ran a notebook last.

    Attributes:
        id: of the job.
        env_id: of the environment it was submitted from; None when that was not captured.
        same: whether the environment is still the one it ran in; None when not known.
        drift: how it differs from that one now; None when that one was not kept on this machine.
    """

    id: str
    env_id: str | None
    same: bool | None = None
    drift: Drift | None = None


@dataclass(frozen=True)
class EnvironmentStatus:
    """How the environment of a notebook stands.

    Attributes:
        env_id: digest of what was resolved here.
        env_request_id: digest of what was asked for.
        python: full version.
        executable: path of the interpreter.
        platform: such as ``linux x86_64``.
        packages: how many are installed, without installers and mlnb itself.
        kernel: as in `NotebookEnvironment`.
        is_live: as in `NotebookEnvironment`.
        lock: ``locked`` (it is as the project's lock says), ``drifted``, ``unlocked`` (there is none) or ``other_platform`` (it
            says nothing about this one).
        lock_path: the project's lock; None without one.
        drift: how the environment differs from the lock; None without one.
        findings: what is wrong with it by itself: a kernel that has other versions in memory than on disk, edited packages,
            modules that hide others, packages installed twice.
        last_job: the job that ran the notebook last; None when there was none.
        has_drifted: whether it differs from the lock or, without one, from the environment of the last job, or has a red finding.
        refuses: whether the project's policy refuses jobs while there is red drift.
    """

    env_id: str
    env_request_id: str
    python: str
    executable: str
    platform: str
    packages: int
    kernel: bool
    is_live: bool
    lock: LockState
    lock_path: str | None
    drift: Drift | None
    findings: tuple[Difference, ...]
    last_job: LastJob | None
    has_drifted: bool
    refuses: bool
