"""REST of environments."""

import json
import os
import sys

import pytest
from tornado.httpclient import HTTPClientError


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
