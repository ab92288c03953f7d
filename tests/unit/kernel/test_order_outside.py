"""What lies outside the names: files, folders that are searched, random state drawn by imports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlnb.core.home import home
from mlnb.kernel import order_world


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Each test in a folder of its own, from which modules are imported and then forgotten."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend("")
    before = set(sys.modules)
    yield folder
    for name in [name for name in set(sys.modules) - before if name.startswith("mod_")]:
        del sys.modules[name]


def inputs(nb, number=1):
    return nb.order._runs.tracker.runs[number - 1].trace.inputs


def library(tmp_path, monkeypatch, name, text):
    folder = tmp_path / "site-packages"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))


# ---- imports that draw
def test_an_import_that_draws_is_fresh_but_what_is_drawn_after_it_is_not_sure(notebook, tmp_path, monkeypatch):
    library(tmp_path, monkeypatch, "mod_draws", "import random\nrandom.random()\n")
    nb = notebook("import mod_draws", "import random\nr = random.random()", "x = 1")
    nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "unknown", "c3": "fresh"}


def test_an_import_that_draws_continues_a_seeded_state(notebook, tmp_path, monkeypatch):
    library(tmp_path, monkeypatch, "mod_draws_too", "import random\nrandom.random()\n")
    nb = notebook("import random\nrandom.seed(1)", "import mod_draws_too", "r = random.random()")
    nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "fresh"}
    nb.edit("c1", "import random\nrandom.seed(2)")
    nb.run("c1")
    assert nb.states()["c3"] == "stale"


def test_an_own_module_may_keep_what_it_drew(notebook):
    Path("mod_keeps.py").write_text("import random\nvalue = random.random()\n")
    nb = notebook("import random\nrandom.seed(1)", "from mod_keeps import value", "print(value)")
    nb.run()
    nb.edit("c1", "import random\nrandom.seed(2)")
    nb.run("c1")
    assert nb.states()["c2"] == "stale"


def test_seeding_beside_an_import_is_not_an_import_alone(notebook):
    nb = notebook("import random\nr = random.random()")
    nb.run()
    assert nb.states() == {"c1": "unknown"}


# ---- folders that Python searches
def test_a_new_file_beside_the_notebook_makes_no_import_stale(notebook):
    Path("mod_one.py").write_text("value = 1\n")
    nb = notebook("import mod_one", "print(mod_one.value)")
    nb.run()
    Path("new.csv").write_text("1")
    nb.sync()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


def test_asking_for_installed_packages_is_no_listing_of_ones_own(notebook):
    nb = notebook(
        "import importlib.metadata, pkgutil", "n = len({d.name for d in importlib.metadata.distributions()}) > 0"
    )
    nb.run()
    Path("new.csv").write_text("1")
    nb.sync()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


def test_running_again_an_import_that_sets_a_variable_is_fresh(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("MLNB_TEST_LOADED", "0")
    library(tmp_path, monkeypatch, "mod_sets", "import os\nos.environ['MLNB_TEST_LOADED'] = '1'\n")
    nb = notebook("import mod_sets", "import os\nprint(os.environ['MLNB_TEST_LOADED'])")
    nb.run()
    nb.run("c1")
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


def test_writing_a_file_again_is_fresh_whatever_else_lies_there_by_now(notebook):
    nb = notebook("with open('out.csv', 'w') as f:\n    n = f.write('1')", "print(open('out.csv').read())")
    nb.run()
    Path("new.csv").write_text("1")
    nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


def test_a_failed_import_depends_on_what_lies_there(notebook):
    nb = notebook("import mod_missing")
    nb.run()
    assert nb.states() == {"c1": "fresh"}  # it fails from top to bottom as well
    Path("mod_missing.py").write_text("value = 1\n")
    nb.sync()
    assert nb.states() == {"c1": "stale"}


def test_a_listing_of_ones_own_is_an_input(notebook):
    nb = notebook("import os", "names = os.listdir('.')")
    nb.run()
    Path("new.csv").write_text("1")
    nb.sync()
    assert nb.states() == {"c1": "fresh", "c2": "stale"}


# ---- what mlnb itself keeps
def test_what_mlnb_writes_about_the_run_is_no_input(notebook):
    nb = notebook(
        "import pathlib", "pathlib.Path(folder).mkdir(parents=True, exist_ok=True)\nopen(folder + '/log', 'a+').close()"
    )
    nb.shell.user_ns["folder"] = str(home() / "spool" / "runs")
    nb.run()
    assert not [key for key in inputs(nb, 2) if "spool" in key]


def test_other_files_in_its_home_are(notebook):
    (home() / "features").mkdir(parents=True, exist_ok=True)
    table = home() / "features" / "table.csv"
    table.write_text("1")
    nb = notebook(f"text = open({str(table)!r}).read()")
    nb.run()
    table.write_text("2")
    nb.sync()
    assert nb.states() == {"c1": "stale"}


def test_a_spool_of_another_name_is_not_mistaken_for_it(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("MLNB_SPOOL", str(tmp_path / "spool"))
    (tmp_path / "spool2").mkdir()
    (tmp_path / "spool2" / "a").write_text("1")
    nb = notebook(f"text = open({str(tmp_path / 'spool2' / 'a')!r}).read()")
    nb.run()
    assert f"@file:{tmp_path / 'spool2' / 'a'}" in inputs(nb)


# ---- scratch files
def test_a_scratch_folder_made_and_gone_within_a_run_matters_to_nobody(notebook):
    code = """
import tempfile
with tempfile.TemporaryDirectory() as d:
    open(d + '/a', 'w').write('1')
    n = open(d + '/a').read()
del d
"""
    nb = notebook(code, "print(n)")
    nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}
    assert not [key for key in inputs(nb) if "/tmp" in key]


def test_a_scratch_file_that_another_cell_removes_does(notebook):
    nb = notebook(
        "import tempfile, os\np = os.path.join(os.path.dirname(tempfile.gettempdir() + '/'), 'tmpab12cd3_')\nopen(p, 'w').write('1')",
        "try:\n    t = open(p).read()\nexcept OSError:\n    t = None",
        "os.remove(p)",
    )  # fmt: skip
    nb.run("c1", "c3", "c2")
    assert nb.states()["c2"] == "stale"


# ---- the environment
def test_the_environment_is_read_anew_when_it_changes(monkeypatch):
    first = order_world.environment()
    assert order_world.environment() is first
    monkeypatch.setenv("MLNB_TEST_COLOUR", "blue")
    assert order_world.environment() == {**first, "MLNB_TEST_COLOUR": "blue"}
    monkeypatch.delenv("MLNB_TEST_COLOUR")
    assert order_world.environment() == first


def test_a_variable_that_a_cell_sets_is_an_input_of_those_that_read_it(notebook, monkeypatch):
    monkeypatch.delenv("MLNB_TEST_SHADE", raising=False)
    nb = notebook("import os\nos.environ['MLNB_TEST_SHADE'] = 'a'", "s = os.environ['MLNB_TEST_SHADE']")
    nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}
    nb.edit("c1", "import os\nos.environ['MLNB_TEST_SHADE'] = 'b'")
    nb.run("c1")
    assert nb.states() == {"c1": "fresh", "c2": "stale"}
    monkeypatch.delenv("MLNB_TEST_SHADE")
