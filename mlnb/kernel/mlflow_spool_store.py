"""MLflow's tracking store on the spool: calls become records, own runs are read back from it, others from the user's store."""

from __future__ import annotations

import json
import uuid
from typing import Any

from mlflow.entities import RunStatus, ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS, MLFLOW_RUN_NAME
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.search_utils import SearchUtils
from mlflow.utils.validation import (
    _validate_batch_log_data,
    _validate_batch_log_limits,
    _validate_param_keys_unique,
    _validate_run_id,
    _validate_tag,
)

from mlnb.core.user import user_name
from mlnb.kernel import mlflow_spool_entities as entities
from mlnb.kernel import mlflow_spool_home as home_store
from mlnb.kernel import runs
from mlnb.kernel.mlflow_spool_book import SpooledRun, book_for
from mlnb.kernel.mlflow_spool_experiments import Experiments
from mlnb.kernel.mlflow_spool_models import LoggedModels

# MLflow's own classes are untyped: `Any` stands for them throughout.


class SpoolTrackingStore(Experiments, LoggedModels, AbstractStore):
    """Appends to the spool; never raises because a store is away.

    Wrong use raises as in every MLflow store: a parameter that changes its value, a run that does not exist.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.book = book_for()

    def create_run(self, experiment_id: str, user_id: str, start_time: int, tags: Any, run_name: str | None) -> Any:  # noqa: ANN401
        """Start a run; its id is final, the store that it is delivered to keeps it."""
        given = {tag.key: tag.value for tag in tags or []}
        name = run_name or given.get(MLFLOW_RUN_NAME) or _generate_random_name()
        run_id = uuid.uuid4().hex
        self.book.append(
            {
                "kind": "run_started",
                "run_id": run_id,
                "experiment": self._experiment_name(str(experiment_id)),
                "name": name,
                "user": user_id if user_id and user_id != "unknown" else user_name(),
                "started_at_ms": start_time or runs.now_ms(),
                "tags": {**runs.notebook_tags(), **given, MLFLOW_RUN_NAME: name},
            },
            durable=True,
        )
        return self.get_run(run_id)

    def get_run(self, run_id: str) -> Any:  # noqa: ANN401
        """The run: this process's and its siblings' from the spool, any other from the user's store."""
        run = self._own_run(run_id)
        if run is not None and run.is_whole:
            return entities.run_entity(run, self.book.log.root)
        at_home = home_store.ask_tracking("get_run", run_id)
        if at_home is None:
            raise MlflowException(f"Run with id={run_id} not found", RESOURCE_DOES_NOT_EXIST)
        return entities.merged(at_home, run) if run is not None else at_home

    def _own_run(self, run_id: str) -> SpooledRun | None:
        run = self.book.runs.get(run_id)
        if run is None or not run.is_whole:
            self.book.refresh()
            run = self.book.runs.get(run_id)
        return run

    def update_run_info(self, run_id: str, run_status: Any, end_time: int | None, run_name: str | None) -> Any:  # noqa: ANN401, D102
        self._must_exist(run_id)
        status = RunStatus.to_string(run_status) if run_status is not None else None
        self.book.append(
            {"kind": "run_changed", "run_id": run_id, "status": status, "ended_at_ms": end_time, "name": run_name},
            durable=status in runs.FINAL_STATUSES,
        )
        return self.get_run(run_id).info

    def delete_run(self, run_id: str) -> None:  # noqa: D102
        self._must_exist(run_id)
        self.book.append({"kind": "run_changed", "run_id": run_id, "lifecycle": "deleted"})

    def restore_run(self, run_id: str) -> None:  # noqa: D102
        self._must_exist(run_id)
        self.book.append({"kind": "run_changed", "run_id": run_id, "lifecycle": "active"})

    def log_batch(self, run_id: str, metrics: Any, params: Any, tags: Any) -> None:  # noqa: ANN401, D102
        _validate_run_id(run_id)
        metrics, params, tags = _validate_batch_log_data(metrics, params, tags)
        _validate_batch_log_limits(metrics, params, tags)
        _validate_param_keys_unique(params)
        run = self._must_exist(run_id)
        self._check_params(run_id, run, params)
        data = {
            "kind": "run_logged",
            "run_id": run_id,
            "params": {param.key: param.value for param in params},
            "tags": {tag.key: tag.value for tag in tags},
            "metrics": [entities.metric_data(metric) for metric in metrics],
        }
        self.book.append({key: value for key, value in data.items() if value})

    def _check_params(self, run_id: str, run: SpooledRun | None, params: Any) -> None:  # noqa: ANN401
        known = run.params if run is not None else {}
        for param in params:
            if known.get(param.key, param.value) != param.value:
                raise MlflowException(
                    f"Changing param values is not allowed. Param with key='{param.key}' was already logged with "
                    f"value='{known[param.key]}' for run ID='{run_id}'. Attempted logging new value '{param.value}'.",
                    INVALID_PARAMETER_VALUE,
                )

    def delete_tag(self, run_id: str, key: str) -> None:  # noqa: D102
        self._must_exist(run_id)
        self.book.append({"kind": "run_changed", "run_id": run_id, "tags_deleted": [key]})

    def log_inputs(self, run_id: str, datasets: Any = None, models: Any = None) -> None:  # noqa: ANN401, D102
        self._must_exist(run_id)
        data = {
            "kind": "run_inputs",
            "run_id": run_id,
            "datasets": [entities.dataset_data(dataset) for dataset in datasets or []],
            "models": [model.model_id for model in models or []],
        }
        self.book.append(data)

    def log_outputs(self, run_id: str, models: Any) -> None:  # noqa: ANN401, D102
        self._must_exist(run_id)
        rows = [{"model_id": model.model_id, "step": model.step} for model in models]
        self.book.append({"kind": "run_outputs", "run_id": run_id, "models": rows})

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:  # noqa: ANN401
        """The way models were noted on a run before MLflow 3; some flavours still do."""
        known = json.loads(self.get_run(run_id).data.tags.get(MLFLOW_LOGGED_MODELS, "[]"))
        value = json.dumps([*known, mlflow_model.get_tags_dict()])
        _validate_tag(MLFLOW_LOGGED_MODELS, value)
        self.book.append({"kind": "run_logged", "run_id": run_id, "tags": {MLFLOW_LOGGED_MODELS: value}})

    def get_metric_history(  # noqa: D102
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> Any:  # noqa: ANN401
        points = [entities.metric_entity(row, run_id) for row in self.book.metric_history(run_id, metric_key)]
        run = self._own_run(run_id)
        if run is None or not run.is_whole:
            seen = {(point.timestamp, point.step, point.value) for point in points}
            at_home = home_store.ask_tracking("get_metric_history", run_id, metric_key) or []
            points = [p for p in at_home if (p.timestamp, p.step, p.value) not in seen] + points
        return PagedList(points, None)

    def _search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Any], str | None]:
        self.book.refresh()
        names = {self._experiment_name(str(experiment_id)) for experiment_id in experiment_ids}
        mine = [run for run in list(self.book.runs.values()) if run.is_whole and run.experiment in names]
        found = [entities.run_entity(run, self.book.log.root) for run in mine if _is_in_view(run, run_view_type)]
        start = SearchUtils.parse_start_offset_from_page_token(page_token)
        own_ids = {run.run_id for run in mine}
        at_home = self._runs_at_home(names, filter_string, run_view_type, start + max_results, order_by)
        found += [run for run in at_home if run.info.run_id not in own_ids]
        found = SearchUtils.sort(SearchUtils.filter(found, filter_string), order_by)
        runs_, token = SearchUtils.paginate(found, page_token, max_results)
        return list(runs_), token

    def _runs_at_home(self, names: set[str], *rest: Any) -> list[Any]:  # noqa: ANN401
        filter_string, view, count, order_by = rest
        ids = [
            experiment.experiment_id
            for name in names
            if (experiment := home_store.ask_tracking("get_experiment_by_name", name)) is not None
        ]
        if not ids:
            return []
        return list(
            home_store.ask_tracking("search_runs", ids, filter_string, view, min(count, 50_000), order_by) or []
        )

    def link_traces_to_run(self, trace_ids: list[str], run_id: str) -> None:  # noqa: D102
        raise home_store.not_here("Linking traces")

    def _must_exist(self, run_id: str) -> SpooledRun | None:
        run = self._own_run(run_id)
        if run is None:
            self.get_run(run_id)
        return run


def _is_in_view(run: SpooledRun, view: int) -> bool:
    wanted = {ViewType.ACTIVE_ONLY: ("active",), ViewType.DELETED_ONLY: ("deleted",)}.get(view, ("active", "deleted"))
    return run.lifecycle in wanted
