"""Routes of what changed in a notebook, and of what a snapshot knows besides variables."""

from __future__ import annotations

import dataclasses
from typing import Literal

from mlnb.server.routes import Request, Route
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.surroundings import Surroundings


@dataclasses.dataclass(frozen=True)
class ChangesQuery:
    """The notebook, relative to the server's root, and since when; `details`: load the values of variables that differ."""

    path: str
    since: Literal["commit", "run", "yesterday"] = "commit"
    details: bool = True


def _changes(request: Request) -> Diff:
    query: ChangesQuery = request.query
    notebook = request.notebook(query.path)
    return request.services.snapshots.diff_since(notebook, query.since, is_now_taken=False, has_details=query.details)


def _data(request: Request) -> Surroundings:
    return request.services.snapshots.comparisons.surroundings(request.path["id"])


ROUTES: list[Route] = [
    Route(
        "GET",
        "/notebooks/changes",
        _changes,
        "How a notebook's newest snapshot differs from what it was at the last commit, the last run, or before today.",
        Diff,
        query=ChangesQuery,
    ),
    Route(
        "GET",
        "/snapshots/{id}/data",
        _data,
        "What a snapshot knows of data files read, of parameters, packages and git.",
        Surroundings,
    ),
]
