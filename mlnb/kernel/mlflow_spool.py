"""MLflow's doors to the spool: the plug-ins for the URI scheme ``mlnb-spool:``.

MLflow imports this module whenever it is itself imported in an environment that has mlnb, so nothing is imported here that the
builders do not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlnb.kernel.mlflow_spool_registry import SpoolRegistryStore
    from mlnb.kernel.mlflow_spool_store import SpoolTrackingStore


def build_tracking_store(store_uri: str, artifact_uri: str | None = None) -> SpoolTrackingStore:
    """The tracking store of ``mlnb-spool:`` (entry point ``mlflow.tracking_store``); MLflow gives both arguments, neither is used."""
    from mlnb.kernel.mlflow_spool_requirements import install  # noqa: PLC0415 - see above
    from mlnb.kernel.mlflow_spool_store import SpoolTrackingStore  # noqa: PLC0415

    install()
    return SpoolTrackingStore()


def build_registry_store(store_uri: str, tracking_uri: str | None = None) -> SpoolRegistryStore:
    """The model registry of ``mlnb-spool:`` (entry point ``mlflow.model_registry_store``)."""
    from mlnb.kernel.mlflow_spool_registry import SpoolRegistryStore  # noqa: PLC0415

    return SpoolRegistryStore()
