"""What a user can do with jobs."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mlnb.core import registry
from mlnb.core.clock import Clock, utc_now
from mlnb.core.errors import BadInput, Conflict, MlnbError
from mlnb.core.events import Event, EventSink
from mlnb.core.files import write_atomically
from mlnb.core.ids import new_id
from mlnb.core.notebook_file import id_of, read_document
from mlnb.core.secrets import mask_tree
from mlnb.jobs import folder as files
from mlnb.jobs import journal
from mlnb.jobs.document import check_parameters, files_needed, kernel_of, parameters_of
from mlnb.jobs.errors import NoCertificate
from mlnb.jobs.folder import RunnerRequest, attempt_dir
from mlnb.jobs.freeze import check_values, freeze
from mlnb.jobs.kernels import check_kernel
from mlnb.jobs.lines import progress_from_events
from mlnb.jobs.ports import CertificateCheck, EnvCapture, Executor, FrozenValues, WorkerStarter
from mlnb.jobs.repo import JobRepo
from mlnb.jobs.rules import bytes_from_size, check_cancel, check_resources, check_retry, seconds_from_time
from mlnb.jobs.types import (
    Attempt,
    CellProgress,
    ExecutorInfo,
    Job,
    JobPage,
    JobRequest,
    LogPage,
    Parameter,
    Resources,
    State,
)
from mlnb.store.core_tables import current_user

EXECUTORS = "mlnb.executors"
_LOOK_S = 0.05
_WORKER_LOOK_S = 1.0
_MOST = 1000


class JobsService:
    """The verbs of jobs.

    Args:
        repo: where jobs are kept.
        events: where changes are told.
        worker: starts the worker where none runs.
        executor: the executor of a name.
        env_id: names the environment that a job is submitted from.
        image: image of docker jobs that name none; empty for none.
        experiment: experiment of the runs.
        certified: tells whether a notebook is certified.
        frozen_values: puts the values of frozen cells into a folder.
        requires_certificate: whether the project of a notebook lets only certified notebooks run.
        clock: time.
    """

    def __init__(
        self,
        repo: JobRepo,
        events: EventSink,
        worker: WorkerStarter,
        executor: Callable[[str], Executor],
        *,
        env_id: EnvCapture,
        image: str = "",
        experiment: str = "Default",
        certified: CertificateCheck | None = None,
        frozen_values: FrozenValues | None = None,
        requires_certificate: Callable[[Path], bool] = lambda _notebook: False,
        clock: Clock = utc_now,
    ) -> None:
        self._repo = repo
        self._events = events
        self._worker = worker
        self._executor = executor
        self._env_id = env_id
        self._image = image
        self._experiment = experiment
        self._certified = certified
        self._frozen_values = frozen_values
        self._requires_certificate = requires_certificate
        self._clock = clock

    def submit(self, request: JobRequest) -> Job:
        """Freeze the notebook, queue the job and see that a worker runs.

        Raises:
            NotFound: there is no such notebook or executor.
            BadInput: not a notebook, no or an unknown kernel, an undeclared parameter, or limits that make no sense; nothing was
                queued.
            Conflict: a cell is tagged frozen and others build on it, but no snapshot has its values; nothing was queued.
            NoCertificate: one is required, and none holds for this notebook and these parameters; nothing was queued.
            Refused: the environment drifted, and the project's policy does not let that pass; nothing was queued.
            Unavailable: the executor does not answer; nothing was queued.
            StoreUnavailable: the stores cannot be written; nothing was queued.
        """
        path = Path(request.notebook).expanduser().absolute()
        data, document = read_document(path)
        kernel = kernel_of(document, request.kernel, path)
        check_values(request.parameters)
        check_parameters(request.parameters, document, path)
        self._check_certified(request, path)
        job = self._new_job(request, path, kernel)
        executor = self._executor(job.executor)
        attempt = Attempt(
            job.id, 1, attempt_dir(job.id, 1), path.parent, job.interpreter, job.image, job.resources
        )  # fmt: skip
        is_local = job.executor == "local"
        if is_local and job.interpreter == sys.executable:  # elsewhere only the place itself knows its kernels
            check_kernel(kernel)
        executor.check(attempt)
        # last of all checks, for it takes longest
        job = replace(job, env_id=self._env_id(path, request.interpreter))
        runner_request = RunnerRequest(
            job.id, 1, str(path), kernel, request.parameters, str(path.parent) if is_local else None, self._experiment
        )
        try:
            needed = [] if is_local else files_needed(document, path.parent)
            freeze(attempt.folder, data, runner_request, needed, path.parent)
            if self._frozen_values is not None:
                self._frozen_values(path, attempt.folder / files.VALUES)
            self._repo.add(job, cwd=path.parent, notebook_id=id_of(document))
        except BaseException:
            shutil.rmtree(attempt.folder.parent, ignore_errors=True)
            raise
        self._tell(job)
        self._worker.ensure()
        return job

    def _check_certified(self, request: JobRequest, path: Path) -> None:
        if self._certified is None or not (request.require_certificate or self._requires_certificate(path)):
            return
        found = self._certified(path, request.parameters)
        if not found.is_certified:
            raise NoCertificate(f"a certificate is required, and {found.reason}", f"Make one: {found.way_out}")

    def _new_job(self, request: JobRequest, path: Path, kernel: str) -> Job:
        check_resources(request.cpus, request.retries)
        memory = bytes_from_size(request.memory) if request.memory else None
        timeout_s = seconds_from_time(request.timeout) if request.timeout else None
        image = request.image or (self._image or None if request.executor == "docker" else None)
        return Job(
            id=new_id("job"), state=State.QUEUED, reason="", notebook=str(path), parameters=mask_tree(dict(request.parameters)),
            executor=request.executor, host=None, attempt=1, submitted_at=self._clock(), started_at=None, ended_at=None,
            failed_cell=None, output=None, run_id=None, snapshot_id=None, env_id=None, owner=current_user(), image=image,
            resources=Resources(request.cpus, memory), timeout_s=timeout_s, retries=request.retries,
            labels=mask_tree(dict(request.labels)), kernel=kernel, interpreter=request.interpreter or sys.executable,
        )  # fmt: skip

    def list(self, state: State | None = None, limit: int = 50, cursor: str | None = None) -> JobPage:
        """A page of jobs, newest first.

        Args:
            state: only jobs in this state.
            limit: jobs per page, 1 to 1000.
            cursor: the `cursor` of the page before.

        Raises:
            BadInput: `limit` is out of range, or `cursor` is none.
        """
        if not 1 <= limit <= _MOST:
            raise BadInput(f"{limit} is not a number of jobs to list", f"Ask for 1 to {_MOST}.")
        if cursor is not None and not cursor.startswith("job-"):
            raise BadInput(f"{cursor!r} is not a cursor", "Take the one that the last page gave.")
        return self._repo.list(state, limit, cursor)

    def get(self, job_id: str) -> Job:
        """The job `job_id`.

        Raises:
            JobNotFound: there is none.
        """
        return self._repo.get(job_id)

    def cancel(self, job_id: str) -> Job:
        """End the job; one that runs is interrupted and keeps its partial outputs.

        Raises:
            JobNotFound: there is none.
            JobState: it has ended.
        """
        job = self._repo.get(job_id)
        check_cancel(job)
        if job.state is State.QUEUED:
            moved = self._repo.move(
                job_id, State.CANCELLED, number=job.attempt, reason="cancelled before it started", ended_at=self._clock()
            )  # fmt: skip
            if moved is not None and moved.state is State.CANCELLED:
                self._tell(moved)
                return moved
        self._repo.ask_cancel(job_id)
        self._worker.ensure()
        job = self._repo.get(job_id)
        self._tell(job)
        return job

    def retry(self, job_id: str) -> Job:
        """Try an ended job again: a new attempt of the same frozen notebook and parameters.

        Raises:
            JobNotFound: there is none.
            JobState: it has not ended, or has succeeded.
            ExecutorUnavailable: its executor does not answer.
        """
        job = self._repo.get(job_id)
        check_retry(job)
        attempt = self._repo.attempt(job_id, job.attempt)
        self._executor(job.executor).check(attempt)
        files.prepare_again(job_id, job.attempt)
        job = self._repo.again(job_id, job.attempt, reason="", submitted_at=self._clock())
        self._tell(job)
        self._worker.ensure()
        return job

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """The job once it has ended, or as it stands after `timeout_s` seconds.

        Raises:
            JobNotFound: there is none.
            Unavailable: the worker ends as soon as it is started; the job stays queued.
        """
        *_, last = self.watch(job_id, timeout_s)
        return last

    def watch(self, job_id: str, timeout_s: float | None = None) -> Iterator[Job]:
        """The job each time it has changed, until it has ended or `timeout_s` seconds are over.

        Raises:
            JobNotFound: there is none.
            Unavailable: the worker ends as soon as it is started; the job stays queued.
        """
        end = math.inf if timeout_s is None else time.monotonic() + timeout_s
        before: Job | None = None
        next_look = time.monotonic() + _WORKER_LOOK_S
        while True:
            job = self._repo.get(job_id)
            if job != before:
                yield job
                before = job
            if job.state.is_final or time.monotonic() >= end:
                return
            if time.monotonic() >= next_look:
                self._worker.keep()
                next_look = time.monotonic() + _WORKER_LOOK_S
            time.sleep(_LOOK_S)

    def logs(self, job_id: str, after: int = 0) -> LogPage:
        """The log of the job's present attempt, from line number `after` (from 0) on.

        Raises:
            JobNotFound: there is none.
        """
        job = self._repo.get(job_id)
        lines = journal.read_log(attempt_dir(job.id, job.attempt), max(0, after))
        return LogPage(lines, max(0, after) + len(lines))

    def cells(self, job_id: str) -> CellProgress:
        """How far each cell of the job's present attempt is.

        Raises:
            JobNotFound: there is none.
        """
        job = self._repo.get(job_id)
        return progress_from_events(journal.read_events(attempt_dir(job.id, job.attempt)))

    def output(self, job_id: str, to: Path | None = None) -> Path:
        """The output notebook, copied to `to` when that is given. Returns where it is.

        Raises:
            JobNotFound: there is none.
            Conflict: the job has no output yet, or `to` exists.
            StoreUnavailable: `to` cannot be written.
        """
        job = self._repo.get(job_id)
        if job.output is None or not Path(job.output).exists():
            raise Conflict(
                f"{job_id} is {job.state.value} and has no output notebook", "Wait for its end: mlnb jobs show."
            )
        if to is None:
            return Path(job.output)
        if to.exists():
            raise Conflict(f"{to} exists", "Name another file, or remove that one.")
        write_atomically(to, Path(job.output).read_bytes())
        return to

    def parameters_of(self, notebook: Path) -> Sequence[Parameter]:
        """The parameters that the notebook declares.

        Raises:
            NotFound: there is no such notebook.
            NotANotebook: it is not one.
        """
        _, document = read_document(notebook)
        return parameters_of(document)

    def executors(self) -> Sequence[ExecutorInfo]:
        """Every executor and whether it can take a job now."""
        found = []
        for name in registry.names(EXECUTORS):
            try:
                found.append(self._executor(name).capacity())
            except MlnbError as error:
                found.append(ExecutorInfo(name, False, f"{error.message}. {error.hint}"))
        return found

    def _tell(self, job: Job) -> None:
        self._events.publish(Event("job_changed", job.id, {"state": job.state.value}))
