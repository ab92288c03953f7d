"""Jobs over REST: what is refused before anything is queued, and what a client gets."""

import json

import pytest
from tornado.httpclient import HTTPClientError

from mlnb.jobs.types import WorkerStatus


class WorkerAtRest:
    """Starts no process: jobs stay queued."""

    def ensure(self):
        pass

    def status(self):
        return WorkerStatus(False)

    def stop(self):
        return False


@pytest.fixture
def services(jp_serverapp):
    from mlnb.core import current

    found = current._composed
    found.worker_process = WorkerAtRest()
    return found


@pytest.fixture
def notebook(jp_root_dir):
    from mlnb.testing.executor_suite import write_notebook

    return write_notebook(jp_root_dir / "one.ipynb", "print(n)", parameters="n = 0  # how many")


async def post(jp_fetch, *path, **body):
    answer = await jp_fetch("mlnb", *path, method="POST", body=json.dumps(body))
    return answer.code, json.loads(answer.body)


async def error_of(request):
    with pytest.raises(HTTPClientError) as raised:
        await request
    return raised.value.code, json.loads(raised.value.response.body)


async def test_a_job_is_submitted_shown_listed_and_cancelled(jp_fetch, services, notebook):
    code, job = await post(jp_fetch, "jobs", notebook="one.ipynb", parameters={"n": 3})
    assert code == 201
    assert (job["state"], job["notebook"], job["parameters"]) == ("queued", "one.ipynb", {"n": 3})

    listed = json.loads((await jp_fetch("mlnb", "jobs")).body)
    assert listed["total"] == 1
    assert listed["jobs"] == [job]
    assert json.loads((await jp_fetch("mlnb", "jobs", job["id"], "cells")).body)["cells"] == []
    assert json.loads((await jp_fetch("mlnb", "jobs", job["id"], "logs")).body) == {"lines": [], "next": 0}

    _, cancelled = await post(jp_fetch, "jobs", job["id"], "cancel")
    assert cancelled["state"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"notebook": "none.ipynb"}, 404, "none.ipynb"),
        ({"notebook": "../../etc/passwd"}, 400, "outside"),
        ({"notebook": "one.ipynb", "parameters": {"m": 1}}, 400, "'m'"),
        ({"notebook": "one.ipynb", "executor": "moon"}, 404, "moon"),
        ({"notebook": "one.ipynb", "memory": "much"}, 400, "much"),
        ({"notebook": "one.ipynb", "retries": "many"}, 400, "retries"),
    ],
)
async def test_bad_input_is_a_4xx_that_names_the_thing_and_queues_nothing(
    jp_fetch, services, notebook, body, status, says
):
    code, error = await error_of(post(jp_fetch, "jobs", **body))
    assert code == status
    assert says in error["message"]
    assert error["hint"]
    assert services.jobs.list().total == 0


async def test_an_unknown_job_is_not_found(jp_fetch, services):
    code, error = await error_of(jp_fetch("mlnb", "jobs", "job-0"))
    assert (code, error["code"]) == (404, "job_not_found")


async def test_the_parameters_of_a_notebook_are_told(jp_fetch, services, notebook):
    answer = json.loads((await jp_fetch("mlnb", "notebooks", "parameters", params={"path": "one.ipynb"})).body)
    assert answer["parameters"] == [
        {"name": "n", "type": "int", "default": 0, "help": "how many", "is_annotated": False}
    ]


async def test_the_worker_and_the_executors_are_told(jp_fetch, services):
    assert json.loads((await jp_fetch("mlnb", "worker")).body)["running"] is False
    _, stopped = await post(jp_fetch, "worker", "stop")
    assert stopped == {"stopped": False}
    executors = json.loads((await jp_fetch("mlnb", "executors")).body)["executors"]
    assert {"name": "local", "available": True, "reason": ""} in executors


async def test_an_output_that_is_not_there_yet_is_a_conflict(jp_fetch, services, notebook):
    _, job = await post(jp_fetch, "jobs", notebook="one.ipynb")
    code, error = await error_of(post(jp_fetch, "jobs", job["id"], "open"))
    assert (code, error["code"]) == (409, "conflict")
