"""Jobs and attempts in the database. A job's row is the truth; the engine only carries the work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mlnb.core.clock import iso_from_datetime
from mlnb.core.home import project_of
from mlnb.core.wire import dumps, from_wire
from mlnb.jobs.errors import JobNotFound
from mlnb.jobs.folder import attempt_dir
from mlnb.jobs.rules import can_become, check_transition
from mlnb.jobs.types import Attempt, Job, JobPage, State
from mlnb.store.core_tables import current_user
from mlnb.store.database import Database, metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False, index=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("notebook", sa.Text, nullable=False),
    sa.Column("notebook_id", sa.String(64)),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("executor", sa.String(64), nullable=False),
    sa.Column("host", sa.String(255)),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("submitted_at", sa.String(32), nullable=False),
    sa.Column("started_at", sa.String(32)),
    sa.Column("ended_at", sa.String(32)),
    sa.Column("failed_cell", sa.Text),
    sa.Column("output", sa.Text),
    sa.Column("run_id", sa.String(64)),
    sa.Column("snapshot_id", sa.String(64)),
    sa.Column("env_id", sa.String(80)),
    sa.Column("image", sa.Text),
    sa.Column("resources", sa.Text, nullable=False),
    sa.Column("timeout_s", sa.Float),
    sa.Column("retries", sa.Integer, nullable=False),
    sa.Column("labels", sa.Text, nullable=False),
    sa.Column("kernel", sa.String(255), nullable=False),
    sa.Column("interpreter", sa.Text, nullable=False),
    sa.Column("cwd", sa.Text, nullable=False),
    sa.Column("cells_done", sa.Integer, nullable=False),
    sa.Column("cells_total", sa.Integer, nullable=False),
    sa.Column("is_cancelling", sa.Boolean, nullable=False),
    sa.Column("is_taken", sa.Boolean, nullable=False),
    sa.Column("is_delivered", sa.Boolean, nullable=False),
)
attempts = sa.Table(
    "job_attempts",
    metadata,
    sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ref", sa.Text),
    sa.Column("exit_code", sa.Integer),
    sa.Column("started_at", sa.String(32)),
    sa.Column("ended_at", sa.String(32)),
)
_JSON = ("parameters", "resources", "labels", "failed_cell")
_FINAL = [state.value for state in State if state.is_final]
_STARTED = [State.STARTING.value, State.RUNNING.value]


class JobRepo:
    """Jobs of one database.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job, *, cwd: Path, notebook_id: str | None) -> None:
        """Store the new `job` and its first attempt."""
        row = _row_from_job(job) | {
            "project": str(project_of(Path(job.notebook))),
            "notebook_id": notebook_id,
            "cwd": str(cwd),
            "is_taken": False,
            "is_delivered": True,
        }
        with self._database.transaction() as connection:
            connection.execute(jobs.insert().values(row))
            connection.execute(attempts.insert().values(_new_attempt(job.id, job.attempt)))

    def get(self, job_id: str) -> Job:
        """The job `job_id`.

        Raises:
            JobNotFound: there is none.
        """
        with self._database.reading() as connection:
            return self._get(connection, job_id)

    def _get(self, connection: sa.Connection, job_id: str) -> Job:
        row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if row is None:
            raise JobNotFound(job_id)
        return _job_from_row(row)

    def list(self, state: State | None, limit: int, cursor: str | None) -> JobPage:
        """A page of this user's jobs, newest first; `cursor` is the one of the page before."""
        query = sa.select(jobs).where(_is_own())
        count = sa.select(sa.func.count()).select_from(jobs).where(_is_own())
        if state is not None:
            query, count = query.where(jobs.c.state == state.value), count.where(jobs.c.state == state.value)
        if cursor is not None:
            query = query.where(jobs.c.id < cursor)
        with self._database.reading() as connection:
            total = int(connection.execute(count).scalar_one())
            rows = connection.execute(query.order_by(jobs.c.id.desc()).limit(limit + 1)).mappings().all()
        page = [_job_from_row(row) for row in rows[:limit]]
        return JobPage(page, total, page[-1].id if len(rows) > limit else None)

    def last_of(self, notebook: str) -> Job | None:
        """This user's last job of the notebook at that absolute path; None when there was none."""
        query = sa.select(jobs).where(_is_own(), jobs.c.notebook == notebook).order_by(jobs.c.id.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return _job_from_row(row) if row is not None else None

    def attempt(self, job_id: str, number: int) -> Attempt:
        """The attempt as an executor gets it.

        Raises:
            JobNotFound: there is no such job.
        """
        with self._database.reading() as connection:
            job = self._get(connection, job_id)
            cwd = connection.execute(sa.select(jobs.c.cwd).where(jobs.c.id == job_id)).scalar_one()
        return attempt_of(job, number, Path(cwd))

    def move(self, job_id: str, to: State, *, number: int | None = None, **values: object) -> Job | None:
        """Bring the job to the state `to`, with other columns set to `values`; returns it as it is then.

        Returns None, with nothing changed, when `number` is given and the job has gone on to another attempt, or has left the
        states from which `to` can be reached: somebody else was faster.

        Raises:
            JobNotFound: there is no such job.
            JobState: (only without `number`) the state does not allow it.
        """
        with self._database.transaction() as connection:
            job = self._get(connection, job_id)
            if number is not None and (job.attempt != number or not can_become(job.state, to)):
                return None
            check_transition(job, to)
            changes = _columns({"state": to.value, **values})
            connection.execute(jobs.update().where(jobs.c.id == job_id).values(changes))
            self._move_attempt(connection, job_id, job.attempt, to, changes)
            return self._get(connection, job_id)

    def _move_attempt(
        self, connection: sa.Connection, job_id: str, number: int, to: State, changes: Mapping[str, object]
    ) -> None:
        same = {name: changes[name] for name in ("reason", "started_at", "ended_at") if name in changes}
        where = (attempts.c.job_id == job_id) & (attempts.c.number == number)
        connection.execute(attempts.update().where(where).values(state=to.value, **same))

    def again(self, job_id: str, number: int, *, reason: str, submitted_at: datetime | None = None) -> Job:
        """Queue the attempt behind attempt `number` of the job, unless that has been done; returns the job.

        Raises:
            JobNotFound: there is no such job.
            JobState: its state does not allow it.
        """
        fresh: dict[str, object] = {
            "state": State.QUEUED.value, "reason": reason, "attempt": number + 1, "started_at": None, "ended_at": None,
            "failed_cell": None, "output": None, "run_id": None, "snapshot_id": None, "cells_done": 0, "cells_total": 0,
            "is_cancelling": False, "is_taken": False,
        }  # fmt: skip
        if submitted_at is not None:
            fresh["submitted_at"] = submitted_at
        with self._database.transaction() as connection:
            job = self._get(connection, job_id)
            if job.attempt == number:
                check_transition(job, State.QUEUED)
                connection.execute(jobs.update().where(jobs.c.id == job_id).values(_columns(fresh)))
                connection.execute(attempts.insert().values(_new_attempt(job_id, number + 1)))
            return self._get(connection, job_id)

    def close_attempt(self, job_id: str, number: int, state: State, reason: str, exit_code: int | None) -> None:
        """Record how an attempt ended."""
        self._update_attempt(job_id, number, {"state": state.value, "reason": reason, "exit_code": exit_code})

    def note_ref(self, job_id: str, number: int, ref: str) -> None:
        """Record what the executor calls the attempt."""
        self._update_attempt(job_id, number, {"ref": ref})

    def _update_attempt(self, job_id: str, number: int, values: Mapping[str, object]) -> None:
        where = (attempts.c.job_id == job_id) & (attempts.c.number == number)
        with self._database.transaction() as connection:
            connection.execute(attempts.update().where(where).values(dict(values)))

    def progress(self, job_id: str, number: int, *, done: int, total: int, run_id: str | None) -> bool:
        """Record how far the attempt is; False when the job has gone on without it."""
        where = (jobs.c.id == job_id) & (jobs.c.attempt == number) & jobs.c.state.in_(_STARTED)
        values: dict[str, object] = {"cells_done": done, "cells_total": total}
        if run_id is not None:
            values["run_id"] = run_id
        with self._database.transaction() as connection:
            return connection.execute(jobs.update().where(where).values(values)).rowcount > 0

    def ask_cancel(self, job_id: str) -> None:
        """Record that somebody asked for the job's end."""
        with self._database.transaction() as connection:
            connection.execute(jobs.update().where(jobs.c.id == job_id).values(is_cancelling=True))

    def waiting(self) -> Sequence[tuple[str, int]]:
        """Jobs (id, attempt) that are queued and that no worker has taken over yet, oldest first."""
        query = (
            sa.select(jobs.c.id, jobs.c.attempt)
            .where(_is_own(), jobs.c.state == State.QUEUED.value, jobs.c.is_taken.is_(False))
            .order_by(jobs.c.submitted_at, jobs.c.id)
        )
        with self._database.reading() as connection:
            return [(row.id, row.attempt) for row in connection.execute(query)]

    def taken(self, job_id: str, number: int) -> None:
        """Record that the engine carries this attempt."""
        where = (jobs.c.id == job_id) & (jobs.c.attempt == number)
        with self._database.transaction() as connection:
            connection.execute(jobs.update().where(where).values(is_taken=True))

    def unfinished(self) -> Sequence[tuple[str, int]]:
        """Jobs (id, attempt) that have not reached a final state, oldest first."""
        query = sa.select(jobs.c.id, jobs.c.attempt).where(_is_own(), jobs.c.state.not_in(_FINAL)).order_by(jobs.c.id)
        with self._database.reading() as connection:
            return [(row.id, row.attempt) for row in connection.execute(query)]

    def snapshot_ids(self) -> set[str]:
        """The snapshots that this user's jobs point to."""
        query = sa.select(jobs.c.snapshot_id).where(_is_own(), jobs.c.snapshot_id.is_not(None))
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def undelivered(self) -> Sequence[tuple[str, int]]:
        """Attempts (job id, number) that have ended and whose runs and snapshots still have to be brought in."""
        query = (
            sa.select(jobs.c.id, jobs.c.attempt).where(_is_own(), jobs.c.is_delivered.is_(False)).order_by(jobs.c.id)
        )
        with self._database.reading() as connection:
            return [(row.id, row.attempt) for row in connection.execute(query)]

    def delivered(self, job_id: str) -> None:
        """Record that the job's runs and snapshots have been brought in."""
        with self._database.transaction() as connection:
            connection.execute(jobs.update().where(jobs.c.id == job_id).values(is_delivered=True))

    def is_delivered(self, job_id: str) -> bool:
        """Whether the job's runs and snapshots have been brought in."""
        with self._database.reading() as connection:
            return bool(connection.execute(sa.select(jobs.c.is_delivered).where(jobs.c.id == job_id)).scalar())


def _is_own() -> sa.ColumnElement[bool]:
    """A database may be shared; the folders of jobs, and so the worker that carries them, are each user's own."""
    return jobs.c.owner == current_user()


def attempt_of(job: Job, number: int, cwd: Path) -> Attempt:
    """Attempt `number` of `job` as an executor gets it."""
    folder = attempt_dir(job.id, number)
    return Attempt(job.id, number, folder, cwd, job.interpreter, job.image, job.resources)


def _new_attempt(job_id: str, number: int) -> dict[str, Any]:
    return {
        "job_id": job_id, "number": number, "owner": current_user(), "state": State.QUEUED.value, "reason": "",
    }  # fmt: skip


def _columns(values: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            found[name] = iso_from_datetime(value)
        elif name in _JSON and value is not None:
            found[name] = dumps(value)
        else:
            found[name] = value
    return found


_OF_JOB = [field for field in Job.__dataclass_fields__ if field in jobs.c]


def _row_from_job(job: Job) -> dict[str, object]:
    return _columns({name: getattr(job, name) for name in _OF_JOB}) | {"state": job.state.value}


def _job_from_row(row: sa.RowMapping) -> Job:
    values = {name: row[name] for name in _OF_JOB}
    for name in _JSON:
        values[name] = None if values[name] is None else json.loads(values[name])
    return from_wire(Job, values)
