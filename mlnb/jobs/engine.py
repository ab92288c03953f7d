"""The durable queue: the only module that knows DBOS.

The engine carries work items; a job's row is the truth. Work may come twice (after a kill, it does), so what it calls must not
mind. One worker per state folder uses it, under a fixed executor id and a version of ours, so that a restarted worker takes up
what the last one left.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID

from mlnb.core.errors import StoreUnavailable
from mlnb.core.files import store_error
from mlnb.store.disk import check_local_disk

_QUEUE = "jobs"
_WORKFLOW = "mlnb.jobs.attempt"
_EXECUTOR_ID = "mlnb-worker"
_VERSION = "mlnb-jobs-1"  # of the work items, not of mlnb: items of another version are not taken up
_BUSY_TIMEOUT_S = 30
_KNOWS_PARTS_OF_SECONDS = (3, 42)
"""The SQLite from which ``unixepoch('subsec')`` answers: DBOS asks that of every Python from 3.12, also beside an older SQLite."""

_run: Callable[[str, int], None] | None = None


@DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
def _attempt(job_id: str, number: int) -> None:
    assert _run is not None
    _run(job_id, number)


def _unixepoch(_subsec: str) -> float:
    return time.time()


class Engine:
    """The queue of one worker process.

    Args:
        url: SQLAlchemy URL of the engine's database.
        slots: attempts carried at the same time.
        poll_s: how often the queue is looked at.
        synchronous: SQLite's setting: ``normal`` or ``full``.
        run: carries one attempt (job id, number) to its end; may be called again for the same one; must not raise.
    """

    def __init__(
        self, url: str, *, slots: int, poll_s: float, synchronous: str, run: Callable[[str, int], None]
    ) -> None:
        self._url = sa.make_url(url)
        self._slots = slots
        self._poll_s = poll_s
        self._synchronous = synchronous
        self._carry = run

    def start(self) -> None:
        """Begin to carry work, first of all what a former worker left.

        Raises:
            StoreUnavailable: the engine's database cannot be used.
        """
        global _run
        _run = self._carry
        config: DBOSConfig = {
            "name": "mlnb",
            "system_database_url": self._url.render_as_string(hide_password=False),
            "system_database_engine": self._open(),
            "executor_id": _EXECUTOR_ID,
            "application_version": _VERSION,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        logging.getLogger("dbos").setLevel(logging.WARNING)
        try:
            DBOS(config=config)
            DBOS.launch()
            DBOS.register_queue(
                _QUEUE,
                worker_concurrency=self._slots,
                polling_interval_sec=self._poll_s,
                on_conflict="always_update",
            )
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(
                f"the job engine's database cannot be used: {str(error).splitlines()[0]}", "See `mlnb doctor`."
            ) from error

    def _open(self) -> sa.Engine:
        if self._url.get_backend_name() != "sqlite":
            return sa.create_engine(self._url, pool_pre_ping=True)
        file = Path(str(self._url.database))
        check_local_disk(file)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(file, error) from error
        engine = sa.create_engine(self._url, connect_args={"timeout": _BUSY_TIMEOUT_S})
        pragmas = ("journal_mode=WAL", f"synchronous={self._synchronous}", "foreign_keys=ON")

        def prepare(connection: object, _record: object) -> None:
            connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined] # a DB-API connection
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
            if sqlite3.sqlite_version_info < _KNOWS_PARTS_OF_SECONDS:
                connection.create_function("unixepoch", 1, _unixepoch)  # type: ignore[attr-defined]

        sa.event.listen(engine, "connect", prepare)
        return engine

    def carry(self, job_id: str, number: int) -> None:
        """Have the attempt carried; nothing happens when it already is. An item that ended too early is replaced by a new one."""
        base = f"{job_id}-{number}"
        item, again = base, 0
        while (status := DBOS.get_workflow_status(item)) is not None:
            if status.status in ("PENDING", "ENQUEUED", "DELAYED"):
                return
            again += 1
            item = f"{base}.{again}"
        with SetWorkflowID(item):
            DBOS.enqueue_workflow(_QUEUE, _attempt, job_id, number)

    def stop(self) -> None:
        """Take no more work. What is being carried stays noted as such, for the next worker."""
        DBOS.destroy()
