"""What people do to notebooks, one test for each row of the table in docs/order.md."""

from __future__ import annotations

import pytest


def test_a_deleted_cell(notebook):
    nb = notebook("x = 1", "y = x + 1", "z = 3")
    nb.run()
    nb.delete("c1")
    assert nb.states() == {"c2": "stale", "c3": "fresh"}
    assert nb.reasons("c2") == "`x` was defined in a cell that has been deleted"
    assert nb.order.planned().restart.startswith("`x` was left by a cell that has been deleted")


def test_a_deleted_cell_that_comes_back(notebook):
    nb = notebook("x = 1", "y = x + 1")
    nb.run()
    before = nb.document
    nb.delete("c1")
    nb.document = before
    nb.sync()
    assert set(nb.states().values()) == {"fresh"}
    assert nb.order.planned().cells == []
    assert nb.order.planned().restart == ""


def test_a_deleted_cell_in_block_is_refused_with_the_way_out(notebook):
    nb = notebook("x = 1", "y = x + 1")
    nb.run()
    nb.delete("c1")
    nb.order.set_mode("block")
    assert "only a restart takes it away" in str(nb.run("c2").error_before_exec)


def test_a_cell_moved_to_where_it_makes_no_difference(notebook):
    nb = notebook("a = 1", "b = 2", "c = a + b")
    nb.run()
    nb.move("c2", "c1", "c3")
    assert set(nb.states().values()) == {"fresh"}


def test_a_cell_moved_to_where_it_makes_a_difference(notebook):
    nb = notebook("x = 1", "x = 2", "y = x")
    nb.run()
    nb.move("c2", "c1", "c3")
    assert nb.states() == {"c2": "fresh", "c1": "stale", "c3": "stale"}
    assert nb.reasons("c3") == "this cell read `x` as cell 1 left it; from top to bottom it comes from cell 2"
    nb.run(*nb.order.plan())
    assert set(nb.states().values()) == {"fresh"}
    nb.move("c3", "c2", "c1")
    assert nb.reasons("c3") == "`x` is defined only further down, in cell 2"


def test_a_moved_cell_in_linear_has_to_run_again(notebook):
    nb = notebook("a = 1", "b = 2", "c = 3")
    nb.order.set_mode("linear")
    nb.run()
    nb.move("c2", "c1", "c3")
    assert nb.order.ask(["c3"]).plan == ["c1"]  # its last run came before that of the cell now above it
    nb.run("c1", "c3")
    assert nb.order.ask(["c3"]).decision == "run"


def test_an_edit_that_has_not_run(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run()
    nb.edit("c1", "x = 2")
    assert nb.states() == {"c1": "edited", "c2": "stale"}
    assert nb.reasons("c1") == "the code of this cell was edited after it ran"
    assert nb.reasons("c2") == "`x` comes from cell 1, which is not up to date"
    assert nb.order.plan("c2") == ["c1", "c2"]


@pytest.mark.parametrize("text", ["x = 1  # one", "x  =  1", "x = 1"])
def test_an_edit_that_changes_nothing(notebook, text):
    nb = notebook("x = 1", "y = x")
    nb.run()
    nb.edit("c1", "x = 2")
    nb.edit("c1", text)
    assert set(nb.states().values()) == {"fresh"}


def test_an_edit_that_leaves_the_same_value(notebook):
    nb = notebook("x = 2", "y = x")
    nb.run()
    nb.edit("c1", "x = 1 + 1")
    nb.run("c1")
    assert set(nb.states().values()) == {"fresh"}  # cell 2 need not run: what it read is what it was


def test_outputs_left_from_an_earlier_kernel(notebook):
    nb = notebook("x = 1", "print(x)")
    nb.run("c1")  # cell 2 shows what it printed yesterday; this kernel has not seen it
    assert nb.states() == {"c1": "fresh", "c2": "never_run"}
    assert nb.reasons("c2") == "this cell has not run in this kernel"
    assert nb.order.plan() == ["c2"]


def test_a_kernel_restart(notebook):
    before = notebook("x = 1", "y = x")
    before.run()
    before.close()
    nb = notebook("x = 1", "y = x")
    assert set(nb.states().values()) == {"never_run"}
    assert nb.order.plan() == ["c1", "c2"]


def test_two_cells_define_one_name(notebook):
    nb = notebook("x = 1", "a = x", "x = 2", "b = x")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}  # no error by itself: each reader has the definition above it
    nb.run("c1")
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "stale", "c4": "fresh"}
    assert nb.reasons("c3") == "`x` was changed by cell 1 after this cell set it"
    nb.run("c4")
    assert nb.reasons("c4") == "this cell read `x` as cell 1 left it; from top to bottom it comes from cell 3"
    nb.order.set_mode("warn")
    assert nb.order.ask(["c4"]).plan == ["c3"]


def test_the_same_cell_run_twice_with_an_effect(notebook):
    nb = notebook("i = 0", "i += 1", "print(i)")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    nb.order.set_mode("warn")
    assert nb.order.ask(["c2"]).plan == [
        "c1"
    ]  # fresh, yet what it would read now is not what it reads from top to bottom
    nb.run("c2")
    assert nb.states()["c2"] == "stale"
    assert nb.reasons("c2") == "this cell ran more than once, and each run changes `i`"
    assert nb.order.plan() == ["c1", "c2"]
    nb.run(*nb.order.plan())
    assert set(nb.states().values()) == {"fresh"}


def test_the_same_cell_run_twice_without_effect(notebook):
    nb = notebook("x = 1", "y = x + 1", "print(y)")
    nb.run()
    nb.run("c2", "c2")
    assert set(nb.states().values()) == {"fresh"}


def test_a_cell_that_is_skipped(notebook):
    nb = notebook("x = 1", "x = 5", "print(x)")
    nb.tag("c2", "skip")
    nb.run("c1", "c3")
    assert set(nb.states().values()) == {"fresh"}
    assert nb.order.status()["c2"].kept == "skip"
    nb.run("c2")
    assert nb.shell.user_ns["x"] == 1
    assert nb.order.plan() == []


def test_a_cell_tagged_skip_after_it_ran(notebook):
    nb = notebook("x = 1", "print(x)")
    nb.run()
    nb.tag("c1", "skip")
    assert nb.states() == {"c1": "fresh", "c2": "stale"}
    assert nb.reasons("c2") == "`x` was defined in cell 1, which is tagged skip"


def test_a_cell_that_is_frozen(notebook, capsys):
    nb = notebook("s = 1", "x = s * 10", "print(x)")
    nb.run()
    nb.tag("c2", "frozen")
    nb.edit("c1", "s = 2")
    nb.run("c1")
    assert set(nb.states().values()) == {"fresh"}  # what cell 2 left last holds, whatever it would leave now
    capsys.readouterr()
    assert nb.run("c2").success
    assert nb.shell.user_ns["x"] == 10
    assert capsys.readouterr().out.startswith("Frozen: this cell did not run")
    nb.tag("c2")
    assert nb.states() == {"c1": "fresh", "c2": "stale", "c3": "stale"}


def test_a_frozen_cell_of_which_the_value_was_lost(notebook):
    nb = notebook("x = 1", "y = x", "x = 2")
    nb.run("c1", "c2")
    nb.tag("c1", "frozen")
    nb.document = nb.document[:2]
    nb.sync()
    nb.shell.run_cell("x = 7", store_history=True)
    status = nb.order.status()["c1"]
    assert (status.state, status.kept) == ("stale", "frozen")
    assert status.reasons == ["`x` was changed by code that is not a cell of this notebook after this cell set it"]
    assert "c1" not in nb.order.plan()


def test_a_frozen_cell_that_never_ran_here(notebook):
    nb = notebook("x = 1", "y = 2")
    nb.tag("c1", "frozen")
    nb.run()
    assert "x" not in nb.shell.user_ns
    assert set(nb.states().values()) == {"fresh"}
