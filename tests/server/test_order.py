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


async def test_fix_tells_what_would_change_and_then_does_it(jp_fetch, jp_root_dir):
    _write(jp_root_dir, "print(os.sep)", "import os")
    before = (jp_root_dir / "nb.ipynb").read_bytes()

    async def fix(**body):
        reply = await jp_fetch("mlnb", "order", "fix", method="POST", body=json.dumps({"path": "nb.ipynb", **body}))
        return json.loads(reply.body)

    shown = await fix(write=False)
    assert (shown["is_written"], shown["notebook"], len(shown["fixes"])) == (False, "nb.ipynb", 1)
    assert (jp_root_dir / "nb.ipynb").read_bytes() == before
    done = await fix()
    assert (done["is_written"], done["diff"], done["findings"]) == (True, shown["diff"], [])
    assert (await fix())["fixes"] == []


async def test_a_notebook_without_certificates(jp_fetch, jp_root_dir):
    _write(jp_root_dir, "print(1)")
    reply = await jp_fetch("mlnb", "order", "certificates", params={"path": "nb.ipynb"})
    assert json.loads(reply.body) == {"notebook": "nb.ipynb", "certificates": []}
    body = json.dumps({"path": "nb.ipynb", "parameters": {"n": 1}})
    found = json.loads((await jp_fetch("mlnb", "order", "certification", method="POST", body=body)).body)
    assert (found["is_certified"], found["certificate"]) == (False, None)
    assert found["way_out"].endswith("-p n=1")
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("mlnb", "order", "certificates", "cert-none")
    assert caught.value.code == 404


async def _policy(jp_fetch, path="team/nb.ipynb"):
    return json.loads((await jp_fetch("mlnb", "order", "policy", params={"path": path})).body)


async def test_the_policy_of_a_notebook_is_that_of_its_project(jp_fetch, jp_root_dir):
    assert await _policy(jp_fetch) == {"mode": "mark", "floor": None}  # neither file nor folder has to be there
    (jp_root_dir / "team").mkdir()
    (jp_root_dir / "team" / "mlnb.toml").write_text('[order]\nmode = "warn"\nfloor = "linear"\n')
    assert await _policy(jp_fetch) == {"mode": "warn", "floor": "linear"}
    assert await _policy(jp_fetch, "nb.ipynb") == {"mode": "mark", "floor": None}


async def test_a_floor_in_a_projects_file_can_only_be_raised(jp_fetch, jp_root_dir, monkeypatch):
    (jp_root_dir / "team").mkdir()
    (jp_root_dir / "team" / "mlnb.toml").write_text('[order]\nfloor = "block"\n')
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "mark")
    assert (await _policy(jp_fetch))["floor"] == "block"
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "linear")
    assert (await _policy(jp_fetch))["floor"] == "linear"


async def test_a_policy_that_cannot_be_read_is_told(jp_fetch, jp_root_dir):
    (jp_root_dir / "team").mkdir()
    (jp_root_dir / "team" / "mlnb.toml").write_text('[order]\nfloor = "strict"\n')
    with pytest.raises(HTTPClientError) as caught:
        await _policy(jp_fetch)
    assert caught.value.code == 400
    with pytest.raises(HTTPClientError) as caught:
        await _policy(jp_fetch, "../nb.ipynb")
    assert caught.value.code == 400
