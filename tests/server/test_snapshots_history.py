"""The history of a notebook over REST: how it hangs together, documents, names, deletion, one file to carry away."""

from __future__ import annotations

import copy
import json

import pytest
from tornado.httpclient import HTTPClientError

CELL = {"cell_type": "code", "id": "c", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}
DOCUMENT = {"cells": [CELL], "metadata": {"mlnb": {"id": "n-1"}}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def notebook(jp_root_dir):
    path = jp_root_dir / "one.ipynb"
    path.write_text(json.dumps(DOCUMENT))
    return path


async def call(jp_fetch, *path, method="GET", params=None, **body):
    given = {"method": method, **({"body": json.dumps(body)} if method == "POST" else {})}
    reply = await jp_fetch("mlnb", "snapshots", *path, params=params or {}, **given)
    return json.loads(reply.body)


async def refused(jp_fetch, *path, **given):
    with pytest.raises(HTTPClientError) as caught:
        await call(jp_fetch, *path, **given)
    return caught.value.code, json.loads(caught.value.response.body)["code"]


async def history(jp_fetch, **params):
    return await call(jp_fetch, "timeline", params={"notebook": "one.ipynb", **params})


def typed(source):
    content = copy.deepcopy(DOCUMENT)
    content["cells"][0]["source"] = source
    return content


async def test_what_was_typed_is_kept_once_saved_or_not_and_comes_back(jp_fetch, notebook):
    first = await call(jp_fetch, "document", method="POST", notebook="one.ipynb", content=typed("x = 1  # thinking"))
    same = typed(["x = 1", "  # thinking"])
    assert (await call(jp_fetch, "document", method="POST", notebook="one.ipynb", content=same))["id"] is None
    assert json.loads(notebook.read_text()) == DOCUMENT
    second = await call(
        jp_fetch, "document", method="POST", notebook="one.ipynb", content=typed("x = 2"), parent=first["id"]
    )
    found = await history(jp_fetch)
    assert [(one["id"], one["kind"], one["parent"]) for one in found["entries"]] == [
        (second["id"], "document", first["id"]),
        (first["id"], "document", None),
    ]
    shown = await call(jp_fetch, first["id"], "document")
    assert shown["content"]["cells"][0]["source"] == "x = 1  # thinking"


async def test_a_snapshot_is_named_filtered_and_deleted(jp_fetch, notebook):
    kept = await call(jp_fetch, "document", method="POST", notebook="one.ipynb", content=typed("x = 3"))
    taken = await call(jp_fetch, method="POST", notebook="one.ipynb", reason="by hand")
    assert [one["name"] for one in (await history(jp_fetch, which="named"))["entries"]] == ["by hand"]
    await call(jp_fetch, kept["id"], "name", method="POST", name="  before the\nmerge ")
    found = await history(jp_fetch, which="named")
    assert ([one["name"] for one in found["entries"]], found["total"]) == (["by hand", "before the merge"], 2)
    page = await history(jp_fetch, limit="1")
    rest = await history(jp_fetch, cursor=page["cursor"])
    assert [one["id"] for one in page["entries"] + rest["entries"]] == [taken["snapshot"]["id"], kept["id"]]
    assert (await history(jp_fetch, which="jobs"))["entries"] == []
    await call(jp_fetch, kept["id"], "delete", method="POST")
    assert (await history(jp_fetch))["total"] == 1
    assert await refused(jp_fetch, kept["id"], "delete", method="POST") == (404, "snapshot_not_found")
    assert (await refused(jp_fetch, taken["snapshot"]["id"], "name", method="POST", name="n" * 300))[0] == 400


async def test_a_snapshot_is_written_to_a_file_taken_over_and_opened(jp_fetch, notebook, jp_root_dir):
    taken = await call(jp_fetch, method="POST", notebook="one.ipynb", reason="for ana")
    snapshot_id = taken["snapshot"]["id"]
    written = await call(jp_fetch, snapshot_id, "export", method="POST")
    assert written["path"] == "one-for-ana.mlnb-snapshot"
    assert (await call(jp_fetch, snapshot_id, "export", method="POST"))["path"] == "one-for-ana-2.mlnb-snapshot"
    await call(jp_fetch, snapshot_id, "delete", method="POST")
    assert (await call(jp_fetch, "import", method="POST", file=written["path"]))["id"] == snapshot_id
    opened = await call(jp_fetch, snapshot_id, "open", method="POST")
    assert opened["path"] == "one-2.ipynb"
    assert json.loads((jp_root_dir / "one-2.ipynb").read_text()) == DOCUMENT
    for outside in ("../x", "/../../x"):
        assert (await refused(jp_fetch, "import", method="POST", file=outside))[0] == 400
        assert (await refused(jp_fetch, snapshot_id, "open", method="POST", folder=outside))[0] == 400


async def test_what_is_no_notebook_is_refused_and_nothing_is_kept(jp_fetch, notebook):
    for content in ({}, {"nbformat": 4, "cells": [1]}, {"nbformat": 3, "cells": []}):
        assert (await refused(jp_fetch, "document", method="POST", notebook="one.ipynb", content=content))[0] == 400
    assert (
        await refused(jp_fetch, "snap-none", "document", method="POST", notebook="one.ipynb", content=DOCUMENT)
    ) == (
        404,
        "snapshot_not_found",
    )
    assert (await history(jp_fetch))["total"] == 0


async def test_a_document_is_attached_to_a_snapshot_once(jp_fetch, notebook, mlnb_home):
    taken = await call(jp_fetch, method="POST", notebook="one.ipynb")
    snapshot_id = taken["snapshot"]["id"]
    (mlnb_home / "snapshots" / snapshot_id / "document.json").unlink()  # as a kernel leaves it
    attached = await call(
        jp_fetch, snapshot_id, "document", method="POST", notebook="one.ipynb", content=typed("x = 5"), is_clean=False
    )
    assert (attached["has_document"], attached["notebook_id"], attached["is_clean"]) == (True, "n-1", False)
    await call(jp_fetch, snapshot_id, "document", method="POST", notebook="one.ipynb", content=typed("x = 6"))
    assert (await call(jp_fetch, snapshot_id, "document"))["content"]["cells"][0]["source"] == "x = 5"
