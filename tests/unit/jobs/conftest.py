"""A jobs service on a database of its own, with an executor that runs nothing."""

import pytest

from mlnb.jobs.drive import Driver
from mlnb.jobs.repo import JobRepo
from mlnb.jobs.service import JobsService
from mlnb.store.core_tables import Outbox
from mlnb.store.database import Database
from mlnb.testing.executor_suite import write_notebook
from mlnb.testing.fake_executor import FakeExecutor, WorkerAtRest


class Bench:
    """The parts of one installation; `executor` may be exchanged by a test."""

    def __init__(self, home):
        self.home = home
        self.database = Database(f"sqlite:///{home / 'mlnb.db'}")
        self.repo = JobRepo(self.database)
        self.outbox = Outbox(self.database)
        self.worker = WorkerAtRest()
        self.executor = FakeExecutor()
        self.service = JobsService(
            self.repo,
            self.outbox,
            self.worker,
            lambda _name: self.executor,
            env_id=lambda _notebook, _python: "env-1",
            image="default:1",
        )
        self.driver = Driver(self.repo, lambda _name: self.executor, self.outbox)

    def run(self, job):
        """Carry the job as the worker does, retries included, and return it."""
        while waiting := self.repo.waiting():
            for job_id, number in waiting:
                self.repo.taken(job_id, number)
                self.driver.drive(job_id, number)
        return self.service.get(job.id)

    def events(self):
        return [(entry.event.name, entry.event.data.get("state")) for entry in self.outbox.read(0)]


@pytest.fixture
def bench(mlnb_home):
    found = Bench(mlnb_home)
    yield found
    found.database.close()


@pytest.fixture
def notebook(tmp_path):
    return write_notebook(tmp_path / "n.ipynb", "print(n)", parameters="n = 0\ntoken = ''")
