"""The database: migrated once by whoever comes first, never damaged, refused where it cannot be trusted."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.errors import StoreUnavailable
from mlnb.core.events import Event
from mlnb.core.secrets import MASK
from mlnb.store.core_tables import Notebooks, Outbox, outbox
from mlnb.store.database import Database, known_revisions, metadata, stored_revision
from mlnb.store.disk import check_local_disk, file_system_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'mlnb.db'}")
    yield database
    database.close()


def dump(file: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    lines = list(connection.iterdump())
    connection.close()
    return lines


# ---- schema ----------------------------------------------------------------------------------------------------------
def test_the_first_use_brings_it_to_the_newest_revision(database):
    assert stored_revision(database.engine) == known_revisions()[-1]


def test_what_the_code_declares_is_what_the_migrations_make(database):
    """Every repo's tables against the migrated schema, by Alembic's own comparison."""
    for repo in sorted((ROOT / "mlnb").glob("*/repo.py")):
        __import__(f"mlnb.{repo.parent.name}.repo")
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        virtual = (
            connection.exec_driver_sql("select name from sqlite_master where sql like 'CREATE VIRTUAL%'")
            .scalars()
            .all()
        )

        def is_declared(thing, name, kind, reflected, compared):  # full-text indexes have no form in SQLAlchemy
            return kind != "table" or not any(name == v or name.startswith(f"{v}_") for v in virtual)

        options = {"compare_type": True, "include_object": is_declared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_row_has_an_owner(database):
    """Whatever a person made carries who; what belongs to nobody is named here."""
    without = {"outbox", "spool_cursors", "alembic_version"}
    for repo in sorted((ROOT / "mlnb").glob("*/repo.py")):
        __import__(f"mlnb.{repo.parent.name}.repo")
    parents = {fk.column.table.name for table in metadata.tables.values() for fk in table.foreign_keys}
    for table in metadata.tables.values():
        belongs_to_another = {fk.column.table.name for fk in table.foreign_keys} & parents
        assert table.name in without or "owner" in table.c or belongs_to_another, table.name


def test_revisions_form_one_line():
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(ROOT / "mlnb" / "store" / "migrations"))
    assert list(reversed([revision.revision for revision in script.walk_revisions()])) == known_revisions()


MIGRATE = """
import sys
from mlnb.store.database import Database, stored_revision
database = Database(sys.argv[1])
print(stored_revision(database.engine))
"""


def test_eight_processes_migrate_it_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'mlnb.db'}"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for racer in racers:
        out, err = racer.communicate()
        assert (racer.returncode, out.strip()) == (0, known_revisions()[-1]), err


def test_a_newer_database_is_refused_and_unchanged(tmp_path):
    file = tmp_path / "mlnb.db"
    database = Database(f"sqlite:///{file}")
    with database.transaction() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999_future'"))
    database.close()
    before = dump(file)
    newer = Database(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable, match=r"newer mlnb.*9999_future") as refused, newer.transaction():
        pass
    assert "Upgrade mlnb" in refused.value.hint
    newer.close()
    assert dump(file) == before


def test_a_migration_that_fails_leaves_nothing_half_done(tmp_path, monkeypatch):
    from mlnb.store import database as module

    folder = tmp_path / "migrations"
    shutil.copytree(module.MIGRATIONS, folder)
    versions = folder / "versions"
    last = known_revisions()[-1]
    (versions / "9000_bad.py").write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision='9000_bad'\ndown_revision='{last}'\n"
        "def upgrade():\n    op.create_table('half', sa.Column('x', sa.Integer))\n    op.execute('select * from nowhere')\n"
    )
    from mlnb.store.migrations import upgrade

    monkeypatch.setattr(module, "MIGRATIONS", folder)
    monkeypatch.setattr(upgrade, "__file__", str(folder / "upgrade.py"))
    file = tmp_path / "mlnb.db"
    database = Database(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable, match="nowhere"), database.transaction():
        pass
    database.close()
    assert not [line for line in dump(file) if "half" in line]
    assert not [line for line in dump(file) if "CREATE TABLE outbox" in line]


# ---- transactions ----------------------------------------------------------------------------------------------------
def test_a_block_that_raises_changes_nothing(database):
    def block():
        with database.transaction() as connection:
            connection.execute(outbox.insert().values(name="x_happened", subject="s", data="{}", at="t"))
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        block()
    assert Outbox(database).last_seq() == 0


def test_it_runs_in_wal_mode_and_keeps_foreign_keys(database):
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_reader_neither_waits_for_a_writer_nor_sees_half(database):
    box = Outbox(database)
    box.publish(Event("x_happened", "1"))
    with database.transaction() as connection:
        connection.execute(outbox.insert().values(name="x_happened", subject="2", data="{}", at="t"))
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(box.last_seq()))
        reader.start()
        reader.join(10)
        assert seen == [1]
    assert box.last_seq() == 2


def test_writers_of_many_threads_wait_for_each_other(database):
    box = Outbox(database)
    threads = [
        threading.Thread(target=lambda n=n: [box.publish(Event("x_happened", f"{n}-{i}")) for i in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.last_seq() == 80


# ---- refusals --------------------------------------------------------------------------------------------------------
def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    database = Database(f"sqlite:///{tmp_path / 'file' / 'mlnb.db'}")
    with pytest.raises(StoreUnavailable, match="file") as refused, database.transaction():
        pass
    assert refused.value.hint


def in_a_child_that_is_not_root(work) -> str:
    """What `work` returns in a fork of this process that gave up root's right to write anywhere."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "w") as out:
            try:
                if os.geteuid() == 0:
                    os.seteuid(65534)
                out.write(work())
            finally:
                out.flush()
                os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.parametrize("exists", [False, True], ids=["empty", "with a database"])
def test_a_read_only_folder_is_named(exists, database):
    def write():
        read_only = Database(f"sqlite:///{folder / 'mlnb.db'}")
        try:
            Outbox(read_only).publish(Event("x_happened", "s"))
        except StoreUnavailable as error:
            return f"{error.message} | {error.hint}"
        return "it was written"

    Outbox(database).publish(Event("x_happened", "s"))  # everything is imported before the child gives up its rights
    with tempfile.TemporaryDirectory() as name:  # not tmp_path: only root may enter that
        folder = Path(name)
        if exists:
            shutil.copy(database.file, folder / "mlnb.db")
            (folder / "mlnb.db").chmod(0o444)
        folder.chmod(0o555)
        said = in_a_child_that_is_not_root(write)
        folder.chmod(0o755)
    assert "mlnb.db" in said
    assert "cannot" in said
    assert "MLNB_HOME" in said


def test_a_file_that_is_no_database_is_named_and_left(tmp_path):
    file = tmp_path / "mlnb.db"
    file.write_bytes(b"this is not a database at all, not at all")
    database = Database(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable, match=r"mlnb\.db"), database.transaction():
        pass
    assert file.read_bytes().startswith(b"this is not")


def test_a_password_in_the_url_is_not_shown():
    database = Database("postgresql+psycopg2://ana:hunter2pass@127.0.0.1:1/x")
    shown = database.url.render_as_string()
    assert "hunter2pass" not in shown


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ana/x", "nfs4"),
        ("/home/bob/x", "ext4"),
        ("/home/ana", "nfs4"),
        ("/home/anabel", "ext4"),
        ("/mnt/a b/x", "cifs"),
    ],
)
def test_the_disk_of_a_path(path, kind):
    mounts = "x / ext4 rw 0 0\nx /home/ana nfs4 rw 0 0\nx /mnt/a\\040b cifs rw 0 0\n"
    assert file_system_of(Path(path), mounts) == kind


def test_a_network_disk_is_refused_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "read_text", lambda _path: f"server:/x {tmp_path} nfs4 rw 0 0\n")
    with pytest.raises(StoreUnavailable, match=r"network disk \(nfs4\)") as refused:
        check_local_disk(tmp_path / "mlnb.db")
    assert "PostgreSQL" in refused.value.hint


# ---- what all areas keep in it ---------------------------------------------------------------------------------------
@given(st.lists(st.text(min_size=1, max_size=20), max_size=6), st.integers(1, 3))
def test_the_outbox_gives_each_event_once_and_in_order(tmp_path_factory, subjects, limit):
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('db') / 'mlnb.db'}")
    box = Outbox(database)
    for subject in subjects:
        box.publish(Event("x_happened", subject, {"state": "on"}))
    cursor, seen = 0, []
    while entries := box.read(cursor, limit):
        assert len(entries) <= limit
        seen += [entry.event.subject for entry in entries]
        cursor = entries[-1].seq
    assert seen == subjects
    assert cursor == box.last_seq()
    database.close()


def test_events_carry_no_credential(database):
    box = Outbox(database)
    box.publish(Event("x_happened", "s", {"password": "hunter2", "text": "token=abcdefgh"}))
    (entry,) = box.read(0)
    assert entry.event.data["password"] == MASK
    assert "abcdefgh" not in entry.event.data["text"]


def test_a_notebook_keeps_its_id_when_it_moves(database, tmp_path):
    books = Notebooks(database, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    books.seen("nb1", tmp_path / "a.ipynb", parent="nb0")
    books.seen("nb1", tmp_path / "b.ipynb")
    assert books.path_of("nb1") == tmp_path / "b.ipynb"
    assert books.path_of("other") is None
    with database.reading() as connection:
        assert connection.exec_driver_sql("select parent from notebooks").scalar() == "nb0"
