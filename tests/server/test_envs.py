"""REST of environments."""

import dataclasses
import json
import os
import sys

import pytest
from tornado.httpclient import HTTPClientError

from mlnb.envs import kept
from mlnb.envs.capture import capture, to_json


async def test_the_servers_own_environment_is_answered_when_no_kernel_is_live(jp_fetch):
    answer = json.loads((await jp_fetch("mlnb", "environment", params={"notebook": "a.ipynb"})).body)
    assert answer["kernel"] is False
    assert answer["python"] == sys.executable
    names = [one["name"] for one in answer["environment"]["distributions"]]
    assert "pandas" in names
    assert names == sorted(names)


async def test_a_notebook_outside_the_root_is_refused(jp_fetch):
    with pytest.raises(HTTPClientError) as raised:
        await jp_fetch("mlnb", "environment", params={"notebook": "../../etc/passwd"})
    assert raised.value.code == 400


async def test_a_live_kernels_interpreter_is_captured(jp_fetch, jp_root_dir, mlnb_home):
    connection = mlnb_home / "connection.json"
    connection.write_text("{}")
    kernel = {
        "pid": os.getpid(), "connection_file": str(connection), "notebook": str(jp_root_dir / "a.ipynb"), "python": sys.executable,
        "started_at": "2026-01-01T00:00:00.000000Z", "mlnb_version": "0.1.0",
    }  # fmt: skip
    (mlnb_home / "kernels").mkdir()
    (mlnb_home / "kernels" / f"{os.getpid()}.json").write_text(json.dumps(kernel))
    answer = json.loads((await jp_fetch("mlnb", "environment", params={"notebook": "a.ipynb"})).body)
    assert answer["kernel"] is True
    assert answer["python"] == sys.executable


async def test_how_the_environment_of_a_notebook_stands(jp_fetch, jp_root_dir):
    (jp_root_dir / "a.ipynb").write_text("{}")
    answer = json.loads((await jp_fetch("mlnb", "environment", "status", params={"notebook": "a.ipynb"})).body)
    assert (answer["lock"], answer["lock_path"], answer["last_job"], answer["findings"]) == ("unlocked", None, None, [])
    assert (answer["has_drifted"], answer["refuses"], answer["kernel"]) == (False, False, False)
    (jp_root_dir / "mlnb.toml").write_text("[envs]\nstrict_drift = true\n")
    answer = json.loads((await jp_fetch("mlnb", "environment", "status", params={"notebook": "a.ipynb"})).body)
    assert answer["refuses"] is True


async def test_captures_are_compared_with_each_other_and_with_now(jp_fetch, jp_root_dir):
    now = capture()
    rest = tuple(one for one in now.distributions if one.name != "pytest")
    (jp_root_dir / "then.json").write_text(to_json(dataclasses.replace(now, distributions=rest)))
    kept.keep(now)
    for params in ({"before": "then.json"}, {"before": "then.json", "after": now.env_id[:12]}):
        answer = json.loads((await jp_fetch("mlnb", "environment", "diff", params=params)).body)
        (found,) = [one for one in answer["differences"] if one["kind"] == "package"]
        assert (found["name"], found["change"], found["severity"], found["fix"]) == (
            "pytest",
            "added",
            "amber",
            "restore",
        )


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("none", 404),
        ("job-none", 404),
        ("snap-none", 404),
        ("../../etc/passwd", 400),
        ("", 404),
        (sys.executable, 404),
    ],
)
async def test_what_cannot_be_compared_is_named_and_nothing_is_run(jp_fetch, jp_root_dir, before, code):
    with pytest.raises(HTTPClientError) as raised:
        await jp_fetch("mlnb", "environment", "diff", params={"before": before})
    assert raised.value.code == code
    assert json.loads(raised.value.response.body)["hint"]
