"""What changed in a notebook, over REST."""

from __future__ import annotations

import json
import subprocess

import pytest
from tornado.httpclient import HTTPClientError


@pytest.fixture
def notebook(jp_root_dir):
    path = jp_root_dir / "one.ipynb"
    write(path, "x = 1")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", "-C", jp_root_dir, *who, *arguments], check=True, stdin=subprocess.DEVNULL)
    return path


def write(path, source):
    cell = {
        "cell_type": "code",
        "id": "c",
        "source": source,
        "metadata": {"tags": ["parameters"]},
        "outputs": [],
        "execution_count": None,
    }
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


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
