"""What ended jobs leave, brought into the stores: runs, snapshots taken elsewhere, and the executed notebook of a snapshot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from mlnb.core.files import locked
from mlnb.core.home import home
from mlnb.jobs import folder as files
from mlnb.jobs.folder import attempt_dir
from mlnb.jobs.ports import RunDelivery, SnapshotAdopter
from mlnb.jobs.repo import JobRepo
from mlnb.jobs.types import Job


class JobDelivery:
    """Delivers what jobs left.

    Args:
        repo: where jobs are kept.
        runs: brings runs into the model store.
        snapshots: takes snapshots over; asked for only when there are any.
    """

    def __init__(
        self, repo: JobRepo, runs: Callable[[], RunDelivery], snapshots: Callable[[], SnapshotAdopter]
    ) -> None:
        self._repo = repo
        self._runs = runs
        self._snapshots = snapshots

    def deliver(self) -> Sequence[str]:
        """Bring the runs and snapshots of ended jobs into their stores; returns the ids of those jobs. Idempotent.

        Raises:
            StoreUnavailable: a store cannot be written; what was not delivered stays for the next time.
        """
        with locked(home() / "locks" / "deliver-jobs.lock"):
            waiting = self._repo.undelivered()
            if waiting:
                self._runs().deliver()
            for job_id, number in waiting:
                self._bring_snapshots(self._repo.get(job_id), number)
                self._repo.delivered(job_id)
        return [job_id for job_id, _ in waiting]

    def _bring_snapshots(self, job: Job, last: int) -> None:
        for number in range(1, last + 1):
            taken = attempt_dir(job.id, number) / files.HOME
            if taken.is_dir():
                self._snapshots().adopt(taken)
                shutil.rmtree(taken)
        if job.snapshot_id is not None and job.output is not None:
            self._snapshots().attach_document(job.snapshot_id, Path(job.output))
