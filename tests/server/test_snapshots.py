"""Snapshots over REST."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError


@pytest.fixture
def notebook(jp_root_dir):
    path = jp_root_dir / "one.ipynb"
    cell = {"cell_type": "code", "id": "c", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


async def call(jp_fetch, *path, method="GET", params=None, **body):
    given = {"method": method, **({"body": json.dumps(body)} if method == "POST" else {})}
    reply = await jp_fetch("mlnb", *path, params=params or {}, **given)
    return json.loads(reply.body)


async def refused(jp_fetch, *path, **given):
    with pytest.raises(HTTPClientError) as caught:
        await call(jp_fetch, *path, **given)
    return caught.value.code, json.loads(caught.value.response.body)


async def test_a_snapshot_is_taken_listed_shown_and_compared(jp_fetch, notebook):
    first = await call(jp_fetch, "snapshots", method="POST", notebook="one.ipynb", reason="first")
    assert (first["part"], first["snapshot"]["notebook"]) == ("document", "one.ipynb")
    second = await call(jp_fetch, "snapshots", method="POST", notebook="one.ipynb")
    ids = [second["snapshot"]["id"], first["snapshot"]["id"]]
    page = await call(jp_fetch, "snapshots", params={"notebook": "one.ipynb", "limit": "1"})
    assert ([one["id"] for one in page["snapshots"]], page["total"]) == (ids[:1], 2)
    rest = await call(jp_fetch, "snapshots", params={"notebook": "one.ipynb", "cursor": page["cursor"]})
    assert [one["id"] for one in rest["snapshots"]] == ids[1:]
    assert (await call(jp_fetch, "snapshots", ids[1]))["reason"] == "first"
    assert (await call(jp_fetch, "snapshots", ids[0], "diff", ids[1]))["changes"] == []


async def test_what_cannot_be_done_is_a_4xx_with_a_way_out(jp_fetch, notebook):
    taken = await call(jp_fetch, "snapshots", method="POST", notebook="one.ipynb")
    snapshot_id = taken["snapshot"]["id"]
    assert (await refused(jp_fetch, "snapshots", "snap-none"))[0] == 404
    code, error = await refused(jp_fetch, "snapshots", snapshot_id, "restore", method="POST", names=None)
    assert (code, error["code"], bool(error["hint"])) == (409, "conflict", True)
    for missing in ("two.ipynb", "../outside.ipynb"):
        code, error = await refused(jp_fetch, "snapshots", method="POST", notebook=missing)
        assert code in (400, 404)
        assert missing.rpartition("/")[2] in error["message"]
    assert (await refused(jp_fetch, "snapshots", params={"limit": "0"}))[0] == 400
    assert (await refused(jp_fetch, "snapshots", method="POST"))[0] == 400


async def test_a_preview_says_what_is_known_and_an_undo_without_a_kernel_is_refused(jp_fetch, notebook):
    taken = await call(jp_fetch, "snapshots", method="POST", notebook="one.ipynb")
    seen = await call(jp_fetch, "snapshots", taken["snapshot"]["id"], "preview")
    assert (seen["notebook"], seen["cells"], seen["trust"], seen["has_kernel"]) == ("one.ipynb", [], "own", False)
    assert (await refused(jp_fetch, "snapshots", "snap-none", "preview"))[0] == 404
    code, error = await refused(jp_fetch, "snapshots", "undo", method="POST", notebook="one.ipynb")
    assert (code, error["code"]) == (409, "no_live_kernel")
