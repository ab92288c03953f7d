"""Jobs: notebooks executed elsewhere, by a worker that outlives JupyterLab."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from mlnb.core import current

if TYPE_CHECKING:
    from mlnb.jobs.types import Job, JobPage

__all__ = ["cancel", "get", "list", "retry", "submit"]


def submit(
    notebook: str | PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    executor: str = "local",
    **options: Any,  # noqa: ANN401 - the fields of JobRequest
) -> Job:
    """Submit `notebook` as a job; ``.wait()`` on the result waits for its end.

    Args:
        notebook: its path; it is frozen now, later edits change nothing.
        parameters: values for the names that its ``parameters`` cell declares.
        executor: ``local``, ``docker`` or the name of a plug-in.
        options: the other fields of `mlnb.jobs.types.JobRequest`, such as ``memory="2g"`` or ``retries=1``.

    Raises:
        NotFound: there is no such notebook or executor.
        BadInput: the request makes no sense; nothing was queued.
        Unavailable: the executor does not answer; nothing was queued.
    """
    from mlnb.jobs.types import JobRequest

    request = JobRequest(notebook=str(notebook), parameters=parameters or {}, executor=executor, **options)
    job: Job = current.service("jobs").submit(request)
    return job


def get(job_id: str) -> Job:
    """The job `job_id` as it stands now.

    Raises:
        JobNotFound: there is none.
    """
    job: Job = current.service("jobs").get(job_id)
    return job


def list(limit: int = 50, cursor: str | None = None) -> JobPage:
    """A page of jobs, newest first.

    Raises:
        BadInput: `limit` is out of range.
    """
    page: JobPage = current.service("jobs").list(None, limit, cursor)
    return page


def cancel(job_id: str) -> Job:
    """End the job.

    Raises:
        JobNotFound: there is none.
        JobState: it has ended.
    """
    job: Job = current.service("jobs").cancel(job_id)
    return job


def retry(job_id: str) -> Job:
    """Try an ended job again.

    Raises:
        JobNotFound: there is none.
        JobState: it has not ended, or has succeeded.
    """
    job: Job = current.service("jobs").retry(job_id)
    return job
