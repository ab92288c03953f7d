"""The nouns of environments. What is captured is declared in `mlnb.envs.capture`, which must stand alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlnb.envs.capture import CondaPackage, Distribution, Environment, LocalModule, Origin, Shadow, Surroundings

__all__ = [
    "CondaPackage", "Difference", "Distribution", "Drift", "Environment", "Fix", "Kind", "LocalModule", "NotebookEnvironment", "Origin",
    "Severity", "Shadow", "Surroundings",
]  # fmt: skip

Severity = Literal["red", "amber", "info"]
Kind = Literal[
    "package", "conda", "python", "platform", "variable", "module", "path", "kernelspec", "hardware", "system"
]
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
    """

    environment: Environment
    kernel: bool
    python: str
