"""`mlnb worker`: the process that runs jobs."""

from __future__ import annotations

import sys

import click

from mlnb.cli.output import emit, json_option, service
from mlnb.jobs.types import WorkerStatus


@click.group()
def worker() -> None:
    """The process that runs jobs. `mlnb jobs submit` starts it when it is absent; it ends by itself when idle."""


@worker.command()
@json_option
def start(as_json: bool) -> None:
    """Start the worker unless it runs, and wait until it takes jobs.

    Example: mlnb worker start
    """
    _show(service("worker_process").start(), as_json)


@worker.command()
@json_option
def status(as_json: bool) -> None:
    """Whether the worker runs, and its process id.

    Example: mlnb worker status --json
    """
    _show(service("worker_process").status(), as_json)


@worker.command()
@json_option
def stop(as_json: bool) -> None:
    """End the worker. Jobs that run go on; the next worker takes them up.

    Example: mlnb worker stop
    """
    was_running = service("worker_process").stop()
    emit({"stopped": was_running}, as_json, lambda: "the worker has ended" if was_running else "no worker was running")


@worker.command()
@json_option
def run(as_json: bool) -> None:
    """Run the worker in the foreground, for a supervisor such as systemd.

    Example: mlnb worker run
    """
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if not service("worker").run():
        emit({"started": False}, as_json, lambda: "a worker runs already; see `mlnb worker status`")


@worker.command(hidden=True)
@json_option
def deliver(as_json: bool) -> None:
    """Bring runs and snapshots of ended jobs into their stores. The worker calls this by itself.

    Example: mlnb worker deliver
    """
    delivered = service("job_delivery").deliver()
    service("snapshot_upkeep").if_due()
    emit({"jobs": delivered}, as_json, lambda: f"delivered what {len(delivered)} jobs left")


def _show(found: WorkerStatus, as_json: bool) -> None:
    words = f"worker {found.pid} runs (mlnb {found.version})" if found.running else "no worker runs"
    emit(found, as_json, lambda: words)


if __name__ == "__main__":
    from mlnb.cli.main import main

    main(["worker", *sys.argv[1:]])
