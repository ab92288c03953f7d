"""From spool records to MLflow, each at most once: what is there already is looked up, not written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    ExperimentTag,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    RunStatus,
    RunTag,
)
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.exceptions import MlflowException

from mlnb.core.secrets import mask
from mlnb.models.plugins import mlflow_files as files
from mlnb.models.plugins.mlflow_ids import Registry, Tracking
from mlnb.models.plugins.mlflow_logged import LoggedBuffer
from mlnb.models.plugins.mlflow_open import translated
from mlnb.models.plugins.mlflow_versions import Versions
from mlnb.models.rules import FINAL_STATUSES

_TEMPORARY = frozenset({"TEMPORARILY_UNAVAILABLE"})
PROBLEM_TAG = "mlnb.delivery_problem"


class MlflowDelivery:
    """One delivery into MLflow's database (port `Delivery`).

    Args:
        tracking: the tracking store.
        registry: the model registry.
        root: the spool that is delivered.
    """

    def __init__(self, tracking: Tracking, registry: Registry, root: Path) -> None:
        self._tracking = tracking
        self._root = root
        self._logged = LoggedBuffer(tracking, self._need_run)
        self._versions = Versions(tracking, registry, root)
        self._experiments: dict[str, str] = {}
        self._known_runs: set[str] = set()

    def apply(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Bring `records` into the store, in order (see `Delivery`)."""
        touched: dict[str, None] = {}
        with translated():
            for data in records:
                handle = _HANDLERS.get(str(data.get("kind")))
                if handle is None:
                    continue  # a kind that a newer mlnb knows: it will not find it here again, but neither can we keep it
                if data.get("run_id") and str(data["kind"]).startswith("run_"):
                    touched[data["run_id"]] = None
                self._guarded(data.get("run_id"), handle, self, data)
            self._flush()
        return list(touched)

    def close_runs(self, ended_at_ms: Mapping[str, int]) -> list[str]:
        """End as KILLED those of these runs that the store has as running."""
        closed = []
        with translated():
            for run_id, at_ms in ended_at_ms.items():
                if self._tracking.get_run(run_id).info.status == "RUNNING":
                    self._tracking.update_run_info(run_id, RunStatus.KILLED, at_ms, None)
                    closed.append(run_id)
        return closed

    def settle_files(self) -> None:
        """Move the files of ended runs and finished models to their place."""
        run_ids, model_ids = files.waiting(self._root)
        with translated():
            for run_id in run_ids:
                self._guarded(None, self._settle_run, run_id)
            for model_id in model_ids:
                self._guarded(None, self._settle_model, model_id)
            self._tracking.analyze_when_grown()

    def _guarded(self, run_id: str | None, step: Callable[..., None], *arguments: object) -> None:
        """Do `step`; what the store refuses for good is noted on the run, so that one bad record does not hold up the others."""
        try:
            step(*arguments)
        except MlflowException as error:
            if error.error_code in _TEMPORARY:
                raise
            self._note_problem(run_id, str(error.message))
        except (KeyError, TypeError, ValueError) as error:
            self._note_problem(run_id, f"a record that is not whole: {error!r}")

    def _note_problem(self, run_id: str | None, text: str) -> None:
        if run_id in self._known_runs:
            line = mask(text).strip().splitlines()[0][:500]
            try:
                self._tracking.set_tag(run_id, RunTag(PROBLEM_TAG, line))
            except MlflowException as error:  # the run was deleted meanwhile
                if error.error_code in _TEMPORARY:
                    raise

    def _flush(self) -> None:
        for run_id in self._logged.run_ids():
            self._guarded(run_id, self._logged.flush, run_id)

    # ---- experiments and runs ---------------------------------------------------------------------------------------
    def _experiment_id(self, name: str) -> str:
        if name not in self._experiments:
            found = self._tracking.get_experiment_by_name(name)
            if found is None:
                self._experiments[name] = str(self._tracking.create_experiment(name))
            else:
                self._experiments[name] = str(found.experiment_id)
                if found.lifecycle_stage == LifecycleStage.DELETED:  # a run was logged to it since: nothing is lost
                    self._tracking.restore_experiment(found.experiment_id)
        return self._experiments[name]

    def _experiment_changed(self, data: Mapping[str, Any]) -> None:
        experiment_id = self._experiment_id(data["experiment"])
        for key, value in (data.get("tags") or {}).items():
            self._tracking.set_experiment_tag(experiment_id, ExperimentTag(key, value))
        for key in data.get("tags_deleted") or []:
            _unless_absent(self._tracking.delete_experiment_tag, experiment_id, key)

    def _need_run(self, run_id: str) -> None:
        """Make sure the run is there: one whose start was lost with another spool is begun with what is known, its id."""
        if run_id in self._known_runs:
            return
        try:
            self._tracking.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            lost = {"run_id": run_id, "name": f"run-{run_id[:8]}", "user": "unknown", "started_at_ms": 0}
            self._tracking.take_run(lost, self._experiment_id("Default"))
        self._known_runs.add(run_id)

    def _run_started(self, data: Mapping[str, Any]) -> None:
        self._tracking.take_run(data, self._experiment_id(data["experiment"]))
        self._known_runs.add(data["run_id"])

    def _run_logged(self, data: Mapping[str, Any]) -> None:
        self._need_run(data["run_id"])
        self._logged.add(data)

    def _run_changed(self, data: Mapping[str, Any]) -> None:
        run_id = data["run_id"]
        self._need_run(run_id)
        self._guarded(run_id, self._logged.flush, run_id)
        is_deleted = self._tracking.get_run(run_id).info.lifecycle_stage == LifecycleStage.DELETED
        if data.get("lifecycle") == "active" and is_deleted:
            self._tracking.restore_run(run_id)
        status, name = data.get("status"), data.get("name")
        if status or name or data.get("ended_at_ms"):
            number = RunStatus.from_string(status) if status else None
            self._tracking.update_run_info(run_id, number, data.get("ended_at_ms"), name)
        for key in data.get("tags_deleted") or []:
            _unless_absent(self._tracking.delete_tag, run_id, key)
        if data.get("lifecycle") == "deleted" and not is_deleted:
            self._tracking.delete_run(run_id)

    def _run_inputs(self, data: Mapping[str, Any]) -> None:
        run_id = data["run_id"]
        self._need_run(run_id)
        datasets = [
            DatasetInput(
                Dataset(
                    row["name"], row["digest"], row["source_type"], row["source"], row.get("schema"), row.get("profile")
                ),
                [InputTag(key, value) for key, value in (row.get("tags") or {}).items()],
            )
            for row in data.get("datasets") or []
        ]
        known = {model.model_id for model in self._tracking.get_run(run_id).inputs.model_inputs}
        models = [LoggedModelInput(model_id) for model_id in data.get("models") or [] if model_id not in known]
        self._tracking.log_inputs(run_id, datasets, models)

    def _run_outputs(self, data: Mapping[str, Any]) -> None:
        run_id = data["run_id"]
        self._need_run(run_id)
        known = {(model.model_id, model.step) for model in self._tracking.get_run(run_id).outputs.model_outputs}
        models = [LoggedModelOutput(row["model_id"], row["step"]) for row in data["models"]]
        new = [model for model in models if (model.model_id, model.step) not in known]
        if new:
            self._tracking.log_outputs(run_id, new)

    def _settle_run(self, run_id: str) -> None:
        run = self._tracking.get_run(run_id)
        if run.info.status in FINAL_STATUSES:
            files.settle(self._root / "artifacts" / run_id, run.info.artifact_uri)

    # ---- models -----------------------------------------------------------------------------------------------------
    def _model_started(self, data: Mapping[str, Any]) -> None:
        self._tracking.take_model(data, self._experiment_id(data["experiment"]))

    def _model_changed(self, data: Mapping[str, Any]) -> None:
        model_id = data["model_id"]
        model = self._tracking.get_logged_model(model_id, allow_deleted=True)
        new = [LoggedModelParameter(k, v) for k, v in (data.get("params") or {}).items() if k not in model.params]
        if new:
            self._tracking.log_logged_model_params(model_id, new)
        if data.get("tags"):
            tags = [LoggedModelTag(key, value) for key, value in data["tags"].items()]
            self._tracking.set_logged_model_tags(model_id, tags)
        for key in data.get("tags_deleted") or []:
            _unless_absent(self._tracking.delete_logged_model_tag, model_id, key)
        if data.get("status"):
            self._tracking.finalize_logged_model(model_id, LoggedModelStatus(data["status"]))
            self._settle_model(model_id)
        if data.get("lifecycle") == "deleted":
            self._tracking.delete_logged_model(model_id)

    def _settle_model(self, model_id: str) -> None:
        model = self._tracking.get_logged_model(model_id, allow_deleted=True)
        if model.status == LoggedModelStatus.PENDING:
            return
        self._versions.note_digest(model)
        files.settle(self._root / "artifacts" / "models" / model_id, model.artifact_location)

    def _registered_model_changed(self, data: Mapping[str, Any]) -> None:
        self._versions.change_model(data)

    def _version_registered(self, data: Mapping[str, Any]) -> None:
        self._flush()
        self._versions.register(data)

    def _version_changed(self, data: Mapping[str, Any]) -> None:
        self._versions.change_version(data)


def _unless_absent(delete: Callable[[str, str], object], owner_id: str, key: str) -> None:
    try:
        delete(owner_id, key)
    except MlflowException as error:
        if error.error_code in _TEMPORARY or not re.search(
            "no tag|not found|does not exist", str(error.message), re.IGNORECASE
        ):
            raise


_HANDLERS: dict[str, Callable[[MlflowDelivery, Mapping[str, Any]], None]] = {
    "experiment_changed": MlflowDelivery._experiment_changed,
    "run_started": MlflowDelivery._run_started,
    "run_logged": MlflowDelivery._run_logged,
    "run_changed": MlflowDelivery._run_changed,
    "run_inputs": MlflowDelivery._run_inputs,
    "run_outputs": MlflowDelivery._run_outputs,
    "model_started": MlflowDelivery._model_started,
    "model_changed": MlflowDelivery._model_changed,
    "registered_model_changed": MlflowDelivery._registered_model_changed,
    "version_registered": MlflowDelivery._version_registered,
    "version_changed": MlflowDelivery._version_changed,
}
