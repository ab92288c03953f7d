"""Taking and restoring in a shell: values, what they share, what is named instead, and the way back."""

from __future__ import annotations

import pytest

from mlnb.core.errors import BadInput
from mlnb.snapshots.errors import SnapshotNotFound


def states(taken):
    return {name: variable.state for name, variable in taken.variables.items()}


def test_variables_come_back_and_new_ones_go(notebook):
    notebook.run("x = [1, {'k': (2, 3)}]; y = 'text'")
    taken = notebook.snapshots.take("before")
    notebook.run("x[1]['k'] = 0; del y; z = 5")
    done = notebook.snapshots.restore(taken.id)
    assert notebook["x"] == [1, {"k": (2, 3)}]
    assert notebook["y"] == "text"
    assert "z" not in notebook
    assert done.restored == ("x", "y")
    assert done.removed == ("z",)
    assert done.not_restored == {}


def test_a_restore_can_be_taken_back(notebook):
    notebook.run("x = [1]")
    taken = notebook.snapshots.take()
    notebook.run("x.append(2); z = 5")
    undo = notebook.snapshots.restore(taken.id).undo
    notebook.snapshots.restore(undo)
    assert notebook["x"] == [1, 2]
    assert notebook["z"] == 5


def test_later_writes_never_reach_what_was_taken(notebook):
    notebook.run("import numpy as np; a = np.arange(300_000)")
    taken = notebook.snapshots.take()
    notebook.run("a[:] = -1")
    notebook.snapshots.restore(taken.id)
    assert int(notebook["a"].sum()) == sum(range(300_000))


def test_what_two_variables_share_they_share_again(notebook):
    notebook.run(
        "import numpy as np, pandas as pd\n"
        "a = [1]; b = {'a': a}; t = (a, a)\n"
        "m = np.arange(12.).reshape(3, 4); row = m[1]; turned = m.T; back = m[::-1]; wide = np.broadcast_to(m[0], (5, 4))\n"
        "df = pd.DataFrame({'x': [1, 2], 'y': [3., 4.]}); y = df['y']; y2 = y\n"
        "raw = bytearray(8); over = np.frombuffer(raw, 'u1')\n"
        "o = np.array([[], {}], dtype=object); last = o[1:]"
    )
    taken = notebook.snapshots.take()
    notebook.run("del a, b, t, m, row, turned, back, wide, df, y, y2, raw, over, o, last")
    assert notebook.snapshots.restore(taken.id).not_restored == {}
    assert notebook.ask("b['a'] is a and t[0] is t[1] is a and y2 is y")
    notebook.run("m[1, 2] = 99; raw[3] = 7; last[0] = 'new'")
    assert notebook.ask("row[2], turned[2, 1], back[1, 2], over[3], o[1]") == (99, 99, 99, 7, "new")
    assert notebook.ask("wide.strides[0], wide.flags.writeable") == (0, False)


@pytest.mark.filterwarnings("ignore")  # pandas 2 warns of what this asks about
@pytest.mark.parametrize("write", ["part.iloc[0] = 9.0", "frame.iloc[0, 1] = 9.0", "rows.iloc[0, 0] = 9.0"])
def test_a_write_to_part_of_a_frame_shows_in_the_frame_as_it_would_have_without_a_restore(notebook, write):
    make = (
        "import pandas as pd\nframe = pd.DataFrame({'x': [1., 2.], 'y': [3., 4.]}); part = frame['y']; rows = frame[:1]"
    )
    seen = "frame.values.tolist(), part.tolist(), rows.values.tolist()"
    notebook.run(f"{make}\n{write}")
    expected = notebook.ask(seen)
    notebook.run(make)
    taken = notebook.snapshots.take()
    notebook.run("del frame, part, rows")
    assert notebook.snapshots.restore(taken.id).not_restored == {}
    notebook.run(write)
    assert notebook.ask(seen) == expected


def test_sharing_survives_a_second_generation(notebook):
    notebook.run("import numpy as np; a = np.zeros(10); v = a[2:5]")
    notebook.snapshots.restore(notebook.snapshots.take().id)
    first = notebook.snapshots.take()
    notebook.run("del a, v")
    notebook.snapshots.restore(first.id)
    second = notebook.snapshots.take()
    notebook.run("del a, v")
    notebook.snapshots.restore(second.id)
    notebook.run("a[3] = 4.")
    assert notebook["v"][1] == 4.0
    assert notebook["v"].size == 3


def test_functions_see_the_live_namespace_and_share_closures(notebook):
    notebook.run(
        "k = 1\n"
        "def f(): return k\n"
        "def pair():\n"
        "    n = 0\n"
        "    def up():\n"
        "        nonlocal n\n"
        "        n += 1\n"
        "        return n\n"
        "    return up, lambda: n\n"
        "up, look = pair(); up()\n"
        "def fact(n): return 1 if n < 2 else n * fact(n - 1)"
    )
    taken = notebook.snapshots.take()
    notebook.run("up(); del f, up, look, fact")
    notebook.snapshots.restore(taken.id)
    notebook.run("k = 5")
    assert notebook.ask("f(), up(), look(), fact(5)") == (5, 2, 2, 120)


def test_restoring_an_old_instance_does_not_change_the_live_class(notebook):
    notebook.run("class K:\n    n = 1\n    def get(self): return self.v\nk = K(); k.v = [1]")
    taken = notebook.snapshots.take()
    notebook.run("K.n = 2; k.v.append(2); other = K()")
    notebook.snapshots.restore(taken.id, ["k"])
    assert notebook.ask("K.n, other.n, k.n, k.get()") == (2, 2, 1, [1])


def test_an_instance_of_an_unchanged_class_stays_an_instance(notebook):
    notebook.run("class K: pass\nk = K(); k.v = 1")
    taken = notebook.snapshots.take()
    notebook.run("k.v = 2")
    notebook.snapshots.restore(taken.id, ["k"])
    assert notebook.ask("k.v, isinstance(k, K)") == (1, True)


def test_slots_enums_and_exceptions_of_the_notebook(notebook):
    notebook.run(
        "import enum, dataclasses\n"
        "class S:\n    __slots__ = ('a', '__b')\n    def set(self): self.__b = 3; return self\n    def get(self): return self.__b\n"
        "class Colour(enum.Enum):\n    RED = 1\n"
        "@dataclasses.dataclass(frozen=True, slots=True)\nclass P:\n    x: int = 0\n"
        "class E(Exception):\n    def __init__(self, a, b): super().__init__(a); self.b = b\n"
        "s = S().set(); s.a = 1; red = Colour.RED; p = P(4); e = E('bad', 3)"
    )
    taken = notebook.snapshots.take()
    notebook.run("del s, red, p, e, S, Colour, P, E")
    assert notebook.snapshots.restore(taken.id).not_restored == {}
    assert notebook.ask("s.a, s.get(), hasattr(s, '__dict__'), isinstance(s, S)") == (1, 3, False, True)
    assert notebook.ask("red is Colour.RED, Colour(1) is red, p == P(4), hasattr(p, '__dict__')") == (
        True,
        True,
        True,
        False,
    )
    assert notebook.ask("e.args, e.b, isinstance(e, E)") == (("bad",), 3, True)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("bad = (i for i in [1])", "generator"),
        ("import threading; bad = threading.Lock(); bad.acquire()", "held"),
        ("import socket; bad = socket.socket()", "socket"),
        ("bad = open('/dev/null')", "open file"),
        ("import types; bad = types.ModuleType('made_here')", "made at run time"),
        (
            "import decimal\nclass B(decimal.Decimal):\n    def __reduce__(self): raise RuntimeError('nope')\nbad = B()",
            "nope",
        ),
        (
            "import decimal\nclass L(decimal.Decimal): pass\nbad = L(); bad.v = [1]",
            "equal",
        ),
        (
            "import decimal\ndef boom(): raise ValueError('x')\n"
            "class U(decimal.Decimal):\n    def __reduce__(self): return boom, ()\nbad = U()",
            "loaded",
        ),
        ("bad = []\nfor _i in range(20_000): bad = [bad]", "deep"),
        ("bad = globals()", "namespace"),
    ],
)
def test_what_cannot_be_saved_is_named_and_takes_nothing_along(notebook, source, word):
    notebook.run(source + "\ngood = [1]; both = [good, bad]")
    taken = notebook.snapshots.take()
    assert taken.variables["bad"].state == "not_restorable"
    assert word in taken.variables["bad"].reason
    assert taken.variables["both"].state == "not_restorable"
    assert taken.variables["good"].state == "saved"
    notebook.run("good.append(2)")
    done = notebook.snapshots.restore(taken.id, ["good", "bad"])
    assert notebook["good"] == [1]
    assert set(done.not_restored) == {"bad"}


@pytest.mark.parametrize(
    ("source", "seen", "expected"),
    [
        (
            "import threading\nclass W:\n    def __init__(self): self.lock = threading.Lock()\nx = W()",
            "x.lock.acquire(False)",
            True,
        ),
        ("import queue; x = queue.Queue(); x.put(3)", "x.get_nowait()", 3),
        ("class R:\n    def __reduce__(self): raise RuntimeError('no')\nx = R(); x.a = [1]", "x.a", [1]),
        ("class L:\n    def __getstate__(self): return {'v': []}\nx = L(); x.v = [1, 2]", "x.v", [1, 2]),
        ("import weakref\nclass K: pass\nk = K(); x = weakref.ref(k)", "x() is k", True),
        ("import re; x = re.search('b+', 'abbc')", "x.span(), x.group()", ((1, 3), "bb")),
        ("import sys, logging; x = logging.StreamHandler()", "x.stream is sys.stderr", True),
    ],
)
def test_what_no_pickle_carries_is_made_anew(notebook, source, seen, expected):
    notebook.run(source)
    taken = notebook.snapshots.take()
    assert states(taken)["x"] == "saved", taken.variables["x"].reason
    for name in set(states(taken)) - {"sys"}:
        del notebook.shell.user_ns[name]
    assert notebook.snapshots.restore(taken.id).not_restored == {}
    assert notebook.ask(seen) == expected


def test_a_file_open_for_reading_is_opened_again_and_one_that_changed_is_not(notebook, tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("one\ntwo\n")
    notebook.run(f"f = open({str(path)!r}); first = f.readline()")
    taken = notebook.snapshots.take()
    assert taken.variables["f"].state == "recompute"
    assert "lines.txt" in taken.variables["f"].reason
    notebook.run("f.close(); del f")
    assert notebook.snapshots.restore(taken.id).recomputed == ("f",)
    assert notebook.ask("f.readline()") == "two\n"
    notebook.run("f.close(); del f")
    path.write_text("something else")
    assert "changed" in notebook.snapshots.restore(taken.id).not_restored["f"]


def test_the_state_of_the_process_comes_back(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook.run(
        "import os, random, decimal, numpy as np, pandas as pd\n"
        "random.seed(1); np.random.seed(1); pd.set_option('display.max_rows', 7); np.set_printoptions(precision=3)\n"
        "os.environ['MLNB_TEST_X'] = 'one'; os.environ['MLNB_TEST_TOKEN'] = 'hidden-value-1'; decimal.getcontext().prec = 9"
    )
    taken = notebook.snapshots.take()
    draws = "random.random(), float(np.random.rand()), pd.get_option('display.max_rows')"
    rest = "os.environ.get('MLNB_TEST_X'), np.get_printoptions()['precision'], decimal.getcontext().prec, os.getcwd()"
    before = notebook.ask(draws), notebook.ask(rest)
    notebook.run(
        "random.random(); np.random.rand(); pd.reset_option('display.max_rows'); np.set_printoptions(precision=8); os.chdir('/')\n"
        "os.environ['MLNB_TEST_X'] = 'two'; os.environ['MLNB_TEST_Y'] = 'new'; decimal.getcontext().prec = 28"
    )
    done = notebook.snapshots.restore(taken.id)
    assert {"random", "numpy.random", "environment variables", "working folder"} <= set(done.process)
    assert (notebook.ask(draws), notebook.ask(rest)) == before
    assert notebook.ask("os.environ.get('MLNB_TEST_Y')") is None
    content = b"".join(path.read_bytes() for path in notebook.snapshots._files.root.rglob("*") if path.is_file())
    assert b"hidden-value-1" not in content
    notebook.run(
        "pd.reset_option('display.max_rows'); np.set_printoptions(precision=8); decimal.getcontext().prec = 28"
    )
    notebook.run("[os.environ.pop(name, None) for name in ('MLNB_TEST_X', 'MLNB_TEST_TOKEN')]")


def test_a_cache_that_fills_is_seen(notebook):
    notebook.run("import functools\n@functools.lru_cache\ndef f(x): return x + 1")
    empty = notebook.snapshots.take()
    notebook.run("f(1)")
    full = notebook.snapshots.take()
    assert (empty.variables["f"].state, full.variables["f"].state) == ("saved", "not_restorable")
    assert full.variables["f"].digest != empty.variables["f"].digest
    assert "its cache holds results" in full.variables["f"].reason
    notebook.run("del f")
    assert notebook.snapshots.restore(empty.id).not_restored == {}
    assert notebook.ask("f(2), f.cache_info().misses") == (3, 1)


def test_what_cannot_be_brought_back_is_never_taken_away(notebook):
    notebook.run("x = 1")
    taken = notebook.snapshots.take()
    notebook.run("import threading; lock = threading.Lock(); lock.acquire(); y = 2")
    done = notebook.snapshots.restore(taken.id)
    assert "lock" in notebook
    assert done.removed == ("threading", "y")


def test_unchanged_variables_stay_the_same_object(notebook):
    notebook.run("import numpy as np; a = np.arange(4); b = [1]; c = [b]")
    taken = notebook.snapshots.take()
    before = {name: id(notebook[name]) for name in "abc"}
    notebook.run("a[0] = 9")
    notebook.snapshots.restore(taken.id)
    after = {name: id(notebook[name]) for name in "abc"}
    assert (before["b"], before["c"]) == (after["b"], after["c"])
    assert before["a"] != after["a"]


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("v = [[0] * 2] * 2", "v[1] = [0, 0]"),
        ("v = {'a': 1, 'b': 2}", "v['a'] = v.pop('a')"),
        ("v = {1, 2}", "v.add(3)"),
        ("import numpy as np; v = np.zeros(3)", "v.flags.writeable = False"),
        ("import pandas as pd; v = pd.DataFrame({'a': [1]})", "v.attrs['src'] = 'q'"),
        ("import pandas as pd; v = pd.DataFrame({'a': [[1]]})", "v.loc[0, 'a'].append(2)"),
        ("def v(x, seen=[]): seen.append(x)", "v(1)"),
        ("class v: n = 1", "v.n = 2"),
        ("class C: pass\nv = C()", "v.x = 1"),
        ("import random; v = random.Random(1)", "v.random()"),
    ],
)
def test_the_digest_is_equal_exactly_while_nothing_changed(notebook, source, change):
    notebook.run(source)
    first, second = notebook.snapshots.take(), notebook.snapshots.take()
    assert first.variables["v"].digest == second.variables["v"].digest
    notebook.run(change)
    assert notebook.snapshots.take().variables["v"].digest != first.variables["v"].digest
    diff = notebook.snapshots.diff(first.id, notebook.snapshots.take().id)
    assert "v" in diff.changed


def test_what_did_not_change_is_not_written_again(notebook, mlnb_home):
    notebook.run("import numpy as np; a = np.random.default_rng(0).random(500_000)")
    notebook.snapshots.take()
    notebook.snapshots.flush()
    before = sum(path.stat().st_size for path in (mlnb_home / "blobs").rglob("*") if path.is_file())
    notebook.run("x = 1")
    notebook.snapshots.take()
    notebook.run("a[0] = 0")
    notebook.snapshots.take()
    notebook.snapshots.flush()
    after = sum(path.stat().st_size for path in (mlnb_home / "blobs").rglob("*") if path.is_file())
    assert before > 3_900_000
    assert after - before < 1_200_000  # one chunk of four


def test_a_snapshot_tells_who_when_why_and_what_ran(notebook):
    notebook.run("x = 1")
    notebook.run("1 / 0", fails=True)
    taken = notebook.snapshots.take("why not")
    snapshot = taken.wait()
    assert (snapshot.cell_runs, snapshot.reason, snapshot.env_id) == (2, "why not", "env-1")
    assert snapshot.owner
    assert notebook.linked == [taken.id]
    manifest = notebook.snapshots._files.read(taken.id)
    assert [(run.order, run.succeeded) for run in manifest.cell_runs] == [(1, True), (2, False)]


def test_the_list_has_the_newest_first(notebook):
    notebook.run("x = 1")
    ids = [notebook.snapshots.take(str(n)).id for n in range(3)]
    assert {one.id for one in notebook.snapshots.list()} == set(ids)
    assert [one.id for one in notebook.snapshots.list()] == sorted(ids, reverse=True)


def test_credentials_do_not_stand_in_reasons(notebook):
    notebook.run(
        "class B:\n    def __reduce__(self): raise RuntimeError('password=hunter2hunter2')\nbad = B()\napi_key = 'sk-' + 'a' * 30"
    )
    taken = notebook.snapshots.take("token=abcdefgh12345678")
    text = str(taken.wait())
    assert "hunter2" not in text
    assert "abcdefgh1234" not in text
    assert "sk-aaa" not in text
    assert taken.variables["api_key"].type == "str"


def test_automatic_snapshots(notebook):
    notebook.snapshots.set_auto("each_run")
    notebook.run("x = 1")
    notebook.snapshots.set_auto("on_failure")
    notebook.run("y = 1")
    notebook.run("1 / 0", fails=True)
    notebook.snapshots.set_auto("every 5m")
    notebook.run("z = 1")
    notebook.snapshots.set_auto("off")
    notebook.run("z = 2")
    assert [one.reason for one in notebook.snapshots.list()][::-1] == ["after cell run 1", "cell run 3 failed"]
    with pytest.raises(BadInput, match="hourly"):
        notebook.snapshots.set_auto("hourly")


def test_unknown_ids_and_names_change_nothing(notebook):
    notebook.run("x = 1")
    taken = notebook.snapshots.take()
    notebook.run("x = 2")
    with pytest.raises(SnapshotNotFound):
        notebook.snapshots.restore("snap-nope")
    with pytest.raises(SnapshotNotFound):
        notebook.snapshots.restore("../../etc/passwd")
    with pytest.raises(BadInput, match="nope"):
        notebook.snapshots.restore(taken.id, ["nope"])
    assert notebook["x"] == 2


def test_sqlite_in_memory_comes_back(notebook):
    notebook.run(
        "import sqlite3; db = sqlite3.connect(':memory:'); db.execute('create table t (a)')\n"
        "db.execute('insert into t values (5)'); db.commit()"
    )
    taken = notebook.snapshots.take()
    notebook.run("db.execute('delete from t'); db.commit()")
    assert notebook.snapshots.restore(taken.id).not_restored == {}
    assert notebook.ask("db.execute('select a from t').fetchall()") == [(5,)]


def test_the_public_functions_speak_for_the_kernel(notebook):
    import mlnb
    from mlnb.core import current
    from mlnb.core.errors import Unavailable

    with pytest.raises(Unavailable, match="no kernel"):
        mlnb.snapshots.take()
    current.fill("snapshots", notebook.snapshots)
    notebook.run("x = 1")
    taken = mlnb.snapshots.take("public")
    mlnb.snapshots.flush()
    notebook.run("x = 2")
    assert mlnb.snapshots.restore(taken.id).restored == ("x",)
    assert notebook["x"] == 1
    assert mlnb.snapshots.diff(taken.id, taken.id).changes == ()
    assert taken.id in {one.id for one in mlnb.snapshots.list()}
    mlnb.snapshots.set_auto("off")


def test_a_function_that_dispatches_on_types_comes_back_with_its_registry(notebook, new_notebook):
    notebook.run(
        "import functools\n@functools.singledispatch\ndef f(a): return 'any'\n"
        "@f.register\ndef _(a: int): return 'int'\n@f.register(list)\ndef of_list(a): return 'list'"
    )
    look = "(f('a'), f(1), f([]), [*f.registry], vars(f._clear_cache.__self__)['_dirty_len'])"
    before, taken = notebook.ask(look), notebook.snapshots.take()
    notebook.snapshots.flush()
    other = new_notebook()
    assert other.snapshots.restore(taken.id).not_restored == {}
    assert other.ask(look) == before
