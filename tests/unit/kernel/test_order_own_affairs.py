"""What is no data of a cell: what libraries ask Jupyter for their own notes, what docstrings tell, what Jupyter saves."""

from __future__ import annotations

import sqlite3
import sys
import types

import pytest

ASKS = "import socket\ndef tags():\n    return len(socket.getaddrinfo('127.0.0.1', 80)) > 0\n"


@pytest.fixture
def library(monkeypatch):
    """A library of this name whose function asks for an address."""

    def made(name):
        module = types.ModuleType(name)
        exec(ASKS, vars(module))
        monkeypatch.setitem(sys.modules, name, module)

    return made


@pytest.mark.parametrize(
    ("name", "state"), [("mlflow.tracking.context.jupyter_notebook_context", "fresh"), ("some_client", "unknown")]
)
def test_mlflow_asks_jupyter_which_notebook_this_is(notebook, library, name, state):
    library(name)
    nb = notebook("import sys", f"sys.modules['{name}'].tags()")
    nb.run()
    assert nb.states()["c2"] == state


EXPORT = """
def table():
    \"\"\"Rows, as in notes.txt: `n` and such.\"\"\"
    return [1, 2]


def export(frame):
    \"\"\"Written beside `notes.txt`.\"\"\"
    frame.to_parquet("rows.parquet")
"""


@pytest.mark.parametrize("where", ["in a module", "in a cell"])
def test_what_a_docstring_mentions_is_not_read(notebook, tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "notes.txt").write_text("one")
    (tmp_path / "told.py").write_text(EXPORT)
    define = "from told import export, table" if where == "in a module" else EXPORT
    nb = notebook(define, "rows = table()\nkeep = export", "print(rows)")
    nb.run()
    (tmp_path / "notes.txt").write_text("two")
    monkeypatch.delitem(sys.modules, "told", raising=False)
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "fresh"}


def test_a_file_that_code_names_past_the_doors_is_read(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.parquet").write_text("one")
    nb = notebook("def export(frame):\n    frame.to_parquet('rows.parquet')", "keep = export")
    nb.run()
    (tmp_path / "rows.parquet").write_text("two")
    assert nb.states()["c2"] == "stale"


@pytest.mark.parametrize(("saved", "kinds"), [("self", {"name"}), ("other", {"name", "file"})])
def test_a_notebook_saved_while_a_cell_runs_was_not_written_by_it(notebook, tmp_path, monkeypatch, saved, kinds):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "self.ipynb"))
    (tmp_path / f"{saved}.ipynb").write_text("{}")
    saves = f"import subprocess\nsubprocess.run('echo 1 > ' + '{saved}' + '.ip' + 'ynb', shell=True)\nx = 1"
    nb = notebook(saves, f"print(x, open('{saved}.ipynb').read())")
    nb.run()
    assert {edge.kind for edge in nb.order.graph().edges} == kinds


def test_what_differs_from_run_to_run_is_named(notebook, library):
    library("some_counter")
    sys.modules["some_counter"].marks = list(range(9))
    nb = notebook("import sys", "marks = sys.modules['some_counter'].marks\nmodel = {'made': marks.pop()}\ndel marks")
    nb.run()
    nb.run("c2")
    assert nb.states()["c2"] == "unknown"
    assert "different results in `model` from the same inputs" in nb.reasons("c2")


def test_ipythons_history_that_is_written_while_a_cell_runs_is_not_read_by_it(notebook, tmp_path, monkeypatch):
    nb = notebook("x = 1", "y = x")
    path = tmp_path / "history.sqlite"
    monkeypatch.setattr(nb.shell.history_manager, "hist_file", str(path))

    def saved(name):
        connection = sqlite3.connect(name)
        connection.execute("create table if not exists history (line)")
        connection.execute("insert into history values (1)")
        connection.commit()
        connection.close()

    class Thread:  # stands for IPython's thread, which opens the file when it likes: here after the cell was looked at
        def visit(self, tree):
            sqlite3.connect(path).close()
            return tree

    saved(path)
    nb.shell.ast_transformers.append(Thread())
    nb.run()
    nb.shell.ast_transformers.pop()
    saved(path)
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


def test_what_the_kernel_puts_among_the_builtins_for_each_request_is_not_looked_through(notebook, monkeypatch):
    """ipykernel's ``input`` is another bound method each time, of an object that leads to all of the kernel."""
    import builtins

    def raw_input(self, prompt=""):
        return prompt

    raw_input.__module__ = "ipykernel.kernelbase"
    kernel = types.SimpleNamespace(state=[1, 2, 3])
    nb = notebook("x = 1", "y = x")
    for _ in range(3):
        monkeypatch.setattr(builtins, "input", types.MethodType(raw_input, kernel))
        kernel.state.append(0)
        nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}
    assert "input" not in nb.order._runs.tracker.names.prints
    monkeypatch.setattr(builtins, "input", lambda prompt="": "theirs")  # the user's own counts
    nb.run()
    assert "input" in nb.order._runs.tracker.names.prints
