"""A snapshot of a live kernel, taken and restored from outside: command line, registry, door, files, index."""

from __future__ import annotations

import json
import os

import nbformat
import pytest
from click.testing import CliRunner
from jupyter_client.manager import start_new_kernel

from mlnb.cli.main import root
from mlnb.core.wire import from_wire
from mlnb.snapshots.errors import KernelBusy
from mlnb.snapshots.types import Snapshot

pytestmark = pytest.mark.kernel


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "live.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = [1]")]), path)
    return path


@pytest.fixture
def client(document):
    environment = {**os.environ, "JPY_SESSION_NAME": str(document)}
    manager, client = start_new_kernel(extra_arguments=["--ext=mlnb"], env=environment)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    reply = client.execute_interactive(code, timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def cli(*arguments):
    done = CliRunner().invoke(root, ["snapshot", *map(str, arguments), "--json"], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return json.loads(done.output)


def test_a_live_kernel_is_frozen_and_brought_back_from_outside(client, document):
    run(client, "import numpy as np; x = [1]; a = np.arange(5); v = a[1:3]; import socket; s = socket.socket()")
    taken = cli("take", document, "--reason", "live")
    assert taken["part"] == "kernel_and_document"
    assert taken["variables"]["a"]["state"] == "saved"
    assert taken["variables"]["s"]["state"] == "not_restorable"
    assert from_wire(Snapshot, taken).cell_runs == 1
    run(client, "x.append(2); del a; v[:] = 9; new = 1")
    done = cli("restore", taken["id"])
    assert set(done["not_restored"]) == {"s"}
    assert done["removed"] == ["new"]
    run(client, "assert x == [1] and v.tolist() == [1, 2] and np.shares_memory(a, v) and 'new' not in globals()")
    run(client, "import mlnb; mlnb.snapshots.flush(); assert len(mlnb.snapshots.list()) == 2")
    assert cli("list", document)["total"] == 2
    assert cli("verify")["is_ok"]


def test_a_kernel_that_runs_a_cell_is_waited_for_only_so_long(client, document):
    from mlnb.core import current

    gate = document.with_name("gate")
    client.execute(f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)")
    try:
        with pytest.raises(KernelBusy, match="did not answer"):
            current.service("snapshots").take(document, timeout_s=0.5)
    finally:
        gate.touch()
    assert current.service("snapshots").take(document).part == "kernel_and_document"
