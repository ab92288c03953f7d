"""Runs, registered models and their versions, as they go over the wire. Credentials in them are masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes:
        run_id: MLflow's id, given where the run began.
        name: shown name.
        experiment: name of the experiment.
        status: MLflow's word: RUNNING, FINISHED, FAILED, KILLED or SCHEDULED.
        user: who ran it.
        started_at: UTC.
        ended_at: UTC, or None while it runs.
        params: parameters, as text.
        metrics: the latest value of each metric.
        tags: tags, without the long ones that MLflow keeps for itself.
        notebook: path of the notebook it belongs to, if known.
        snapshot_id: the snapshot it came from, if there is one.
        job_id: the job it ran in, if any.
        models: the models it logged.
    """

    run_id: str
    name: str
    experiment: str
    status: str
    user: str
    started_at: datetime | None
    ended_at: datetime | None
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    notebook: str | None = None
    snapshot_id: str | None = None
    job_id: str | None = None
    models: list[LoggedModel] = field(default_factory=list)


@dataclass(frozen=True)
class LoggedModel:
    """A model that a run logged.

    Attributes:
        model_id: MLflow's id.
        name: the name it was logged under.
        status: PENDING, READY or FAILED.
        digest: SHA-256 of its files (see `mlnb.models.rules.model_digest`), or None before it was delivered whole.
    """

    model_id: str
    name: str
    status: str
    digest: str | None


@dataclass(frozen=True)
class RunPage:
    """A page of runs: `total` is how many there are in all, `cursor` leads to the next page (None: this is the last)."""

    runs: list[Run]
    total: int
    cursor: str | None


@dataclass(frozen=True)
class Difference:
    """A value that two runs do not share; None where one has none."""

    name: str
    a: str | float | None
    b: str | float | None


@dataclass(frozen=True)
class RunComparison:
    """Two runs side by side: only what differs is listed."""

    a: Run
    b: Run
    params: list[Difference]
    metrics: list[Difference]
    tags: list[Difference]


@dataclass(frozen=True)
class ModelVersion:
    """A version of a registered model.

    Attributes:
        name: the registered model.
        version: counts from 1.
        run_id: the run that made it, if known.
        created_at: UTC.
        digest: SHA-256 of the model's files when it was registered, or None when they were not at hand.
        aliases: names that point to this version, such as ``prod``.
        tags: tags.
        description: may be empty.
    """

    name: str
    version: int
    run_id: str | None
    created_at: datetime | None
    digest: str | None
    aliases: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model.

    Attributes:
        name: unique.
        description: may be empty.
        owner: who answers for it, or None.
        aliases: alias -> version.
        tags: tags.
        latest_version: the highest version, or None when there is none.
        versions: newest first; in a list of models only the latest.
    """

    name: str
    description: str
    owner: str | None
    aliases: dict[str, int]
    tags: dict[str, str]
    latest_version: int | None
    versions: list[ModelVersion] = field(default_factory=list)


@dataclass(frozen=True)
class ModelPage:
    """A page of registered models; `total` and `cursor` as in `RunPage`."""

    models: list[RegisteredModel]
    total: int
    cursor: str | None


@dataclass(frozen=True)
class Flushed:
    """What a flush brought home.

    Attributes:
        runs: ids of the runs that something new was delivered for.
    """

    runs: list[str]


@dataclass(frozen=True)
class IndexedRun:
    """What mlnb's own index keeps of a run, for looking it up by where it came from; None changes nothing.

    Attributes:
        run_id: the run.
        experiment: name of the experiment.
        notebook: path of its notebook.
        job_id: the job it ran in.
        snapshot_id: the snapshot it came from.
    """

    run_id: str
    experiment: str | None = None
    notebook: str | None = None
    job_id: str | None = None
    snapshot_id: str | None = None
