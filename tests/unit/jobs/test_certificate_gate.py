"""A job that has to be certified: refused with the way out, or submitted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mlnb.jobs.errors import NoCertificate
from mlnb.jobs.repo import JobRepo
from mlnb.jobs.service import JobsService
from mlnb.jobs.types import JobRequest
from mlnb.store.database import Database
from mlnb.testing.executor_suite import write_notebook
from mlnb.testing.fake_executor import FakeExecutor


@dataclass(frozen=True)
class Certification:
    is_certified: bool
    reason: str = "n.ipynb has no certificate"
    way_out: str = "mlnb verify n.ipynb"


class Nobody:
    def publish(self, event):
        pass

    def ensure(self):
        pass

    def keep(self):
        pass


@pytest.fixture
def world(tmp_path):
    """The service, what is certified, and whether the project requires it."""
    state = {"certified": False, "required": False, "asked": []}

    def certified(notebook, parameters):
        state["asked"].append((notebook.name, dict(parameters)))
        return Certification(state["certified"])

    executor = FakeExecutor()
    repo = JobRepo(Database(f"sqlite:///{tmp_path / 'mlnb.db'}"))
    service = JobsService(
        repo, Nobody(), Nobody(), lambda name: executor, env_id=lambda _notebook, _python: "env-1", certified=certified,
        requires_certificate=lambda notebook: state["required"],
    )  # fmt: skip
    return service, state


def submit(service, tmp_path, **options):
    notebook = write_notebook(tmp_path / "n.ipynb", "print(n)", parameters="n = 0")
    return service.submit(JobRequest(str(notebook), {"n": 3}, **options))


@pytest.mark.parametrize("who", ["the request", "the project"])
def test_a_notebook_that_is_not_certified_is_refused(world, tmp_path, who):
    service, state = world
    state["required"] = who == "the project"
    with pytest.raises(NoCertificate) as caught:
        submit(service, tmp_path, require_certificate=who == "the request")
    assert caught.value.exit_code == 3
    assert str(caught.value) == "a certificate is required, and n.ipynb has no certificate"
    assert caught.value.hint == "Make one: mlnb verify n.ipynb"
    assert state["asked"] == [("n.ipynb", {"n": 3})]
    assert service.list().total == 0


def test_a_certified_notebook_is_submitted(world, tmp_path):
    service, state = world
    state["certified"] = True
    assert submit(service, tmp_path, require_certificate=True).id
    assert service.list().total == 1


def test_nobody_is_asked_where_nothing_is_required(world, tmp_path):
    service, state = world
    assert submit(service, tmp_path).id
    assert state["asked"] == []
