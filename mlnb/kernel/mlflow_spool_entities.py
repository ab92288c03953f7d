"""Between the spool's plain records and MLflow's entities, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    ExperimentTag,
    InputTag,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunTag,
)
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

from mlnb.kernel.mlflow_spool_book import SpooledModel, SpooledRun, experiment_id_from_name
from mlnb.kernel.runs import metric_to_wire

# MLflow's own classes are untyped: `Any` stands for them throughout.


def run_artifacts(root: Path, run_id: str) -> str:
    """URI of the folder for a run's files in the spool `root`."""
    return (root / "artifacts" / run_id).as_uri()


def model_artifacts(root: Path, model_id: str) -> str:
    """URI of the folder for a logged model's files in the spool `root`."""
    return (root / "artifacts" / "models" / model_id).as_uri()


def run_entity(run: SpooledRun, root: Path) -> Any:  # noqa: ANN401
    """The run as MLflow knows it."""
    info = RunInfo(
        run_id=run.run_id,
        experiment_id=experiment_id_from_name(run.experiment),
        user_id=run.user,
        status=run.status,
        start_time=run.started_at_ms,
        end_time=run.ended_at_ms,
        lifecycle_stage=LifecycleStage.DELETED if run.lifecycle == "deleted" else LifecycleStage.ACTIVE,
        artifact_uri=run_artifacts(root, run.run_id),
        run_name=run.name,
    )
    tags = {**run.tags, MLFLOW_RUN_NAME: run.name}
    data = RunData(
        metrics=[Metric(key, value, at, step) for key, (value, at, step) in run.metrics.items()],
        params=[Param(key, value) for key, value in run.params.items()],
        tags=[RunTag(key, value) for key, value in tags.items()],
    )
    return Run(info, data, _inputs(run), _outputs(run))


def merged(at_home: Any, run: SpooledRun) -> Any:  # noqa: ANN401
    """A run of the user's store with what this spool has logged to it since."""
    data = RunData(
        metrics=[Metric(key, value, 0, 0) for key, value in at_home.data.metrics.items() if key not in run.metrics]
        + [Metric(key, value, at, step) for key, (value, at, step) in run.metrics.items()],
        params=[Param(key, value) for key, value in {**at_home.data.params, **run.params}.items()],
        tags=[RunTag(key, value) for key, value in {**at_home.data.tags, **run.tags}.items()],
    )
    info = at_home.info._copy_with_overrides(end_time=run.ended_at_ms, run_name=run.name or None)
    info._status = run.status
    return Run(info, data, at_home.inputs, at_home.outputs)


def _inputs(run: SpooledRun) -> Any:  # noqa: ANN401
    datasets = [
        DatasetInput(
            Dataset(
                row["name"], row["digest"], row["source_type"], row["source"], row.get("schema"), row.get("profile")
            ),
            [InputTag(key, value) for key, value in (row.get("tags") or {}).items()],
        )
        for row in run.datasets
    ]
    return RunInputs(datasets, [LoggedModelInput(model_id) for model_id in run.model_inputs])


def _outputs(run: SpooledRun) -> Any:  # noqa: ANN401
    return RunOutputs([LoggedModelOutput(row["model_id"], row["step"]) for row in run.model_outputs])


def model_entity(model: SpooledModel, root: Path) -> Any:  # noqa: ANN401
    """The logged model as MLflow knows it."""
    return LoggedModel(
        experiment_id=experiment_id_from_name(model.experiment),
        model_id=model.model_id,
        name=model.name,
        artifact_location=model_artifacts(root, model.model_id),
        creation_timestamp=model.created_at_ms,
        last_updated_timestamp=model.created_at_ms,
        model_type=model.type,
        source_run_id=model.run_id,
        status=LoggedModelStatus(model.status),
        tags=dict(model.tags),
        params=dict(model.params),
        metrics=[metric_entity(row, row["run_id"]) for row in model.metrics],
    )


def metric_data(metric: Any) -> dict[str, Any]:  # noqa: ANN401
    """A metric's point as it stands in a record."""
    row: dict[str, Any] = {
        "key": metric.key,
        "value": metric_to_wire(metric.value),
        "timestamp_ms": metric.timestamp,
        "step": metric.step,
    }
    if metric.model_id:
        row["model_id"] = metric.model_id
    if metric.dataset_name:
        row["dataset"] = [metric.dataset_name, metric.dataset_digest]
    return row


def metric_entity(row: dict[str, Any], run_id: str) -> Any:  # noqa: ANN401
    """The point of a record as MLflow knows it."""
    name, digest = row.get("dataset") or (None, None)
    return Metric(
        row["key"],
        float(row["value"]),
        row["timestamp_ms"],
        row["step"],
        model_id=row.get("model_id"),
        dataset_name=name,
        dataset_digest=digest,
        run_id=run_id,
    )


def dataset_data(given: Any) -> dict[str, Any]:  # noqa: ANN401
    """A dataset input as it stands in a record."""
    dataset = given.dataset
    return {
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": dataset.source,
        "schema": dataset.schema,
        "profile": dataset.profile,
        "tags": {tag.key: tag.value for tag in given.tags or []},
    }


def tags_of_experiment(tags: dict[str, str]) -> list[Any]:
    """Tags of an experiment as MLflow knows them."""
    return [ExperimentTag(key, value) for key, value in tags.items()]
