"""The tables that all areas share, and the two things kept in them: notebooks' identities and the outbox of events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mlnb.core.clock import Clock, datetime_from_iso, iso_from_datetime, utc_now
from mlnb.core.events import Event
from mlnb.core.home import project_of
from mlnb.core.secrets import mask_tree
from mlnb.core.user import user_name
from mlnb.core.wire import dumps
from mlnb.store.database import Database, metadata

notebooks = sa.Table(
    "notebooks",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("path", sa.Text, nullable=False, index=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("parent", sa.String(64)),
    sa.Column("seen_at", sa.String(32), nullable=False),
)
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
spool_cursors = sa.Table(
    "spool_cursors",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("position_bytes", sa.BigInteger, nullable=False),
)


def current_user() -> str:
    """The name of the user this process runs as: the owner of the rows it writes."""
    return user_name()


@dataclass(frozen=True)
class OutboxEntry:
    """An event as it stands in the outbox; `seq` grows in the order of commits and is the cursor to read on from."""

    seq: int
    event: Event


class Outbox:
    """Events that wait for every server's screens: published by services (an `EventSink`), read by cursor."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, event: Event) -> None:
        """Store `event`, with credentials masked."""
        row = {
            "name": event.name,
            "subject": event.subject,
            "data": dumps(mask_tree(dict(event.data))),
            "at": iso_from_datetime(event.at),
        }
        with self._database.transaction() as connection:
            connection.execute(outbox.insert().values(row))

    def last_seq(self) -> int:
        """The cursor behind everything published so far."""
        with self._database.reading() as connection:
            return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(outbox.c.seq), 0))).scalar_one())

    def read(self, after: int, limit: int = 500) -> Sequence[OutboxEntry]:
        """At most `limit` entries behind the cursor `after`, oldest first."""
        query = sa.select(outbox).where(outbox.c.seq > after).order_by(outbox.c.seq).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            OutboxEntry(
                row["seq"], Event(row["name"], row["subject"], json.loads(row["data"]), datetime_from_iso(row["at"]))
            )
            for row in rows
        ]


class Notebooks:
    """Which notebook is which: the id at ``metadata.mlnb.id`` and the paths it was seen at."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def seen(self, notebook_id: str, path: Path, parent: str | None = None) -> None:
        """Record that the notebook `notebook_id` lies at `path` now."""
        row = {
            "path": str(path),
            "project": str(project_of(path)),
            "owner": current_user(),
            "parent": parent,
            "seen_at": iso_from_datetime(self._clock()),
        }
        with self._database.transaction() as connection:
            known = connection.execute(sa.select(notebooks.c.parent).where(notebooks.c.id == notebook_id)).first()
            if known is None:
                connection.execute(notebooks.insert().values(id=notebook_id, **row))
            else:
                row["parent"] = parent or known.parent
                connection.execute(notebooks.update().where(notebooks.c.id == notebook_id).values(row))

    def path_of(self, notebook_id: str) -> Path | None:
        """Where the notebook was last seen, or None."""
        with self._database.reading() as connection:
            path: str | None = connection.execute(
                sa.select(notebooks.c.path).where(notebooks.c.id == notebook_id)
            ).scalar()
        return None if path is None else Path(path)
