"""Runs and the model store on MLflow.

::

    import mlflow                                    # plain MLflow in a notebook: runs go to the spool, then to the store
    with mlflow.start_run():
        mlflow.log_param("alpha", 0.5)

    mlnb.models.runs(order_by="auc").runs[0]
    mlnb.models.register(run_id, "churn")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlnb.core import current

if TYPE_CHECKING:
    from mlnb.models.service import ModelsService
    from mlnb.models.types import Flushed, ModelPage, ModelVersion, RegisteredModel, Run, RunComparison, RunPage

__all__ = ["compare", "flush", "list", "register", "run", "runs", "show"]


def _service() -> ModelsService:
    service: ModelsService = current.service("models")
    return service


def runs(
    experiment: str | None = None, order_by: str | None = None, limit: int = 50, cursor: str | None = None
) -> RunPage:
    """A page of the runs: newest first, or by the metric `order_by`, highest first (``METRIC asc``: lowest first).

    Raises:
        NotFound: there is no such experiment.
        BadInput: `limit`, `order_by` or `cursor` is not valid.
        StoreUnavailable: the model store is away.
    """
    return _service().list_runs(experiment, order_by, limit, cursor)


def run(run_id: str) -> Run:
    """A run, with the models it logged.

    Raises:
        RunNotFound: there is none with this id.
        StoreUnavailable: the model store is away.
    """
    return _service().get_run(run_id)


def compare(a: str, b: str) -> RunComparison:
    """What two runs do not share.

    Raises:
        RunNotFound: one of them does not exist.
        StoreUnavailable: the model store is away.
    """
    return _service().compare(a, b)


def register(run_id: str, name: str) -> ModelVersion:
    """Register the model that a run logged as a new version of `name`.

    Raises:
        RunNotFound: there is no such run.
        NoModelLogged: the run logged no model.
        BadInput: `name` cannot be a model's name.
        StoreUnavailable: the model store is away.
    """
    return _service().register(run_id, name)


def list(limit: int = 50, cursor: str | None = None) -> ModelPage:
    """A page of the registered models, by name, each with its latest version.

    Raises:
        BadInput: `limit` or `cursor` is not valid.
        StoreUnavailable: the model store is away.
    """
    return _service().list_models(limit, cursor)


def show(model: str) -> RegisteredModel:
    """The registered model ``NAME`` with all its versions, or the one version of ``NAME/3`` or ``NAME@alias``.

    Raises:
        ModelNotFound: there is no such model, version or alias.
        StoreUnavailable: the model store is away.
    """
    return _service().get_model(model)


def flush(timeout_s: float | None = None) -> Flushed:
    """Return when everything logged until now is in the store; go on trying for `timeout_s` seconds.

    Raises:
        StoreUnavailable: the store was away to the end; nothing is lost, it stays in the spool.
    """
    return _service().flush(timeout_s)
