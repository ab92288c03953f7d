"""The database: SQLite in WAL mode by default, PostgreSQL by URL; migrated on first use, a newer one is refused."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mlnb.core.errors import MlnbError, NotInstalled, StoreUnavailable
from mlnb.core.files import locked, store_error
from mlnb.core.secrets import mask
from mlnb.store.disk import check_local_disk

metadata = sa.MetaData()
"""The tables of all areas: each area's ``repo.py`` declares its own here; migrations make them."""

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 20
WRITER_LOCK = 0x6D6C6E62
"""PostgreSQL's advisory lock ("mlnb") that whoever writes holds to the end of the transaction."""


class Database:
    """A connection to mlnb's tables.

    Args:
        url: SQLAlchemy URL.
        synchronous: SQLite's setting: ``normal`` survives the end of any process, ``full`` a power cut too.

    Nothing is opened before the first transaction.
    """

    def __init__(self, url: str, *, synchronous: str = "normal") -> None:
        self.url = _with_driver(sa.make_url(url))
        self._synchronous = synchronous
        self._engine: sa.Engine | None = None

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for another database."""
        is_file = self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:")
        return Path(str(self.url.database)) if is_file else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction: committed at the end of the block, rolled back when it raises. One at a time over all processes.

        Raises:
            StoreUnavailable: the database is full, read-only, locked too long, away, or of a newer version.
            NotInstalled: its driver is missing.
        """
        with self._translated(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A consistent view for reading only: it neither waits for a writer nor makes one wait.

        Raises:
            StoreUnavailable: as `transaction`.
        """
        with self._translated(), self.engine.execution_options(mlnb_reading=True).begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.InterfaceError) as error:
            raise self._unavailable(error) from error
        except sa.exc.DatabaseError as error:
            if type(error) is not sa.exc.DatabaseError:
                raise  # a kind of its own: a constraint, a mistake in a query
            raise self._unavailable(error) from error  # SQLite: "file is not a database", "disk image is malformed"

    @property
    def engine(self) -> sa.Engine:
        """The engine, opened and migrated on first use.

        Raises:
            StoreUnavailable: as `transaction`.
        """
        if self._engine is None:
            engine = self._open()
            try:
                with self._translated():
                    self._migrate(engine)
            except MlnbError:
                engine.dispose()
                raise
            self._engine = engine
        return self._engine

    def close(self) -> None:
        """Close all connections; the next transaction opens new ones."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _open(self) -> sa.Engine:
        if self.file is None:
            engine = _open_server(self.url)
            if engine.dialect.name == "postgresql":
                sa.event.listen(engine, "begin", _begin_postgresql)
            return engine
        check_local_disk(self.file)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(self.file, error) from error
        engine = sa.create_engine(self.url, connect_args={"timeout": BUSY_TIMEOUT_S})
        sa.event.listen(engine, "connect", self._prepare_sqlite)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:  # noqa: ANN401 - a DB-API connection
        connection.isolation_level = (
            None  # we say BEGIN ourselves; the driver's implicit one is deferred and can deadlock
        )
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"synchronous={self._synchronous}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def _migrate(self, engine: sa.Engine) -> None:
        known = known_revisions()
        if stored_revision(engine) == known[-1]:
            return
        with self._migration_lock():
            stored = stored_revision(engine)
            if stored is not None and stored not in known:
                raise StoreUnavailable(
                    f"the database {mask(self.url.render_as_string())} was written by a newer mlnb (revision {stored})",
                    "Upgrade mlnb, or point MLNB_STORE_DATABASE_URL at another database. Nothing was changed.",
                )
            from mlnb.store.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic costs 0.2 s and is rarely needed

            upgrade(engine)

    @contextlib.contextmanager
    def _migration_lock(self) -> Iterator[None]:
        if self.file is None:
            yield  # PostgreSQL: every transaction that writes holds the advisory lock
        else:
            with locked(self.file.with_name(f".{self.file.name}.migrate.lock")):
                yield

    def _unavailable(self, error: sa.exc.DBAPIError) -> StoreUnavailable:
        where = mask(self.url.render_as_string())
        reason = mask(str(error.orig)).strip().splitlines()[0] if error.orig else "it does not answer"
        hint = "Is it running and reachable?"
        if "locked" in reason or "lock timeout" in reason:
            hint = "Another program has held it for a long time: end that program, or try again."
        elif "readonly" in reason or "full" in reason or "unable to open" in reason or "disk I/O" in reason:
            hint = "Make room or make it writable, or point MLNB_HOME at another folder."
        elif "not a database" in reason or "malformed" in reason:
            hint = "It is damaged or something else: move it away, or point MLNB_HOME at another folder."
        return StoreUnavailable(f"the database {where} cannot be used: {reason}", hint)


def _with_driver(url: sa.URL) -> sa.URL:
    # SQLAlchemy's own choice is a driver that mlnb does not come with
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _open_server(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True)
    except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
        raise NotInstalled(
            f"the database {mask(url.render_as_string())} needs a driver: {error}",
            "Install it: pip install 'mlnb[postgres]'.",
        ) from error


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later can fail with "locked" without waiting.
    reading = connection.get_execution_options().get("mlnb_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: sa.Connection) -> None:
    # The areas are written for one writer at a time, and cursors for numbers that grow in the order of commits: as on SQLite.
    # Readers see one moment and wait for nobody.
    if connection.get_execution_options().get("mlnb_reading", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


@functools.cache
def known_revisions() -> list[str]:
    """The revisions this version of mlnb knows, oldest first (file names of ``migrations/versions``, ``0001_core``, ...)."""
    return sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def stored_revision(engine: sa.Engine) -> str | None:
    """The revision that the database says it has, or None when it is empty."""
    with engine.execution_options(mlnb_reading=True).connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(sa.text("select version_num from alembic_version")).scalar()
        return revision
