"""What libraries ask Jupyter for their own notes makes no cell one that cannot be told."""

from __future__ import annotations

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
