"""Routes for keeping house among snapshots."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mlnb.core.errors import BadInput
from mlnb.server.routes import Request, Route
from mlnb.snapshots.keeping import Cleaned, DiskUsage, Purged
from mlnb.snapshots.types import Verified


@dataclasses.dataclass(frozen=True)
class CleanRequest:
    """Whether only to say what would go."""

    is_dry_run: bool = False


@dataclasses.dataclass(frozen=True)
class PurgeRequest:
    """The variable whose value goes for good: from one snapshot, or all (of the notebook, relative to the server's root, if given).

    It cannot be undone, so `confirmed` has to be true.
    """

    name: str
    confirmed: bool = False
    snapshot: str | None = None
    notebook: str | None = None
    reason: str = ""


def _usage(request: Request) -> DiskUsage:
    used = request.services.snapshot_upkeep.usage()
    rows = tuple(
        dataclasses.replace(row, notebook=row.notebook and (request.relative(Path(row.notebook)) or row.notebook))
        for row in used.notebooks
    )
    return dataclasses.replace(used, notebooks=rows)


def _clean(request: Request) -> Cleaned:
    return request.services.snapshot_upkeep.clean(is_dry_run=request.body.is_dry_run)


def _purge(request: Request) -> Purged:
    body: PurgeRequest = request.body
    if not body.confirmed:
        raise BadInput("a purge cannot be undone and has to be confirmed", 'Send "confirmed": true.')
    notebook = request.file(body.notebook) if body.notebook else None
    return request.services.snapshot_upkeep.purge(body.name, body.snapshot, notebook, body.reason)


def _verify(request: Request) -> Verified:
    return request.services.snapshot_upkeep.verify(request.path["id"])


ROUTES: list[Route] = [
    Route("GET", "/snapshots/du", _usage, "How much disk the snapshots take, in all and for each notebook.", DiskUsage),
    Route("POST", "/snapshots/gc", _clean, "Remove what the rules do not keep.", Cleaned, body=CleanRequest),
    Route(
        "POST", "/snapshots/purge", _purge, "Take the value of one variable out for good.", Purged, body=PurgeRequest
    ),
    Route("POST", "/snapshots/{id}/verify", _verify, "Read every stored byte of a snapshot again.", Verified),
]
