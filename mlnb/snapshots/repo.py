"""The index of snapshots: the table and its types. Everything in it can be made from the files again."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from mlnb.core.clock import iso_from_datetime
from mlnb.core.home import project_of
from mlnb.core.wire import dumps, from_wire
from mlnb.snapshots.errors import not_found
from mlnb.snapshots.types import Snapshot, SnapshotPage
from mlnb.store.core_tables import current_user
from mlnb.store.database import Database, metadata

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("notebook", sa.Text, index=True),
    sa.Column("notebook_id", sa.String(64), index=True),
    sa.Column("project", sa.Text),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("listing", sa.Text, nullable=False),
)


class SnapshotRepo:
    """The rows of snapshots."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self) -> set[str]:
        """Every snapshot of this user that is indexed: a database may be shared, the files are not."""
        query = sa.select(snapshots.c.id).where(snapshots.c.owner == current_user())
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def change(self, put: Iterable[Snapshot], forget: Iterable[str]) -> None:
        """Index `put` (again) and drop the rows of `forget`, in one transaction.

        A notebook gets its identity when the user first acts on it; what was taken of it before, at the same path, is its own then.
        """
        rows = [_row(snapshot) for snapshot in put]
        gone = [*forget, *(str(row["id"]) for row in rows)]
        with self._database.transaction() as connection:
            for snapshot_id in gone:
                connection.execute(snapshots.delete().where(snapshots.c.id == snapshot_id))
            if rows:
                connection.execute(snapshots.insert(), rows)
            for path, notebook_id in {(row["notebook"], row["notebook_id"]) for row in rows}:
                if path and notebook_id:
                    connection.execute(_anonymous_at(str(path)).values(notebook_id=notebook_id))

    def get(self, snapshot_id: str) -> Snapshot:
        """The snapshot `snapshot_id`.

        Raises:
            SnapshotNotFound: it is not indexed.
        """
        query = sa.select(snapshots.c.listing).where(snapshots.c.id == snapshot_id)
        with self._database.reading() as connection:
            listing = connection.execute(query).scalar()
        if listing is None:
            raise not_found(snapshot_id)
        return from_wire(Snapshot, json.loads(listing))

    def list(self, notebook: Path | None, notebook_id: str | None, limit: int, cursor: str | None) -> SnapshotPage:
        """A page of this user's snapshots, newest first; `cursor` is the one of the page before.

        Args:
            notebook: only those taken of this file or, wherever it lay then, of the notebook `notebook_id`; None: all.
        """
        which = [snapshots.c.owner == current_user()]
        if notebook is not None:
            at_path = snapshots.c.notebook == str(notebook)
            anonymous_at_path = sa.and_(at_path, snapshots.c.notebook_id.is_(None))
            same = sa.or_(snapshots.c.notebook_id == notebook_id, anonymous_at_path)
            which.append(at_path if notebook_id is None else same)
        behind = [] if cursor is None else [snapshots.c.id < cursor]
        query = sa.select(snapshots.c.listing).where(*which, *behind).order_by(snapshots.c.id.desc()).limit(limit + 1)
        with self._database.reading() as connection:
            count = sa.select(sa.func.count()).select_from(snapshots).where(*which)
            total = int(connection.execute(count).scalar_one())
            rows = connection.execute(query).scalars().all()
        page = tuple(_snapshot(row) for row in rows[:limit])
        return SnapshotPage(page, total, page[-1].id if len(rows) > limit else None)


@functools.lru_cache(maxsize=6000)  # the longest history that is shown, and others beside it
def _snapshot(listing: str) -> Snapshot:
    """A row's snapshot. A history is listed at each cell run, and nearly all of it is as it was."""
    return from_wire(Snapshot, json.loads(listing))


def _anonymous_at(path: str) -> sa.Update:
    """A change of those of this user's rows of the notebook at `path` in which it has no identity yet."""
    which = (snapshots.c.owner == current_user(), snapshots.c.notebook == path, snapshots.c.notebook_id.is_(None))
    return snapshots.update().where(*which)


def _row(snapshot: Snapshot) -> dict[str, object]:
    return {
        "id": snapshot.id,
        "owner": current_user(),
        "notebook": snapshot.notebook,
        "notebook_id": snapshot.notebook_id,
        "project": str(project_of(Path(snapshot.notebook))) if snapshot.notebook else None,
        "created_at": iso_from_datetime(snapshot.created_at),
        "listing": dumps(snapshot),
    }
