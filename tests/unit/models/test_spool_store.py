"""The spool as MLflow's store: what others logged is read from the user's store, and a store that is away breaks nothing."""

from __future__ import annotations

import sqlite3

import pytest


@pytest.fixture
def mine(home, monkeypatch):
    """A tracking store on the test's own spool, patient with a slow machine."""
    from mlnb.kernel import mlflow_spool_home
    from mlnb.kernel.mlflow_spool_store import SpoolTrackingStore

    monkeypatch.setattr(mlflow_spool_home, "PATIENCE_S", 120.0)
    return SpoolTrackingStore()


def batch(**params):
    from mlflow.entities import Param

    return [], [Param(name, value) for name, value in params.items()], []


def names(store, experiment_id):
    return [run.info.run_name for run in store.search_runs([experiment_id], "", 1, 10, ["params.a ASC"])]


def test_own_and_delivered_runs_are_found_together_and_once(mine, models, golden_spool):
    models.deliver(golden_spool)
    experiment = mine.get_experiment_by_name("churn")
    assert names(mine, experiment.experiment_id) == ["big forest"]
    own = mine.create_run(experiment.experiment_id, "ana", 1767225600000, [], "mine")
    mine.log_batch(own.info.run_id, *batch(a="1"))
    assert names(mine, experiment.experiment_id) == ["mine", "big forest"]
    models.deliver()
    assert names(mine, experiment.experiment_id) == ["mine", "big forest"]
    delivered = mine.get_run("0123456789abcdef0123456789abcdef")
    assert delivered.data.metrics["auc"] == 0.75
    mine.log_batch(delivered.info.run_id, *batch(later="x"))
    assert mine.get_run(delivered.info.run_id).data.params["later"] == "x"
    models.deliver()
    assert models.get_run(delivered.info.run_id).params["later"] == "x"


def test_a_locked_store_holds_no_cell(mine, home, monkeypatch):
    from mlflow.exceptions import MlflowException

    from mlnb.kernel import mlflow_spool_home
    from mlnb.kernel.mlflow_spool_registry import SpoolRegistryStore

    assert mine.search_experiments()[0].name == "Default"  # the store is open
    monkeypatch.setattr(mlflow_spool_home, "PATIENCE_S", 0.05)
    with sqlite3.connect(home / "mlflow.db") as holder:
        holder.execute("begin exclusive")
        run = mine.create_run("0", "ana", 1767225600000, [], "mine")
        mine.log_batch(run.info.run_id, *batch(a="1"))
        registry = SpoolRegistryStore()
        registry.create_registered_model("m")
        assert registry.create_model_version("m", "file:///nowhere", run.info.run_id).version == "1"
        with pytest.raises(MlflowException, match="not found"):
            mine.get_run("f" * 32)
        holder.rollback()


def test_versions_count_on_from_those_in_the_store(mine, models, golden_spool):
    from mlnb.kernel.mlflow_spool_registry import SpoolRegistryStore

    models.deliver(golden_spool)
    registry = SpoolRegistryStore()
    made = registry.create_model_version("churn", "models:/m-00112233445566778899aabbccddeeff")
    assert made.version == "2"
    registry.set_registered_model_alias("churn", "next", "2")
    assert registry.get_model_version_by_alias("churn", "prod").version == 1
    models.deliver()
    assert models.get_model("churn").aliases == {"prod": 1, "next": 2}
    assert [version.version for version in registry.search_model_versions("name = 'churn'")] == [2, 1]
