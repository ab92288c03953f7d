"""Values changed in a real kernel while no cell runs: by a widget, a silent request, a task, a comm; and who is told."""

from __future__ import annotations

import json
import time

import pytest
from jupyter_client.manager import start_new_kernel

from tests.integration.test_order_kernel import door, reply_to, run

pytestmark = pytest.mark.kernel

WIDGET = """import ipywidgets
seen = []
slider = ipywidgets.IntSlider()
slider.observe(lambda change: seen.append(change['new']), 'value')"""
CELLS = ["data = [1]", WIDGET, "print(len(data), len(seen))", "alone = {'a': 1}"]


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(extra_arguments=["--ext=mlnb"])
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def begin(client, *sources):
    cells = [{"id": f"c{i}", "cell_type": "code", "source": source} for i, source in enumerate(sources, 1)]
    door(client, "order.sync", cells=cells)
    for cell in cells:
        assert run(client, cell["source"], cell["id"])["status"] == "ok"


def states(client):
    return {name: one["state"] for name, one in door(client, "order.status")["result"]["cells"].items()}


def send(client, kind, content):
    client.shell_channel.send(client.session.msg(kind, content))


def idle(client):
    client.kernel_info()
    while client.get_shell_msg(timeout=30)["msg_type"] != "kernel_info_reply":
        pass


def test_a_widget_whose_callback_changes_a_value(kernel):
    pytest.importorskip("ipywidgets")
    begin(kernel, *CELLS)
    assert set(states(kernel).values()) == {"fresh"}
    expression = kernel.execute("", silent=True, user_expressions={"id": "slider.comm.comm_id"})
    comm_id = eval(reply_to(kernel, expression)["user_expressions"]["id"]["data"]["text/plain"])
    update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    send(kernel, "comm_msg", {"comm_id": comm_id, "data": update})
    idle(kernel)
    found = states(kernel)
    assert (found["c1"], found["c2"], found["c4"]) == ("fresh", "stale", "fresh")
    assert run(kernel, CELLS[2], "c3")["status"] == "ok"
    assert states(kernel)["c3"] == "stale"


def test_a_comm_of_the_users_own_that_opens(kernel):
    target = "def opened(comm, message):\n    data.append(2)\nget_ipython().kernel.comm_manager.register_target('mine', opened)"
    begin(kernel, "data = [1]", target, "print(data)")
    assert states(kernel)["c1"] == "fresh"
    send(kernel, "comm_open", {"comm_id": "c", "target_name": "mine", "data": {}})
    idle(kernel)
    assert states(kernel)["c1"] == "stale"


def test_a_silent_request(kernel):
    begin(kernel, *CELLS[:1], CELLS[3])
    reply_to(kernel, kernel.execute("alone['b'] = 2", silent=True))
    assert states(kernel) == {"c1": "fresh", "c2": "stale"}


def test_a_task_that_goes_on_after_its_cell(kernel):
    work = "async def work():\n    while True:\n        data.append(1)\n        await asyncio.sleep(0.01)"
    task = f"import asyncio\n{work}\nt = asyncio.ensure_future(work())"
    begin(kernel, "data = [1]", task)
    end = time.monotonic() + 30
    while states(kernel)["c1"] == "fresh":
        assert time.monotonic() < end


def test_the_kernel_alone_is_never_at_work(kernel):
    begin(kernel, *CELLS[:1])
    expression = "get_ipython()._mlnb_loaded.between._is_at_work()"
    for _ in range(3):
        asked = kernel.execute("", silent=True, user_expressions={"x": expression})
        assert reply_to(kernel, asked)["user_expressions"]["x"]["data"]["text/plain"] == "False"


def test_the_front_end_is_told_a_moment_later(kernel):
    begin(kernel, *CELLS[:1])
    send(kernel, "comm_open", {"comm_id": "ours", "target_name": "mlnb", "data": {}})
    idle(kernel)
    reply_to(kernel, kernel.execute("data.append(2)", silent=True))
    end = time.monotonic() + 30
    while True:
        message = kernel.get_iopub_msg(timeout=max(0.1, end - time.monotonic()))
        if message["msg_type"] == "comm_msg" and message["content"]["data"] == {"event": "order_changed"}:
            break
    send(kernel, "comm_msg", {"comm_id": "ours", "data": {"id": 1, "call": "order.status", "arguments": {}}})
    while True:
        message = kernel.get_iopub_msg(timeout=30)
        data = message["content"].get("data", {}) if message["msg_type"] == "comm_msg" else {}
        if data.get("id") == 1:
            break
    assert json.loads(json.dumps(data))["result"]["cells"]["c1"]["state"] == "stale"
