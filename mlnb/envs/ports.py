"""What environments need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mlnb.envs.types import Drift, LastJob, RunningKernel


class RunningKernels(Protocol):
    """Which kernels are alive on this machine."""

    def __call__(self) -> Sequence[RunningKernel]:
        """The kernels, latest first."""


class KernelCapture(Protocol):
    """Captures inside a running kernel."""

    def __call__(self, connection_file: Path, level: str, folder: Path | None, timeout_s: float) -> str:
        """The text of a capture file.

        Raises:
            NoKernel: it has ended.
            KernelSilent: it did not answer in time, or could not.
        """


class EnvIds(Protocol):
    """Which environment a snapshot, a run or a job has met."""

    def __call__(self, reference: str) -> str | None:
        """The `env_id` that the snapshot, run or job of that id names; None when there is none of that id."""


class LastJobs(Protocol):
    """What ran a notebook before."""

    def __call__(self, notebook: Path) -> LastJob | None:
        """The last job of `notebook` (absolute path), with `drift` not yet known; None when there was none."""


class LockDrift(Protocol):
    """How environments stand to locks."""

    def __call__(self, lock: Path, python: str) -> Drift:
        """How the environment of the interpreter `python` differs from the lock in the folder `lock`.

        Raises:
            NotALock: it is none, or a file of it is gone or another.
            CannotCompare: it is for another platform.
        """
