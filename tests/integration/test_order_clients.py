"""Order with clients that know nothing of mlnb: jupyter_client with no ids, nbclient, papermill with its own engine."""

from __future__ import annotations

import ast
import json
import os

import nbformat
import papermill
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.kernel


def write(path, *cells):
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    for cell_id, source, *tags in cells:
        notebook.cells.append(nbformat.v4.new_code_cell(source, id=cell_id, metadata={"tags": tags} if tags else {}))
    nbformat.write(notebook, path)
    return path


class Kernel:
    """A kernel with mlnb in it and a client that sends nothing but code."""

    def __init__(self, **environment):
        self.manager, self.client = start_new_kernel(
            extra_arguments=["--ext=mlnb"],
            env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        )

    def run(self, code):
        return self.client.execute_interactive(code, timeout=30, output_hook=lambda _message: None)["content"]

    def ask(self, name, **arguments):
        expression = f"__import__('mlnb.kernel.door', fromlist=['call']).call({name!r}, {json.dumps(arguments)!r})"
        reply = self.client.execute_interactive(
            "", silent=True, store_history=False, user_expressions={"mlnb": expression}, timeout=30, output_hook=print
        )
        return json.loads(ast.literal_eval(reply["content"]["user_expressions"]["mlnb"]["data"]["text/plain"]))[
            "result"
        ]

    def states(self):
        return {cell_id: cell["state"] for cell_id, cell in self.ask("order.status")["cells"].items()}


@pytest.fixture
def kernel():
    kernels = []

    def start(**environment):
        kernels.append(Kernel(**environment))
        return kernels[-1]

    yield start
    for one in kernels:
        one.client.stop_channels()
        one.manager.shutdown_kernel(now=True)


def test_a_console_on_the_kernel_of_a_notebook(kernel, tmp_path):
    path = write(tmp_path / "nb.ipynb", ("a", "x = 1"), ("b", "y = x"), ("c", "print(y)"))
    one = kernel(JPY_SESSION_NAME=path, MLNB_ORDER_MODE="block")
    refused = one.run("y = x")
    assert (refused["status"], refused["ename"]) == ("error", "CellRefused")
    assert "Run cell 1 first" in refused["evalue"]
    for code in ("x = 1", "y = x", "print(y)"):
        assert one.run(code)["status"] == "ok"
    assert set(one.states().values()) == {"fresh"}
    one.run("y = 77")  # no cell of the notebook
    assert one.states() == {"a": "fresh", "b": "stale", "c": "fresh"}
    write(path, ("a", "x = 2"), ("b", "y = x"), ("c", "print(y)"))
    assert one.states()["a"] == "edited"
    assert one.run("y = x")["ename"] == "CellRefused"


def test_linear_and_a_floor_of_the_project_in_a_kernel_that_no_server_started(kernel, tmp_path):
    (tmp_path / "mlnb.toml").write_text('[order]\nfloor = "linear"\n')
    path = write(tmp_path / "nb.ipynb", ("a", "x = 1"), ("b", "y = 1"), ("c", "z = 1"))
    one = kernel(JPY_SESSION_NAME=path, MLNB_ORDER_MODE="off", MLNB_ORDER_FLOOR="mark")
    assert one.ask("order.status")["floor"] == "linear"
    assert one.run("z = 1")["ename"] == "CellRefused"
    assert one.run("import mlnb; mlnb.order.set_mode('mark')")["ename"] == "BadInput"
    for code in ("x = 1", "y = 1", "z = 1"):
        assert one.run(code)["status"] == "ok"
    assert one.run("x = 1")["status"] == "ok"
    assert one.run("z = 1")["ename"] == "CellRefused"  # cell 2 ran before cell 1 ran again


def execute(path, **environment):
    notebook = nbformat.read(path, 4)
    client = NotebookClient(notebook, kernel_name="python3", extra_arguments=["--ext=mlnb"], timeout=60)
    client.execute(env={**os.environ, **{name: str(value) for name, value in environment.items()}})
    return notebook


REPORT = "import json, mlnb\nprint(json.dumps({i: s.state for i, s in mlnb.order.status().items()}))"


@pytest.mark.parametrize("mode", ["warn", "reactive", "block", "linear"])
def test_nbclient_runs_a_notebook_in_every_mode(tmp_path, mode):
    path = write(
        tmp_path / "nb.ipynb", ("a", "x = 1"), ("b", "x += 1"), ("c", "x += 1"), ("d", "x += 1"), ("r", REPORT)
    )
    done = execute(path, JPY_SESSION_NAME=path, MLNB_ORDER_MODE=mode)
    states = json.loads(done.cells[-1].outputs[0].text)
    assert states == {"a": "fresh", "b": "fresh", "c": "fresh", "d": "fresh", "r": "never_run"}


def test_nbclient_without_a_document_runs_everything(tmp_path):
    path = write(tmp_path / "nb.ipynb", ("a", "x = 1"), ("r", REPORT))
    done = execute(path, MLNB_ORDER_MODE="linear", JPY_SESSION_NAME="")
    assert json.loads(done.cells[-1].outputs[0].text) == {}


@pytest.mark.parametrize("mode", ["block", "linear"])
def test_nbclient_with_another_order_than_the_notebooks_is_refused(tmp_path, mode):
    saved = write(tmp_path / "nb.ipynb", ("a", "x = 1"), ("b", "y = x"))
    swapped = write(tmp_path / "swapped.ipynb", ("b", "y = x"), ("a", "x = 1"))
    with pytest.raises(CellExecutionError, match="CellRefused"):
        execute(swapped, JPY_SESSION_NAME=saved, MLNB_ORDER_MODE=mode)


def test_tags_mean_the_same_in_nbclient(tmp_path):
    path = write(
        tmp_path / "nb.ipynb", ("a", "x = 1"), ("b", "x = 2 +", "skip"), ("c", "x = 3", "frozen"), ("d", "print(x)")
    )
    done = execute(path, JPY_SESSION_NAME=path)
    assert done.cells[1].outputs == []
    assert done.cells[2].outputs[0].text.startswith("Frozen")
    assert done.cells[3].outputs[0].text == "1\n"


def test_papermill_with_its_own_engine(tmp_path, monkeypatch):
    path = write(tmp_path / "nb.ipynb", ("p", "n = 1", "parameters"), ("a", "m = n"), ("b", "k = 5"), ("r", REPORT))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    monkeypatch.setenv("MLNB_ORDER_MODE", "mark")
    papermill.execute_notebook(path, tmp_path / "out.ipynb", progress_bar=False)
    states = json.loads(nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].outputs[0].text)
    assert states == {"p": "fresh", "a": "fresh", "b": "fresh", "r": "never_run"}
    papermill.execute_notebook(path, tmp_path / "out.ipynb", {"n": 7}, progress_bar=False)
    states = json.loads(nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].outputs[0].text)
    assert states == {"p": "fresh", "injected-parameters": "fresh", "a": "fresh", "b": "fresh", "r": "never_run"}


@pytest.mark.parametrize("mode", ["block", "linear", "reactive"])
@pytest.mark.parametrize("kind", ["parameters", "none", "again"])
def test_papermill_with_its_own_engine_and_parameters_in_every_mode(tmp_path, monkeypatch, mode, kind):
    cells = [("p", "n = 1", "parameters")] if kind != "none" else []
    cells += [("i", "# Parameters\nn = 3\n", "injected-parameters")] if kind == "again" else []
    path = write(tmp_path / "nb.ipynb", *cells, ("a", "m = n"), ("b", "print(m)"), ("r", REPORT))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    monkeypatch.setenv("MLNB_ORDER_MODE", mode)
    papermill.execute_notebook(path, tmp_path / "out.ipynb", {"n": 7}, progress_bar=False)
    done = nbformat.read(tmp_path / "out.ipynb", 4)
    assert done.cells[-2].outputs[0].text == "7\n"
    states = json.loads(done.cells[-1].outputs[0].text)
    assert len(states) == len(done.cells)
    assert {state for cell_id, state in states.items() if cell_id != "r"} == {"fresh"}


def test_code_that_is_not_papermills_is_no_cell_there(kernel, tmp_path):
    path = write(tmp_path / "nb.ipynb", ("p", "n = 1", "parameters"), ("a", "m = n"), ("b", "k = 1"))
    one = kernel(JPY_SESSION_NAME=path)
    one.run("n = 1")
    one.run("n = 2")
    assert one.states() == {"p": "stale", "a": "never_run", "b": "never_run"}
    one.run("n = 1")
    one.run("m = n")
    one.run("# Parameters\nn = 5")  # too late
    assert one.states() == {"p": "stale", "a": "fresh", "b": "never_run"}


def test_a_notebook_started_by_a_notebook_is_not_taken_for_it(tmp_path):
    inner = write(tmp_path / "inner.ipynb", ("a", "x = 1"), ("r", REPORT))
    code = f"""
import papermill
done = papermill.execute_notebook({str(inner)!r}, None, progress_bar=False)
print(done.cells[-1].outputs[0].text)
"""
    outer = write(tmp_path / "outer.ipynb", ("y", "y = 1"), ("a", "x = 1"), ("run", code), ("r", REPORT))
    done = execute(outer, JPY_SESSION_NAME=outer, MLNB_ORDER_MODE="linear")
    assert json.loads(done.cells[2].outputs[-1].text) == {}
    assert json.loads(done.cells[3].outputs[0].text)["a"] == "fresh"
