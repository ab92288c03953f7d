"""The registry side of delivery: registered models, versions with their digest, aliases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import LoggedModelTag
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.exceptions import MlflowException

from mlnb.models.plugins import mlflow_files as files
from mlnb.models.plugins.mlflow_ids import Registry, Tracking

DIGEST_TAG = "mlnb.model.digest"
REF_TAG = "mlnb.version_ref"


class Versions:
    """Registered models and their versions.

    Args:
        tracking: the tracking store.
        registry: the model registry.
        root: the spool, where files lie that are not settled yet; None when nothing is being delivered.
    """

    def __init__(self, tracking: Tracking, registry: Registry, root: Path | None) -> None:
        self._tracking = tracking
        self._registry = registry
        self._root = root
        self._numbers: dict[str, str] = {}

    def note_digest(self, model: Any) -> str | None:  # noqa: ANN401 - MLflow's LoggedModel
        """The digest of a logged model: that of its files when it was delivered, kept as a tag from then on."""
        if DIGEST_TAG in model.tags:
            return str(model.tags[DIGEST_TAG])
        spooled = self._root / "artifacts" / "models" / model.model_id if self._root else None
        settled = files.local_path(model.artifact_location)
        folder = spooled if spooled is not None and spooled.is_dir() else settled
        digest = files.digest_of_folder(folder) if folder is not None else None
        if digest is not None:
            self._tracking.set_logged_model_tags(model.model_id, [LoggedModelTag(DIGEST_TAG, digest)])
        return digest

    def need_model(self, name: str) -> None:
        """Make sure that the registered model is there."""
        try:
            self._registry.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            self._registry.create_registered_model(name)

    def change_model(self, data: Mapping[str, Any]) -> None:
        """Apply a ``registered_model_changed`` record."""
        name = data["name"]
        self.need_model(name)
        if data.get("description"):
            self._registry.update_registered_model(name, data["description"])
        for key, value in (data.get("tags") or {}).items():
            self._registry.set_registered_model_tag(name, RegisteredModelTag(key, value))
        for key in data.get("tags_deleted") or []:
            self._registry.delete_registered_model_tag(name, key)
        for alias, ref in (data.get("aliases") or {}).items():
            if ref is None:
                self._registry.delete_registered_model_alias(name, alias)
            else:
                self._registry.set_registered_model_alias(name, alias, self._number(name, ref))

    def register(self, data: Mapping[str, Any]) -> None:
        """Apply a ``version_registered`` record: once, whatever its number becomes."""
        name, ref = data["name"], data["version_ref"]
        if self._find(name, ref) is None:
            self.add(
                name,
                data["source"],
                data.get("run_id"),
                {**(data.get("tags") or {}), REF_TAG: ref},
                data.get("description") or "",
            )

    def add(self, name: str, source: str, run_id: str | None, tags: Mapping[str, str], description: str = "") -> Any:  # noqa: ANN401 - MLflow's ModelVersion
        """A new version of `name`, with the digest of its files; the model is made when it is new."""
        self.need_model(name)
        match = re.fullmatch(r"models:/(m-[0-9a-f]+)", source)
        if match is None:
            location, digest = self._place_in_run(source)
        else:
            model = self._tracking.get_logged_model(match[1])
            location, digest, run_id = model.artifact_location, self.note_digest(model), run_id or model.source_run_id
        all_tags = {**tags, **({DIGEST_TAG: digest} if digest else {})}
        rows = [ModelVersionTag(key, value) for key, value in all_tags.items()]
        version = self._registry.take_version(name, source if match else location, location, run_id, rows, description)
        if match is not None:
            self._tracking.set_model_versions_tags(name, str(version.version), match[1])
        return version

    def change_version(self, data: Mapping[str, Any]) -> None:
        """Apply a ``version_changed`` record."""
        name = data["name"]
        number = self._number(name, data["version_ref"])
        if data.get("description"):
            self._registry.update_model_version(name, number, data["description"])
        for key, value in (data.get("tags") or {}).items():
            self._registry.set_model_version_tag(name, number, ModelVersionTag(key, value))
        for key in data.get("tags_deleted") or []:
            self._registry.delete_model_version_tag(name, number, key)

    def _place_in_run(self, source: str) -> tuple[str, str | None]:
        """Where files registered straight from a run's folder in the spool will be, and their digest now."""
        match = re.search(r"/artifacts/([0-9a-f]{32})(?:/(.*))?$", source)
        folder = files.local_path(source)
        if self._root is None or match is None:
            return source, files.digest_of_folder(folder) if folder and folder.is_dir() else None
        rest = match[2] or ""
        run = self._tracking.get_run(match[1])
        settled = files.local_path(run.info.artifact_uri)
        for place in (self._root / "artifacts" / match[1], settled):
            if place is not None and (place / rest).is_dir():
                return f"{run.info.artifact_uri}/{rest}", files.digest_of_folder(place / rest)
        return f"{run.info.artifact_uri}/{rest}", None

    def _number(self, name: str, ref: str) -> str:
        if ref.startswith("number:"):
            return ref.removeprefix("number:")
        number = self._find(name, ref)
        if number is None:
            raise ValueError(f"version {ref} of {name} was not registered")
        return number

    def _find(self, name: str, ref: str) -> str | None:
        if ref not in self._numbers:
            quoted = name.replace("'", "\\'")
            found = self._registry.search_model_versions(f"name = '{quoted}' and tags.`{REF_TAG}` = '{ref}'", 1)
            if not found:
                return None
            self._numbers[ref] = str(found[0].version)
        return self._numbers[ref]
