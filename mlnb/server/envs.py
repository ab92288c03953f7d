"""REST of environments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlnb.envs.types import Drift, EnvironmentStatus, NotebookEnvironment
from mlnb.server.routes import Request, Route


@dataclass(frozen=True)
class OfNotebook:
    """Which notebook.

    Attributes:
        notebook: path relative to the server's root; empty: the server's own environment.
    """

    notebook: str = ""


@dataclass(frozen=True)
class Compared:
    """Which environments.

    Attributes:
        before: the id of a snapshot, run or job, an `env_id`, or the path of a capture file or of a lock's folder, relative to the
            server's root.
        after: likewise; empty: the environment of the notebook now.
        notebook: path relative to the server's root; empty: the server's own environment.
    """

    before: str
    after: str = ""
    notebook: str = ""


def _of_notebook(request: Request) -> NotebookEnvironment:
    return request.services.envs.of_notebook(request.file(request.query.notebook))


def _status(request: Request) -> EnvironmentStatus:
    return request.services.envs.status(request.file(request.query.notebook))


def _diff(request: Request) -> Drift:
    asked = request.query
    after = _reference(request, asked.after) if asked.after else ""
    return request.services.envs.compare(_reference(request, asked.before), after, request.file(asked.notebook))


def _reference(request: Request, given: str) -> str | Path:
    path = request.file(given)
    return path if path.is_file() or (path / "lock.json").is_file() else given


ROUTES = [
    Route(
        "GET",
        "/environment",
        _of_notebook,
        "The environment of the notebook's live kernel, or the server's own when it has none.",
        NotebookEnvironment,
        query=OfNotebook,
    ),
    Route(
        "GET",
        "/environment/status",
        _status,
        "How the environment of a notebook stands to its project's lock and to its last job, and what is wrong with it by itself.",
        EnvironmentStatus,
        query=OfNotebook,
    ),
    Route(
        "GET",
        "/environment/diff",
        _diff,
        "How two environments differ, gravest first: of snapshots, runs, jobs, captures, locks, or the notebook's now.",
        Drift,
        query=Compared,
    ),
]
