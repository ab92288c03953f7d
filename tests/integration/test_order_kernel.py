"""Order in a real ipykernel: loaded, asked through the door and the comm, refusing, and verified by a fresh run."""

from __future__ import annotations

import ast
import json

import nbformat
import pytest
from click.testing import CliRunner
from jupyter_client.manager import start_new_kernel

from mlnb.cli.main import root
from mlnb.core.home import home
from mlnb.kernel import registry

pytestmark = pytest.mark.kernel


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(extra_arguments=["--ext=mlnb"])
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def door(client, name, **arguments):
    expression = f"__import__('mlnb.kernel.door', fromlist=['call']).call({name!r}, {json.dumps(arguments)!r})"
    asked = client.execute("", silent=True, store_history=False, user_expressions={"mlnb": expression})
    reply = reply_to(client, asked)["user_expressions"]["mlnb"]
    return json.loads(ast.literal_eval(reply["data"]["text/plain"]))


def run(client, code, cell_id=None):
    message = client.session.msg("execute_request", {
        "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True,
    }, metadata={"cellId": cell_id} if cell_id else {})  # fmt: skip
    client.shell_channel.send(message)
    return reply_to(client, message["header"]["msg_id"])


def reply_to(client, asked):
    while True:
        reply = client.get_shell_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == asked:
            return reply["content"]


def test_a_session_through_the_door(kernel):
    cells = [
        {"id": "a", "cell_type": "code", "source": "x = 1"},
        {"id": "b", "cell_type": "code", "source": "print(x)"},
    ]
    assert door(kernel, "order.sync", cells=cells)["result"]["summary"]["never_run"] == 2
    assert run(kernel, "x = 1", "a")["status"] == "ok"
    assert run(kernel, "print(x)", "b")["status"] == "ok"
    states = door(kernel, "order.status")["result"]["cells"]
    assert {i: s["state"] for i, s in states.items()} == {"a": "fresh", "b": "fresh"}
    assert run(kernel, "x = 2")["status"] == "ok"  # no cell of the document
    states = door(kernel, "order.status")["result"]["cells"]
    assert states["a"] == {
        "state": "stale",
        "reasons": ["`x` was changed by code that is not a cell of this notebook after this cell set it"],
        "vouched": False,
        "kept": "",
    }
    assert door(kernel, "order.plan")["result"] == {"cells": ["a"], "restart": ""}


def test_block_refuses_in_every_front_end(kernel):
    door(kernel, "order.sync", cells=[{"id": "a", "source": "x = 1"}, {"id": "b", "source": "y = x"}])
    door(kernel, "order.set_mode", mode="block")
    reply = run(kernel, "y = x", "b")
    assert (reply["status"], reply["ename"]) == ("error", "CellRefused")
    assert "Run cell 1 first" in reply["evalue"]
    assert reply["traceback"] == [f"CellRefused: {reply['evalue']}"]


def test_the_comm_answers_and_tells(kernel):
    def send(kind, content):
        kernel.shell_channel.send(kernel.session.msg(kind, content))

    def heard():
        while True:
            message = kernel.get_iopub_msg(timeout=30)
            if message["msg_type"] == "comm_msg":
                return message["content"]["data"]

    send("comm_open", {"comm_id": "c1", "target_name": "mlnb", "data": {}})
    assert heard() == {"event": "ready"}
    send("comm_msg", {"comm_id": "c1", "data": {"id": 7, "call": "order.status", "arguments": {}}})
    answer = heard()
    assert (answer["id"], answer["result"]["cells"], answer["result"]["mode"]) == (7, {}, "mark")
    run(kernel, "1")
    assert heard() == {"event": "order_changed"}
    for number, data in enumerate(
        (None, "text", {}, {"call": "order.ask", "arguments": 5}, {"call": "order.vouch", "arguments": {}})
    ):
        send("comm_msg", {"comm_id": "c1", "data": data})
        if isinstance(data, dict):
            assert heard()["error"]["code"] in ("not_found", "bad_input"), number
    send("comm_msg", {"comm_id": "c1", "data": {"id": 8, "call": "order.ask", "arguments": {"cell_ids": ["a"]}}})
    assert heard()["result"] == {"decision": "run", "message": "", "stale_inputs": [], "plan": []}


def test_the_comm_answers_while_a_cell_runs(kernel, tmp_path):
    """JupyterLab talks to comms through a subshell, which is another thread of the kernel."""

    def send(kind, content):
        message = kernel.session.msg(kind, content)
        message["header"]["subshell_id"] = subshell
        kernel.shell_channel.send(message)

    def heard(number):
        while True:
            message = kernel.get_iopub_msg(timeout=30)
            if message["msg_type"] == "comm_msg" and message["content"]["data"].get("id") == number:
                return message["content"]["data"]["result"]

    asking = kernel.session.msg("create_subshell_request", {})
    kernel.control_channel.send(asking)
    subshell = kernel.get_control_msg(timeout=30)["content"]["subshell_id"]
    flag = tmp_path / "asked"
    slow = f"import os, time\nx = 1\nwhile not os.path.exists({str(flag)!r}):\n    time.sleep(0.01)"
    cells = [{"id": "a", "source": slow}, {"id": "b", "source": "y = x"}]
    door(kernel, "order.sync", cells=cells)
    send("comm_open", {"comm_id": "c1", "target_name": "mlnb", "data": {}})
    message = kernel.session.msg(
        "execute_request",
        {"code": slow, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False},
        metadata={"cellId": "a"},
    )
    kernel.shell_channel.send(message)
    send(
        "comm_msg",
        {"comm_id": "c1", "data": {"id": 1, "call": "order.sync", "arguments": {"cells": cells, "mode": "block"}}},
    )
    assert heard(1)["cells"]["a"]["state"] in ("never_run", "stale")
    send("comm_msg", {"comm_id": "c1", "data": {"id": 2, "call": "order.ask", "arguments": {"cell_ids": ["b"]}}})
    assert heard(2)["decision"] == "run"  # once the running cell has ended
    flag.touch()
    assert reply_to(kernel, message["header"]["msg_id"])["status"] == "ok"
    run(kernel, "y = x", "b")
    states = door(kernel, "order.status")["result"]["cells"]
    assert states["b"]["state"] == "fresh"


def test_the_kernel_is_listed_while_it_lives(kernel):
    hello = door(kernel, "hello")["result"]
    assert [live.pid for live in registry.live_kernels()] == [hello["pid"]]


def write(path, *cells):
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    for source, text in cells:
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
        notebook.cells.append(nbformat.v4.new_code_cell(source, outputs=outputs))
    nbformat.write(notebook, path)
    return path


def test_verify_from_the_command_line(tmp_path):
    same = write(tmp_path / "same.ipynb", ("x = 1", ""), ("print(x)", "1\n"))
    done = CliRunner().invoke(root, ["verify", str(same), "--json"], standalone_mode=False)
    found = json.loads(done.stdout)
    assert (done.return_value, found["verdict"]) == (0, "identical")
    other = write(tmp_path / "other.ipynb", ("print(2)", "1\n"), ("1 / 0", ""), ("print(3)", ""))
    before = other.read_bytes()
    done = CliRunner().invoke(root, ["verify", str(other), "--json"], standalone_mode=False)
    assert [cell["verdict"] for cell in json.loads(done.stdout)["cells"]] == ["different", "failed", "not_run"]
    assert done.return_value == 1
    assert other.read_bytes() == before


def test_verify_leaves_no_run_and_no_snapshot(tmp_path, monkeypatch):
    monkeypatch.setenv("MLNB_SNAPSHOTS_AUTO", "each_run")
    code = "from mlnb.kernel.runs import SpoolRun\nSpoolRun.start('mine', {}, {}, 'Default').end('FINISHED')"
    path = write(tmp_path / "nb.ipynb", (code, ""))
    before = home_files()
    done = CliRunner().invoke(root, ["verify", str(path), "--json"], standalone_mode=False)
    assert json.loads(done.stdout)["verdict"] == "identical"
    left = {name.split("/")[0] for name in home_files() - before}
    assert not left & {"spool", "snapshots", "blobs", "mlflow"}, left


def home_files():
    return {str(file.relative_to(home())) for file in home().rglob("*") if file.is_file()}


def test_check_from_the_command_line(tmp_path):
    path = write(tmp_path / "nb.ipynb", ("print(x)", ""), ("x = 1", ""))
    done = CliRunner().invoke(root, ["check", str(path), "--json"], standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)["findings"]) == (3, 1)
    done = CliRunner().invoke(root, ["check", str(path), "--format", "sarif"], standalone_mode=False)
    assert json.loads(done.stdout)["runs"][0]["results"][0]["ruleId"] == "used_before_defined"


ASKS = """
import mlnb
a = {path!r}
print(mlnb.order.fix(a).is_written, [f.code for f in mlnb.order.check(a).findings])
print(mlnb.order.certification(a, {{"n": 2}}).reason)
found = mlnb.order.verify(a, {{"n": 2}})
print(found.verdict, mlnb.order.certification(a, {{"n": 2}}).is_certified, len(mlnb.order.certificates(a).certificates))
"""
TOLD = ["nb.ipynb has no certificate", "identical True 1"]


def saved(path):
    cells = [nbformat.v4.new_code_cell("n = 1", id="a", metadata={"tags": ["parameters"]})]
    cells.append(nbformat.v4.new_code_cell("print(n)", id="b"))
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)


def test_everything_about_saved_notebooks_from_python(kernel, tmp_path, capsys):
    saved(tmp_path / "nb.ipynb")
    asks = ASKS.format(path=str(tmp_path / "nb.ipynb"))
    output = []
    kernel.execute_interactive(
        asks, timeout=120, output_hook=lambda message: output.append(message["content"].get("text", ""))
    )
    inside = "".join(output).splitlines()
    assert inside[1:] == TOLD
    exec(asks.replace('{"n": 2}', '{"n": 3}'), {})  # the same in a script, where mlnb runs in this process
    outside = capsys.readouterr().out.splitlines()
    assert outside[0] == inside[0]
    assert "it was verified with other parameters" in outside[1]
    assert outside[2] == "identical True 2"
