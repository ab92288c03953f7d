"""MLflow's model registry on the spool: registrations become records; the number of a version is given at delivery.

Until then a version shows the number it will have unless somebody else registers under the same name first.
"""

from __future__ import annotations

from typing import Any

from mlflow.entities.model_registry import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from mlflow.entities.model_registry.registered_model_alias import RegisteredModelAlias
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils
from mlflow.utils.validation import _validate_model_alias_name, _validate_model_name, _validate_model_version_tag

from mlnb.core.ids import new_id
from mlnb.core.user import user_name
from mlnb.kernel import mlflow_spool_entities as entities
from mlnb.kernel import mlflow_spool_home as home_store
from mlnb.kernel import runs
from mlnb.kernel.mlflow_spool_book import SpooledVersion, book_for

# MLflow's own classes are untyped: `Any` stands for them throughout.


class SpoolRegistryStore(AbstractStore):
    """Appends to the spool; never raises because a store is away."""

    def __init__(self) -> None:
        super().__init__(runs.TRACKING_URI, runs.TRACKING_URI)  # type: ignore[no-untyped-call]
        self.book = book_for()

    # ---- registered models ------------------------------------------------------------------------------------------
    def create_registered_model(  # noqa: D102 - MLflow's
        self,
        name: str,
        tags: Any = None,  # noqa: ANN401
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> Any:  # noqa: ANN401
        _validate_model_name(name)
        if self._find(name) is not None:
            raise MlflowException(f"Registered Model (name={name}) already exists.", RESOURCE_ALREADY_EXISTS)
        given = {tag.key: tag.value for tag in tags or []}
        self._change(name, description=description, tags=given)
        return self.get_registered_model(name)

    def update_registered_model(self, name: str, description: str, deployment_job_id: str | None = None) -> Any:  # noqa: ANN401, D102
        self._change(name, description=description)
        return self.get_registered_model(name)

    def get_registered_model(self, name: str) -> Any:  # noqa: ANN401, D102
        model = self._find(name)
        if model is None:
            raise MlflowException(f"Registered Model with name={name} not found", RESOURCE_DOES_NOT_EXIST)
        return model

    def search_registered_models(  # noqa: D102
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> Any:  # noqa: ANN401
        self.book.refresh()
        at_home = home_store.ask_registry("search_registered_models", None, 1000) or []
        names = dict.fromkeys([*self._own_names(), *(model.name for model in at_home)])
        found = SearchModelUtils.filter([self._find(name) for name in names], filter_string)
        found = SearchModelUtils.sort(found, order_by)
        return PagedList(*SearchUtils.paginate(found, page_token, max_results or 100))

    def get_latest_versions(self, name: str, stages: Any = None) -> list[Any]:  # noqa: ANN401, D102
        versions = sorted(self._versions(name), key=lambda version: int(version.version))
        return versions[-1:]

    def set_registered_model_tag(self, name: str, tag: Any) -> None:  # noqa: ANN401, D102
        self._change(name, tags={tag.key: tag.value})

    def delete_registered_model_tag(self, name: str, key: str) -> None:  # noqa: D102
        self._change(name, tags_deleted=[key])

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:  # noqa: D102
        _validate_model_alias_name(alias)
        self._change(name, aliases={alias: self._ref(name, version)})

    def delete_registered_model_alias(self, name: str, alias: str) -> None:  # noqa: D102
        self._change(name, aliases={alias: None})

    def rename_registered_model(self, name: str, new_name: str) -> None:  # noqa: D102
        raise home_store.not_here("Renaming a registered model")

    def delete_registered_model(self, name: str) -> None:  # noqa: D102
        raise home_store.not_here("Deleting a registered model")

    def _own_names(self) -> list[str]:
        return [*self.book.registered, *(version.name for version in self.book.versions.values())]

    def _find(self, name: str) -> Any:  # noqa: ANN401
        self.book.refresh()
        at_home = home_store.ask_registry("get_registered_model", name)
        if name not in self._own_names():
            return at_home
        own = self.book.registered.get(name)
        tags = {**(at_home.tags if at_home else {}), **(own.tags if own else {})}
        return RegisteredModel(
            name,
            creation_timestamp=at_home.creation_timestamp if at_home else runs.now_ms(),
            last_updated_timestamp=runs.now_ms(),
            description=(own.description if own else None) or (at_home.description if at_home else None),
            latest_versions=self.get_latest_versions(name),
            tags=[RegisteredModelTag(key, value) for key, value in tags.items()],
            aliases=[RegisteredModelAlias(alias, number) for alias, number in self._aliases(name, at_home).items()],
        )

    def _aliases(self, name: str, at_home: Any) -> dict[str, str]:  # noqa: ANN401
        found = {alias: str(number) for alias, number in (at_home.aliases if at_home else {}).items()}
        own = self.book.registered.get(name)
        for alias, ref in (own.aliases if own else {}).items():
            found.pop(alias, None)
            if ref is not None:
                found[alias] = str(self.book.versions[ref].version) if ref in self.book.versions else ref.split(":")[-1]
        return found

    def _change(self, name: str, **changes: Any) -> None:  # noqa: ANN401
        self.book.append({"kind": "registered_model_changed", "name": name, **changes})

    # ---- versions ---------------------------------------------------------------------------------------------------
    def create_model_version(  # noqa: D102
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Any = None,  # noqa: ANN401
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,
        model_id: str | None = None,
    ) -> Any:  # noqa: ANN401
        for tag in tags or []:
            _validate_model_version_tag(tag.key, tag.value)
        self.book.refresh()
        if run_id is None and model_id in self.book.models:
            run_id = self.book.models[model_id].run_id
        numbers = [int(version.version) for version in self._versions(name)]
        data = {
            "version_ref": new_id("ver"),
            "name": name,
            "version": max(numbers, default=0) + 1,
            "source": source,
            "run_id": run_id,
            "model_id": model_id,
            "description": description,
            "tags": {tag.key: tag.value for tag in tags or []},
            "created_at_ms": runs.now_ms(),
        }
        self.book.append({"kind": "version_registered", **data}, durable=True)
        return self._entity(self.book.versions[str(data["version_ref"])])

    def _await_model_version_creation(self, mv: Any, await_creation_for: float) -> None:  # noqa: ANN401
        """A version is ready as soon as it is written; MLflow's own announces a wait on the user's screen."""

    def get_model_version(self, name: str, version: str) -> Any:  # noqa: ANN401, D102
        for found in self._versions(name):
            if str(found.version) == str(version):
                return found
        raise MlflowException(f"Model Version (name={name}, version={version}) not found", RESOURCE_DOES_NOT_EXIST)

    def get_model_version_download_uri(self, name: str, version: str) -> str:  # noqa: D102
        found = self.get_model_version(name, version)
        model_id = str(found.source).removeprefix("models:/")
        if model_id in self.book.models:
            return entities.model_artifacts(self.book.log.root, model_id)
        at_home = home_store.ask_registry("get_model_version_download_uri", name, version)
        return str(at_home or found.source)

    def get_model_version_by_alias(self, name: str, alias: str) -> Any:  # noqa: ANN401, D102
        aliases = self.get_registered_model(name).aliases
        if alias not in aliases:
            raise MlflowException(f"Registered model alias {alias} not found.", RESOURCE_DOES_NOT_EXIST)
        return self.get_model_version(name, aliases[alias])

    def search_model_versions(  # noqa: D102
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> Any:  # noqa: ANN401
        names = dict.fromkeys(
            [
                *self._own_names(),
                *(model.name for model in home_store.ask_registry("search_registered_models", None, 1000) or []),
            ]
        )
        found = [version for name in names for version in self._versions(name)]
        found = SearchModelVersionUtils.sort(SearchModelVersionUtils.filter(found, filter_string), order_by)
        return PagedList(*SearchUtils.paginate(found, page_token, max_results or 10_000))

    def update_model_version(self, name: str, version: str, description: str | None = None) -> Any:  # noqa: ANN401, D102
        self._change_version(name, version, description=description)
        return self.get_model_version(name, version)

    def set_model_version_tag(self, name: str, version: str, tag: Any) -> None:  # noqa: ANN401, D102
        self._change_version(name, version, tags={tag.key: tag.value})

    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:  # noqa: D102
        self._change_version(name, version, tags_deleted=[key])

    def transition_model_version_stage(  # noqa: D102
        self, name: str, version: str, stage: str, archive_existing_versions: bool
    ) -> None:
        raise home_store.not_here("Changing the stage of a model version")

    def delete_model_version(self, name: str, version: str) -> None:  # noqa: D102
        raise home_store.not_here("Deleting a model version")

    def _change_version(self, name: str, version: str, **changes: Any) -> None:  # noqa: ANN401
        self.book.append({"kind": "version_changed", "name": name, "version_ref": self._ref(name, version), **changes})

    def _ref(self, name: str, version: str) -> str:
        self.get_model_version(name, version)
        for own in self.book.versions.values():
            if own.name == name and str(own.version) == str(version):
                return own.version_ref
        return f"number:{version}"

    def _versions(self, name: str) -> list[Any]:
        """Versions at home and own ones; an own one that was delivered is not counted again."""
        at_home = list(home_store.ask_registry("search_model_versions", f"name = '{name}'", 1000) or [])
        delivered = {version.tags.get("mlnb.version_ref") for version in at_home}
        mine = [v for v in list(self.book.versions.values()) if v.name == name and v.version_ref not in delivered]
        return at_home + [self._entity(version) for version in mine]

    def _entity(self, version: SpooledVersion) -> Any:  # noqa: ANN401
        own = self.book.registered.get(version.name)
        refs = (own.aliases if own else {}).items()
        return ModelVersion(
            version.name,
            str(version.version),
            version.created_at_ms,
            version.created_at_ms,
            version.description or "",
            user_id=user_name(),
            current_stage="None",
            source=version.source,
            run_id=version.run_id,
            tags=[ModelVersionTag(key, value) for key, value in version.tags.items()],
            aliases=[alias for alias, ref in refs if ref == version.version_ref],
            model_id=version.model_id,
        )
