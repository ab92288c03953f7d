"""Where a kernel stands in its history, and who hears of it."""

from __future__ import annotations

import pytest

from mlnb.core.errors import BadInput


@pytest.fixture
def told(notebook):
    found = []
    notebook.snapshots.place.listeners.append(lambda event, data: found.append((event, data["id"])))
    return found


def where(notebook):
    return notebook.snapshots.door_functions()["snapshots.where"]()


def parent(notebook, snapshot_id):
    return notebook.snapshots._files.read(snapshot_id).parent


def test_a_snapshot_follows_the_one_that_was_taken_or_restored_before(notebook, told):
    assert where(notebook) == {
        "snapshot": None, "runs": 0, "is_new": True, "auto": "off", "can_undo": False, "can_redo": False,
    }  # fmt: skip
    notebook.run("x = 1")
    first = notebook.snapshots.take()
    notebook.run("x = 2")
    second = notebook.snapshots.take()
    notebook.snapshots.flush()
    assert (parent(notebook, first.id), parent(notebook, second.id)) == (None, first.id)
    done = notebook.snapshots.restore(first.id)
    notebook.snapshots.flush()
    assert parent(notebook, done.undo) == second.id
    assert (where(notebook)["snapshot"], where(notebook)["can_undo"]) == (first.id, True)
    notebook.run("y = 1")
    assert where(notebook)["runs"] == 1
    branch = notebook.snapshots.take()
    notebook.snapshots.flush()
    assert parent(notebook, branch.id) == first.id
    events = [
        ("snapshot_taken", first.id),
        ("snapshot_taken", second.id),
        ("snapshot_restored", first.id),
        ("snapshot_taken", branch.id),
    ]
    assert told == events


def test_some_variables_are_no_other_state(notebook):
    notebook.run("x = 1; y = 1")
    first = notebook.snapshots.take()
    notebook.run("x = 2; y = 2")
    done = notebook.snapshots.restore(first.id, ["x"])
    assert where(notebook)["snapshot"] == done.undo


def test_undo_stands_where_it_was_before(notebook):
    notebook.run("x = 1")
    first = notebook.snapshots.take()
    notebook.run("x = 2")
    done = notebook.snapshots.restore(first.id)
    notebook.snapshots.undo()
    assert (where(notebook)["snapshot"], where(notebook)["can_redo"]) == (done.undo, True)
    assert notebook["x"] == 2


def test_a_restore_that_fails_leaves_the_kernel_where_it_stands(notebook):
    notebook.run("x = 1")
    first = notebook.snapshots.take()
    with pytest.raises(BadInput):
        notebook.snapshots.restore(first.id, ["nosuch"])
    assert where(notebook)["snapshot"] == first.id


def test_a_listener_that_fails_breaks_no_snapshot(notebook):
    notebook.snapshots.place.listeners.append(lambda event, data: 1 / 0)
    notebook.run("x = 1")
    notebook.snapshots.take()
    notebook.snapshots.flush()
    assert any("was not told of snapshot_taken" in line for line in notebook.log)
