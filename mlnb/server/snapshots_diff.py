"""Routes of what changed in a notebook, and of what a snapshot knows besides variables."""

from __future__ import annotations

import dataclasses

from mlnb.server.routes import Request, Route
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.surroundings import Surroundings


@dataclasses.dataclass(frozen=True)
class ChangesQuery:
    """The notebook, relative to the server's root, and since when: ``commit``, ``run``, ``clean``, ``yesterday`` or the id of a
    snapshot; `details`: load the values of variables that differ."""

    path: str
    since: str = "commit"
    details: bool = True


@dataclasses.dataclass(frozen=True)
class CompareRequest:
    """The notebook, relative to the server's root, and since when, as in `ChangesQuery`."""

    path: str
    since: str = "commit"


def _changes(request: Request) -> Diff:
    query: ChangesQuery = request.query
    notebook = request.notebook(query.path)
    return request.services.snapshots.diff_since(
        notebook, query.since, is_now_taken=False, has_details=query.details, has_pictures=True
    )


def _compare(request: Request) -> Diff:
    body: CompareRequest = request.body
    found = request.services.snapshots.diff_since(
        request.notebook(body.path), body.since, is_now_taken=True, has_pictures=True
    )
    request.services.snapshot_upkeep.soon()
    return found


def _data(request: Request) -> Surroundings:
    return request.services.snapshots.comparisons.surroundings(request.path["id"])


ROUTES: list[Route] = [
    Route(
        "GET",
        "/notebooks/changes",
        _changes,
        "How a notebook's newest snapshot differs from the last commit, the last run, the last clean state, or from before today.",
        Diff,
        query=ChangesQuery,
    ),
    Route(
        "POST",
        "/notebooks/changes",
        _compare,
        "Take a snapshot of a notebook as it is now and say how it differs from an earlier state.",
        Diff,
        body=CompareRequest,
    ),
    Route(
        "GET",
        "/snapshots/{id}/data",
        _data,
        "What a snapshot knows of data files read, of parameters, packages and git.",
        Surroundings,
    ),
]
