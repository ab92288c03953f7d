"""A bare shell with snapshots in it, as in a kernel but in this process."""

from __future__ import annotations

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mlnb.kernel.snapshots import KernelSnapshots


class Notebook:
    """A shell, its snapshots, and what they logged."""

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell(config=config)
        self.shell.showtraceback = lambda *args, **given: None
        self.log = []
        self.linked = []
        self.snapshots = KernelSnapshots(
            self.shell, lambda: "env-1", link=self.linked.append, log=self.log.append, notebook=lambda: None
        )

    def run(self, source, *, fails=False):
        result = self.shell.run_cell(source, store_history=True)
        assert result.success is not fails, result
        return result

    def ask(self, expression):
        return eval(expression, self.shell.user_ns)

    def __getitem__(self, name):
        return self.shell.user_ns[name]

    def __setitem__(self, name, value):
        self.shell.user_ns[name] = value

    def __contains__(self, name):
        return name in self.shell.user_ns


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working folder outside every repository: a snapshot keeps the diff to the commit."""
    place = tmp_path / "working"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def new_notebook():
    """Makes notebooks; each is ``__main__`` from when it is made, as in a kernel."""
    main = sys.modules["__main__"]
    made = []

    def make():
        made.append(Notebook())
        return made[-1]

    yield make
    for notebook in made:
        notebook.snapshots._writer.settle()
        notebook.snapshots.close()
    sys.modules["__main__"] = main


@pytest.fixture
def notebook(new_notebook):
    return new_notebook()
