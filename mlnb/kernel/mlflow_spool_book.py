"""What the spool says so far, folded into experiments, runs, models and versions: how a kernel reads back what it logged.

No MLflow here: plain records. `mlflow_spool_store` and `mlflow_spool_registry` turn them into MLflow's entities.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlnb.core import spool
from mlnb.core.errors import Damaged
from mlnb.core.records import dataclass, field
from mlnb.kernel import runs

DEFAULT_EXPERIMENT = "Default"


def experiment_id_from_name(name: str) -> str:
    """The id that the experiment `name` has for MLflow in a spool: the same in every process, "0" for the default one."""
    return (
        "0"
        if name == DEFAULT_EXPERIMENT
        else str(int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big") + 1)
    )


@dataclass
class SpooledRun:
    """A run as the spool has it. Times are milliseconds since the epoch; a metric's latest point is ``(value, timestamp_ms, step)``."""

    run_id: str
    experiment: str = DEFAULT_EXPERIMENT
    name: str = ""
    user: str = "unknown"
    started_at_ms: int = 0
    ended_at_ms: int | None = None
    status: str = "RUNNING"
    lifecycle: str = "active"
    is_whole: bool = False  # its start is in this spool, not only what was logged later
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, tuple[float, int, int]] = field(default_factory=dict)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    model_inputs: list[str] = field(default_factory=list)
    model_outputs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class SpooledModel:
    """A logged model as the spool has it."""

    model_id: str
    experiment: str = DEFAULT_EXPERIMENT
    run_id: str | None = None
    name: str = ""
    type: str | None = None
    created_at_ms: int = 0
    status: str = "PENDING"
    lifecycle: str = "active"
    is_whole: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class SpooledVersion:
    """A model version as the spool has it; `version` is the number it will have unless somebody else registers first."""

    version_ref: str
    name: str
    version: int
    source: str
    run_id: str | None
    model_id: str | None
    created_at_ms: int
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class SpooledRegistered:
    """A registered model as the spool has it."""

    name: str
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str | None] = field(default_factory=dict)


class SpoolBook:
    """Everything in one spool, read up to now. Safe between threads.

    Args:
        log: this process's log of that spool; what it appends is folded in at once.
    """

    def __init__(self, log: runs.RunsLog) -> None:
        self.log = log
        self.experiments: dict[str, dict[str, str]] = {DEFAULT_EXPERIMENT: {}}
        self.runs: dict[str, SpooledRun] = {}
        self.models: dict[str, SpooledModel] = {}
        self.registered: dict[str, SpooledRegistered] = {}
        self.versions: dict[str, SpooledVersion] = {}
        self._positions: dict[Path, int] = {}
        self._own: set[Path] = set()
        self._lock = threading.RLock()
        with log.lock:  # what is written so far is read, what this process appends from here on is told
            self._read(skip_own=False)
            log.listeners.append(self._fold)

    def append(self, data: dict[str, Any], *, durable: bool = False) -> None:
        """Write a record to the spool; it is folded in at once."""
        self.log.append(data, durable=durable)

    def refresh(self) -> None:
        """Fold in what other processes have written since the last time."""
        self._read(skip_own=True)

    def _read(self, *, skip_own: bool) -> None:
        with self._lock:
            for file in spool.files(self.log.root, runs.TOPIC):
                for record in self._new_records(file, skip_own):
                    self._fold(record.data)

    def metric_history(self, run_id: str, key: str) -> list[dict[str, Any]]:
        """Every point of a metric in the order logged; read from the files, as a long training has too many to keep."""
        found: dict[
            tuple[Any, ...], dict[str, Any]
        ] = {}  # a point logged again, as log_model does for its model, is one point
        for file in spool.files(self.log.root, runs.TOPIC):
            for record in _readable(file, 0):
                if record.data.get("kind") == "run_logged" and record.data.get("run_id") == run_id:
                    for metric in record.data.get("metrics") or []:
                        if metric["key"] == key:
                            found.setdefault((metric["timestamp_ms"], metric["step"], metric["value"]), metric)
        return list(found.values())

    def _new_records(self, file: Path, skip_own: bool) -> Iterator[spool.Record]:
        if file in self._own:
            return
        start = self._positions.get(file, 0)
        for record in _readable(file, start):
            if start == 0 and record.id in self.log.own_files:
                self._own.add(file)
                if skip_own:
                    return
            start = record.end
            self._positions[file] = start
            yield record

    def _fold(self, data: Mapping[str, Any]) -> None:
        fold = _FOLDS.get(str(data.get("kind")))
        if fold is not None:  # an unknown kind was written by a newer mlnb: the deliverer of that version knows it
            with self._lock:
                fold(self, data)

    def _experiment(self, data: Mapping[str, Any]) -> None:
        _merge_tags(self.experiments.setdefault(data["experiment"], {}), data)

    def _run(self, run_id: str) -> SpooledRun:
        return self.runs.setdefault(run_id, SpooledRun(run_id))

    def _run_started(self, data: Mapping[str, Any]) -> None:
        run = self._run(data["run_id"])
        run.experiment, run.name, run.is_whole = data["experiment"], data["name"], True
        run.user, run.started_at_ms = data["user"], data["started_at_ms"]
        run.params.update(data.get("params") or {})
        run.tags.update(data.get("tags") or {})
        self.experiments.setdefault(run.experiment, {})

    def _run_logged(self, data: Mapping[str, Any]) -> None:
        run = self._run(data["run_id"])
        run.params.update(data.get("params") or {})
        run.tags.update(data.get("tags") or {})
        for metric in data.get("metrics") or []:
            point = (float(metric["value"]), metric["timestamp_ms"], metric["step"])
            latest = run.metrics.get(metric["key"])
            if latest is None or (point[2], point[1], point[0]) >= (latest[2], latest[1], latest[0]):
                run.metrics[metric["key"]] = point
            if metric.get("model_id"):
                self._model(metric["model_id"]).metrics.append({**metric, "run_id": run.run_id})

    def _run_changed(self, data: Mapping[str, Any]) -> None:
        run = self._run(data["run_id"])
        run.status = data.get("status") or run.status
        run.ended_at_ms = data.get("ended_at_ms") or run.ended_at_ms
        run.lifecycle = data.get("lifecycle") or run.lifecycle
        run.name = data.get("name") or run.name
        _merge_tags(run.tags, data)

    def _run_inputs(self, data: Mapping[str, Any]) -> None:
        run = self._run(data["run_id"])
        known = {(dataset["name"], dataset["digest"]) for dataset in run.datasets}
        run.datasets += [d for d in data.get("datasets") or [] if (d["name"], d["digest"]) not in known]
        run.model_inputs += [model for model in data.get("models") or [] if model not in run.model_inputs]

    def _run_outputs(self, data: Mapping[str, Any]) -> None:
        run = self._run(data["run_id"])
        run.model_outputs += [model for model in data["models"] if model not in run.model_outputs]

    def _model(self, model_id: str) -> SpooledModel:
        return self.models.setdefault(model_id, SpooledModel(model_id))

    def _model_started(self, data: Mapping[str, Any]) -> None:
        model = self._model(data["model_id"])
        model.experiment, model.run_id, model.is_whole = data["experiment"], data.get("run_id"), True
        model.name, model.type, model.created_at_ms = data["name"], data.get("type"), data["created_at_ms"]
        model.params.update(data.get("params") or {})
        model.tags.update(data.get("tags") or {})

    def _model_changed(self, data: Mapping[str, Any]) -> None:
        model = self._model(data["model_id"])
        model.status = data.get("status") or model.status
        model.lifecycle = data.get("lifecycle") or model.lifecycle
        model.params.update(data.get("params") or {})
        _merge_tags(model.tags, data)

    def _registered_changed(self, data: Mapping[str, Any]) -> None:
        model = self.registered.setdefault(data["name"], SpooledRegistered(data["name"]))
        model.description = data.get("description") or model.description
        model.aliases.update(data.get("aliases") or {})
        _merge_tags(model.tags, data)

    def _version_registered(self, data: Mapping[str, Any]) -> None:
        names = SpooledVersion.__dataclass_fields__
        self.versions[data["version_ref"]] = SpooledVersion(
            **{key: value for key, value in data.items() if key in names}
        )

    def _version_changed(self, data: Mapping[str, Any]) -> None:
        version = self.versions.get(data["version_ref"])
        if version is not None:
            version.description = data.get("description") or version.description
            _merge_tags(version.tags, data)


_FOLDS: dict[str, Callable[[SpoolBook, Mapping[str, Any]], None]] = {
    "experiment_changed": SpoolBook._experiment,
    "run_started": SpoolBook._run_started,
    "run_logged": SpoolBook._run_logged,
    "run_changed": SpoolBook._run_changed,
    "run_inputs": SpoolBook._run_inputs,
    "run_outputs": SpoolBook._run_outputs,
    "model_started": SpoolBook._model_started,
    "model_changed": SpoolBook._model_changed,
    "registered_model_changed": SpoolBook._registered_changed,
    "version_registered": SpoolBook._version_registered,
    "version_changed": SpoolBook._version_changed,
}

_books: dict[Path, SpoolBook] = {}
_books_lock = threading.Lock()


def book_for(root: Path | None = None) -> SpoolBook:
    """This process's one `SpoolBook` for the spool `root` (the default spool when None)."""
    log = runs.log_for(root)
    with _books_lock:
        if log.root not in _books:
            _books[log.root] = SpoolBook(log)
        return _books[log.root]


def _readable(file: Path, start: int) -> Iterator[spool.Record]:
    try:
        yield from spool.read(file, start)
    except (Damaged, FileNotFoundError):  # the deliverer reports damage; a reader in a kernel goes on with the rest
        return


def _merge_tags(tags: dict[str, str], data: Mapping[str, Any]) -> None:
    tags.update(data.get("tags") or {})
    for key in data.get("tags_deleted") or []:
        tags.pop(key, None)
