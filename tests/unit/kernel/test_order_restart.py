"""When no plan helps and only a restart makes a notebook clean, and what is said then."""

from __future__ import annotations


def hint(session, cell_id=None):
    return session.order.planned(cell_id).restart


def test_a_name_left_by_a_deleted_cell_needs_a_restart(notebook):
    session = notebook("x = 1", "print(x)")
    session.run()
    assert hint(session) == ""
    session.delete("c1")
    assert (
        hint(session)
        == "`x` was left by a cell that has been deleted, and cell 1 finds it: only a restart takes it away"
    )
    assert hint(session, "c2") == hint(session)


def test_a_name_set_further_down_needs_a_restart(notebook):
    session = notebook("print(x)", "x = 1")
    session.run("c2", "c1")
    assert "left by cell 2, and cell 1 finds it" in hint(session)


def test_what_a_cell_above_sets_needs_none(notebook):
    session = notebook("x = 1", "print(x)", "x = 2")
    session.run("c1", "c3", "c2")
    assert session.order.plan()
    assert hint(session) == ""


def test_a_cell_not_yet_run_that_sets_what_it_reads_needs_none(notebook):
    session = notebook("x = 1", "y = x", "print(y)")
    assert hint(session) == ""


def test_a_folder_left_by_a_deleted_cell_needs_a_restart(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "down").mkdir()
    session = notebook("import os\nos.chdir('down')", "import os\nprint(os.path.basename(os.getcwd()))")
    session.run()
    session.delete("c1")
    assert hint(session).startswith("the working directory was left by a cell that has been deleted")


def test_a_name_that_nobody_reads_needs_none(notebook):
    session = notebook("x = 1", "y = 2", "print(y)")
    session.run()
    session.delete("c1")
    assert hint(session) == ""


def test_a_name_left_by_a_cell_that_is_now_skipped_is_called_so(notebook):
    session = notebook("x = 1", "print(x)")
    session.run()
    session.tag("c1", "skip")
    assert (
        hint(session)
        == "`x` was left by cell 1, which is tagged skip, and cell 2 finds it: only a restart takes it away"
    )
    session.order.set_mode("block")
    assert "left by cell 1, which is tagged skip" in session.order.ask(["c2"]).message
