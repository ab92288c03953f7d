"""The nouns of environments. What is captured is declared in `mlnb.envs.capture`, which must stand alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlnb.envs.capture import Distribution, Environment, Origin

__all__ = ["Difference", "Distribution", "Drift", "Environment", "NotebookEnvironment", "Origin", "Severity"]

Severity = Literal["red", "amber", "info"]


@dataclass(frozen=True)
class Difference:
    """One thing in which two environments differ.

    Attributes:
        severity: ``red`` can change results, ``amber`` may, ``info`` is good to know.
        change: ``added``, ``removed`` or ``changed``, seen from the first environment to the second.
        kind: ``package``, ``python``, ``platform`` or ``variable``.
        name: of the package or variable; the field for the other kinds.
        before: in the first environment; None when it was not there.
        after: in the second environment; None when it is not there.
        reason: why it matters, in words.
    """

    severity: Severity
    change: Literal["added", "removed", "changed"]
    kind: Literal["package", "python", "platform", "variable"]
    name: str
    before: str | None
    after: str | None
    reason: str


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
