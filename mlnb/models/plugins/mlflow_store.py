"""The model store on MLflow's database, without a server (port `ModelStore`). MLflow is imported on first use."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core.errors import BadInput, NotFound
from mlnb.core.secrets import mask, mask_tree
from mlnb.models import rules
from mlnb.models.errors import ModelNotFound, RunNotFound
from mlnb.models.plugins import mlflow_open
from mlnb.models.types import LoggedModel, ModelPage, ModelVersion, RegisteredModel, Run, RunPage

if TYPE_CHECKING:
    from mlnb.models.plugins.mlflow_delivery import MlflowDelivery
    from mlnb.models.plugins.mlflow_ids import Registry, Tracking

_EVERYTHING = 1000


class MlflowStore:
    """Runs and models in MLflow.

    Args:
        uri: SQLAlchemy URL of MLflow's database.
        artifacts: folder for the files of runs and models.
    """

    def __init__(self, uri: str, artifacts: Path) -> None:
        self._uri = uri
        self._artifacts = artifacts
        self._lock = threading.Lock()
        self._stores: tuple[Tracking, Registry] | None = None

    def exists(self) -> bool:
        """Whether there may be a store (see `ModelStore`); one that is not a file is taken to be there."""
        mlflow_open.check_uri(self._uri)
        file = mlflow_open.sqlite_file(self._uri)
        return file is None or file.exists()

    def ensure(self) -> None:
        """Make the store, or bring it to this version's schema (see `ModelStore`)."""
        self._open()

    def _open(self) -> tuple[Tracking, Registry]:
        file = mlflow_open.sqlite_file(self._uri)
        with self._lock:
            if self._stores is None or (file is not None and not file.exists()):
                mlflow_open.silence()
                mlflow_open.ensure(self._uri)
                from mlnb.models.plugins.mlflow_ids import Registry, Tracking

                with mlflow_open.translated():
                    # Both keep their engine for the life of the process; one whose file was removed must not come back.
                    for kind in (Tracking, Registry):
                        engine = kind._engine_map.pop(self._uri, None)
                        if engine is not None:
                            engine.dispose()
                    self._stores = Tracking(self._uri, self._artifacts.as_uri()), Registry(self._uri)
            return self._stores

    def delivery(self, root: Path) -> MlflowDelivery:
        """Begin to deliver from the spool `root`."""
        tracking, registry = self._open()
        from mlnb.models.plugins.mlflow_delivery import MlflowDelivery

        return MlflowDelivery(tracking, registry, root)

    # ---- runs -------------------------------------------------------------------------------------------------------
    def list_runs(self, experiment: str | None, order_by: Sequence[str], limit: int, cursor: str | None) -> RunPage:
        """A page of the active runs (see `ModelStore`)."""
        tracking, _ = self._open()
        with mlflow_open.translated():
            names = {str(e.experiment_id): str(e.name) for e in tracking.search_experiments(max_results=_EVERYTHING)}
            if experiment is not None:
                names = {number: name for number, name in names.items() if name == experiment}
                if not names:
                    raise NotFound(f"there is no experiment named {experiment!r}", "See `mlnb runs list`.")
            page = tracking.search_runs(list(names), "", 1, limit, list(order_by), _decoded(cursor))
            runs = [_run(run, names[str(run.info.experiment_id)], []) for run in page]
            return RunPage(runs, tracking.count_runs(list(names)), _encoded(page.token))

    def get_run(self, run_id: str) -> Run:
        """The run, with the models it logged (see `ModelStore`)."""
        tracking, _ = self._open()
        try:
            with mlflow_open.translated():
                run = tracking.get_run(run_id)
                name = str(tracking.get_experiment(run.info.experiment_id).name)
                models = []
                for output in run.outputs.model_outputs:
                    model = tracking.get_logged_model(output.model_id, allow_deleted=True)
                    models.append((model.creation_timestamp, _logged_model(model)))
        except NotFound as error:
            raise RunNotFound(f"there is no run {run_id}", "See `mlnb runs list`.") from error
        return _run(run, name, [model for _, model in sorted(models, key=lambda pair: pair[0])])

    # ---- models -----------------------------------------------------------------------------------------------------
    def list_models(self, limit: int, cursor: str | None) -> ModelPage:
        """A page of the registered models (see `ModelStore`)."""
        _, registry = self._open()
        with mlflow_open.translated():
            page = registry.search_registered_models(None, limit, ["name ASC"], _decoded(cursor))
            total = len(page) if page.token is None and cursor is None else _count(registry)
            models = [_registered(model, [_version(v, model.aliases) for v in model.latest_versions]) for model in page]
            return ModelPage(models, total, _encoded(page.token))

    def get_model(self, name: str) -> RegisteredModel:
        """The registered model with all its versions (see `ModelStore`)."""
        _, registry = self._open()
        try:
            with mlflow_open.translated():
                model = registry.get_registered_model(name)
                quoted = name.replace("'", "\\'")
                versions = registry.search_model_versions(f"name = '{quoted}'", _EVERYTHING, ["version_number DESC"])
        except (NotFound, BadInput) as error:
            raise ModelNotFound(f"there is no model named {name!r}", "See `mlnb models list`.") from error
        return _registered(model, [_version(version, model.aliases) for version in versions])

    def register(self, model_id: str, name: str, run_id: str) -> ModelVersion:
        """Register a logged model as a new version of `name` (see `ModelStore`)."""
        tracking, registry = self._open()
        from mlnb.models.plugins.mlflow_versions import Versions

        with mlflow_open.translated():
            made = Versions(tracking, registry, None).add(name, f"models:/{model_id}", run_id, {})
            return _version(registry.get_model_version(name, made.version), {})


def _count(registry: Registry) -> int:
    total, token = 0, None
    while True:
        page = registry.search_registered_models(None, _EVERYTHING, None, token)
        total, token = total + len(page), page.token
        if token is None:
            return total


def _run(run: Any, experiment: str, models: list[LoggedModel]) -> Run:  # noqa: ANN401 - MLflow's Run
    tags = rules.shown_tags(run.data.tags)
    return Run(
        run_id=run.info.run_id,
        name=mask(run.info.run_name or ""),
        experiment=experiment,
        status=run.info.status,
        user=run.info.user_id or "",
        started_at=_moment(run.info.start_time),
        ended_at=_moment(run.info.end_time) if run.info.status in rules.FINAL_STATUSES else None,
        params=_masked(run.data.params),
        metrics={key: float(value) for key, value in run.data.metrics.items()},
        tags=_masked(tags),
        notebook=tags.get("mlnb.notebook"),
        snapshot_id=tags.get("mlnb.snapshot"),
        job_id=tags.get("mlnb.job"),
        models=models,
    )


def _logged_model(model: Any) -> LoggedModel:  # noqa: ANN401 - MLflow's LoggedModel
    return LoggedModel(model.model_id, model.name, str(model.status), model.tags.get("mlnb.model.digest"))


def _registered(model: Any, versions: list[ModelVersion]) -> RegisteredModel:  # noqa: ANN401 - MLflow's RegisteredModel
    return RegisteredModel(
        name=model.name,
        description=mask(model.description or ""),
        owner=model.tags.get("mlnb.owner"),
        aliases={alias: int(version) for alias, version in model.aliases.items()},
        tags=_masked(model.tags),
        latest_version=max((version.version for version in versions), default=None),
        versions=versions,
    )


def _version(version: Any, aliases: Mapping[str, Any]) -> ModelVersion:  # noqa: ANN401 - MLflow's ModelVersion
    mine = {alias for alias, number in aliases.items() if str(number) == str(version.version)}
    return ModelVersion(
        name=version.name,
        version=int(version.version),
        run_id=version.run_id,
        created_at=_moment(version.creation_timestamp),
        digest=version.tags.get("mlnb.model.digest"),
        aliases=sorted({*version.aliases, *mine}),
        tags=_masked(version.tags),
        description=mask(version.description or ""),
    )


def _masked(values: Mapping[str, str]) -> dict[str, str]:
    masked: dict[str, str] = mask_tree(dict(values))
    return masked


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _encoded(token: Any) -> str | None:  # noqa: ANN401 - MLflow's page token: bytes or text
    if token is None:
        return None
    data = token if isinstance(token, bytes) else str(token).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as error:
        raise BadInput(f"{cursor!r} is not a cursor", "Take the one that the last page gave.") from error
