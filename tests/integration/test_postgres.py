"""mlnb's tables in PostgreSQL: every area's road through them, and many processes at once."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from mlnb.core.errors import NotInstalled, StoreUnavailable
from mlnb.core.events import Event
from mlnb.jobs.repo import JobRepo
from mlnb.jobs.service import JobsService
from mlnb.jobs.types import JobRequest, State
from mlnb.models.repo import ModelsRepo
from mlnb.models.types import IndexedRun
from mlnb.order.repo import CertificateRepo
from mlnb.order.types import Certificate
from mlnb.snapshots import repo as snapshot_rows
from mlnb.store import database as database_module
from mlnb.store.core_tables import Notebooks, Outbox
from mlnb.store.database import Database, known_revisions, metadata, stored_revision
from mlnb.testing.executor_suite import write_notebook
from mlnb.testing.fake_executor import FakeExecutor, WorkerAtRest
from mlnb.wiring import build_services
from tests.integration import postgres_cluster

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cluster():
    try:
        with postgres_cluster.cluster() as running:
            yield running
    except postgres_cluster.CannotStart as reason:
        pytest.skip(str(reason))


@pytest.fixture
def url(cluster, monkeypatch):
    url = cluster.new_database()
    monkeypatch.setenv("MLNB_STORE_DATABASE_URL", url)
    return url


@pytest.fixture
def database(url):
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def services(url):
    services = build_services()
    yield services
    services.database.close()


def at_once(work, count):
    """`work(number)` in `count` threads that begin together; what they returned."""
    gate = threading.Barrier(count)

    def one(number):
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# ---- schema ----------------------------------------------------------------------------------------------------------
MIGRATE = """
import sys
from mlnb.store.database import Database, stored_revision
print(stored_revision(Database(sys.argv[1]).engine))
"""


def test_eight_processes_migrate_it_once(url):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for racer in racers:
        out, err = racer.communicate()
        assert (racer.returncode, out.strip()) == (0, known_revisions()[-1]), err


def test_what_the_code_declares_is_what_the_migrations_make(database):
    for repo in sorted((ROOT / "mlnb").glob("*/repo.py")):
        __import__(f"mlnb.{repo.parent.name}.repo")
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_newer_database_is_refused_and_unchanged(database, url):
    with database.transaction() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999_later'")
    with pytest.raises(StoreUnavailable, match="newer mlnb") as raised:
        Database(url).engine  # noqa: B018 - opening is what is tested
    assert postgres_cluster.PASSWORD not in str(raised.value)
    assert stored_revision(database.engine) == "9999_later"


def test_a_server_that_is_away_is_said_so_without_the_password(cluster):
    away = cluster.url("mlnb", port=postgres_cluster._free_port())
    with pytest.raises(StoreUnavailable, match="cannot be used") as raised:
        Outbox(Database(away)).last_seq()
    assert postgres_cluster.PASSWORD not in str(raised.value)
    assert raised.value.hint


def test_a_writer_that_holds_on_is_waited_for_and_then_named(database, monkeypatch):
    outbox = Outbox(database)
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 1)
    with database.transaction():
        assert outbox.last_seq() == 0  # readers do not wait
        with pytest.raises(StoreUnavailable) as raised:
            outbox.publish(Event("late", "x"))
    assert "Another program" in raised.value.hint
    outbox.publish(Event("in time", "x"))
    assert outbox.last_seq() > 0


def test_a_driver_need_not_be_named_and_a_missing_one_is(url):
    short = Database(url.replace("postgresql+psycopg", "postgresql"))
    assert stored_revision(short.engine) == known_revisions()[-1]
    short.close()
    with pytest.raises(NotInstalled, match="driver") as raised:
        Outbox(Database(url.replace("+psycopg", "+pg8000"))).last_seq()
    assert postgres_cluster.PASSWORD not in str(raised.value)


# ---- what all areas share --------------------------------------------------------------------------------------------
def test_no_event_is_missed_by_a_reader_that_follows_eight_writers(database):
    outbox = Outbox(database)
    seen, stop = [], threading.Event()

    def follow():
        cursor = 0
        while True:
            is_last = stop.is_set()
            for entry in outbox.read(cursor):
                seen.append(entry.event.subject)
                cursor = entry.seq
            if is_last:
                return

    reader = threading.Thread(target=follow)
    reader.start()
    at_once(lambda number: [outbox.publish(Event("e", f"{number}.{n}", {"n": n})) for n in range(20)], 8)
    stop.set()
    reader.join()
    assert sorted(seen) == sorted(f"{number}.{n}" for number in range(8) for n in range(20))


def test_a_notebook_seen_by_many_at_once_is_one_row(database, tmp_path):
    notebooks = Notebooks(database)
    at_once(lambda number: notebooks.seen("n-1", tmp_path / f"{number}.ipynb"), 8)
    assert notebooks.path_of("n-1").parent == tmp_path
    assert notebooks.path_of("n-2") is None


# ---- areas -----------------------------------------------------------------------------------------------------------
def test_jobs_are_queued_paged_moved_once_and_tried_again(database, mlnb_home, tmp_path):
    repo = JobRepo(database)
    service = JobsService(
        repo,
        Outbox(database),
        WorkerAtRest(),
        lambda _name: FakeExecutor(),
        env_id=lambda _notebook, _python: "env-1",
        image="default:1",
    )
    notebook = write_notebook(tmp_path / "n.ipynb", "print(n)", parameters="n = 0")
    jobs = [service.submit(JobRequest(str(notebook), parameters={"n": n}, labels={"a": "b"})) for n in range(3)]
    first = repo.list(None, 2, None)
    assert first.total == 3
    assert [job.id for job in [*first.jobs, *repo.list(None, 2, first.cursor).jobs]] == [
        job.id for job in reversed(jobs)
    ]
    assert service.get(jobs[0].id) == jobs[0]
    assert [job_id for job_id, _ in repo.waiting()] == [job.id for job in jobs]

    job_id = jobs[0].id
    moved = at_once(lambda _: repo.move(job_id, State.STARTING, number=1, started_at=datetime.now(UTC)), 8)
    assert sum(one is not None for one in moved) == 1
    assert repo.move(job_id, State.RUNNING, number=1).state is State.RUNNING
    assert repo.progress(job_id, 1, done=1, total=2, run_id="r")
    assert repo.move(job_id, State.FAILED, number=1, reason="meant to", ended_at=datetime.now(UTC)).reason == "meant to"
    again = at_once(lambda _: repo.again(job_id, 1, reason="again").attempt, 8)
    assert set(again) == {2}
    assert repo.list(State.QUEUED, 10, None).total == 3
    assert [one for one, _ in repo.unfinished()] == [job.id for job in jobs]


DEFINITIONS = '''
import mlnb


@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="events.parquet", owner="ana", tags={"team": "growth"})
def spend(events):
    """What a customer spent, 100 % of it."""
    return events.assign(doubled=events["amount"] * 2)


@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="events.parquet", owner="ben")
def Visits(events):
    """How often a customer came."""
    return events
'''


def test_features_are_registered_found_paged_and_read(services, tmp_path):
    times = pd.to_datetime(["2026-01-01", "2026-01-10"])
    pd.DataFrame({"customer_id": [1, 2], "event_time": times, "amount": [1.0, 5.0]}).to_parquet(
        tmp_path / "events.parquet"
    )
    file = tmp_path / "views.py"
    file.write_text(DEFINITIONS)
    features = services.features
    assert features.apply(file).changes == {"spend": "created", "Visits": "created"}
    assert features.apply(file).changes == {"spend": "unchanged", "Visits": "unchanged"}
    file.write_text(DEFINITIONS.replace("* 2", "* 3"))
    features.apply(file)
    assert [one.version for one in features.show("spend").versions] == [2, 1]
    for text, found in (
        ("customer", ["Visits", "spend"]), ("doubled", ["spend"]), ("CAME", ["Visits"]), ("100 %", ["spend"]), ("spnd", ["spend"]),
        ("gr", ["spend"]), ("nothing-of-this", []),
    ):  # fmt: skip
        assert sorted(view.name for view in features.list(text).views) == found, text
    page = features.list(limit=1)
    assert (page.total, len(page.views)) == (2, 1)
    assert {view.name for view in [*page.views, *features.list(limit=1, cursor=page.cursor).views]} == {
        "spend",
        "Visits",
    }
    features.materialize("spend")
    features.materialize("spend")
    entities = pd.DataFrame({"customer_id": [2, 1]})
    assert features.get(entities, ["spend:doubled"])["doubled"].tolist() == [15.0, 3.0]


def test_snapshots_are_indexed_and_those_of_others_left_alone(services, tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "1")
    ids = [services.snapshots.take(notebook, f"reason {n}").snapshot.id for n in range(3)]
    with services.database.transaction() as connection:
        row = dict(connection.execute(sa.select(snapshot_rows.snapshots)).mappings().first())
        connection.execute(
            snapshot_rows.snapshots.insert().values({**row, "id": "snap-other", "owner": "somebody else"})
        )
    first = services.snapshots.list(limit=2)
    assert (first.total, [one.id for one in first.snapshots]) == (3, ids[:0:-1])
    assert [one.id for one in services.snapshots.list(notebook, 2, first.cursor).snapshots] == ids[:1]
    assert services.snapshots.index(from_scratch=True) == 3
    with services.database.reading() as connection:
        stored = set(connection.execute(sa.select(snapshot_rows.snapshots.c.id)).scalars())
    assert stored == {*ids, "snap-other"}


def test_the_index_of_runs_and_how_far_they_are_delivered(database):
    repo = ModelsRepo(database)
    spool = Path("/spool_100%")
    row = IndexedRun("run-1", experiment="e", notebook="n.ipynb")
    at_once(lambda number: repo.advance({spool / "a": number, Path("/spoolx100%/b"): 1}, [row]), 8)
    repo.advance(
        {spool / "a": 1 << 40}, [dataclasses.replace(row, experiment=None, notebook=None, snapshot_id="snap-1")]
    )
    assert repo.cursors(spool) == {spool / "a": 1 << 40}
    assert repo.find(notebook="n.ipynb", job_id=None, snapshot_id="snap-1") == ["run-1"]
    repo.forget([spool / "a"])
    assert repo.cursors(spool) == {}


def test_certificates_are_kept_and_the_latest_is_found(database):
    repo = CertificateRepo(database)
    first, second = (
        Certificate(
            f"cert-{n}", "n.ipynb", "d" * 64, "identical", [], {"n": "1"}, "env-1", datetime(2026, 1, n, tzinfo=UTC)
        )
        for n in (1, 2)
    )
    assert repo.of("n.ipynb", "", None) == []
    repo.add(first)
    repo.add(second)
    assert repo.of("n.ipynb", "", None)[0] == second
    assert repo.get("cert-1") == first


# ---- the whole, with the engine of jobs in PostgreSQL too ------------------------------------------------------------
@pytest.mark.kernel
def test_a_job_runs_with_every_table_in_postgresql(cluster, url, mlnb_home, tmp_path):
    environment = {**os.environ, "MLNB_JOBS_DATABASE_URL": cluster.new_database(), "MLNB_JOBS_POLL_S": "0.05"}
    notebook = write_notebook(tmp_path / "n.ipynb", "print('n is', n)", parameters="n = 0")

    def mlnb(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", "from mlnb.cli.main import main; main()", *arguments, "--json"], env=environment, cwd=tmp_path,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return json.loads(done.stdout)

    try:
        job = mlnb("jobs", "submit", str(notebook), "-p", "n=3", "--wait")
        assert (job["state"], job["reason"]) == ("succeeded", "")
        assert mlnb("jobs", "show", job["id"])["run_id"]
    finally:
        mlnb("worker", "stop")
    assert not (mlnb_home / "mlnb.db").exists()
    assert not (mlnb_home / "jobs.db").exists()
