"""MLflow's database stores, with the one thing they lack: taking runs and models under the ids they were begun with.

Ids are given in the kernel, where notebooks, snapshots and jobs already refer to them; MLflow's own ``create_*`` make new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow.entities import LoggedModelStatus, RunStatus, SourceType
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
from mlflow.store.tracking.dbmodels.models import (
    SqlLoggedModel,
    SqlLoggedModelParam,
    SqlLoggedModelTag,
    SqlParam,
    SqlRun,
    SqlTag,
)
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.uri import append_to_uri_path


class Tracking(TrackingStore):
    """MLflow's tracking store on a database."""

    def take_run(self, data: Mapping[str, Any], experiment_id: str) -> None:
        """Store a run as begun elsewhere (a ``run_started`` record); an existing one gets what it lacks."""
        run_id, name = data["run_id"], data["name"]
        tags = {**(data.get("tags") or {}), MLFLOW_RUN_NAME: name}
        with self.ManagedSessionMaker(read_only=False) as session:
            run = session.get(SqlRun, run_id)
            if run is None:
                location = self.get_experiment(experiment_id).artifact_location
                run = SqlRun(
                    run_uuid=run_id,
                    artifact_uri=append_to_uri_path(location, run_id, "artifacts"),
                    source_type=SourceType.to_string(SourceType.UNKNOWN),
                    source_name="",
                    entry_point_name="",
                    source_version="",
                    status=RunStatus.to_string(RunStatus.RUNNING),
                    lifecycle_stage=LifecycleStage.ACTIVE,
                )
                session.add(run)
            run.name, run.user_id, run.start_time = name, data["user"], data["started_at_ms"]
            run.experiment_id = int(experiment_id)
            known = {tag.key for tag in run.tags}
            run.tags += [SqlTag(key=key, value=value) for key, value in tags.items() if key not in known]
            known = {param.key for param in run.params}
            params = data.get("params") or {}
            run.params += [SqlParam(key=key, value=value) for key, value in params.items() if key not in known]

    def take_model(self, data: Mapping[str, Any], experiment_id: str) -> None:
        """Store a logged model as begun elsewhere (a ``model_started`` record); nothing happens when it is there."""
        model_id = data["model_id"]
        with self.ManagedSessionMaker(read_only=False) as session:
            if session.get(SqlLoggedModel, model_id) is not None:
                return
            location = self.get_experiment(experiment_id).artifact_location
            keys = {"model_id": model_id, "experiment_id": int(experiment_id)}
            session.add(
                SqlLoggedModel(
                    **keys,
                    name=data["name"],
                    artifact_location=append_to_uri_path(location, self.MODELS_FOLDER_NAME, model_id, "artifacts"),
                    creation_timestamp_ms=data["created_at_ms"],
                    last_updated_timestamp_ms=data["created_at_ms"],
                    model_type=data.get("type"),
                    status=LoggedModelStatus.PENDING.to_int(),
                    lifecycle_stage=LifecycleStage.ACTIVE,
                    source_run_id=data.get("run_id"),
                )
            )
            session.flush()
            for key, value in (data.get("params") or {}).items():
                session.add(SqlLoggedModelParam(**keys, param_key=key, param_value=value))
            for key, value in (data.get("tags") or {}).items():
                session.add(SqlLoggedModelTag(**keys, tag_key=key, tag_value=value))

    def count_runs(self, experiment_ids: list[str]) -> int:
        """How many active runs there are in these experiments."""
        with self.ManagedSessionMaker() as session:
            numbers = [int(experiment_id) for experiment_id in experiment_ids]
            active = session.query(SqlRun.run_uuid).filter(SqlRun.lifecycle_stage == LifecycleStage.ACTIVE)
            return int(active.filter(SqlRun.experiment_id.in_(numbers)).count())

    def analyze_when_grown(self) -> None:
        """Refresh the statistics that SQLite plans by once there are twice as many runs: ordering by a metric is 60 times faster."""
        if self.engine.dialect.name != "sqlite":
            return  # other databases do this by themselves
        with self.engine.begin() as connection:
            runs = connection.exec_driver_sql("SELECT count(*) FROM runs").scalar() or 0
            if runs < 100:
                return
            has_statistics = connection.exec_driver_sql(
                "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"
            ).scalar()
            row = (
                connection.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE tbl = 'runs' LIMIT 1").scalar()
                if has_statistics
                else None
            )
            if row is None or runs >= 2 * int(str(row).split()[0]):
                connection.exec_driver_sql("ANALYZE")


class Registry(RegistryStore):
    """MLflow's model registry on a database."""

    def take_version(
        self, name: str, source: str, location: str, run_id: str | None, tags: list[Any], text: str
    ) -> Any:  # noqa: ANN401 - MLflow's ModelVersion
        """Register a version of which both the source (``models:/m-...``) and the place of the files are known.

        MLflow's own looks the place up through the process-wide tracking URI, which a server must not touch.
        """
        made = self.create_model_version(name, location, run_id, tags, None, text)
        if source != location:
            with self.ManagedSessionMaker(read_only=False) as session:
                row = session.query(SqlModelVersion).filter_by(name=name, version=int(made.version)).one()
                row.source = source
        return made
