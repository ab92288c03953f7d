"""Runs and models over REST."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

from mlnb.kernel.runs import SpoolRun


async def test_runs_are_delivered_when_they_are_asked_for(jp_fetch):
    empty = json.loads((await jp_fetch("mlnb", "runs")).body)
    assert empty == {"runs": [], "total": 0, "cursor": None}
    first = SpoolRun.start("first", {"password": "hunter22", "seed": 1}, {"mlnb.snapshot": "snap-1"})
    first.log_metrics({"auc": 0.5})
    first.end()
    second = SpoolRun.start("second")
    second.log_metrics({"auc": 0.75})
    page = json.loads((await jp_fetch("mlnb", "runs", params={"order_by": "auc", "limit": 1})).body)
    assert (page["total"], [run["name"] for run in page["runs"]]) == (2, ["second"])
    rest = json.loads(
        (await jp_fetch("mlnb", "runs", params={"order_by": "auc", "limit": 1, "cursor": page["cursor"]})).body
    )
    assert [run["name"] for run in rest["runs"]] == ["first"]
    run = json.loads((await jp_fetch("mlnb", "runs", first.run_id)).body)
    assert (run["snapshot_id"], run["status"], run["params"]) == (
        "snap-1",
        "FINISHED",
        {"password": "••••••", "seed": "1"},
    )
    compared = json.loads((await jp_fetch("mlnb", "runs", first.run_id, "compare", second.run_id)).body)
    assert compared["metrics"] == [{"name": "auc", "a": 0.5, "b": 0.75}]
    assert json.loads((await jp_fetch("mlnb", "models")).body)["total"] == 0
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("mlnb", "runs", first.run_id, "register", method="POST", body='{"name": "m"}')
    assert refused.value.code == 409
    assert json.loads(refused.value.response.body)["code"] == "no_model_logged"
    for path in (("runs", "nothing"), ("models", "nothing")):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch("mlnb", *path)
        assert refused.value.code == 404
