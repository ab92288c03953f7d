"""Environments: captured and compared.

`mlnb.envs.capture` is a module that must stand alone (it is sent to foreign interpreters); the functions here ask the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlnb.core import current

if TYPE_CHECKING:
    from mlnb.envs.types import Drift, Environment

__all__ = ["diff", "take"]


def take(python: str | None = None, level: str = "fast") -> Environment:
    """The environment of this process, or of another interpreter.

    Args:
        python: path of an interpreter or of a virtual environment's folder; None: this process, with what it has imported.
        level: ``fast`` (metadata only), ``stat`` (also sizes of files) or ``hash`` (also their contents).

    Raises:
        NoEnvironment: there is no interpreter at `python`.
        InterpreterFailed: it could not capture itself.
    """
    environment: Environment = current.service("envs").capture(python, level)
    return environment


def diff(before: str, after: str = ".") -> Drift:
    """How the environment `after` differs from `before`: capture files, interpreters, or ``.`` for this one.

    Raises:
        NoEnvironment: one of them does not exist.
        NotACapture: one of them is a file but not a capture.
        InterpreterFailed: an interpreter could not capture itself.
    """
    drift: Drift = current.service("envs").diff(before, after)
    return drift
