"""Order over REST."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError


def _write(folder, *sources):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": s, "metadata": {}, "outputs": [], "execution_count": None}
        for i, s in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": "python3", "language": "python"}}
    (folder / "nb.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    )


async def test_check_names_the_findings(jp_fetch, jp_root_dir):
    _write(jp_root_dir, "print(x)", "x = 1")
    reply = await jp_fetch("mlnb", "order", "check", method="POST", body=json.dumps({"path": "nb.ipynb"}))
    report = json.loads(reply.body)
    assert report["notebook"] == "nb.ipynb"
    assert [(f["code"], f["cell_id"], f["index"], f["severity"]) for f in report["findings"]] == [
        ("used_before_defined", "c0", 0, "error")
    ]


@pytest.mark.parametrize(
    ("path", "status", "code"), [("none.ipynb", 404, "not_found"), ("../x.ipynb", 400, "bad_input")]
)
async def test_bad_paths_are_4xx(jp_fetch, path, status, code):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("mlnb", "order", "check", method="POST", body=json.dumps({"path": path}))
    assert caught.value.code == status
    assert json.loads(caught.value.response.body)["code"] == code
