"""The part of the tracking store that knows logged models: what ``log_model`` leaves behind in MLflow 3."""

from __future__ import annotations

import uuid
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.search_utils import SearchLoggedModelsUtils
from mlflow.utils.validation import _validate_logged_model_name

from mlnb.kernel import mlflow_spool_entities as entities
from mlnb.kernel import mlflow_spool_home as home_store
from mlnb.kernel import runs
from mlnb.kernel.mlflow_spool_book import SpoolBook

# MLflow's own classes are untyped: `Any` stands for them throughout.


class LoggedModels:
    """Logged models of the spool, and those of the user's store where it answers."""

    book: SpoolBook

    def _experiment_name(self, experiment_id: str) -> str:
        raise NotImplementedError

    def create_logged_model(  # noqa: D102 - MLflow's
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Any = None,  # noqa: ANN401
        params: Any = None,  # noqa: ANN401
        model_type: str | None = None,
    ) -> Any:  # noqa: ANN401
        _validate_logged_model_name(name)
        model_id = f"m-{uuid.uuid4().hex}"
        self.book.append(
            {
                "kind": "model_started",
                "model_id": model_id,
                "experiment": self._experiment_name(str(experiment_id)),
                "run_id": source_run_id,
                "name": name or _generate_random_name(),
                "type": model_type,
                "created_at_ms": runs.now_ms(),
                "tags": {tag.key: tag.value for tag in tags or []},
                "params": {param.key: param.value for param in params or []},
            }
        )
        return self.get_logged_model(model_id)

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> Any:  # noqa: ANN401, D102
        model = self.book.models.get(model_id)
        if model is None or not model.is_whole:
            self.book.refresh()
            model = self.book.models.get(model_id)
        if model is not None and model.is_whole and (allow_deleted or model.lifecycle == "active"):
            return entities.model_entity(model, self.book.log.root)
        at_home = home_store.ask_tracking("get_logged_model", model_id, allow_deleted)
        if at_home is None:
            raise MlflowException(f"Logged model with ID '{model_id}' not found.", RESOURCE_DOES_NOT_EXIST)
        return at_home

    def finalize_logged_model(self, model_id: str, status: Any) -> Any:  # noqa: ANN401, D102
        self._change_model(model_id, durable=True, status=status.value)
        return self.get_logged_model(model_id)

    def log_logged_model_params(self, model_id: str, params: Any) -> None:  # noqa: ANN401, D102
        self._change_model(model_id, params={param.key: param.value for param in params})

    def set_logged_model_tags(self, model_id: str, tags: Any) -> None:  # noqa: ANN401, D102
        self._change_model(model_id, tags={tag.key: tag.value for tag in tags})

    def set_model_versions_tags(self, name: str, version: str, model_id: str) -> None:
        """Note on the model which versions were made of it: not here, their numbers are given at delivery."""

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:  # noqa: D102
        self._change_model(model_id, tags_deleted=[key])

    def delete_logged_model(self, model_id: str) -> None:  # noqa: D102
        self._change_model(model_id, lifecycle="deleted")

    def _change_model(self, model_id: str, *, durable: bool = False, **changes: Any) -> None:  # noqa: ANN401
        self.get_logged_model(model_id, allow_deleted=True)
        if MLFLOW_MODEL_VERSIONS in (changes.get("tags") or {}):
            changes["tags"] = {k: v for k, v in changes["tags"].items() if k != MLFLOW_MODEL_VERSIONS}
        self.book.append({"kind": "model_changed", "model_id": model_id, **changes}, durable=durable)

    def search_logged_models(  # noqa: D102
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: Any = None,  # noqa: ANN401
        max_results: int | None = None,
        order_by: Any = None,  # noqa: ANN401
        page_token: str | None = None,
    ) -> Any:  # noqa: ANN401
        self.book.refresh()
        names = {self._experiment_name(str(experiment_id)) for experiment_id in experiment_ids}
        mine = [model for model in list(self.book.models.values()) if model.is_whole and model.experiment in names]
        found = [entities.model_entity(model, self.book.log.root) for model in mine if model.lifecycle == "active"]
        found = SearchLoggedModelsUtils.filter_logged_models(found, filter_string, datasets)
        own_ids = {model.model_id for model in mine}
        found += [
            model for model in self._models_at_home(names, filter_string, datasets) if model.model_id not in own_ids
        ]
        found = SearchLoggedModelsUtils.sort(found, order_by)
        return PagedList(*SearchLoggedModelsUtils.paginate(found, page_token, max_results or 100))

    def _models_at_home(self, names: set[str], filter_string: str | None, datasets: Any) -> list[Any]:  # noqa: ANN401
        found = [home_store.ask_tracking("get_experiment_by_name", name) for name in names]
        ids = [experiment.experiment_id for experiment in found if experiment is not None]
        if not ids:
            return []
        return list(home_store.ask_tracking("search_logged_models", ids, filter_string, datasets, 1000) or [])
