"""Going back: preview, undo and redo, one restore at a time, and running cells again only where they can give the same."""

from __future__ import annotations

import threading

import pytest

from mlnb.core.errors import Conflict, Damaged
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.rules.recompute import RanCell, recipe


def take(notebook, reason=""):
    taken = notebook.snapshots.take(reason)
    notebook.snapshots.flush()
    return taken.id


def actions(seen):
    return {one.name: (one.action, one.now) for one in seen.variables}


def test_a_preview_names_what_would_happen_and_changes_nothing(notebook):
    notebook.run("kept = [1]; changed = [1]; gone = 'x'; g = (n for n in range(3))")
    snapshot = take(notebook)
    notebook.run("changed.append(2); del gone; extra = 5")
    before = dict(notebook.shell.user_ns)
    seen = notebook.snapshots.preview(snapshot)
    assert actions(seen) == {
        "kept": ("keep", "same"),
        "changed": ("load", "different"),
        "gone": ("load", "absent"),
        "g": ("recompute", "same"),
    }
    assert (seen.removed, seen.trust, seen.needs_consent, seen.has_kernel) == (("extra",), "own", False, True)
    assert seen.environment.is_same is True
    assert {name: value for name, value in notebook.shell.user_ns.items() if name in before} == before
    assert len(SnapshotFiles().ids()) == 1


def test_a_preview_names_what_else_is_set_back(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("COLOUR", "red")  # after the kernel began, as a cell would
    notebook.run("import random, os, decimal\nimport numpy as np, pandas as pd\nx = np.random.random()")
    snapshot = take(notebook)
    assert notebook.snapshots.preview(snapshot).process == ()
    notebook.run("x = np.random.random(); random.random(); pd.set_option('display.max_rows', 7)")
    notebook.run(f"os.chdir({str(tmp_path)!r}); os.environ['COLOUR'] = 'blue'; os.environ['SHAPE'] = 'round'")
    told = (
        "random state of Python",
        "random state of numpy",
        "working folder",
        "environment variables (COLOUR, SHAPE)",
        "options of pandas",
    )
    assert notebook.snapshots.preview(snapshot).process == told
    state = notebook.ask("(random.getstate(), os.getcwd(), os.environ['COLOUR'])")
    notebook.snapshots.restore(snapshot)
    assert notebook.ask("(random.getstate(), os.getcwd(), os.environ['COLOUR'])") != state
    assert notebook.snapshots.preview(snapshot).process == ()  # all of it was


def test_without_a_kernel_all_that_would_be_set_is_named_on_the_command_line_too(notebook):
    from click.testing import CliRunner

    from mlnb.cli.main import root

    notebook.run("import random\nx = 1")
    snapshot = take(notebook)
    done = CliRunner().invoke(root, ["snapshot", "restore", snapshot, "--dry-run"], standalone_mode=False)
    line = next(line for line in done.output.splitlines() if line.startswith("also set back: "))
    assert {"random state of Python", "working folder"} <= set(line.removeprefix("also set back: ").split(", "))


def test_undo_goes_back_step_by_step_and_redo_forth(notebook):
    notebook.run("x = 1")
    first = take(notebook)
    notebook.run("x = 2")
    second = take(notebook)
    notebook.run("x = 3; later = 1")
    notebook.snapshots.restore(second)
    notebook.snapshots.restore(first)
    seen = [notebook["x"]]
    for step in ("undo", "undo", "redo", "redo", "undo", "undo"):
        getattr(notebook.snapshots, step)()
        seen.append(notebook["x"])
    assert seen == [1, 2, 3, 2, 1, 2, 3]
    assert notebook["later"] == 1
    with pytest.raises(Conflict, match="nothing was restored"):
        notebook.snapshots.undo()
    notebook.snapshots.restore(first)
    with pytest.raises(Conflict, match="done again"):
        notebook.snapshots.redo()


def test_undo_brings_back_what_no_snapshot_can_hold(notebook):
    notebook.run("g = 'saved'")
    snapshot = take(notebook)
    notebook.run("import socket; g = socket.socket()")
    alive = notebook["g"]
    notebook.snapshots.restore(snapshot)
    assert notebook["g"] == "saved"
    done = notebook.snapshots.undo()
    assert notebook["g"] is alive
    assert "g" in done.restored
    alive.close()


def test_untouched_variables_stay_the_same_object_through_undo_and_redo(notebook):
    notebook.run("import numpy as np; big = np.arange(200_000.0); view = big[5:]; table = {'k': [1]}; x = 1")
    snapshot = take(notebook)
    same = {name: id(notebook[name]) for name in ("big", "view", "table")}
    notebook.run("x = 2; more = [1]")
    notebook.snapshots.restore(snapshot)
    for step in (notebook.snapshots.undo, notebook.snapshots.redo, notebook.snapshots.undo):
        assert {name: id(notebook[name]) for name in same} == same
        step()
    assert {name: id(notebook[name]) for name in same} == same
    assert notebook["x"] == 2
    assert notebook["view"].base is notebook["big"]


def test_a_failed_restore_leaves_the_old_state_and_no_snapshot_of_it(notebook, mlnb_home):
    notebook.run("import os; left = os.urandom(100_000); x = [1]")
    snapshot = take(notebook)
    manifest = SnapshotFiles().read(snapshot)
    chunk = max(manifest.chunks, key=lambda one: one.size_bytes)
    path = mlnb_home / "blobs" / chunk.pack[:2] / chunk.pack
    whole = path.read_bytes()
    path.write_bytes(whole[: chunk.offset] + bytes([whole[chunk.offset] ^ 1]) + whole[chunk.offset + 1 :])
    notebook.run("del left; x.append(2)")
    with pytest.raises(Damaged, match="left"):
        notebook.snapshots.restore(snapshot)
    assert notebook["x"] == [1, 2]
    assert SnapshotFiles().ids() == [snapshot]
    assert notebook.linked == [snapshot]
    with pytest.raises(Conflict):
        notebook.snapshots.undo()
    path.write_bytes(whole)
    notebook.snapshots.restore(snapshot)
    assert notebook["x"] == [1]
    notebook.snapshots.undo()
    assert notebook["x"] == [1, 2]


def test_a_restore_in_the_middle_of_another_is_refused(notebook):
    notebook.run("x = [1]")
    snapshot = take(notebook)
    notebook.run("x = [2]")
    inside, refused = threading.Event(), []
    go_on = threading.Event()
    read = notebook.snapshots._files.read_standing

    def slowly(snapshot_id):
        inside.set()
        assert go_on.wait(60)
        return read(snapshot_id)

    notebook.snapshots._files.read_standing = slowly
    first = threading.Thread(target=lambda: notebook.snapshots.restore(snapshot))
    first.start()
    assert inside.wait(60)
    for attempt in (lambda: notebook.snapshots.restore(snapshot), notebook.snapshots.undo):
        with pytest.raises(Conflict, match="going on"):
            attempt()
        refused.append(attempt)
    go_on.set()
    first.join()
    assert (notebook["x"], len(refused)) == ([1], 2)
    assert len(SnapshotFiles().ids()) == 2  # the snapshot, and the state before the one restore


def test_a_value_that_restores_while_it_is_loaded_is_refused(notebook):
    notebook.run(
        "class Sneaky:\n"
        "    def __init__(self): self.n = 1\n"
        "    def __setstate__(self, state):\n"
        "        self.__dict__.update(state)\n"
        "        if again:\n"
        "            try: again[0](again[1])\n"
        "            except Exception as error: said.append(type(error).__name__)\n"
        "again = []; said = []; s = Sneaky()"
    )
    snapshot = take(notebook)
    notebook["again"].extend([notebook.snapshots.restore, snapshot])
    notebook.run("s.n = 2")
    notebook.snapshots.restore(snapshot, ["s"])
    assert (notebook["s"].n, notebook["said"]) == (1, ["Conflict"])


def test_cells_that_can_only_give_the_same_are_run_again_in_order(notebook, new_notebook):
    notebook.run("import itertools\nbase = [10, 20, 30]")
    notebook.run("base.append(40)")
    notebook.run("g = (n * 2 for n in base)")
    notebook.run("first = next(g)")
    notebook.run("unrelated = 'x'")
    snapshot = take(notebook)
    assert notebook.snapshots.restore(snapshot).not_restored["g"].startswith("it holds a running generator")
    seen = {one.name: one for one in notebook.snapshots.preview(snapshot).variables}["g"]
    assert (seen.action, seen.cell_runs) == ("recompute", (1, 2, 3, 4))
    notebook.run("g = None; base = 'other'")
    done = notebook.snapshots.restore(snapshot, recompute=True)
    assert (done.recomputed, done.not_restored) == (("g",), {})
    assert list(notebook["g"]) == [40, 60, 80]
    assert (notebook["base"], notebook["first"]) == ([10, 20, 30, 40], 20)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("import time; g = (t for t in [time.time()])", "time"),
        ("open({path!r}, 'a').write('again'); g = (n for n in [1])", "write"),
        ("import random; g = (n for n in [random.random()])", "random"),
        ("import requests as r; g = (n for n in [1])", "requests"),
        ("%time\ng = (n for n in [1])", "not plain Python"),
        ("from pathlib import Path; Path({path!r}).write_text('x'); g = (n for n in [1])", "pathlib"),
        ("import numpy as np; g = (n for n in np.random.rand(3))", "rand"),
    ],
)
def test_cells_that_reach_outside_are_named_and_not_run(notebook, tmp_path, source, word):
    path = tmp_path / "out.txt"
    path.write_text("")
    source = source.replace("{path!r}", repr(str(path)))
    notebook["g"] = None
    if "requests" in source:
        runs = [RanCell(1, None, source, True)]
        assert word in recipe("g", runs).why_not
        return
    notebook.run(source)
    written = path.read_text()
    snapshot = take(notebook)
    notebook.run("g = None")
    done = notebook.snapshots.restore(snapshot, recompute=True)
    assert word in done.not_restored["g"]
    assert notebook["g"] is None
    assert path.read_text() == written


def test_a_write_that_no_reading_of_the_source_shows_is_stopped(notebook, tmp_path):
    path = tmp_path / "out.txt"
    notebook.run(f"import io\nwriter = io.FileIO\nf = writer({str(path)!r}, 'a'); f.close(); g = (n for n in [1])")
    snapshot = take(notebook)
    path.unlink()
    notebook.run("g = None")
    done = notebook.snapshots.restore(snapshot, recompute=True)
    assert "reach outside" in done.not_restored["g"]
    assert not path.exists()
    assert notebook["g"] is None


def test_a_chain_of_names_connects_the_cells_of_a_variable():
    sources = ["a = []", "b = a", "b.append(1)", "z = 1", "c = len(z)", "import math", "g = (math.sqrt(n) for n in a)"]
    runs = [RanCell(number, f"c{number}", source, True) for number, source in enumerate(sources, 1)]
    found = recipe("g", runs)
    assert [run.order for run in found.runs] == [1, 2, 3, 6, 7]
    assert found.why_not == ""
    assert "no cell run" in recipe("nothing", runs).why_not
    assert "raised" in recipe("a", [*runs, RanCell(8, None, "a.append(1/0)", False)]).why_not
    assert "not known" in recipe("a", [*runs, RanCell(8, None, None, True)]).why_not
    assert "which no cell sets" in recipe("y", [RanCell(1, None, "y = given + 1", True)]).why_not
