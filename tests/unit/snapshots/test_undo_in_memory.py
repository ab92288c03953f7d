"""Undo and redo put values back that are still in memory, and only those that are what was saved."""

from __future__ import annotations

from mlnb.snapshots.plugins.files import SnapshotFiles

BIG = "import numpy as np; a = np.arange(200_000); view = a[10:20]; same = [1, 2]"


def taken(notebook):
    found = notebook.snapshots.take()
    notebook.snapshots.flush()
    return found.id


def test_undo_puts_the_replaced_objects_themselves_back(notebook):
    notebook.run(BIG)
    first = taken(notebook)
    notebook.run("a = np.arange(200_000) * 2; view = a[5:10]")
    replaced, same = notebook["a"], notebook["same"]
    notebook.snapshots.restore(first)
    restored = notebook["a"]
    assert notebook.ask("(a == np.arange(200_000)).all()")
    notebook.snapshots.undo()
    assert notebook["a"] is replaced
    assert notebook.ask("np.shares_memory(a, view)")
    notebook.snapshots.redo()
    assert notebook["a"] is restored
    assert notebook["same"] is same


def test_a_replaced_value_that_was_changed_since_is_read_from_the_disk(notebook):
    notebook.run(BIG)
    first = taken(notebook)
    notebook.run("a = np.arange(200_000) * 2; view = a[5:10]")
    replaced = notebook["a"]
    notebook.snapshots.restore(first)
    replaced[7] = -1
    notebook.snapshots.undo()
    assert notebook["a"] is not replaced
    assert notebook.ask("(a == np.arange(200_000) * 2).all() and np.shares_memory(a, view)")


def test_chosen_variables_are_read_and_a_class_of_the_notebook_stays_the_one_that_is_alive(notebook):
    notebook.run(f"{BIG}\nclass Box:\n    def __init__(self, held): self.held = held\nbox = Box(np.arange(100_000))")
    first = taken(notebook)
    notebook.run("box = Box(np.zeros(100_000))")
    notebook.snapshots.restore(first, names=["box"])
    assert notebook.ask("isinstance(box, Box) and (box.held == np.arange(100_000)).all()")
    notebook.snapshots.undo()
    assert notebook.ask("isinstance(box, Box) and (box.held == 0).all()")


def test_a_value_that_changed_in_place_is_told_from_what_was_saved(notebook):
    notebook.run(BIG)
    first = taken(notebook)
    live = notebook["a"]
    notebook.run("view[0] = 77")
    done = notebook.snapshots.restore(first)
    assert {"a", "view"} <= set(done.restored)
    assert notebook["a"] is not live
    assert notebook["a"][10] == 10
    assert live[10] == 77


def test_the_state_before_is_kept_without_writing_values_when_it_is_the_last_snapshots(notebook):
    notebook.run(BIG)
    first = taken(notebook)
    notebook.run("a = np.arange(200_000) * 3; gone = 1")
    second = taken(notebook)
    done = notebook.snapshots.restore(first)
    kept = {one.id: one for one in notebook.snapshots.list()}
    assert done.undo not in (first, second)
    assert kept[done.undo].variables == kept[second].variables
    assert kept[done.undo].reason == f"before restore of {first}"
    fresh = notebook.snapshots.undo()
    assert set(fresh.restored) == {"a", "view", "gone", "np", "same"}
    assert notebook["gone"] == 1
    notebook.run("gone = 2")
    notebook.snapshots.restore(second)
    assert notebook["gone"] == 1
    notebook.snapshots.undo()
    assert notebook["gone"] == 2


def test_what_the_last_snapshot_refers_to_may_be_gone(notebook):
    notebook.run(BIG)
    first = taken(notebook)
    notebook.run("a = np.arange(200_000) * 3")
    taken(notebook)
    expected = {one.pack for one in SnapshotFiles().read(first).chunks}
    for pack in SnapshotFiles().blobs.glob("??/*"):
        if pack.name not in expected:
            pack.unlink()
    notebook.snapshots.restore(first)
    notebook.snapshots.undo()
    assert notebook.ask("(a == np.arange(200_000) * 3).all()")


def test_a_kernel_that_had_nothing_goes_back_to_that(notebook, new_notebook):
    notebook.run("import random; random.seed(7); a = [1]; first = random.random(); random.seed(7)")
    first = taken(notebook)
    fresh = new_notebook()
    fresh.run("pass")
    done = fresh.snapshots.restore(first)
    fresh.run("b = a + [random.random() == first]")
    fresh.snapshots.flush()
    assert fresh["b"] == [1, True]
    kept = {one.id: one for one in fresh.snapshots.list()}[done.undo]
    assert (kept.variables, kept.cell_runs, kept.env_id) == ({}, 1, "env-1")
    assert kept.reason == f"before restore of {first}"
    fresh.snapshots.undo()
    assert "a" not in fresh
    assert "b" not in fresh
    fresh.snapshots.redo()
    assert fresh["b"] == [1, True]


def test_the_state_before_is_found_where_the_record_of_it_could_not_be_written(notebook):
    notebook.run(BIG)
    first = taken(notebook)
    notebook.run("same = [3]")
    taken(notebook)
    done = notebook.snapshots.restore(first)
    notebook.snapshots.flush()
    assert notebook["same"] == [1, 2]
    SnapshotFiles().discard(done.undo)
    notebook.snapshots.undo()
    assert notebook["same"] == [3]


def test_many_small_objects_that_were_replaced_come_back_from_the_disk(notebook):
    notebook.run("docs = [{'id': i, 'text': str(i)} for i in range(20_000)]; other = docs[7]")
    first = taken(notebook)
    notebook.run("docs = docs[::-1]")
    notebook.snapshots.restore(first)
    assert notebook.ask("docs[7] is other and docs[0] == {'id': 0, 'text': '0'}")
    notebook.snapshots.undo()
    assert notebook.ask("docs[-8] is other and docs[0]['id'] == 19_999")


def test_a_thread_or_the_shell_is_not_looked_through(notebook):
    notebook["shell"] = notebook.shell
    notebook.run("import threading; thread = threading.Thread(target=print); thread.start(); thread.join(); a = [1]")
    first = notebook.snapshots.take()
    second = notebook.snapshots.take()
    notebook.snapshots.flush()
    states = {name: one.state for name, one in first.variables.items()}
    assert states == {"a": "saved", "shell": "not_restorable", "thread": "not_restorable", "threading": "saved"}
    assert "thread" in first.variables["thread"].reason
    assert first.variables == second.variables
