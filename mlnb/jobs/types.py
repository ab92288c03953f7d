"""The nouns of jobs. Standard library only: the runner reads these inside containers too."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mlnb.core import current


class State(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself in this state."""
        return self in (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST)


@dataclass(frozen=True)
class FailedCell:
    """The cell that ended the notebook.

    Attributes:
        index: position among the cells of the submitted notebook, from 0.
        id: the cell's id.
        error: name and message of the exception, masked.
    """

    index: int
    id: str
    error: str


@dataclass(frozen=True)
class Resources:
    """What a job asks for; None is no limit.

    Attributes:
        cpus: processors, may be a fraction.
        memory_bytes: memory limit; reaching it ends the job.
    """

    cpus: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class JobRequest:
    """What a user asks for.

    Attributes:
        notebook: path of the notebook; it is frozen at submit, later edits change nothing.
        parameters: values for the names that its ``parameters`` cell declares.
        executor: name of the executor plug-in.
        image: container image (docker only); None is the setting ``jobs.image``.
        cpus: processors to limit the job to.
        memory: memory limit, such as ``2g`` or ``512m``.
        timeout: running time after which the job is stopped and fails, such as ``1h`` or ``90s``.
        retries: how many times a failed or lost attempt is tried again.
        labels: free words to find the job by.
        kernel: name of the kernel; None is the notebook's own.
        interpreter: Python that runs a local job; None is the one of the caller.
        require_certificate: refuse the job unless a certificate of ``mlnb verify`` holds for the notebook with these parameters.
    """

    notebook: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    executor: str = "local"
    image: str | None = None
    cpus: float | None = None
    memory: str | None = None
    timeout: str | None = None
    retries: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    kernel: str | None = None
    interpreter: str | None = None
    require_certificate: bool = False


@dataclass(frozen=True)
class Job:
    """A submitted request to execute a notebook; its row is the truth.

    Attributes:
        id: its id.
        state: where it stands.
        reason: why it stands there, in words; empty when there is nothing to add.
        notebook: absolute path of the notebook it came from.
        parameters: as submitted, with credentials masked.
        executor: name of the executor.
        host: where it runs; None on this machine.
        attempt: number of the present try, from 1.
        submitted_at: when it was accepted.
        started_at: when it became ``running``.
        ended_at: when it reached a final state.
        failed_cell: the cell that raised, for a failed job.
        output: absolute path of the output notebook on this machine, once a started job has ended.
        run_id: the tracked run.
        snapshot_id: the snapshot of the state at its end.
        env_id: the environment it was submitted from.
        owner: who submitted it.
        image: container image.
        resources: its limits.
        timeout_s: longest running time in seconds.
        retries: tries after the first one.
        labels: free words.
        kernel: name of the kernel.
        interpreter: Python that runs a local job.
        cells_done: cells that have ended.
        cells_total: cells that will run; 0 before that is known.
        is_cancelling: whether somebody asked for its end.
    """

    id: str
    state: State
    reason: str
    notebook: str
    parameters: Mapping[str, Any]
    executor: str
    host: str | None
    attempt: int
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    failed_cell: FailedCell | None
    output: str | None
    run_id: str | None
    snapshot_id: str | None
    env_id: str | None
    owner: str
    image: str | None = None
    resources: Resources = field(default_factory=Resources)
    timeout_s: float | None = None
    retries: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    kernel: str = ""
    interpreter: str = ""
    cells_done: int = 0
    cells_total: int = 0
    is_cancelling: bool = False

    def wait(self, timeout_s: float | None = None) -> Job:
        """The job once it has ended, or as it stands after `timeout_s` seconds.

        Raises:
            JobNotFound: it has been removed.
        """
        job: Job = current.service("jobs").wait(self.id, timeout_s)
        return job


@dataclass(frozen=True)
class Attempt:
    """One try of a job, as an executor gets it.

    Attributes:
        job_id: the job.
        number: from 1.
        folder: its folder on this machine: request, input notebook, files that travel along, results.
        cwd: folder that a local run works in.
        interpreter: Python of a local run.
        image: container image.
        resources: limits.
    """

    job_id: str
    number: int
    folder: Path
    cwd: Path
    interpreter: str
    image: str | None
    resources: Resources

    @property
    def marker(self) -> str:
        """The name that makes a second start of the same try impossible."""
        return f"{self.job_id}-{self.number}"


@dataclass(frozen=True)
class Ended:
    """How a process or container ended, as the executor saw it.

    Attributes:
        exit_code: None when it was killed and left none.
        is_out_of_memory: whether the executor knows that the memory limit ended it.
    """

    exit_code: int | None
    is_out_of_memory: bool = False


@dataclass(frozen=True)
class JobPage:
    """A page of jobs, newest first.

    Attributes:
        jobs: the jobs of this page.
        total: how many there are in all.
        cursor: what to ask for the next page with; None at the end.
    """

    jobs: list[Job]
    total: int
    cursor: str | None


@dataclass(frozen=True)
class CellState:
    """How far one cell of a job is.

    Attributes:
        index: position among the cells of the submitted notebook, from 0; -1 for the injected parameters.
        id: the cell's id.
        state: ``running``, ``succeeded`` or ``failed``; ``skipped`` or ``frozen`` for a cell that its tag keeps from running.
        started_at: when it began.
        ended_at: when it ended.
        error: name and message of its exception, masked; empty when it raised none.
    """

    index: int
    id: str
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True)
class CellProgress:
    """How far a job's notebook is.

    Attributes:
        cells: the cells that have begun, in order.
        done: how many have ended.
        total: how many will run; 0 before that is known.
    """

    cells: list[CellState]
    done: int
    total: int


@dataclass(frozen=True)
class LogPage:
    """Lines of a job's log.

    Attributes:
        lines: text without line ends.
        next: what to ask for the following lines with.
    """

    lines: list[str]
    next: int


@dataclass(frozen=True)
class ExecutorInfo:
    """An executor and whether it can take a job now.

    Attributes:
        name: what to submit with.
        available: whether it answers.
        reason: why not, and the way out; empty when it answers.
    """

    name: str
    available: bool
    reason: str = ""


@dataclass(frozen=True)
class Parameter:
    """A name that a notebook's ``parameters`` cell declares.

    Attributes:
        name: the variable.
        type: ``int``, ``float``, ``bool``, ``str``, ``list``, ``dict`` or ``any``.
        default: its value in the notebook where that is a literal, else None.
        help: the comment behind it.
        is_annotated: whether the author wrote the type (a wrong one is then refused).
    """

    name: str
    type: str
    default: Any
    help: str
    is_annotated: bool = False


@dataclass(frozen=True)
class WorkerStatus:
    """The worker process of this home.

    Attributes:
        running: whether it runs.
        pid: its process id.
        started_at: when it started.
        version: its version of mlnb.
    """

    running: bool
    pid: int | None = None
    started_at: datetime | None = None
    version: str | None = None
