"""Between the tables of models and their types: how far the spool is delivered, and the index of runs by where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

from mlnb.models.types import IndexedRun
from mlnb.store.core_tables import current_user, spool_cursors
from mlnb.store.database import Database, metadata

TOPIC = "runs"

model_runs = sa.Table(
    "model_runs",
    metadata,
    sa.Column("run_id", sa.String(255), primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("experiment", sa.Text),
    sa.Column("notebook", sa.Text, index=True),
    sa.Column("job_id", sa.String(64), index=True),
    sa.Column("snapshot_id", sa.String(64), index=True),
)


class ModelsRepo:
    """The tables of models. The index can be rebuilt from the runs' tags; the cursors only save work, as delivery is idempotent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursors(self, folder: Path) -> dict[Path, int]:
        """How far, in bytes, each spool file in `folder` has been delivered."""
        prefix = f"{folder}/"
        query = sa.select(spool_cursors.c.file, spool_cursors.c.position_bytes).where(
            spool_cursors.c.topic == TOPIC, spool_cursors.c.file.startswith(prefix, autoescape=True)
        )
        with self._database.reading() as connection:
            return {Path(row.file): row.position_bytes for row in connection.execute(query)}

    def advance(self, cursors: Mapping[Path, int], rows: Iterable[IndexedRun]) -> None:
        """Record that the files are delivered up to `cursors`, and what the index learnt from it, in one transaction."""
        with self._database.transaction() as connection:
            for file, position in cursors.items():
                connection.execute(spool_cursors.delete().where(spool_cursors.c.file == str(file)))
                connection.execute(spool_cursors.insert().values(file=str(file), topic=TOPIC, position_bytes=position))
            for row in rows:
                _upsert(connection, row)

    def forget(self, files: Iterable[Path]) -> None:
        """Drop the cursors of files that are gone."""
        with self._database.transaction() as connection:
            for file in files:
                connection.execute(spool_cursors.delete().where(spool_cursors.c.file == str(file)))

    def snapshot_ids(self) -> set[str]:
        """The snapshots that runs point to."""
        query = sa.select(model_runs.c.snapshot_id).where(model_runs.c.snapshot_id.is_not(None)).distinct()
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def find(self, *, notebook: str | None, job_id: str | None, snapshot_id: str | None) -> list[str]:
        """Ids of the runs that match everything given."""
        query = sa.select(model_runs.c.run_id).order_by(model_runs.c.run_id)
        for column, value in (("notebook", notebook), ("job_id", job_id), ("snapshot_id", snapshot_id)):
            if value is not None:
                query = query.where(model_runs.c[column] == value)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())


def _upsert(connection: sa.Connection, row: IndexedRun) -> None:
    values = {
        name: value
        for name in ("experiment", "notebook", "job_id", "snapshot_id")
        if (value := getattr(row, name)) is not None
    }
    known = connection.execute(sa.select(model_runs.c.run_id).where(model_runs.c.run_id == row.run_id)).first()
    if known is None:
        connection.execute(model_runs.insert().values(run_id=row.run_id, owner=current_user(), **values))
    elif values:
        connection.execute(model_runs.update().where(model_runs.c.run_id == row.run_id).values(**values))
