"""Runs, seen from inside a kernel or a job: written to the spool, without MLflow and without a store.

Topic ``runs`` of the spool, version 1 (golden file: ``tests/golden/spool/runs-v1.ndjson``). The ``data`` of a record is an
object with ``kind`` and the fields below; a field that is absent or null changes nothing. ``*_ms`` are milliseconds since the
epoch, UTC. Values of params and tags are text; a metric that is not finite is the text ``nan``, ``inf`` or ``-inf``::

    experiment_changed        experiment, tags, tags_deleted         made when it is not there yet
    run_started               run_id, experiment, name, user, started_at_ms, tags, params
    run_logged                run_id, params, tags, metrics: [{key, value, timestamp_ms, step, model_id, dataset: [name, digest]}]
    run_changed               run_id, status, ended_at_ms, name, tags_deleted, lifecycle: active|deleted
    run_inputs                run_id, datasets: [{name, digest, source_type, source, schema, profile, tags}], models: [model_id]
    run_outputs               run_id, models: [{model_id, step}]
    model_started             model_id, experiment, run_id, name, type, created_at_ms, tags, params
    model_changed             model_id, status, tags, tags_deleted, params, lifecycle: active|deleted
    registered_model_changed  name, description, tags, tags_deleted, aliases: {alias: version_ref | "number:3" | null}
    version_registered        version_ref, name, source, run_id, model_id, description, tags, created_at_ms, version (a guess)
    version_changed           name, version_ref ("number:3" for one that was in the store already), description, tags, tags_deleted

``status`` is MLflow's word (RUNNING FINISHED FAILED KILLED; PENDING READY FAILED for models). Experiments go by name: their
numbers are the store's affair. The number of a model version is given at delivery; until then ``version_ref`` names it. Files
lie beside the records, in ``<root>/artifacts/<run_id>/`` and ``<root>/artifacts/models/<model_id>/``.
"""

from __future__ import annotations

import atexit
import math
import os
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlnb.core import secrets
from mlnb.core.errors import StoreUnavailable
from mlnb.core.spool import SpoolWriter, default_root
from mlnb.core.user import user_name
from mlnb.kernel.registry import own_notebook

TOPIC = "runs"
TRACKING_URI = "mlnb-spool:"
FINAL_STATUSES = frozenset({"FINISHED", "FAILED", "KILLED"})

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # `uv export` in a child process at every log_model
    "GIT_PYTHON_REFRESH": "quiet",
}


def prepare() -> None:
    """Make plain MLflow in this process log to the spool, unless the user chose a tracking URI. Sets environment variables only."""
    os.environ.setdefault("MLFLOW_TRACKING_URI", TRACKING_URI)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if os.environ.get("MLNB_MODELS_EXPERIMENT"):
        os.environ.setdefault("MLFLOW_EXPERIMENT_NAME", os.environ["MLNB_MODELS_EXPERIMENT"])


class RunsLog:
    """Appends records of the topic ``runs`` for this process and knows which runs it began.

    A full or read-only disk does not break the user's cell: the records wait in memory, a warning says so once, and they are
    written with the next record or when the process ends.

    Args:
        root: the spool's root folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.own_files: set[str] = set()  # ids of the first record of each file of ours
        self._writer = SpoolWriter(TOPIC, root)
        self.lock = threading.RLock()
        self.listeners: list[Callable[[Mapping[str, Any]], None]] = []
        self._pid = os.getpid()
        self._has_file = False
        self._waiting: list[dict[str, Any]] = []
        self._warned = False
        self._begun: list[str] = []
        self._active: list[str] = []
        atexit.register(self._write_waiting)

    def append(self, data: Mapping[str, Any], *, durable: bool = False) -> None:
        """Append a record; registered secrets in it are masked. Never raises because a disk or a store is away."""
        masked = _masked(dict(data))
        with self.lock:
            self._note(masked)
            self._waiting.append(masked)
            self._write_waiting(durable=durable)
            for tell in self.listeners:
                tell(masked)

    def take_begun(self) -> list[str]:
        """The runs that this process began since the last call, and those still active."""
        with self.lock:
            resumed = os.environ.get("MLFLOW_RUN_ID")  # the runner's: this kernel has not asked MLflow for it yet
            found = dict.fromkeys([*self._begun, *self._active, *([resumed] if resumed else [])])
            self._begun.clear()
            return list(found)

    def _note(self, data: Mapping[str, Any]) -> None:
        kind, run_id, status = data.get("kind"), data.get("run_id"), data.get("status")
        if kind == "run_started" or (kind == "run_changed" and status == "RUNNING"):
            self._begun.append(str(run_id))
            self._active.append(str(run_id))
        elif kind == "run_changed" and status in FINAL_STATUSES and run_id in self._active:
            self._active.remove(run_id)

    def _write_waiting(self, *, durable: bool = False) -> None:
        with self.lock:
            if self._pid != os.getpid():  # after a fork: what waits is the parent's to write, but for the last record
                self._pid, self._has_file, self._waiting = os.getpid(), False, self._waiting[-1:]
            try:
                while self._waiting:
                    record_id = self._writer.append(self._waiting[0], durable=durable and len(self._waiting) == 1)
                    if not self._has_file:
                        self.own_files.add(record_id)
                        self._has_file = True
                    self._waiting.pop(0)
            except StoreUnavailable as error:
                if not self._warned:
                    self._warned = True
                    warnings.warn(f"mlnb: {error}; what you log waits in memory. {error.hint}", stacklevel=4)
            else:
                self._warned = False


_logs: dict[Path, RunsLog] = {}
_logs_lock = threading.Lock()


def log_for(root: Path | None = None) -> RunsLog:
    """This process's one `RunsLog` for `root` (the default spool when None)."""
    key = (root or default_root()).absolute()
    with _logs_lock:
        if key not in _logs:
            _logs[key] = RunsLog(key)
        return _logs[key]


class SpoolRun:
    """A run written to the spool without importing MLflow.

    Args:
        run_id: a run that was started before, here or by another process with the same spool.
        root: the spool's root folder; the default spool when None.
    """

    def __init__(self, run_id: str, root: Path | None = None) -> None:
        self.run_id = run_id
        self._log = log_for(root)

    @classmethod
    def start(
        cls,
        name: str | None = None,
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, object] | None = None,
        experiment: str = "Default",
        root: Path | None = None,
    ) -> SpoolRun:
        """Start a run; its id is `run_id` of what is returned.

        Args:
            name: shown name; made from the id when None.
            params: parameters; values become text.
            tags: tags; values become text.
            experiment: name of the experiment; made at delivery when there is none.
            root: the spool's root folder; the default spool when None.
        """
        run = cls(uuid.uuid4().hex, root)
        run._log.append(
            {
                "kind": "run_started",
                "run_id": run.run_id,
                "experiment": experiment,
                "name": name or f"run-{run.run_id[:8]}",
                "user": user_name(),
                "started_at_ms": now_ms(),
                "params": _texts(params),
                "tags": _texts(tags),
            },
            durable=True,
        )
        return run

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Log numbers, all at the same `step`."""
        at = now_ms()
        rows = [
            {"key": key, "value": metric_to_wire(value), "timestamp_ms": at, "step": step}
            for key, value in metrics.items()
        ]
        self._log.append({"kind": "run_logged", "run_id": self.run_id, "metrics": rows})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags; an existing one is replaced."""
        self._log.append({"kind": "run_logged", "run_id": self.run_id, "tags": _texts(tags)})

    def end(self, status: str = "FINISHED") -> None:
        """End the run with MLflow's word for how: FINISHED, FAILED or KILLED."""
        self._log.append(
            {"kind": "run_changed", "run_id": self.run_id, "status": status, "ended_at_ms": now_ms()}, durable=True
        )


def link_snapshot(snapshot_id: str, root: Path | None = None) -> list[str]:
    """Tag with `snapshot_id` every run that this process began since the last snapshot and those active now; return their ids."""
    log = log_for(root)
    run_ids = log.take_begun()
    for run_id in run_ids:
        log.append({"kind": "run_logged", "run_id": run_id, "tags": {"mlnb.snapshot": snapshot_id}})
    return run_ids


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def notebook_tags() -> dict[str, str]:
    """Tags that say which notebook and job a run of this process belongs to, as far as the environment tells."""
    notebook, job = own_notebook(), os.environ.get("MLNB_JOB", "")
    tags = {"mlnb.notebook": str(notebook) if notebook else "", "mlnb.job": job}
    return {key: value for key, value in tags.items() if value}


def metric_to_wire(value: float) -> float | str:
    """A metric's value as JSON: text where JSON has no number for it."""
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _texts(values: Mapping[str, object] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items()}


def _masked(data: dict[str, Any]) -> dict[str, Any]:
    # Only values registered as secrets are replaced in what is stored: this process alone knows them. What merely looks like
    # a credential is masked where it is shown, so that no honest value is lost.
    known = sorted((value for value in secrets.registered()), key=len, reverse=True)
    if not known:
        return data

    def clean(text: str) -> str:
        for value in known:
            text = text.replace(value, secrets.MASK)
        return text

    masked: dict[str, Any] = _each_text(data, clean)
    return masked


def _each_text(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each_text(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(item, change) for item in value]
    return value
