"""Routes of snapshots."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mlnb.server.routes import Request, Route
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.types import Restored, Snapshot, SnapshotPage, Taken


@dataclasses.dataclass(frozen=True)
class SnapshotsQuery:
    """Which snapshots to list: of this notebook (relative to the server's root), at most so many, behind the cursor."""

    notebook: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclasses.dataclass(frozen=True)
class TakeRequest:
    """The notebook to freeze, relative to the server's root, and why."""

    notebook: str
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class RestoreRequest:
    """Which variables to bring back, all when null.

    `trust`: the user trusts who made it, so that a snapshot from elsewhere is loaded too, which may run code. `recompute`: run cells again
    for what was not saved, where they can only give the same. `notebook`: in whose kernel, relative to the server's root; null: in that
    of the notebook that the snapshot was taken of.
    """

    names: list[str] | None = None
    trust: bool = False
    recompute: bool = False
    notebook: str | None = None


def _shown(request: Request, snapshot: Snapshot) -> Snapshot:
    """`snapshot` with its notebook named as the client does."""
    if snapshot.notebook is None:
        return snapshot
    return dataclasses.replace(snapshot, notebook=request.relative(Path(snapshot.notebook)) or snapshot.notebook)


def _list(request: Request) -> SnapshotPage:
    query: SnapshotsQuery = request.query
    notebook = request.file(query.notebook) if query.notebook else None
    page = request.services.snapshots.list(notebook, query.limit, query.cursor)
    request.services.snapshot_upkeep.soon()
    return dataclasses.replace(page, snapshots=tuple(_shown(request, snapshot) for snapshot in page.snapshots))


def _take(request: Request) -> Taken:
    taken = request.services.snapshots.take(request.file(request.body.notebook), request.body.reason)
    request.services.snapshot_upkeep.soon()
    return dataclasses.replace(taken, snapshot=_shown(request, taken.snapshot))


def _get(request: Request) -> Snapshot:
    return _shown(request, request.services.snapshots.get(request.path["id"]))


def _restore(request: Request) -> Restored:
    body: RestoreRequest = request.body
    notebook = request.file(body.notebook) if body.notebook else None
    return request.services.snapshots.restore(
        request.path["id"],
        body.names,
        trust=body.trust,
        recompute=body.recompute,
        notebook=notebook,
        by=request.user_shown,
    )


def _diff(request: Request) -> Diff:
    return request.services.snapshots.diff(request.path["id"], request.path["other"], has_pictures=True)


ROUTES: list[Route] = [
    Route("GET", "/snapshots", _list, "The snapshots, newest first.", SnapshotPage, query=SnapshotsQuery),
    Route(
        "POST",
        "/snapshots",
        _take,
        "Freeze a notebook and its kernel's variables.",
        Taken,
        body=TakeRequest,
        status=201,
    ),
    Route("GET", "/snapshots/{id}", _get, "A snapshot with its variables.", Snapshot),
    Route(
        "POST",
        "/snapshots/{id}/restore",
        _restore,
        "Bring variables back into the live kernel of the snapshot's notebook.",
        Restored,
        body=RestoreRequest,
    ),
    Route(
        "GET", "/snapshots/{id}/diff/{other}", _diff, "How the snapshot `other` differs from the snapshot `id`.", Diff
    ),
]
