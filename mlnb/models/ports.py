"""What models need from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mlnb.models.types import ModelPage, ModelVersion, RegisteredModel, Run, RunPage


class ModelStore(Protocol):
    """Where runs and models are kept for good. The built-in one is MLflow on a database.

    Every method raises `StoreUnavailable` when the store is away, locked, full, read-only or of a newer version.
    """

    def exists(self) -> bool:
        """Whether the store may have anything in it; answered without opening it."""

    def ensure(self) -> None:
        """Make the store, or bring it to this version's schema; safe between processes."""

    def delivery(self, root: Path) -> Delivery:
        """Begin to deliver from the spool `root`."""

    def list_runs(self, experiment: str | None, order_by: Sequence[str], limit: int, cursor: str | None) -> RunPage:
        """A page of the active runs.

        Raises:
            NotFound: there is no such experiment.
            BadInput: `cursor` is not one.
        """

    def get_run(self, run_id: str) -> Run:
        """The run, with the models it logged.

        Raises:
            RunNotFound: there is none.
        """

    def list_models(self, limit: int, cursor: str | None) -> ModelPage:
        """A page of the registered models, by name.

        Raises:
            BadInput: `cursor` is not one.
        """

    def get_model(self, name: str) -> RegisteredModel:
        """The registered model with all its versions.

        Raises:
            ModelNotFound: there is none.
        """

    def register(self, model_id: str, name: str, run_id: str) -> ModelVersion:
        """Register a logged model as a new version of `name`, which is made when it is new.

        Raises:
            BadInput: `name` cannot be a model's name.
        """


class Delivery(Protocol):
    """One delivery from a spool. Whatever is applied a second time changes nothing."""

    def apply(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Bring `records` (the ``data`` of topic ``runs``, in order) into the store; the ids of the runs they were about.

        A record that the store refuses for good does not hold up the others: the run gets the tag ``mlnb.delivery_problem``.
        """

    def close_runs(self, ended_at_ms: Mapping[str, int]) -> list[str]:
        """End as KILLED those of these runs that the store has as running: whoever ran them is gone. Returns their ids."""

    def settle_files(self) -> None:
        """Move the files of ended runs and finished models out of the spool; a link stays for readers that know the old place."""
