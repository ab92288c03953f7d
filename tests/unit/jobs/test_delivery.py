"""What ended jobs leave is brought in once, and stays for the next time when a store is away."""

import pytest

from mlnb.core.errors import StoreUnavailable
from mlnb.jobs import folder as files
from mlnb.jobs.delivery import JobDelivery
from mlnb.jobs.folder import RunnerResult
from mlnb.jobs.types import JobRequest
from mlnb.testing.fake_executor import FakeExecutor


class Stores:
    """Stands for the model store and the snapshots; writes down what it was asked for."""

    def __init__(self):
        self.asked = []
        self.is_away = False

    def deliver(self, root=None):
        if self.is_away:
            raise StoreUnavailable("away")
        self.asked.append("runs")
        return []

    def adopt(self, home):
        self.asked.append(("adopt", home.parent.name))
        return []

    def attach_document(self, snapshot_id, notebook):
        self.asked.append((snapshot_id, notebook.name))


@pytest.fixture
def stores():
    return Stores()


@pytest.fixture
def delivery(bench, stores):
    return JobDelivery(bench.repo, lambda: stores, lambda: stores)


def test_runs_snapshots_and_the_executed_notebook_are_brought_in_once(bench, stores, delivery, notebook):
    bench.executor = FakeExecutor(result=RunnerResult(0, run_id="run-1", snapshot_id="snap-1"))
    job = bench.service.submit(JobRequest(str(notebook)))
    (files.attempt_dir(job.id, 1) / files.HOME).mkdir()
    assert list(delivery.deliver()) == []
    bench.run(job)
    assert list(delivery.deliver()) == [job.id]
    assert stores.asked == ["runs", ("adopt", "1"), ("snap-1", "output.ipynb")]
    assert list(delivery.deliver()) == []
    assert not (files.attempt_dir(job.id, 1) / files.HOME).exists()


def test_a_store_that_is_away_costs_nothing(bench, stores, delivery, notebook):
    job = bench.run(bench.service.submit(JobRequest(str(notebook))))
    stores.is_away = True
    with pytest.raises(StoreUnavailable):
        delivery.deliver()
    stores.is_away = False
    assert list(delivery.deliver()) == [job.id]
