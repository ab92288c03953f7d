"""What functions set for the whole process and no dictionary shows: set by one cell, read by another."""

from __future__ import annotations

import csv
import gc
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from mlnb.kernel import order_asked
from mlnb.kernel.order_code import SETS, facts_of
from mlnb.order.plugins.python import PythonAnalyzer


@pytest.fixture(autouse=True)
def process(tmp_path, monkeypatch):
    """Each test in a folder of its own; what it sets for the process is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    size, limit, thresholds = threading.stack_size(), csv.field_size_limit(), gc.get_threshold()
    yield
    threading.stack_size(size)
    csv.field_size_limit(limit)
    gc.set_threshold(*thresholds)


@pytest.mark.parametrize(
    ("start", "setting", "other", "reading"),
    [
        ("import threading", "threading.stack_size(262144);", "threading.stack_size(524288);", "print(threading.stack_size())"),
        ("import csv", "csv.field_size_limit(1000);", "csv.field_size_limit(2000);", "print(csv.field_size_limit())"),
        ("import gc", "gc.set_threshold(500)", "gc.set_threshold(600)", "print(gc.get_threshold())"),
        ("import sys, argparse", "sys.argv[1:] = '1'", "sys.argv[1:] = '2'", "print(argparse.ArgumentParser().parse_known_args()[1])"),
        ("import logging", "logging.raiseExceptions = False", "logging.raiseExceptions = True", "print(logging.raiseExceptions)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_called", [False, True])
def test_what_one_cell_sets_another_reads(notebook, start, setting, other, reading, is_called):
    def cells(statement):
        return [f"def quiet():\n    {statement}", "quiet()"] if is_called else [statement, "1 + 1"]

    nb = notebook(start, *cells(setting), reading)
    nb.run()
    assert nb.states()["c4"] == "fresh"
    nb.edit("c2", cells(other)[0])
    nb.run("c2", "c3")
    assert nb.states()["c4"] == "stale"
    nb.edit("c2", cells(setting)[0])
    nb.run("c2", "c3")
    assert nb.states()["c4"] == "fresh"


def test_to_ask_for_the_size_of_stacks_leaves_it_as_it_is():
    threading.stack_size(262144)
    assert order_asked.items_of("threading", repr)["threading/size of stacks"] == "262144"
    assert threading.stack_size(0) == 262144


def test_calls_that_nothing_tells_are_heard_in_functions(notebook):
    nb = notebook(
        "import codecs\ndef quiet(mark):\n    codecs.register_error('mlnb-mine', lambda e: (mark, e.end))",
        "quiet('?')",
        "print('a\\xe9'.encode('ascii', 'mlnb-mine'))",
    )
    nb.run()
    assert nb.states()["c3"] == "fresh"
    nb.edit("c2", "quiet('#')")
    nb.run("c2")
    assert nb.states()["c3"] == "stale"


def test_a_variable_for_programs_alone_counts(notebook):
    nb = notebook(
        "import os", "os.putenv('MLNB_TEST_PUT', '1')", "print(os.popen('echo $MLNB_TEST_PUT').read())", "x = 1"
    )
    nb.run()
    nb.edit("c2", "os.putenv('MLNB_TEST_PUT', '2')")
    nb.run("c2")
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "stale", "c4": "fresh"}
    os.unsetenv("MLNB_TEST_PUT")


def test_all_variables_and_all_sizes_are_read_at_once(notebook, monkeypatch):
    monkeypatch.setenv("MLNB_TEST_ONE", "0")
    nb = notebook(
        "import os\nos.environ['MLNB_TEST_ONE'] = '1'",
        "open('a.txt', 'w').write('1');",
        "e = dict(os.environ)",
        "print({entry.name: entry.stat().st_size for entry in os.scandir('.')})",
    )
    nb.run()
    nb.run("c1", "c2")
    assert set(nb.states().values()) == {"fresh"}
    nb.edit("c1", "import os\nos.environ['MLNB_TEST_ONE'] = '2'")
    nb.edit("c2", "open('a.txt', 'w').write('22');")
    nb.run("c1", "c2")
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "stale", "c4": "stale"}


def test_a_database_that_an_open_connection_changes(notebook):
    nb = notebook(
        "import sqlite3\ncon = sqlite3.connect('d.db'); con.execute('create table t (a)'); con.commit()",
        "con.execute('insert into t values (1)');",
        "other = sqlite3.connect('d.db'); print(other.execute('select count(*) from t').fetchone()); other.close()",
    )
    nb.run()
    assert nb.states()["c3"] == "fresh"
    nb.edit("c2", "con.execute('insert into t values (1)'); con.commit()")
    nb.run("c2")
    assert nb.states()["c3"] == "stale"


def test_mapped_memory_is_a_file(notebook):
    Path("a").write_text("12")
    nb = notebook(
        "import mmap\nf = open('a', 'r+b'); m = mmap.mmap(f.fileno(), 0)", "m[0:1] = b'9'", "print(open('a').read())"
    )
    nb.run()
    nb.delete("c2")
    assert nb.states()["c3"] == "stale"


def test_places_in_memory_cannot_be_told():
    assert PythonAnalyzer().analyze("seen[id(a)] = 1").varying == ("where a value lies in memory",)
    assert PythonAnalyzer().analyze("id(a) == id(b)").varying == ()
    assert PythonAnalyzer().analyze("import time\ntime.localtime(0)").varying == ()
    assert PythonAnalyzer().analyze("import time\ntime.ctime()").varying == ("the clock",)


def test_tables_in_statements_are_read_by_their_names():
    code = PythonAnalyzer().analyze("duckdb.sql('select sum(a) from df join other on 1 = 1')")
    assert {"df", "other"} <= code.reads
    assert {"df", "other"} == code.guessed
    slots = [effect.slot for effect in PythonAnalyzer().analyze("duckdb.sql('insert into t values (1)')").effects]
    assert slots == ["+the table t"]


def test_functions_that_set_what_is_global():
    def local(self, table):
        self.x = table["a"] = 1

    def of_a_module():
        logging.raiseExceptions = True

    def of_an_import():
        import csv as other

        other.extra = 1

    def item():
        sys.modules["mlnb_made_up"] = sys

    def by_operator():
        logging.root.level += 1

    assert [SETS in facts_of(one.__code__).words for one in (local, of_a_module, of_an_import, item, by_operator)] == [
        False, True, True, True, True,
    ]  # fmt: skip
