"""What cells ask databases and stores: real SQLite, SQLAlchemy and DuckDB, and a store that tells versions as S3 and GCS do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from types import MappingProxyType

import duckdb
import fsspec
import pandas as pd
import pytest
import sqlalchemy
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mlnb.kernel.snapshots_asked import Asked
from mlnb.kernel.snapshots_queries import digest_of_rows, text_of
from mlnb.snapshots.plugins.data import pointers
from mlnb.snapshots.surroundings import ObjectRead, QueryRead, Readings


class Listened:
    """A bare shell that is listened to."""

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell(config=config)
        self.is_on = True
        self.asked = Asked(self.shell, lambda: self.is_on)
        self.asked.attach()

    def run(self, source, cell_id="c1"):
        result = self.shell.run_cell(source, store_history=True, cell_id=cell_id)
        result.raise_error()
        return {query.text: query for query in self.asked.queries}

    def frame(self, name):
        return self.shell.user_ns[name]


@pytest.fixture
def listened():
    made = Listened()
    yield made
    made.asked.detach()


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("create table orders (id integer, name text)")
    connection.executemany("insert into orders values (?, ?)", [(1, "a"), (2, "b"), (3, "c")])
    connection.commit()
    connection.close()
    return path


def test_a_frame_of_sqlite_is_known_by_query_rows_and_their_hash_in_any_order(listened, shop):
    found = listened.run(f"import sqlite3, pandas as pd\ncon = sqlite3.connect({str(shop)!r})\n"
                         "frame = pd.read_sql('select *\\n  from orders;', con)")  # fmt: skip
    query = found["select * from orders"]
    assert (query.place, query.rows, query.cells, query.note) == (str(shop), 3, ("c1",), "")
    assert query.digest == digest_of_rows(listened.frame("frame").sample(frac=1, random_state=1))
    listened.run("con.execute('update orders set name = ? where id = 2', ['z']); con.commit()", "c2")
    again = listened.run("pd.read_sql_query(sql='select * from orders', con=con)", "c3")["select * from orders"]
    assert again.digest != query.digest
    assert again.cells == ("c1", "c3")
    assert len(listened.asked.queries) == 1


def test_a_table_and_a_query_through_sqlalchemy_are_known_without_the_password(listened, shop):
    source = f"import sqlalchemy, pandas as pd\nengine = sqlalchemy.create_engine('sqlite:///{shop}')\n"
    found = listened.run(source + "table = pd.read_sql_table('orders', engine)\n"
                         "some = pd.read_sql(sqlalchemy.text('select id from orders where id > 1'), engine)")  # fmt: skip
    assert {text: (query.place, query.rows) for text, query in found.items()} == {
        "orders": (f"sqlite:///{shop}", 3),
        "select id from orders where id > 1": (f"sqlite:///{shop}", 2),
    }
    url = sqlalchemy.engine.make_url("postgresql+psycopg2://ana:open-sesame@db/shop")
    listened.shell.user_ns["session"] = type("Session", (), {"__module__": "sqlalchemy.orm", "url": url})()
    asked = listened.run("def ask(s): pass\nquery = 'select 1'\nif False:\n    session.execute(query)")["select 1"]
    assert "sesame" not in asked.place
    assert asked.place.startswith("postgresql")


def test_duckdb_is_asked_through_a_connection_a_relation_and_the_module(listened, tmp_path):
    found = listened.run(
        "import duckdb\ncon = duckdb.connect()\ncon.execute('create table t as select range as n from range(5)')\n"
        "one = con.execute('select n from t where n > 2').df()\n"
        "two = con.sql('select n, n * 2 as m from t').df()\n"
        "three = duckdb.sql('select 1 as x').arrow()\n"
        "four = con.execute('select max(n) from t').fetchall()"
    )
    assert {text: (query.rows, bool(query.digest)) for text, query in found.items()} == {
        "select n from t where n > 2": (2, True),
        "select n, n * 2 as m from t": (5, True),
        "select 1 as x": (found["select 1 as x"].rows, False),
        "select max(n) from t": (None, False),
    }
    assert {query.place for query in found.values()} == {"DuckDB"}


def test_a_cursor_is_known_by_the_text_in_the_source_alone(listened, shop):
    found = listened.run(
        f"import sqlite3\ncon = sqlite3.connect({str(shop)!r})\ncursor = con.cursor()\ntable = 'orders'\n"
        "wanted = 'select name from orders'\ncursor.execute(wanted).fetchall()\n"
        "con.execute(f'select count(*) from {table}').fetchone()\n"
        "con.execute('delete from orders where id = 9')"
    )
    assert {text: (query.place, query.rows) for text, query in found.items()} == {
        "select name from orders": (str(shop), None),
        "select count(*) from {table}": (str(shop), None),
    }


def test_credentials_in_a_query_are_masked(listened, shop):
    token = "ghp_" + "a" * 36
    found = listened.run(f"import sqlite3, pandas as pd\ncon = sqlite3.connect({str(shop)!r})\n"
                         f"pd.read_sql(\"select * from orders where name = '{token}'\", con)")  # fmt: skip
    assert token not in "".join(found)
    assert "••••••" in "".join(found)
    assert text_of(b"select 1;") == "select 1"
    assert text_of(3) == ""


def test_a_loop_is_not_followed_to_its_end_and_a_huge_answer_is_not_hashed(listened, shop, monkeypatch):
    from mlnb.kernel import snapshots_asked

    source = f"import sqlite3, pandas as pd\ncon = sqlite3.connect({str(shop)!r})\n"
    listened.run(source + "for n in range(300):\n    pd.read_sql(f'select * from orders where id = {n}', con)")
    assert len([query for query in listened.asked.queries if query.rows is not None]) == 100
    monkeypatch.setattr(snapshots_asked, "_MOST_VALUES", 5)
    query = listened.run("pd.read_sql('select *, 1 from orders', con)")["select *, 1 from orders"]
    assert (query.rows, query.digest, query.note) == (3, "", "its rows were not hashed: too many")
    pieces = listened.run("list(pd.read_sql('select id from orders', con, chunksize=2))")["select id from orders"]
    assert (pieces.rows, pieces.note) == (None, "read in pieces")


def test_nothing_is_noted_while_no_cell_runs_or_nobody_wants_it_and_all_is_taken_out_again(listened, shop):
    from pandas.io import sql

    with sqlite3.connect(shop) as connection:
        pd.read_sql("select 1", connection)
        listened.is_on = False
        listened.run(f"import sqlite3, pandas as pd\npd.read_sql('select 2', sqlite3.connect({str(shop)!r}))")
    assert listened.asked.queries == ()

    def methods():
        return (sql.SQLDatabase.read_query, fsspec.spec.AbstractFileSystem.open, duckdb.DuckDBPyConnection.df)

    during = methods()
    listened.asked.detach()
    assert methods() == tuple(method.__wrapped__ for method in during)
    assert not any(type(finder).__module__.startswith("mlnb") for finder in sys.meta_path)
    listened.asked.attach()


def test_a_library_that_is_imported_in_the_cell_itself_is_listened_to_and_stays_as_it_is(shop):
    """In a process of its own, where pandas is not there yet."""
    program = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from traitlets.config import Config\n"
        "from mlnb.kernel.snapshots_asked import Asked\n"
        "config = Config(); config.HistoryManager.enabled = False\n"
        "shell = InteractiveShell(config=config)\n"
        "asked = Asked(shell, lambda: True); asked.attach()\n"
        "assert 'pandas' not in sys.modules\n"
        "before = list(sys.meta_path)\n"
        "shell.run_cell('seen = list(__import__(\"sys\").meta_path)')\n"
        "assert shell.user_ns['seen'] == before == sys.meta_path\n"
        f"shell.run_cell('''import sqlite3, pandas as pd\npd.read_sql('select * from orders', sqlite3.connect({str(shop)!r}))''')\n"
        "print([(one.text, one.rows) for one in asked.queries])\n"
        "module = sys.modules['pandas.io.sql']\n"
        "print(type(module.__loader__).__name__, type(module.__spec__.loader).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == [
        "[('select * from orders', 3)]",
        "SourceFileLoader SourceFileLoader",
    ]


def test_the_hash_of_rows_tells_values_types_and_columns_apart_and_takes_lists():
    frame = pd.DataFrame({"a": [1, 2, 2], "b": ["x", "y", "y"]})
    same = digest_of_rows(frame)
    assert digest_of_rows(frame.iloc[::-1]) == same
    assert digest_of_rows(frame.rename(columns={"a": "c"})) != same
    assert digest_of_rows(frame.astype({"a": float})) != same
    assert digest_of_rows(frame.iloc[:2]) != same
    assert digest_of_rows(frame.assign(a=[1, 1, 2])) != same
    nested = pd.DataFrame({"a": [[1], [2]], "b": [1, 2]})
    assert digest_of_rows(nested) == digest_of_rows(nested.iloc[::-1])
    assert digest_of_rows(nested) != digest_of_rows(pd.DataFrame({"a": [[1], [3]], "b": [1, 2]}))


class Store(fsspec.AbstractFileSystem):
    """A store with one object, of which it tells what a real one would."""

    protocol = "teststore"
    cachable = False
    told = MappingProxyType({})

    def info(self, path, **_):
        return {"name": path, "size": 6, "type": "file", **self.told}

    def _open(self, path, mode="rb", **_):
        return StoredFile(self, path, mode)


class StoredFile(fsspec.spec.AbstractBufferedFile):
    def _fetch_range(self, start, end):
        return b"a,b\n1,"[start:end]


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ({"ETag": '"d41d8"', "VersionId": "3HL4kqtJ"}, "version_id:3HL4kqtJ"),
        ({"ETag": '"d41d8"', "VersionId": None}, "etag:d41d8"),
        ({"etag": "CJ", "generation": "1690", "md5Hash": "x=="}, "generation:1690"),
        ({"content_md5": "x=="}, "md5:x=="),
        ({}, ""),
    ],
)
def test_an_object_in_a_store_is_known_by_its_version(listened, monkeypatch, told, version):
    fsspec.register_implementation("teststore", Store, clobber=True)
    monkeypatch.setattr(Store, "told", told)
    listened.run(
        "import fsspec\nwith fsspec.open('teststore://bucket/data.csv', 'rt') as file:\n    text = file.read()"
    )
    assert listened.frame("text") == "a,b\n1,"
    assert listened.asked.objects == (ObjectRead("teststore://bucket/data.csv", version, 6, ("c1",)),)


def test_queries_and_objects_become_pointers():
    readings = Readings(
        elsewhere={"s3://bucket/key?X-Amz-Signature=abcdef": ("c1",), "gs://other/key": ("c2",)},
        queries=(QueryRead("/shop.db", "select 1", 1, "abc", ("c3",)), QueryRead("/shop.db", "select 2")),
        objects=(ObjectRead("s3://bucket/key", "etag:d41d8", 6, ("c4",)),),
    )
    found = [(one.path, one.kind, one.query, one.rows, one.version, one.cells) for one in pointers(readings, {}).files]
    assert found == [
        ("/shop.db", "query", "select 1", 1, "", ("c3",)),
        ("/shop.db", "query", "select 2", None, "", ()),
        ("gs://other/key", "remote", "", None, "", ("c2",)),
        ("s3://bucket/key", "remote", "", None, "etag:d41d8", ("c1", "c4")),
    ]
