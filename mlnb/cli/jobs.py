"""`mlnb jobs`: submit notebooks as jobs and follow them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from mlnb.cli.output import emit, json_option, parameters, service, table
from mlnb.core.errors import BadInput
from mlnb.jobs.rules import time_from_seconds
from mlnb.jobs.service import JobsService
from mlnb.jobs.types import Job, JobRequest, State

_FOLLOW_S = 0.1


@click.group()
def jobs() -> None:
    """Submit notebooks as jobs and follow them."""


def _service() -> JobsService:
    found: JobsService = service("jobs")
    return found


@jobs.command()
@click.argument("notebook")
@click.option("-p", "pairs", multiple=True, metavar="K=V", help="A parameter; may be given several times.")
@click.option("--executor", default="local", show_default=True, help="Where it runs: local, docker or a plug-in.")
@click.option("--image", help="Container image (docker).")
@click.option("--cpus", type=float, help="Limit of processors, such as 2 or 0.5 (docker).")
@click.option("--memory", help="Limit of memory, such as 2g (docker).")
@click.option("--timeout", help="Longest running time, such as 1h or 90s.")
@click.option("--retries", type=int, default=0, help="How many times a failed attempt is tried again.")
@click.option("--label", "labels", multiple=True, metavar="K=V", help="A word to find the job by.")
@click.option("--kernel", help="Kernel to run in, instead of the notebook's own.")
@click.option(
    "--require-certificate",
    "is_certified_only",
    is_flag=True,
    help="Refuse (exit code 3) unless a certificate of mlnb verify holds for the notebook and these parameters.",
)
@click.option(
    "--wait",
    "is_waiting",
    is_flag=True,
    help="Wait for the end: exit code 0 succeeded, 1 failed or lost, 130 cancelled.",
)
@json_option
def submit(
    notebook: str,
    pairs: Sequence[str],
    executor: str,
    image: str | None,
    cpus: float | None,
    memory: str | None,
    timeout: str | None,
    retries: int,
    labels: Sequence[str],
    kernel: str | None,
    is_certified_only: bool,
    is_waiting: bool,
    as_json: bool,
) -> int:
    """Submit NOTEBOOK as a job. It is frozen now: later edits change nothing.

    Example: mlnb jobs submit train.ipynb -p n_estimators=200 --wait
    """
    request = JobRequest(
        notebook=notebook, parameters=parameters(pairs), executor=executor, image=image, cpus=cpus, memory=memory,
        timeout=timeout, retries=retries, labels=_labels(labels), kernel=kernel, require_certificate=is_certified_only,
    )  # fmt: skip
    job = _service().submit(request)
    if is_waiting:
        job = _wait(job.id, as_json)
    emit(job, as_json, lambda: _words(job))
    return _exit_code(job) if is_waiting else 0


def _labels(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"{pair!r} is not a label", "Write it as name=value, such as --label team=growth.")
        found[name] = value
    return found


def _wait(job_id: str, is_quiet: bool) -> Job:
    told = ""
    try:
        for job in _service().watch(job_id):
            line = _progress(job)
            if line != told and not (job.state.is_final and is_quiet):
                click.echo(line, err=True)
                told = line
    except KeyboardInterrupt:
        click.echo(f"{job_id} goes on; to end it: mlnb jobs cancel {job_id}", err=True)
        raise
    return job


def _progress(job: Job) -> str:
    if job.state is State.RUNNING and job.cells_total:
        return f"{job.id}: running, {job.cells_done} of {job.cells_total} cells done"
    return f"{job.id}: {job.state.value}"


def _exit_code(job: Job) -> int:
    return {State.SUCCEEDED: 0, State.CANCELLED: 130}.get(job.state, 1)


def _words(job: Job) -> str:
    lines = [f"{job.id}  {job.state.value}" + (f"  ({job.reason})" if job.reason else "")]
    lines.append(f"  notebook   {job.notebook}")
    if job.parameters:
        lines.append(
            "  parameters " + ", ".join(f"{name}={json.dumps(value)}" for name, value in job.parameters.items())
        )
    lines.append(
        f"  executor   {job.executor}" + (f", image {job.image}" if job.image else "") + f", attempt {job.attempt}"
    )
    if job.started_at and job.ended_at:
        lines.append(f"  took       {time_from_seconds((job.ended_at - job.started_at).total_seconds())}")
    for name, value in (("output", job.output), ("run", job.run_id), ("snapshot", job.snapshot_id)):
        if value:
            lines.append(f"  {name:<10} {value}")
    if not job.state.is_final:
        lines.append(f"  follow it with: mlnb jobs logs {job.id} --follow")
    return "\n".join(lines)


@jobs.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only jobs in this state.")
@click.option("--limit", type=int, default=50, show_default=True, help="Jobs per page.")
@click.option("--cursor", help="Where the page before ended.")
@json_option
def list_jobs(state: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List jobs, newest first.

    Example: mlnb jobs list --state running
    """
    page = _service().list(State(state) if state else None, limit, cursor)
    rows = [
        (
            job.id,
            job.state.value,
            Path(job.notebook).name,
            job.executor,
            f"{job.submitted_at:%Y-%m-%d %H:%M}",
            job.reason,
        )
        for job in page.jobs
    ]
    head = ("job", "state", "notebook", "executor", "submitted (UTC)", "reason")
    emit(page, as_json, lambda: table(head, rows, "no jobs yet; submit one: mlnb jobs submit NOTEBOOK"))


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def show(job_id: str, as_json: bool) -> None:
    """Show a job.

    Example: mlnb jobs show job-01h...
    """
    job = _service().get(job_id)
    emit(job, as_json, lambda: _words(job))


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--follow", "is_following", is_flag=True, help="Go on until the job has ended.")
@json_option
def logs(job_id: str, is_following: bool, as_json: bool) -> None:
    """Show what a job wrote; with --json and --follow one object per line of the log.

    Example: mlnb jobs logs job-01h... --follow
    """
    if not is_following:
        page = _service().logs(job_id)
        emit(page, as_json, lambda: "\n".join(page.lines))
        return
    for line in _follow(job_id):
        click.echo(json.dumps({"line": line}, ensure_ascii=False) if as_json else line)


def _follow(job_id: str) -> Iterator[str]:
    after, attempt = 0, 0
    while True:
        job = _service().get(job_id)
        if job.attempt != attempt:
            after, attempt = 0, job.attempt
        page = _service().logs(job_id, after)
        yield from page.lines
        after = page.next
        if job.state.is_final:
            return
        time.sleep(_FOLLOW_S)


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def cancel(job_id: str, as_json: bool) -> None:
    """End a job; one that runs keeps its partial outputs.

    Example: mlnb jobs cancel job-01h...
    """
    job = _service().cancel(job_id)
    words = "cancelled" if job.state.is_final else "is being cancelled"
    emit(job, as_json, lambda: f"{job.id} {words}")


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def retry(job_id: str, as_json: bool) -> None:
    """Try an ended job again: same frozen notebook, same parameters, a new attempt.

    Example: mlnb jobs retry job-01h...
    """
    job = _service().retry(job_id)
    emit(job, as_json, lambda: _words(job))


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("-o", "--to", type=click.Path(dir_okay=False, path_type=Path), help="Copy it to this file.")
@json_option
def output(job_id: str, to: Path | None, as_json: bool) -> None:
    """Where the output notebook is; with -o copy it out.

    Example: mlnb jobs output job-01h... -o result.ipynb
    """
    path = _service().output(job_id, None if to is None else to.absolute())
    emit({"job": job_id, "output": path}, as_json, lambda: str(path))
