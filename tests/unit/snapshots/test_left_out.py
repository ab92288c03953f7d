"""What the user leaves out of snapshots: no value is kept, it is named, and no restore touches it."""

from __future__ import annotations

import json

import pytest
from IPython.core.error import UsageError

import mlnb
from mlnb.core import current
from mlnb.core.errors import BadInput
from mlnb.kernel.magics import MlnbMagics
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.rules import LEFT_OUT


def of(notebook, path):
    notebook.snapshots._notebook = lambda: path
    notebook.snapshots.left_out._notebook = lambda: path
    return notebook


def test_what_is_left_out_is_named_and_stays_as_it_is_at_a_restore(notebook):
    notebook.run("big, small = b'x' * 9, [1]\nboth = [small]")
    assert notebook.snapshots.left_out.change(["big"], is_out=True) == ("big",)
    taken = notebook.snapshots.take()
    found = taken.variables["big"]
    assert (found.state, found.reason, found.type) == ("not_restorable", LEFT_OUT, "bytes")
    assert (taken.variables["small"].state, taken.variables["both"].state) == ("saved", "saved")
    notebook.snapshots.flush()
    parts = SnapshotFiles().read(taken.id).components
    assert {name for part in parts for name in part.names} == {"small", "both"}
    preview = {one.name: one.action for one in notebook.snapshots.preview(taken.id).variables}
    assert preview == {"big": "recompute", "small": "keep", "both": "keep"}  # the cell that makes it is known
    notebook.run("big, small = 'now', [2]")
    done = notebook.snapshots.restore(taken.id)
    assert done.not_restored.keys() == {"big"}
    assert LEFT_OUT in done.not_restored["big"]
    assert notebook.ask("(big, small, both[0] is small)") == ("now", [1], True)
    notebook.snapshots.undo()
    assert notebook.ask("(big, small)") == ("now", [2])


def test_what_another_variable_holds_is_kept_there(notebook):
    notebook.run("big = [1]\nother = {'it': big}")
    notebook.snapshots.left_out.change(["big"], is_out=True)
    taken = notebook.snapshots.take()
    notebook.run("other = 0")
    notebook.snapshots.restore(taken.id)
    assert notebook["other"] == {"it": [1]}


def test_it_is_remembered_for_the_notebook_and_taken_back(new_notebook, tmp_path):
    one = of(new_notebook(), tmp_path / "one.ipynb")
    one.snapshots.left_out.change(["big", "huge"], is_out=True)
    assert of(new_notebook(), tmp_path / "two.ipynb").snapshots.left_out.names == frozenset()
    again = of(new_notebook(), tmp_path / "one.ipynb")
    assert again.snapshots.left_out.names == {"big", "huge"}
    assert again.snapshots.left_out.change(["big"], is_out=False) == ("huge",)
    again.run("big, huge = [1], [2]")
    states = {name: one.state for name, one in again.snapshots.take().variables.items()}
    assert states == {"big": "saved", "huge": "not_restorable"}


def on_disk(path, notebook_id=None):
    metadata = {"mlnb": {"id": notebook_id}} if notebook_id else {}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_it_follows_a_notebook_that_is_renamed_or_moved(new_notebook, tmp_path):
    path = on_disk(tmp_path / "one.ipynb", "the-id")
    of(new_notebook(), path).snapshots.left_out.change(["big"], is_out=True)
    moved = tmp_path / "folder" / "two.ipynb"
    moved.parent.mkdir()
    path.rename(moved)
    assert of(new_notebook(), moved).snapshots.left_out.names == {"big"}
    another = on_disk(path, "another-id")
    assert of(new_notebook(), another).snapshots.left_out.names == frozenset()


def test_what_was_left_out_before_the_notebook_had_an_id_follows_it_too(new_notebook, tmp_path):
    path = on_disk(tmp_path / "one.ipynb")
    one = of(new_notebook(), path)
    one.snapshots.left_out.change(["big"], is_out=True)
    on_disk(path, "the-id")  # JupyterLab gives it one while the kernel runs
    assert one.snapshots.left_out.names == {"big"}  # as at each snapshot
    path.rename(tmp_path / "two.ipynb")
    assert of(new_notebook(), on_disk(path, "another-id")).snapshots.left_out.names == frozenset()
    again = of(new_notebook(), tmp_path / "two.ipynb")
    assert again.snapshots.left_out.names == {"big"}
    assert again.snapshots.left_out.change(["big"], is_out=False) == ()
    assert of(new_notebook(), tmp_path / "two.ipynb").snapshots.left_out.names == frozenset()


def test_a_running_kernel_goes_on_leaving_out_when_its_notebook_is_moved_away(new_notebook, tmp_path):
    path = on_disk(tmp_path / "one.ipynb", "the-id")
    one = of(new_notebook(), path)
    one.snapshots.left_out.change(["big"], is_out=True)
    path.rename(tmp_path / "two.ipynb")  # the kernel is not told
    assert one.snapshots.left_out.change(["huge"], is_out=True) == ("big", "huge")
    assert of(new_notebook(), tmp_path / "two.ipynb").snapshots.left_out.names == {"big", "huge"}


def test_a_damaged_memory_of_it_leaves_nothing_out(notebook, tmp_path):
    SnapshotFiles().folder.mkdir(parents=True)
    (SnapshotFiles().folder / "left_out.json").write_text("[1")
    assert of(notebook, tmp_path / "one.ipynb").snapshots.left_out.names == frozenset()


def test_what_is_no_name_is_refused(notebook):
    with pytest.raises(BadInput, match="no name of a variable"):
        notebook.snapshots.left_out.change(["good", "not good"], is_out=True)
    assert notebook.snapshots.left_out.names == frozenset()


def test_the_magic_leaves_out_and_takes(notebook, capsys):
    current.fill("snapshots", notebook.snapshots)
    notebook.run("big, small = [1], [2]")
    magics = MlnbMagics(notebook.shell, None)
    magics.mlnb("snapshot --without big before lunch")
    with pytest.raises(UsageError, match="needs the name"):
        magics.mlnb("snapshot --without")
    current.clear()
    notebook.snapshots.flush()
    (taken,) = notebook.snapshots.list()
    assert taken.reason == "before lunch"
    assert {name: one.state for name, one in taken.variables.items()} == {"big": "not_restorable", "small": "saved"}


def test_in_python_it_says_what_is_left_out(notebook):
    current.fill("snapshots", notebook.snapshots)
    try:
        assert mlnb.snapshots.exclude("big", "huge") == ("big", "huge")
        assert mlnb.snapshots.include("big") == ("huge",)
    finally:
        current.clear()
