"""The composition root of server and command line: the one file that knows all parts. It takes no decisions.

Each property builds one area's service on first use from plain settings, the stores, and what the area's ports ask for.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb import wiring_envs
from mlnb.config import Settings

if TYPE_CHECKING:
    from traitlets.config import Config

    from mlnb.envs.locks import LocksService
    from mlnb.envs.service import EnvsService
    from mlnb.features.service import FeaturesService
    from mlnb.jobs.delivery import JobDelivery
    from mlnb.jobs.ports import Executor
    from mlnb.jobs.process import WorkerProcess
    from mlnb.jobs.repo import JobRepo
    from mlnb.jobs.service import JobsService
    from mlnb.jobs.worker import Worker
    from mlnb.models.service import ModelsService
    from mlnb.order.ports import Analyzer
    from mlnb.order.service import OrderService
    from mlnb.order.types import OrderPolicy
    from mlnb.snapshots.service import SnapshotsService
    from mlnb.snapshots.upkeep import Upkeep
    from mlnb.store.blobs import BlobStore
    from mlnb.store.core_tables import Notebooks, Outbox
    from mlnb.store.database import Database
    from mlnb.store.identity import Identities


class Wiring:
    """Everything built from one set of settings; built piece by piece, when first asked for.

    Args:
        settings: where each part takes its plain values from.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """mlnb's database."""
        from mlnb.store.database import Database

        return Database(self.settings.database_url(), synchronous=self.settings.get("store.synchronous"))

    @cached_property
    def blobs(self) -> BlobStore:
        """The blob store."""
        from mlnb.store.blobs import FsspecBlobStore

        return FsspecBlobStore(self.settings.blobs_url())

    @cached_property
    def outbox(self) -> Outbox:
        """Where services publish their events."""
        from mlnb.store.core_tables import Outbox

        return Outbox(self.database)

    @cached_property
    def notebooks(self) -> Notebooks:
        """Which notebook is which."""
        from mlnb.store.core_tables import Notebooks

        return Notebooks(self.database)

    @cached_property
    def identities(self) -> Identities:
        """Settles which notebook is which."""
        from mlnb.store.identity import Identities

        return Identities(self.notebooks)

    @cached_property
    def order(self) -> OrderService:
        """Order of saved notebooks; kernels put their own service in its place."""
        from mlnb.core import registry
        from mlnb.jobs.kernels import check_runnable
        from mlnb.order.fresh_run import FreshRun
        from mlnb.order.repo import CertificateRepo
        from mlnb.order.service import OrderService

        def analyzer(language: str) -> Analyzer:
            found: Analyzer = registry.load("mlnb.analyzers", language)()
            return found

        return OrderService(
            CertificateRepo(self.database),
            FreshRun(check_runnable, analyzer),
            analyzer,
            self.envs.identify,
        )

    def order_policy(self, notebook: Path) -> OrderPolicy:
        """What a kernel of this notebook would be told: settings of this process first, else those of the notebook's own project."""
        from mlnb.order.rules.modes import strictest
        from mlnb.order.types import OrderPolicy

        of_project = Settings(folder=notebook.parent)
        floor = strictest([self.settings.get("order.floor"), of_project.get("order.floor")])
        said = self.settings if self.settings.is_given("order.mode") else of_project
        return OrderPolicy(said.get("order.mode"), floor)

    @cached_property
    def models(self) -> ModelsService:
        """Runs and the model store."""
        from mlnb.core.home import home
        from mlnb.models.plugins.mlflow_store import MlflowStore
        from mlnb.models.repo import ModelsRepo
        from mlnb.models.service import ModelsService

        store = MlflowStore(self.settings.tracking_uri(), home() / "artifacts")
        return ModelsService(store, ModelsRepo(self.database), self.outbox)

    @cached_property
    def features(self) -> FeaturesService:
        """The feature catalogue."""
        from mlnb.features.repo import FeatureRepo
        from mlnb.features.service import FeaturesService
        from mlnb.features.sources import open_source

        rows = self.settings.get("features.preview_rows")
        return FeaturesService(FeatureRepo(self.database), self.outbox, open_source, preview_rows=rows)

    @cached_property
    def envs(self) -> EnvsService:
        """Environments."""
        return wiring_envs.build_envs(self)

    @cached_property
    def env_locks(self) -> LocksService:
        """Locks, and environments and images made from them."""
        return wiring_envs.build_locks(self)

    @cached_property
    def jobs(self) -> JobsService:
        """Jobs."""
        from mlnb.jobs.service import JobsService

        return JobsService(
            self.job_repo,
            self.outbox,
            self.worker_process,
            self.executor,
            env_id=lambda notebook, python: self.envs.identify_for_job(notebook, python),
            image=self.settings.get("jobs.image"),
            experiment=self.settings.get("models.experiment"),
            certified=lambda notebook, parameters: self.order.certification(notebook, parameters),
            frozen_values=self._lend_frozen_values,
            requires_certificate=self._requires_certificate,
        )

    def _lend_frozen_values(self, notebook: Path, root: Path) -> None:
        """Order says what frozen cells have to bring, snapshots have it."""
        from mlnb.core.wire import to_wire
        from mlnb.order.thaw import check_found
        from mlnb.snapshots.plugins.files import SnapshotFiles
        from mlnb.snapshots.plugins.frozen_values import lend

        needs = self.order.frozen_needs(notebook)
        if needs:
            check_found(lend(SnapshotFiles(), notebook, to_wire(list(needs)), root), needs)

    def _requires_certificate(self, notebook: Path) -> bool:
        """The policy of the notebook's own project, or of the one that this was started in."""
        of_project = Settings(folder=notebook.parent).get("jobs.require_certificate")
        return bool(self.settings.get("jobs.require_certificate") or of_project)

    @cached_property
    def snapshots(self) -> SnapshotsService:
        """Snapshots of saved notebooks and of live kernels; kernels put their own service in its place."""
        from mlnb.kernel.registry import live_kernels
        from mlnb.snapshots.plugins.files import SnapshotFiles
        from mlnb.snapshots.plugins.live_kernels import KernelClient
        from mlnb.snapshots.repo import SnapshotRepo
        from mlnb.snapshots.service import SnapshotsService

        repo, files = SnapshotRepo(self.database), SnapshotFiles()
        env_id, identify = self.envs.identify, self.identities.identify
        fetch, linked = (lambda snapshot_id: self.snapshot_upkeep.fetch(snapshot_id)), self._linked_snapshots
        kernels = (live_kernels, KernelClient())
        return SnapshotsService(repo, files, self.outbox, *kernels, env_id, identify, fetch=fetch, linked=linked)

    def _linked_snapshots(self) -> set[str]:
        """The snapshots that jobs and runs point to."""
        from mlnb.models.repo import ModelsRepo

        return self.job_repo.snapshot_ids() | ModelsRepo(self.database).snapshot_ids()

    @cached_property
    def snapshot_upkeep(self) -> Upkeep:
        """Keeps house among snapshots: what stays, what goes, copies in the remote store."""
        import logging

        from mlnb.kernel.registry import live_kernels
        from mlnb.snapshots.plugins.files import SnapshotFiles
        from mlnb.snapshots.plugins.limits import Limits
        from mlnb.snapshots.plugins.remote import RemotePacks, store_id
        from mlnb.snapshots.rules.retention import Retention
        from mlnb.snapshots.upkeep import Upkeep
        from mlnb.store.blobs import FsspecBlobStore

        get, url = self.settings.get, self.settings.get("store.blobs_url")

        def remote(files: SnapshotFiles) -> RemotePacks:
            return RemotePacks(files, FsspecBlobStore(f"{url.rstrip('/')}/snapshots/{store_id(files)}"))

        return Upkeep(
            SnapshotFiles(),
            self.outbox,
            Retention(get("snapshots.keep_last"), get("snapshots.keep_daily_days")),
            Limits(
                get("snapshots.cap_notebook_bytes"), get("snapshots.cap_total_bytes"), get("snapshots.min_free_percent")
            ),
            linked=self._linked_snapshots,
            index=lambda changed, gone: self.snapshots.reindex(changed, gone),
            live_kernels=live_kernels,
            remote=remote if url else None,
            drop_local_days=get("snapshots.drop_local_days"),
            log=logging.getLogger("mlnb.snapshots").warning,
        )

    @cached_property
    def job_delivery(self) -> JobDelivery:
        """Brings what ended jobs left into the stores."""
        from mlnb.jobs.delivery import JobDelivery

        return JobDelivery(self.job_repo, runs=lambda: self.models, snapshots=lambda: self.snapshots)

    @cached_property
    def job_repo(self) -> JobRepo:
        """Where jobs are kept."""
        from mlnb.jobs.repo import JobRepo

        return JobRepo(self.database)

    def executor(self, name: str) -> Executor:
        """The executor plug-in `name`; one instance per process."""
        from mlnb.core import registry

        if name not in self._executors:
            self._executors[name] = registry.load("mlnb.executors", name)()
        return self._executors[name]

    @cached_property
    def _executors(self) -> dict[str, Executor]:
        return {}

    @cached_property
    def worker_process(self) -> WorkerProcess:
        """The worker as others see it: status, start, stop."""
        import sys

        from mlnb.jobs.process import WorkerProcess

        return WorkerProcess([sys.executable, "-P", "-m", "mlnb.cli.worker", "run"])

    @cached_property
    def worker(self) -> Worker:
        """The worker itself, for the process that is to be it."""
        import os
        import subprocess
        import sys

        from mlnb.jobs.drive import Driver
        from mlnb.jobs.engine import Engine
        from mlnb.jobs.worker import Worker
        from mlnb.kernel.runs import SpoolRun

        def deliver() -> None:  # in a process of its own: it imports MLflow, and the worker is to stay small
            subprocess.run(
                [sys.executable, "-P", "-m", "mlnb.cli.worker", "deliver"], check=False, stdin=subprocess.DEVNULL
            )

        driver = Driver(
            self.job_repo,
            self.executor,
            self.outbox,
            on_end=lambda: worker.job_ended(),
            end_run=lambda run_id: SpoolRun(run_id).end("KILLED"),
        )
        engine = Engine(
            self.settings.jobs_database_url(),
            slots=self.settings.get("jobs.slots") or os.cpu_count() or 1,
            poll_s=self.settings.get("jobs.poll_s"),
            synchronous=self.settings.get("store.synchronous"),
            run=driver.drive,
        )
        worker = Worker(
            self.job_repo,
            engine,
            [self.executor("local")],
            self.outbox,
            self.worker_process,
            deliver,
            poll_s=self.settings.get("jobs.poll_s"),
            idle_stop_s=self.settings.get("jobs.idle_stop_s"),
        )
        return worker


def build_services(config: Config | None = None, folder: Path | None = None) -> Wiring:
    """The services for this process (entry point ``mlnb.services``).

    Args:
        config: the configuration of the Jupyter application, when there is one.
        folder: whose project's ``mlnb.toml`` applies; the current folder when None.
    """
    return Wiring(Settings(config, folder))
