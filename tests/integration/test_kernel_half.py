"""The kernel half alone: a kernel in an environment that has mlnb and a few small wheels, and nothing of the rest."""

from __future__ import annotations

import ast
import json
import os
import sys

import pytest
from jupyter_client.manager import KernelManager

from tests import built

pytestmark = pytest.mark.kernel

SMALL = ("ipykernel", "cloudpickle", "xxhash", "blake3", "zstandard")
HEAVY = (
    "pandas", "numpy", "mlflow", "sqlalchemy", "alembic", "papermill", "nbformat", "nbclient", "jupyterlab", "jupyter_server",
    "docker", "dbos", "duckdb", "pyarrow", "pydantic", "fsspec", "click",
)  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """With the small wheels, and mlnb without what it depends on."""
    made = built.Environment(tmp_path_factory.mktemp("half") / "venv", sys.executable)
    made.install(*SMALL)
    made.install("--no-deps", built.wheel(tmp_path_factory.mktemp("dist"), sys.executable))
    return made


class Kernel:
    """A kernel of that environment, started by its own kernelspec, with no argument of ours."""

    def __init__(self, environment, monkeypatch):
        monkeypatch.setenv("JUPYTER_PATH", str(environment.folder / "share" / "jupyter"))
        for name in ("PYTHONPATH", "VIRTUAL_ENV"):
            monkeypatch.delenv(name, raising=False)
        self.manager = KernelManager(kernel_name="python3")
        self.manager.kernel_spec.argv[0] = str(environment.python)
        self.manager.start_kernel(env={**os.environ, "IPYTHONDIR": str(environment.folder / "ipython")})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def ask(self, expression, code=""):
        """Run `code`, then the value of `expression` there."""
        reply = self._reply(self.client.execute(code, user_expressions={"x": expression}))
        assert reply["status"] == "ok", reply
        answer = reply["user_expressions"]["x"]
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def door(self, name, **arguments):
        call = f"__import__('mlnb.kernel.door', fromlist=['call']).call({name!r}, {json.dumps(arguments)!r})"
        return json.loads(self.ask(call))["result"]

    def cell(self, cell_id, source):
        """Run `source` as JupyterLab runs the cell `cell_id`."""
        content = {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True,
        }  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self.client.shell_channel.send(message)
        assert self._reply(message["header"]["msg_id"])["status"] == "ok"

    def _reply(self, request):
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(environment, monkeypatch):
    kernel = Kernel(environment, monkeypatch)
    yield kernel
    kernel.close()


def test_it_loads_by_itself_where_nothing_heavy_is(kernel, environment):
    assert kernel.ask("__import__('sys').prefix") == str(environment.folder)
    there = f"[name for name in {HEAVY!r} if importlib.util.find_spec(name)]"
    assert kernel.ask(there, "import importlib.util") == []
    assert kernel.door("hello")["mlnb_version"]
    assert kernel.ask("mlnb.__version__", "import mlnb")


def test_order_is_told_with_its_reason(kernel):
    kernel.door(
        "order.sync",
        cells=[{"id": c, "cell_type": "code", "source": s} for c, s in (("a", "x = 1"), ("b", "y = x + 1"))],
    )
    kernel.cell("a", "x = 1")
    kernel.cell("b", "y = x + 1")
    assert {one["state"] for one in kernel.door("order.status")["cells"].values()} == {"fresh"}
    kernel.door(
        "order.sync",
        cells=[{"id": c, "cell_type": "code", "source": s} for c, s in (("a", "x = 2"), ("b", "y = x + 1"))],
    )
    kernel.cell("a", "x = 2")
    found = kernel.door("order.status")["cells"]
    assert (found["a"]["state"], found["b"]["state"]) == ("fresh", "stale")
    assert "`x`" in found["b"]["reasons"][0]
    assert kernel.door("order.plan")["cells"] == ["b"]


def test_variables_are_frozen_and_brought_back(kernel):
    snapshot = kernel.ask(
        "mlnb.snapshots.take('before').id", "import mlnb\nclass P:\n    n = 3\nx = [1]; y = {'x': x}; p = P()"
    )
    assert kernel.ask("sorted(r.not_restored)", f"del x, y, p\nr = mlnb.snapshots.restore({snapshot!r})") == []
    assert kernel.ask("y['x'] is x and p.n == 3 and x == [1]")
    assert snapshot in kernel.ask("[one.id for one in mlnb.snapshots.list()]")


def test_the_environment_is_captured(kernel):
    assert len(kernel.ask("mlnb.envs.take().env_id", "import mlnb")) == 64


@pytest.mark.parametrize(
    "call",
    ["mlnb.jobs.submit('n.ipynb')", "mlnb.jobs.list()", "mlnb.models.runs()", "mlnb.features.list()"],
)
def test_what_is_not_there_says_so_and_what_to_do(kernel, call):
    code = f"import mlnb\ntry:\n    {call}\n    said = None\nexcept Exception as error:\n    said = error"
    kind, message, hint = kernel.ask("type(said).__name__, str(said), getattr(said, 'hint', '')", code)
    assert kind == "NotInstalled", (kind, message)
    assert "only the kernel half" in message
    assert "pip install mlnb" in hint
