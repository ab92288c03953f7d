"""Parameters, tags and metrics on their way to MLflow, gathered per run: one transaction for many records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from mlnb.models.plugins.mlflow_ids import Tracking

_METRICS, _PARAMS = 900, 100  # MLflow takes 1000 things in one batch, of them 100 parameters and 100 tags


class LoggedBuffer:
    """What was logged to runs and is not in the store yet.

    Args:
        tracking: the tracking store.
        need_run: makes sure that a run is there.
    """

    def __init__(self, tracking: Tracking, need_run: Callable[[str], None]) -> None:
        self._tracking = tracking
        self._need_run = need_run
        self._metrics: dict[str, list[Any]] = {}
        self._params: dict[str, dict[str, str]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def add(self, data: Mapping[str, Any]) -> None:
        """Take the content of a ``run_logged`` record."""
        run_id = data["run_id"]
        self._metrics.setdefault(run_id, []).extend(_metric(row, run_id) for row in data.get("metrics") or [])
        params = self._params.setdefault(run_id, {})
        for key, value in (data.get("params") or {}).items():
            params.setdefault(key, value)  # a parameter keeps its first value
        self._tags.setdefault(run_id, {}).update(data.get("tags") or {})

    def run_ids(self) -> list[str]:
        """The runs that something waits for."""
        return list(self._metrics)

    def flush(self, run_id: str) -> None:
        """Write what waits for `run_id`. A parameter that has another value in the store keeps that one.

        Raises:
            MlflowException: the store refused something; what it accepts is written all the same.
        """
        self._need_run(run_id)
        metrics = self._metrics.pop(run_id, [])
        known = self._tracking.get_run(run_id).data.params if self._params.get(run_id) else {}
        given = self._params.pop(run_id, {})
        params = [Param(key, value) for key, value in given.items() if key not in known]
        tags = [RunTag(key, value) for key, value in self._tags.pop(run_id, {}).items()]
        refused: list[MlflowException] = []
        while metrics or params or tags:
            batch = (metrics[:_METRICS], params[:_PARAMS] if not metrics else [], tags[:_PARAMS] if not metrics else [])
            metrics, params, tags = metrics[_METRICS:], params[len(batch[1]) :], tags[len(batch[2]) :]
            self._write(run_id, *batch, refused=refused)
        if refused:
            raise refused[0]

    def _write(self, run_id: str, metrics: Any, params: Any, tags: Any, *, refused: list[MlflowException]) -> None:  # noqa: ANN401 - MLflow's entities
        try:
            self._tracking.log_batch(run_id, metrics, params, tags)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE":
                raise
            for one in (
                [([metric], [], []) for metric in metrics]
                + [([], [param], []) for param in params]
                + [([], [], [tag]) for tag in tags]
            ):
                try:
                    self._tracking.log_batch(run_id, *one)
                except MlflowException as error_of_one:
                    refused.append(error_of_one)


def _metric(row: Mapping[str, Any], run_id: str) -> Any:  # noqa: ANN401 - MLflow's Metric
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
