"""The part of the tracking store that knows experiments: by name in the spool, by number for MLflow."""

from __future__ import annotations

from typing import Any

from mlflow.entities import Experiment, ViewType
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_MAX_RESULTS_DEFAULT
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils
from mlflow.utils.validation import _validate_experiment_name

from mlnb.kernel import mlflow_spool_entities as entities
from mlnb.kernel import mlflow_spool_home as home_store
from mlnb.kernel.mlflow_spool_book import SpoolBook, experiment_id_from_name

# MLflow's own classes are untyped: `Any` stands for them throughout.


class Experiments:
    """Experiments of the spool, and those of the user's store where it answers."""

    book: SpoolBook

    def create_experiment(self, name: str, artifact_location: str | None = None, tags: Any = None) -> str:  # noqa: ANN401
        """Make an experiment; where its files lie is the delivering store's affair.

        Raises:
            MlflowException: the name is not valid or taken.
        """
        _validate_experiment_name(name)
        if self.get_experiment_by_name(name) is not None:
            raise MlflowException(f"Experiment {name!r} already exists.", RESOURCE_ALREADY_EXISTS)
        self.book.append(
            {"kind": "experiment_changed", "experiment": name, "tags": {tag.key: tag.value for tag in tags or []}}
        )
        return experiment_id_from_name(name)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """The experiment with this id, in the spool or in the user's store."""
        name = self._experiment_name(str(experiment_id))
        return self._experiment(name)

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """The experiment with this name, or None."""
        if experiment_name not in self.book.experiments:
            self.book.refresh()
        if experiment_name in self.book.experiments or home_store.ask_tracking(
            "get_experiment_by_name", experiment_name
        ):
            return self._experiment(experiment_name)
        return None

    def search_experiments(  # noqa: D102 - MLflow's
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = SEARCH_MAX_RESULTS_DEFAULT,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> Any:  # noqa: ANN401
        self.book.refresh()
        at_home = home_store.ask_tracking("search_experiments", view_type, 1000, filter_string) or []
        names = dict.fromkeys([*self.book.experiments, *(experiment.name for experiment in at_home)])
        found = SearchExperimentsUtils.filter([self._experiment(name) for name in names], filter_string)
        found = SearchExperimentsUtils.sort(found, order_by or ["creation_time DESC", "experiment_id ASC"])
        return PagedList(*SearchUtils.paginate(found, page_token, max_results))

    def set_experiment_tag(self, experiment_id: str, tag: Any) -> None:  # noqa: ANN401, D102
        self.book.append(
            {
                "kind": "experiment_changed",
                "experiment": self._experiment_name(experiment_id),
                "tags": {tag.key: tag.value},
            }
        )

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:  # noqa: D102
        self.book.append(
            {
                "kind": "experiment_changed",
                "experiment": self._experiment_name(experiment_id),
                "tags_deleted": [key],
            }
        )

    def delete_experiment(self, experiment_id: str) -> None:  # noqa: D102
        raise home_store.not_here("Deleting an experiment")

    def restore_experiment(self, experiment_id: str) -> None:  # noqa: D102
        raise home_store.not_here("Restoring an experiment")

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:  # noqa: D102
        raise home_store.not_here("Renaming an experiment")

    def _experiment(self, name: str) -> Experiment:
        return Experiment(
            experiment_id_from_name(name),
            name,
            (self.book.log.root / "artifacts").as_uri(),
            LifecycleStage.ACTIVE,
            tags=entities.tags_of_experiment(self.book.experiments.get(name, {})),
            creation_time=0,
            last_update_time=0,
        )

    def _experiment_name(self, experiment_id: str) -> str:
        for is_second in (False, True):
            for name in self.book.experiments:
                if experiment_id_from_name(name) == experiment_id:
                    return name
            if not is_second:
                self.book.refresh()
        for experiment in home_store.ask_tracking("search_experiments", ViewType.ALL, 1000) or []:
            if experiment_id in (experiment.experiment_id, experiment_id_from_name(experiment.name)):
                return str(experiment.name)
        raise MlflowException(f"No Experiment with id={experiment_id} exists", RESOURCE_DOES_NOT_EXIST)
