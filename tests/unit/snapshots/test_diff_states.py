"""Two states in one view, and which earlier state is meant by a word."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlnb.core.errors import BadInput, NotFound
from mlnb.core.wire import dumps, from_wire
from mlnb.snapshots.compare import Comparisons
from mlnb.snapshots.plugins import details_process
from mlnb.snapshots.plugins.comparing import compare
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.rules import diff_since, snapshot_from_manifest
from mlnb.snapshots.rules.diff_states import data_changes, differs, facts
from mlnb.snapshots.surroundings import FORMAT, DataFile, Surroundings
from mlnb.snapshots.types import SnapshotPage
from tests.committed import commit

GOLDEN = Path(__file__).parents[2] / "golden" / "snapshots"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def files():
    return SnapshotFiles()


@pytest.fixture
def listed(notebook, files):
    """Takes a snapshot of the notebook and lists it."""

    def take(**changes):
        taken = notebook.snapshots.take()
        notebook.snapshots.flush()
        return replace(snapshot_from_manifest(files.read(taken.id), has_document=False), **changes)

    return take


def test_values_are_loaded_in_another_process_and_their_differences_named(notebook, listed, files):
    notebook.run("import numpy as np; a = np.arange(4); same = 1\nclass K:\n    pass\nk = K(); k.words = ['x']")
    one = listed()
    notebook.run("a[2] = 9; k.words.append('y'); new = 'text'")
    two = listed()
    found = compare(files, one, two)
    places = {change.name: [tuple(vars(p).values()) for p in change.details.places] for change in found.changes}
    assert places == {"a": [("[2]", "2", "9")], "k": [(".words[1]", None, "'y'")], "new": []}
    assert found.unchanged == ("K", "np", "same")
    assert [note for note in found.notes if "cells" not in note and "data files" not in note] == []
    assert notebook.snapshots.diff(one.id, two.id).changes == found.changes


def test_what_somebody_else_signed_is_compared_by_digest_and_never_loaded(notebook, listed, files, monkeypatch):
    notebook.run("x = 1")
    one = listed()
    notebook.run("x = 2")
    two = listed(is_trusted=False)
    monkeypatch.setattr(details_process, "ask", lambda _: pytest.fail("it was loaded"))
    found = compare(files, one, two)
    assert found.changed == ("x",)
    assert found.changes[0].details is None
    assert any(note.startswith(f"Not signed by you: {two.id}") for note in found.notes)


def test_a_value_that_takes_too_much_or_too_long_is_compared_by_digest_and_named(notebook, listed, files, monkeypatch):
    notebook.run("x = bytes(5000)")
    one = listed()
    notebook.run("x = bytes(6000)")
    two = listed()
    request = details_process.Request(str(files.root), one.id, two.id, ("x",))
    monkeypatch.setattr(details_process, "MOST_BYTES", 100)
    assert "takes more than" in details_process.answer(request).notes[0]
    late = details_process.ask(request, timeout_s=0.001)
    assert late.details == {}
    assert late.notes[0].startswith("Variables are compared by their digests alone")


def test_a_document_alone_does_not_make_variables_disappear(notebook, listed, files):
    notebook.run("x = 1")
    one = listed()
    found = compare(files, one, replace(listed(), has_kernel=False))
    assert found.removed == ()
    assert "variables" not in found.compared
    assert any("document alone" in note for note in found.notes)
    assert not differs(compare(files, one, one))


def test_facts_and_data_files():
    changed = facts({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"})
    assert [(one.name, one.kind) for one in changed] == [("b", "changed"), ("c", "removed"), ("d", "added")]
    one, two = (DataFile("/shop.db", "query", digest=digest, query="select 1", rows=1) for digest in ("x", "y"))
    other = DataFile("/shop.db", "query", query="select 2", rows=3)
    assert [(change.before, change.after) for change in data_changes((one, other), (two, other))] == [(one, two)]
    before = (
        DataFile("/a", size_bytes=1, digest="x"),
        DataFile("/b", "dvc", 1, version="md5:1"),
        DataFile("/c", digest="x"),
    )
    after = (DataFile("/a", size_bytes=1, digest="x", modified_at=NOW), DataFile("/b", "dvc", 1, version="md5:2"))
    assert [(one.path, one.kind) for one in data_changes(before, after)] == [("/b", "changed"), ("/c", "removed")]


@pytest.mark.parametrize("form", range(1, FORMAT + 1))
def test_every_stored_form_stays_readable(form):
    content = json.loads((GOLDEN / f"surroundings-{form}.json").read_text())
    found = from_wire(Surroundings, content)
    assert found.data[0].version == "bert@1dbc"
    assert found.git.branch == "main"
    if form == FORMAT:
        assert json.loads(dumps(found)) == content
        assert (found.data[2].query, found.data[2].rows) == ("select * from orders", 12)


def snapshots(one):
    """Newest first."""
    day = timedelta(days=1)
    clean = {"git_commit": "c" * 40, "git_dirty": False}
    return [
        replace(one, id="snap-5", created_at=NOW, reason="", git_commit="c" * 40, git_dirty=True),
        replace(one, id="snap-4", created_at=NOW - day / 8, **clean),
        replace(one, id="snap-3", created_at=NOW - day, reason="end of job-1", **clean),
        replace(one, id="snap-2", created_at=NOW - 2 * day, git_commit="b" * 40, git_dirty=False),
    ]


def test_earlier_states_are_found(notebook, listed):
    notebook.run("x = 1")
    known = snapshots(listed())
    assert diff_since.last_of_run(known).id == "snap-3"
    assert diff_since.last_before(known, NOW - timedelta(hours=12)).id == "snap-3"
    assert diff_since.first_of_commit(known, "c" * 40).id == "snap-3"
    assert diff_since.first_of_commit(known, "d" * 40) is None
    with pytest.raises(NotFound, match="no run"):
        diff_since.last_of_run(known[:2])
    with pytest.raises(NotFound, match="before today"):
        diff_since.last_before(known, NOW - timedelta(days=9))
    with pytest.raises(BadInput, match="christmas"):
        diff_since.since_from_text("christmas")


def test_a_clean_state_is_one_in_which_no_cell_had_failed_when_it_ran_last(notebook, listed):
    def run(source, cell_id):
        notebook.shell.run_cell(source, store_history=True, cell_id=cell_id)
        return listed()

    one, two, three = run("x = 1", "c1"), run("1 / 0", "c2"), run("1 / 1", "c2")
    assert diff_since.last_clean([three, two, one]) == three
    assert diff_since.last_clean([two, one]) == one
    assert diff_since.last_clean([replace(three, is_clean=False), one]) == one
    with pytest.raises(NotFound, match="no earlier state"):
        diff_since.last_clean([two, replace(one, has_kernel=False)])


def test_each_word_and_each_id_leads_to_its_state(notebook, listed, files, tmp_path):
    taken = []
    for n, changes in enumerate(({"created_at": NOW - timedelta(days=1)}, {"reason": "end of job-1"}, {}, {})):
        notebook.run(f"x = {n}")
        taken.append(listed(**{"created_at": NOW - timedelta(minutes=9 - n), **changes}))
    notebook.run("1 / 0", fails=True)
    taken.append(listed(created_at=NOW))
    newest_first = tuple(reversed(taken))
    compared = Comparisons(
        files,
        lambda id: next(one for one in taken if one.id == id),
        lambda *_: SnapshotPage(newest_first, len(newest_first)),
        lambda *_: pytest.fail("none is taken"),
        lambda: NOW,
    )
    words = {"yesterday": 0, "run": 1, taken[2].id: 2, "clean": 3}
    found = {word: compared.since(tmp_path / "nb.ipynb", word, is_now_taken=False, has_details=False) for word in words}
    assert {word: (diff.a, diff.b) for word, diff in found.items()} == {
        word: (taken[number].id, taken[-1].id) for word, number in words.items()
    }
    assert [diff.changed for diff in found.values()] == [("x",), ("x",), ("x",), ()]


def test_since_a_commit_without_a_clean_state_the_committed_document_counts(notebook, listed, files, tmp_path):
    path = tmp_path / "repository" / "nb.ipynb"
    path.parent.mkdir()
    commit(path, "x = 1")
    notebook.run("x = 1")
    one = listed()
    compared = Comparisons(
        files, lambda _: one, lambda *_: SnapshotPage((one,), 1), lambda *_: pytest.fail("none is taken"), lambda: NOW
    )
    found = compared.since(path, "commit", is_now_taken=False)
    assert found.a.startswith("commit ")
    assert found.b == one.id
    assert "holds the document alone" in found.notes[0]
