"""What changed in a notebook, over REST."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

from tests.committed import commit, write


@pytest.fixture
def notebook(jp_root_dir):
    return commit(jp_root_dir / "one.ipynb", "x = 1")


async def call(jp_fetch, *path, method="GET", params=None, **body):
    given = {"method": method, **({"body": json.dumps(body)} if method == "POST" else {})}
    reply = await jp_fetch("mlnb", *path, params=params or {}, **given)
    return json.loads(reply.body)


async def test_what_changed_since_the_last_commit_and_between_two_states(jp_fetch, notebook):
    with pytest.raises(HTTPClientError) as caught:
        await call(jp_fetch, "notebooks", "changes", params={"path": "one.ipynb"})
    assert caught.value.code == 404
    first = await call(jp_fetch, "snapshots", method="POST", notebook="one.ipynb")
    write(notebook, "x = 2")
    second = await call(jp_fetch, "snapshots", method="POST", notebook="one.ipynb")
    found = await call(jp_fetch, "notebooks", "changes", params={"path": "one.ipynb", "since": "commit"})
    assert [(one["kind"], one["cell_id"]) for one in found["cells"]] == [("changed", "c")]
    ids = [one["snapshot"]["id"] for one in (first, second)]
    between = await call(jp_fetch, "snapshots", ids[0], "diff", ids[1])
    assert [(one["name"], one["before"], one["after"]) for one in between["parameters"]] == [("x", "1", "2")]
    assert (await call(jp_fetch, "snapshots", ids[1], "data"))["git"]["changed"] == ["one.ipynb"]
    with pytest.raises(HTTPClientError) as caught:
        await call(jp_fetch, "notebooks", "changes", params={"path": "one.ipynb", "since": "christmas"})
    assert caught.value.code == 400


async def test_what_changed_is_asked_of_the_notebook_as_it_is_now(jp_fetch, notebook):
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "iVBORw0K", "text/plain": "<Figure>"},
        "metadata": {},
    }
    write(notebook, "x = 2", picture)
    found = await call(jp_fetch, "notebooks", "changes", method="POST", path="one.ipynb", since="commit")
    assert found["before"]["title"].startswith("commit ")
    assert found["after"]["title"] == "to compare with the last commit"
    assert found["compared"] == ["cells"]
    (cell,) = found["cells"]
    assert [(one["kind"], one["data"]) for one in cell["pictures_after"]] == [("image/png", "iVBORw0K")]
    assert (await call(jp_fetch, "snapshots"))["snapshots"][0]["id"] == found["b"]
    earlier = found["b"]
    write(notebook, "x = 3")
    found = await call(jp_fetch, "notebooks", "changes", method="POST", path="one.ipynb", since=earlier)
    assert (found["a"], found["after"]["title"]) == (earlier, "to compare with another snapshot")
    assert [(one["before"], one["after"]) for one in found["parameters"]] == [("2", "3")]
    for since, words in (
        ("snap-none", "snap-none"),
        ("clean", "no earlier state"),
        ("run", "no run"),
        ("yesterday", "before today"),
    ):
        with pytest.raises(HTTPClientError) as caught:
            await call(jp_fetch, "notebooks", "changes", method="POST", path="one.ipynb", since=since)
        assert caught.value.code == 404
        assert words in json.loads(caught.value.response.body)["message"]
    assert (await call(jp_fetch, "snapshots"))["total"] == 2  # nothing is taken where there is nothing to compare with
