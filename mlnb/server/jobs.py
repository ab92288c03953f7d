"""Routes of jobs, executors and the worker."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlnb.core.errors import BadInput
from mlnb.jobs.types import (
    CellProgress,
    ExecutorInfo,
    Job,
    JobPage,
    JobRequest,
    LogPage,
    Parameter,
    State,
    WorkerStatus,
)
from mlnb.server.routes import Request, Route


@dataclasses.dataclass(frozen=True)
class JobsQuery:
    """Which jobs to list: in this state, at most so many, behind the cursor of the page before."""

    state: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclasses.dataclass(frozen=True)
class JobSubmission:
    """What to run; the fields of `JobRequest`, with the notebook relative to the server's root."""

    notebook: str
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    executor: str = "local"
    image: str | None = None
    cpus: float | None = None
    memory: str | None = None
    timeout: str | None = None
    retries: int = 0
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kernel: str | None = None
    require_certificate: bool = False


@dataclasses.dataclass(frozen=True)
class LogQuery:
    """From which line number on, from 0."""

    after: int = 0


@dataclasses.dataclass(frozen=True)
class PathQuery:
    """A notebook, relative to the server's root."""

    path: str


@dataclasses.dataclass(frozen=True)
class OutputPath:
    """Where the copy is, relative to the server's root."""

    path: str


@dataclasses.dataclass(frozen=True)
class Executors:
    """All executors."""

    executors: list[ExecutorInfo]


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What a notebook declares."""

    parameters: list[Parameter]


@dataclasses.dataclass(frozen=True)
class Stopped:
    """Whether there was a worker to end."""

    stopped: bool


def _shown(request: Request, job: Job) -> Job:
    """`job` with its notebook named as the client does; an absolute path stays where the server's root does not hold it."""
    return dataclasses.replace(job, notebook=request.relative(Path(job.notebook)) or job.notebook)


def _list(request: Request) -> JobPage:
    query: JobsQuery = request.query
    known = [state.value for state in State]
    if query.state is not None and query.state not in known:
        raise BadInput(f"{query.state!r} is not a state of a job", f"States: {', '.join(known)}.")
    state = State(query.state) if query.state else None
    page = request.services.jobs.list(state, query.limit, query.cursor)
    return dataclasses.replace(page, jobs=[_shown(request, job) for job in page.jobs])


def _submit(request: Request) -> Job:
    body: JobSubmission = request.body
    fields = {field.name: getattr(body, field.name) for field in dataclasses.fields(body)}
    fields["notebook"] = str(request.file(body.notebook))
    return _shown(request, request.services.jobs.submit(JobRequest(**fields)))


def _get(request: Request) -> Job:
    return _shown(request, request.services.jobs.get(request.path["id"]))


def _cancel(request: Request) -> Job:
    return _shown(request, request.services.jobs.cancel(request.path["id"]))


def _retry(request: Request) -> Job:
    return _shown(request, request.services.jobs.retry(request.path["id"]))


def _logs(request: Request) -> LogPage:
    return request.services.jobs.logs(request.path["id"], request.query.after)


def _cells(request: Request) -> CellProgress:
    return request.services.jobs.cells(request.path["id"])


def _open(request: Request) -> OutputPath:
    jobs = request.services.jobs
    job = jobs.get(request.path["id"])
    output = jobs.output(job.id)
    seen = request.relative(output)
    if seen is not None:
        return OutputPath(seen)
    notebook = Path(job.notebook)
    beside = notebook.with_name(f"{notebook.stem}-{job.id[-6:]}-{job.attempt}.ipynb")
    path = request.relative(beside)
    if path is None:
        raise BadInput(f"{notebook} lies outside the server's root", f"Copy it: mlnb jobs output {job.id} -o FILE.")
    if not beside.exists():  # else it was opened before: the same output
        jobs.output(job.id, beside)
    return OutputPath(path)


def _executors(request: Request) -> Executors:
    return Executors(list(request.services.jobs.executors()))


def _parameters(request: Request) -> Parameters:
    return Parameters(list(request.services.jobs.parameters_of(request.file(request.query.path))))


def _worker(request: Request) -> WorkerStatus:
    return request.services.worker_process.status()


def _stop_worker(request: Request) -> Stopped:
    return Stopped(request.services.worker_process.stop())


ROUTES: list[Route] = [
    Route("GET", "/jobs", _list, "A page of jobs, newest first.", JobPage, query=JobsQuery),
    Route("POST", "/jobs", _submit, "Submit a notebook as a job.", Job, body=JobSubmission, status=201),
    Route("GET", "/jobs/{id}", _get, "One job.", Job),
    Route("POST", "/jobs/{id}/cancel", _cancel, "End a job.", Job),
    Route("POST", "/jobs/{id}/retry", _retry, "Try an ended job again.", Job),
    Route("GET", "/jobs/{id}/logs", _logs, "Lines of a job's log.", LogPage, query=LogQuery),
    Route("GET", "/jobs/{id}/cells", _cells, "How far each cell of a job is.", CellProgress),
    Route("POST", "/jobs/{id}/open", _open, "Put the output notebook where the file browser sees it.", OutputPath),
    Route("GET", "/executors", _executors, "Executors, and whether they take jobs now.", Executors),
    Route("GET", "/notebooks/parameters", _parameters, "What a notebook declares.", Parameters, query=PathQuery),
    Route("GET", "/worker", _worker, "Whether the worker runs.", WorkerStatus),
    Route("POST", "/worker/stop", _stop_worker, "End the worker; jobs that run go on.", Stopped),
]
