"""What jobs need from outside: executors (plug-ins), and the other areas, handed in by ``mlnb.wiring``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from mlnb.core.events import EventSink
from mlnb.jobs.types import Attempt, Ended, ExecutorInfo

__all__ = [
    "CertificateCheck",
    "EnvCapture",
    "EventSink",
    "Executor",
    "FrozenValues",
    "RunDelivery",
    "SnapshotAdopter",
    "WorkerStarter",
]


class Executor(Protocol):
    """How an attempt runs somewhere (entry point ``mlnb.executors``; the class is called without arguments).

    The engine above is at-least-once, so every call may come twice, also from a worker that has just replaced one that was
    killed. ``mlnb.testing.executor_suite`` holds what a plug-in must pass.
    """

    name: str

    def check(self, attempt: Attempt) -> None:
        """Accept `attempt` at submit, before anything is stored.

        Raises:
            BadInput: it can never run here as asked.
            Unavailable: this executor does not answer now.
        """

    def submit(self, attempt: Attempt) -> str:
        """Start `attempt` and return its reference; one that was started before, by whomever, is not started again.

        Raises:
            Unavailable: the executor does not answer; trying again later may help.
            BadInput: it cannot be started as asked.
        """

    def find(self, attempt: Attempt) -> str | None:
        """The reference of `attempt` where it was started and is still known, running or ended; else None."""

    def follow(self, ref: str) -> Iterator[list[str]]:
        """The lines that the attempt writes, from its first, in batches, until it has ended.

        An empty batch comes at least every quarter of a second, so that the caller can look around.
        """

    def ended(self, ref: str) -> Ended:
        """How it ended; called after `follow` has."""

    def cancel(self, ref: str, grace_s: float) -> None:
        """Ask for its end (SIGINT), so that partial outputs are kept; kill it and its children after `grace_s` seconds.

        Returns when it has been asked, or at once when it has already ended.
        """

    def fetch(self, ref: str, dest: Path) -> None:
        """Bring what it wrote into the folder `dest`."""

    def release(self, ref: str) -> None:
        """Leave nothing of it behind on the executor. Its results have been fetched."""

    def warm_up(self) -> None:
        """Called once by a worker that starts: get ready for jobs, in the background. May do nothing."""

    def capacity(self) -> ExecutorInfo:
        """Whether it can take a job now, and why not. Never raises."""


class RunDelivery(Protocol):
    """Brings tracked runs from a spool into the model store."""

    def deliver(self, root: Path | None = None) -> list[str]:
        """Deliver the spool at `root`; idempotent. Returns run ids."""


class SnapshotAdopter(Protocol):
    """Takes snapshots over that a job took elsewhere."""

    def adopt(self, home: Path) -> list[str]:
        """Verify and take over the snapshots below `home`; idempotent. Returns snapshot ids."""

    def attach_document(self, snapshot_id: str, notebook: Path) -> object:
        """Make `notebook`, as executed, the document of the snapshot; the kernel that took it never saw outputs."""


class Certified(Protocol):
    """Whether a notebook is certified, and if not, why and what certifies it."""

    @property
    def is_certified(self) -> bool:
        """Whether a valid certificate says so."""

    @property
    def reason(self) -> str:
        """Why it is not certified."""

    @property
    def way_out(self) -> str:
        """The command that certifies it."""


class CertificateCheck(Protocol):
    """Tells whether a notebook is certified."""

    def __call__(self, notebook: Path, parameters: Mapping[str, Any]) -> Certified:
        """Look at the notebook as it is now."""


class FrozenValues(Protocol):
    """Finds the values of cells tagged ``frozen`` in the snapshots of a notebook."""

    def __call__(self, notebook: Path, root: Path) -> None:
        """Put what other cells of `notebook` build on into the folder `root`; nothing happens where there is no such cell.

        Raises:
            Conflict: the values cannot be had, so that no run can succeed.
            StoreUnavailable: the disk refused.
        """


class EnvCapture(Protocol):
    """Names the environment that a job is submitted from."""

    def __call__(self, notebook: Path, python: str | None) -> str | None:
        """The environment's id, or None where it cannot be told.

        Args:
            notebook: what the job is to run.
            python: the interpreter that it will run with; None: this process's own.

        Raises:
            Refused: the policy of the notebook's project does not let this environment pass.
        """


class WorkerStarter(Protocol):
    """Starts the worker process where none runs."""

    def ensure(self) -> None:
        """Start it unless it runs; does not wait for it."""

    def keep(self) -> None:
        """See that it runs while somebody waits for a job.

        Raises:
            Unavailable: it ends as soon as it is started.
        """
