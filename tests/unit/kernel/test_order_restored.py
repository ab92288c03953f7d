"""After a restore every cell counts as it did when the snapshot was taken; what did not come back as it was is seen."""

from __future__ import annotations

import os

import pytest

TEN = (
    "import numpy as np, pandas as pd", "a = [1, 2]", "b = a", "def f(x):\n    return x + len(a)",
    "class C:\n    def __init__(self):\n        self.held = a\nc = C()", "df = pd.DataFrame({'x': np.arange(5.0)})", "m = f(3)",
    "a.append(5)", "b = list(b)", "df['y'] = m",
)  # fmt: skip
SEVEN = [f"c{number}" for number in range(1, 8)]
LATER = ["c8", "c9", "c10"]


def snapshots_of(book):
    return book.shell._mlnb_loaded.snapshots


def taken(book):
    snapshot = snapshots_of(book).take("here")
    snapshot.wait()
    return snapshot.id


@pytest.fixture
def ten(notebook):
    """A notebook of ten cells that ran, and the snapshot that was taken after the seventh."""
    book = notebook(*TEN)
    book.run(*SEVEN)
    snapshot = taken(book)
    book.run(*LATER)
    assert set(book.states().values()) == {"fresh"}
    return book, snapshot


def are(book, **states):
    return {cell: state for cell, state in book.states().items() if state != "fresh"} == states


def test_going_back_three_cells_makes_them_cells_that_never_ran(ten):
    book, snapshot = ten
    snapshots_of(book).restore(snapshot)
    assert are(book, c8="never_run", c9="never_run", c10="never_run")
    assert book.reasons("c8") == "this cell has not run in this kernel"
    assert book.order.plan() == LATER
    book.run(*LATER)
    assert are(book)


def test_undo_and_redo_take_back_what_was_known_there(ten):
    book, snapshot = ten
    snapshots = snapshots_of(book)
    snapshots.restore(snapshot)
    snapshots.undo()
    assert are(book)
    snapshots.redo()
    assert are(book, c8="never_run", c9="never_run", c10="never_run")


def test_after_going_back_another_way_can_be_taken_and_taken_back(ten):
    book, snapshot = ten
    snapshots = snapshots_of(book)
    snapshots.restore(snapshot)
    book.edit("c8", "a.append(7)")
    book.run("c8")
    assert are(book, c9="never_run", c10="never_run")
    snapshots.undo()
    assert book.states()["c8"] == "edited"
    book.edit("c8", TEN[7])
    assert are(book)
    snapshots.redo()
    book.edit("c8", "a.append(7)")
    assert are(book, c9="never_run", c10="never_run")


def test_a_cell_edited_after_going_back_is_edited(ten):
    book, snapshot = ten
    snapshots_of(book).restore(snapshot)
    book.edit("c7", "m = f(4)")
    assert book.states()["c7"] == "edited"
    assert book.states()["c2"] == "fresh"


def test_a_file_that_changed_in_between_makes_its_reader_stale(notebook, tmp_path):
    (tmp_path / "data.txt").write_text("one")
    book = notebook(f"path = r'{tmp_path}/data.txt'", "text = open(path).read()", "size = len(text)", "last = 1")
    book.run("c1", "c2", "c3")
    snapshot = taken(book)
    book.run("c4")
    (tmp_path / "data.txt").write_text("another")
    snapshots_of(book).restore(snapshot)
    assert book.states()["c2"] == "stale"
    assert book.reasons("c2") == "the file data.txt has changed since this cell read it"
    assert book.states()["c4"] == "never_run"


def test_a_file_that_a_cell_changed_that_no_longer_counts_is_compared_as_it_is_now(notebook, tmp_path):
    (tmp_path / "data.txt").write_text("one")
    book = notebook(f"path = r'{tmp_path}/data.txt'", "text = open(path).read()", "n = open(path, 'w').write('two')")
    book.run("c1", "c2")
    snapshot = taken(book)
    book.run("c3")
    assert are(book)
    snapshots_of(book).restore(snapshot)
    assert book.states() == {"c1": "fresh", "c2": "stale", "c3": "never_run"}


def test_a_cell_whose_file_was_written_over_since_is_stale_until_it_writes_it_again(notebook, tmp_path):
    book = notebook(
        f"path = r'{tmp_path}/out.txt'", "n = open(path, 'w').write('one')", "text = open(path).read()",
        "k = open(path, 'w').write('two')",
    )  # fmt: skip
    book.run("c1", "c2", "c3")
    snapshot = taken(book)
    book.run("c4")
    snapshots_of(book).restore(snapshot)
    assert book.states() == {"c1": "fresh", "c2": "stale", "c3": "fresh", "c4": "never_run"}
    assert book.reasons("c2") == "the file out.txt was not brought back as this cell left it"
    book.run("c2", "c3")
    assert book.states() == {"c1": "fresh", "c2": "fresh", "c3": "fresh", "c4": "never_run"}


def test_an_environment_variable_that_could_not_be_brought_back_is_not_taken_for_what_it_was(notebook):
    book = notebook(
        "import os", "os.environ['SOME_PASSWORD'] = 'one'", "x = os.environ['SOME_PASSWORD']",
        "os.environ['SOME_PASSWORD'] = 'two'",
    )  # fmt: skip
    book.run("c1", "c2", "c3")
    snapshot = taken(book)
    book.run("c4")
    snapshots_of(book).restore(snapshot)
    assert os.environ["SOME_PASSWORD"] == "two", "secrets are in no snapshot"
    assert book.states() == {"c1": "fresh", "c2": "stale", "c3": "fresh", "c4": "never_run"}


def test_of_chosen_names_the_others_stay_what_they_are(ten):
    book, snapshot = ten
    snapshots_of(book).restore(snapshot, ["df"])
    assert book.states()["c10"] == "stale"
    assert "df" in book.reasons("c10")
    assert book.states()["c8"] == "fresh"


def test_a_value_that_no_snapshot_holds_and_that_is_another_now_is_seen(notebook):
    book = notebook("first = 0", "open_end = (n for n in [1, 2])", "x = 1", "open_end = x")
    book.run("c1", "c2", "c3")
    snapshot = taken(book)
    book.run("c4")
    done = snapshots_of(book).restore(snapshot)
    assert "open_end" in done.not_restored
    assert book.states() == {"c1": "fresh", "c2": "stale", "c3": "fresh", "c4": "never_run"}


def test_a_value_that_no_snapshot_holds_and_that_is_still_there_is_as_it_was(notebook):
    book = notebook("first = 0", "open_end = (n for n in [1, 2])", "x = [1]", "x.append(2)")
    book.run("c1", "c2", "c3")
    before = book.states()
    snapshot = taken(book)
    book.run("c4")
    assert "open_end" in snapshots_of(book).restore(snapshot).not_restored
    assert book.states() == {**before, "c4": "never_run"}


def test_names_that_no_longer_share_their_value_are_seen(notebook):
    book = notebook("a = [1]", "b = a", "x = 1", "x = 2")
    book.run("c1", "c2", "c3")
    snapshot = taken(book)
    book.run("c4")
    book.shell.user_ns["b"] = ["other"]
    snapshots_of(book).restore(snapshot)
    assert book.shell.user_ns["a"] is book.shell.user_ns["b"]
    assert are(book, c4="never_run")
    book.shell.user_ns["b"] = list(
        book.shell.user_ns["a"]
    )  # as where one of them cannot be brought back with the other
    book.order.went_back(snapshot, ["a", "x"], {})
    assert book.states() == {"c1": "stale", "c2": "stale", "c3": "fresh", "c4": "never_run"}
    assert book.reasons("c2") == "`b` was not brought back as this cell left it"
    book.run(*book.order.plan())
    assert are(book)


def test_sharing_that_came_back_counts_for_what_is_run_next(ten):
    book, snapshot = ten
    snapshots_of(book).restore(snapshot)
    book.edit("c9", "b.append(6)")
    book.run("c8", "c9", "c10")
    assert are(book)
    assert book.shell.user_ns["c"].held == [1, 2, 5, 6]


def test_in_a_new_kernel_a_cell_never_ran_and_its_values_say_where_they_come_from(ten, notebook):
    _, snapshot = ten
    other = notebook(*TEN)
    done = snapshots_of(other).restore(snapshot)
    assert "df" in done.restored
    assert set(other.states().values()) == {"never_run"}
    assert other.reasons("c6").startswith("its values were brought back from the state of ")
    assert other.reasons("c9") == "this cell has not run in this kernel"


def test_a_cell_that_brings_all_back_is_what_set_the_names(ten):
    book, snapshot = ten
    book.document.append(("c11", f"import mlnb; mlnb.snapshots.restore('{snapshot}')"))
    book.sync()
    book.run("c11")
    assert are(book, c8="never_run", c9="never_run", c10="never_run")


def test_a_snapshot_that_a_cell_takes_knows_that_cell(notebook):
    book = notebook("x = [1]", "y = 2; import mlnb; mlnb.snapshots.take();", "x.append(y)")
    book.run("c1", "c2")
    snapshots_of(book).flush()
    snapshot = snapshots_of(book).list()[0].id
    book.run("c3")
    snapshots_of(book).restore(snapshot)
    assert (book.states()["c1"], book.states()["c3"]) == ("fresh", "never_run"), book.order.in_words()


def test_that_a_later_run_gave_something_else_from_the_same_is_not_forgotten(notebook):
    book = notebook("x = 1", "y = unseen(x)", "z = 1")
    answers = iter([1, 2])
    book.shell.user_ns_hidden["unseen"] = book.shell.user_ns["unseen"] = lambda _x: next(answers)
    book.run("c1", "c2", "c3")
    snapshot = taken(book)
    assert are(book)
    book.run("c2")
    assert book.states()["c2"] == "unknown"
    snapshots_of(book).restore(snapshot)
    assert book.shell.user_ns["y"] == 1
    assert book.states()["c2"] == "unknown"


def test_a_snapshot_of_the_moment_before_a_cell_does_not_know_that_cell(notebook):
    book = notebook("x = 1", "print('shown')")
    book.run("c1")
    ids = []
    book.shell.events.register("pre_run_cell", lambda _info: ids.append(snapshots_of(book).take().id))
    book.run("c2")
    snapshots_of(book).flush()
    snapshots_of(book).restore(ids[0])
    assert book.states() == {"c1": "fresh", "c2": "never_run"}


def test_a_run_that_failed_and_was_taken_back_does_not_count(notebook):
    book = notebook("x = 1", "1 / 0")
    book.run("c1")
    snapshot = taken(book)
    book.run("c2")
    snapshots = snapshots_of(book)
    assert snapshots.take().wait().succeeded is False
    snapshots.restore(snapshot)
    assert snapshots.take().wait().succeeded is True
    assert [one.cell_runs for one in snapshots.list()][::-1] == [1, 2, 2, 1]
