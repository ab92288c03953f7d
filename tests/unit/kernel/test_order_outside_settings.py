"""What libraries and the process keep: found without a list of settings, each item counted by itself."""

from __future__ import annotations

import calendar
import os
import string
import sys
import types
from pathlib import Path

import pytest

from mlnb.kernel import order_reads, order_remote
from mlnb.kernel.order_libraries import Libraries
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.rules.reasons import key_in_words
from mlnb.order.rules.traces import all_of, family_of, members_of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Each test in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def libraries():
    return Libraries(lambda module: False, lambda value: f"users {value.__name__}")


@pytest.fixture
def made_up(monkeypatch):
    module = types.ModuleType("mod_settings")
    module.options = {"width": 3, "deep": {"colour": "red"}}
    module.level, module._cache, module._table, module.lazy = 1, {}, {}, None
    monkeypatch.setitem(sys.modules, "mod_settings", module)
    return module


# ---- module dictionaries
def test_settings_are_found_where_they_lie(made_up):
    watched = libraries()
    watched.watch(["mod_settings"])
    made_up.options["deep"]["colour"] = "blue"
    made_up.level = 2
    assert watched.look(["mod_settings"]) == {
        "mod_settings/mod_settings.options.deep.colour": "str 'blue'",
        "mod_settings/mod_settings.level": "int 2",
    }
    made_up.level = 1
    watched.look(["mod_settings"])
    assert list(watched.changed()) == ["mod_settings/mod_settings.options.deep.colour"]


def test_what_a_library_collects_as_it_works_is_no_setting(made_up):
    watched = libraries()
    watched.watch(["mod_settings"])
    made_up._cache["a"] = 1
    made_up._table["a"] = 1
    made_up.lazy = object()
    assert watched.look(["mod_settings"]) == {}


def test_a_patch_is_known_by_its_code(made_up):
    watched = libraries()
    watched.watch(["mod_settings"])
    exec("def patch(): pass", {"__name__": "__main__"}, made_up.__dict__)
    assert watched.look(["mod_settings"]) == {"mod_settings/mod_settings.patch": "users patch"}


# ---- statements
@pytest.mark.parametrize(
    ("source", "slots"),
    [
        ("pd.set_option('display.width', 5)", ["pd.set_option('display.width')"]),
        ("gc.disable()", ["gc.able"]),
        ("gc.enable()", ["gc.able"]),
        ("math.tau2 = 6", ["math.tau2"]),
        ("setattr(math, 'tau2', 6)", ["math.'tau2'"]),
        ("os.environ['A'] = '1'", []),
        ("random.seed(1)", []),
        ("x = f(1)", []),
        ("with warnings.catch_warnings():\n    warnings.simplefilter('error')", []),
    ],
)
def test_statements_that_set_something(source, slots):
    assert [effect.slot for effect in PythonAnalyzer().analyze(source).effects] == slots


def test_a_setting_out_of_sight_counts_by_its_statement(notebook):
    nb = notebook(
        "import csv\ncsv.register_dialect('mine', delimiter=';')", "import csv\nd = csv.get_dialect('mine').delimiter"
    )
    nb.run()
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}
    nb.edit("c1", "import csv\ncsv.register_dialect('mine', delimiter=',')")
    nb.run("c1")
    assert nb.states() == {"c1": "fresh", "c2": "stale"}
    csv_reason = nb.order.status()["c2"].reasons[0]
    assert csv_reason == "what is set in csv was changed by cell 1 after this cell used it"


def test_two_settings_do_not_hide_each_other(notebook):
    try:
        nb = notebook("import calendar\ncalendar.setfirstweekday(6)", "import string\nstring.digits = '01'",
                      "print(string.digits, calendar.firstweekday())")  # fmt: skip
        nb.run()
        nb.edit("c1", "import calendar\ncalendar.setfirstweekday(5)")
        nb.run("c1")
        assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "stale"}
    finally:
        calendar.setfirstweekday(0)
        string.digits = "0123456789"


def test_variables_of_the_environment_count_one_by_one(notebook, monkeypatch):
    for name in ("MLNB_T_A", "MLNB_T_B"):
        monkeypatch.setenv(name, "0")
    nb = notebook(
        "import os\nos.environ['MLNB_T_A'] = '1'",
        "os.environ['MLNB_T_B'] = '1'",
        "everything = dict(os.environ)",
        "b = os.environ['MLNB_T_B']",
    )
    nb.run()
    nb.edit("c1", "import os\nos.environ['MLNB_T_A'] = '2'")
    nb.run("c1")
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "stale", "c4": "fresh"}


def test_looking_changes_nothing(notebook):
    before = (sys.getrecursionlimit(), os.getcwd(), sys.getswitchinterval())
    nb = notebook("import threading, csv, logging, decimal, socket, locale, gc, signal", "n = threading.stack_size()")
    nb.run()
    nb.run("c2")
    assert nb.shell.user_ns["n"] == 0
    assert (sys.getrecursionlimit(), os.getcwd(), sys.getswitchinterval()) == before


# ---- programs, libraries in C++, other computers
def test_programs_read_what_they_name(notebook):
    Path("in.txt").write_text("1")
    Path("script.py").write_text("print(open('in.txt').read())")
    nb = notebook(
        "import subprocess, sys",
        "t = subprocess.run([sys.executable, 'script.py'], capture_output=True).stdout",
        "x = 1",
    )
    nb.run()
    Path("other.txt").write_text("1")
    nb.sync()
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "fresh"}
    Path("in.txt").write_text("2")
    nb.sync()
    assert nb.states() == {"c1": "fresh", "c2": "stale", "c3": "fresh"}


def test_names_in_a_folder_count_one_by_one(notebook):
    nb = notebook("open('o1', 'w').close()", "open('o2', 'w').close()", "import os\nnames = sorted(os.listdir('.'))")
    nb.run()
    nb.edit("c1", "open('o3', 'w').close()")
    nb.run("c1")
    assert nb.states()["c3"] == "stale"


def test_endings_tell_which_files_a_library_in_cpp_may_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv", "c.txt"):
        Path(name).write_text("x")
    code = PythonAnalyzer().analyze("duckdb.sql(f\"select * from '{base}.csv'\")")
    named = order_reads.look(code, code.words, {"duckdb"}, code.texts, [], whole=False)
    assert {Path(path).name for path in named.before if Path(path).exists()} == {"a.csv", "b.csv"}


def test_what_others_answer_cannot_be_told():
    code = PythonAnalyzer().analyze("d = pl.read_parquet('s3://user:word@bucket/a.parquet?token=1')")
    assert order_remote.sources(code, {"polars"}, code.words, code.texts, [], []) == ("what lies at bucket/a.parquet",)
    assert order_remote.sources(code, set(), code.words, code.texts, [], ["example.org"]) == (
        "what example.org answers",
    )


# ---- keys
def test_families():
    assert family_of("@library:pandas/pandas.x/y") == "@library:pandas/"
    assert family_of("@env:A") == "@env:"
    assert family_of("x") == ""
    key, value = all_of("@env:", {"@env:A": "1", "@env:B": "2"}, without=["@env:B"])
    assert members_of(key) == ("@env:", frozenset({"@env:B"}))
    assert value == all_of("@env:", {"@env:A": "1"})[1] != all_of("@env:", {})[1]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("@all:@library:pandas/", "what is set in pandas"), ("@all:@library:process/", "what is set for the whole process"),
        ("@all:@env:~A", "the environment"), ("@library:pandas/pandas.options.x", "`options.x` of pandas"),
        ("@in:/a/b.csv", "whether there is b.csv"), ("@names:/a/b", "the files in b"),
    ],
)  # fmt: skip
def test_keys_in_words(key, words):
    assert key_in_words(key) == words
