"""What a user can do with runs and models: deliver what was logged, list, show, compare, register."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mlnb.core import spool
from mlnb.core.clock import Clock, utc_now
from mlnb.core.errors import BadInput, StoreUnavailable
from mlnb.core.events import Event, EventSink
from mlnb.core.files import locked
from mlnb.core.home import home
from mlnb.models import rules, spooled
from mlnb.models.errors import ModelNotFound, NoModelLogged
from mlnb.models.ports import Delivery, ModelStore
from mlnb.models.repo import ModelsRepo
from mlnb.models.types import Flushed, ModelPage, ModelVersion, RegisteredModel, Run, RunComparison, RunPage

_CHUNK = 500  # records delivered between two cursors; a crash repeats at most these
_SILENT_S = 60.0  # a writer whose process is gone is given up after this silence, and its delivered file removed
_MOST = 1000


class ModelsService:
    """Runs and the model store.

    Args:
        store: where they are kept for good.
        repo: cursors and index.
        events: where ``run_logged`` and ``model_registered`` are told.
        clock: the present moment.
    """

    def __init__(self, store: ModelStore, repo: ModelsRepo, events: EventSink, clock: Clock = utc_now) -> None:
        self._store = store
        self._repo = repo
        self._events = events
        self._clock = clock
        self._lock = threading.Lock()

    # ---- from the spool into the store ------------------------------------------------------------------------------
    def ensure_store(self) -> None:
        """Make the model store, or bring it to this version's schema, one process at a time.

        Raises:
            StoreUnavailable: it cannot be made, or a newer version wrote it.
        """
        self._store.ensure()

    def deliver(self, root: Path | None = None, *, is_final: bool | None = None) -> list[str]:
        """Bring what was logged into the store. May be called at any time, by any process, as often as one likes.

        Args:
            root: the spool; the user's own when None.
            is_final: whether everybody who wrote to this spool has ended, so that a run without an end counts as KILLED. When
                None: true for the spool of a job, false for the user's own, whose kernels live.

        Returns:
            The ids of the runs that something new was delivered for.

        Raises:
            StoreUnavailable: the store or mlnb's database is away; what was logged stays in the spool.
        """
        own = spool.default_root().absolute()
        folder = (root or own).absolute()
        if not spool.files(folder, spooled.TOPIC):
            return []
        with self._lock, locked(home() / "locks" / "deliver-runs.lock"):
            run_ids = self._deliver(folder, is_final=folder != own if is_final is None else is_final)
        for run_id in run_ids:
            self._events.publish(Event("run_logged", run_id))
        return run_ids

    def _deliver(self, root: Path, *, is_final: bool) -> list[str]:
        files = spool.files(root, spooled.TOPIC)
        known = self._repo.cursors(root / spooled.TOPIC)
        starts = {file: known.get(file, 0) for file in files if file.stat().st_size > known.get(file, 0)}
        now_s = self._clock().timestamp()
        gone = frozenset(f for f in files if is_final or spooled.is_writer_gone(f, now_s, _SILENT_S))
        if not starts and (is_final or not gone):
            return []
        self._store.ensure()
        delivery = self._store.delivery(root)
        run_ids = dict.fromkeys(self._deliver_records(delivery, starts))
        if gone:
            run_ids.update(dict.fromkeys(delivery.close_runs(spooled.open_runs(files, gone))))
        delivery.settle_files()
        if not is_final:
            self._remove_delivered(root, gone)
        return list(run_ids)

    def _deliver_records(self, delivery: Delivery, starts: dict[Path, int]) -> Iterator[str]:
        cursors = dict(starts)
        for chunk in _chunks(spooled.in_order(starts), _CHUNK):
            records = [record.data for record in chunk if record.data is not None]
            yield from delivery.apply(records)
            cursors.update({record.file: record.end for record in chunk})
            index = [row for data in records if (row := rules.indexed(data)) is not None]
            self._repo.advance(cursors, index)

    def _remove_delivered(self, root: Path, gone: frozenset[Path]) -> None:
        cursors = self._repo.cursors(root / spooled.TOPIC)
        done = [file for file in gone if spooled.remove_delivered(file, cursors.get(file, 0))]
        if done:
            self._repo.forget(done)

    def flush(self, timeout_s: float | None = None) -> Flushed:
        """Return when everything logged until now is in the store.

        Args:
            timeout_s: how long to go on trying while the store is away, in seconds; None: one attempt.

        Raises:
            StoreUnavailable: it was away to the end; nothing is lost, it stays in the spool.
        """
        deadline = time.monotonic() + (timeout_s or 0)
        pause_s = 0.05
        while True:
            try:
                return Flushed(self.deliver())
            except StoreUnavailable:
                if time.monotonic() + pause_s > deadline:
                    raise
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, 2.0)

    # ---- reading ----------------------------------------------------------------------------------------------------
    def list_runs(
        self,
        experiment: str | None = None,
        order_by: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> RunPage:
        """A page of the runs.

        Args:
            experiment: only those of this experiment.
            order_by: a metric, highest first (``METRIC asc``: lowest first); None: newest first.
            limit: at most so many, 1 to 1000.
            cursor: where the last page ended.

        Raises:
            NotFound: there is no such experiment.
            BadInput: `limit`, `order_by` or `cursor` is not valid.
        """
        _check_limit(limit)
        clause = rules.order_clause(order_by)
        if experiment is None and cursor is None and self._is_unused():
            return RunPage([], 0, None)
        self._read()
        return self._store.list_runs(experiment, clause, limit, cursor)

    def get_run(self, run_id: str) -> Run:
        """The run, with the models it logged.

        Raises:
            RunNotFound: there is none with this id.
        """
        self._read()
        return self._store.get_run(run_id)

    def compare(self, a: str, b: str) -> RunComparison:
        """What two runs do not share.

        Raises:
            RunNotFound: one of them does not exist.
        """
        self._read()
        return rules.compare(self._store.get_run(a), self._store.get_run(b))

    def find_runs(
        self, *, notebook: str | None = None, job_id: str | None = None, snapshot_id: str | None = None
    ) -> list[str]:
        """Ids of the runs that came from all of what is given.

        Raises:
            BadInput: nothing is given.
        """
        if notebook is None and job_id is None and snapshot_id is None:
            raise BadInput("nothing to look runs up by", "Give a notebook, a job or a snapshot.")
        self.deliver()
        return self._repo.find(notebook=notebook, job_id=job_id, snapshot_id=snapshot_id)

    def list_models(self, limit: int = 50, cursor: str | None = None) -> ModelPage:
        """A page of the registered models, by name, each with its latest version.

        Raises:
            BadInput: `limit` or `cursor` is not valid.
        """
        _check_limit(limit)
        if cursor is None and self._is_unused():
            return ModelPage([], 0, None)
        self._read()
        return self._store.list_models(limit, cursor)

    def get_model(self, model: str) -> RegisteredModel:
        """A registered model with all its versions, or the one version that ``NAME/3`` or ``NAME@alias`` means.

        Raises:
            ModelNotFound: there is no such model, version or alias.
        """
        self._read()
        name, version, alias = rules.split_model_name(model)
        found = self._store.get_model(name)
        if alias is not None:
            version = str(found.aliases.get(alias, ""))
        if version is None:
            return found
        versions = [one for one in found.versions if str(one.version) == version]
        if not versions:
            raise ModelNotFound(f"there is no model {model}", f"See `mlnb models show {name}`.")
        return RegisteredModel(
            found.name, found.description, found.owner, found.aliases, found.tags, found.latest_version, versions
        )

    # ---- the registry -----------------------------------------------------------------------------------------------
    def register(self, run_id: str, name: str) -> ModelVersion:
        """Register the model that a run logged as a new version of `name`.

        Of several models the one logged last is taken.

        Raises:
            RunNotFound: there is no such run.
            NoModelLogged: the run logged no model, or it is not whole.
            BadInput: `name` cannot be a model's name.
        """
        run = self.get_run(run_id)
        ready = [model for model in run.models if model.status == "READY"]
        if not ready:
            raise NoModelLogged(
                f"run {run_id} has logged no model", "Log one in the run, for example mlflow.sklearn.log_model(model)."
            )
        version = self._store.register(ready[-1].model_id, name, run_id)
        self._events.publish(Event("model_registered", name, {"version": version.version, "run_id": run_id}))
        return version

    def _is_unused(self) -> bool:
        """Nothing was ever logged: said without making the store, which costs seconds and many megabytes."""
        return not self._store.exists() and not spool.files(spool.default_root(), spooled.TOPIC)

    def _read(self) -> None:
        self.ensure_store()
        self.deliver()


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= _MOST:
        raise BadInput(f"a page of {limit} is not possible", f"Ask for 1 to {_MOST}.")


def _chunks(records: Iterator[spooled.Spooled], size: int) -> Iterator[list[spooled.Spooled]]:
    while chunk := list(itertools.islice(records, size)):
        yield chunk
