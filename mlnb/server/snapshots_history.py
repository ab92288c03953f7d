"""Routes of a notebook's history: how it hangs together, documents as they were, names, being rid of a state, carrying one away."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, Literal

from mlnb.server.routes import Empty, Request, Route
from mlnb.snapshots.timelines import Timeline
from mlnb.snapshots.types import Snapshot

_ENDING = ".mlnb-snapshot"


@dataclasses.dataclass(frozen=True)
class TimelineQuery:
    """The notebook, relative to the server's root; which entries, at most so many, behind the cursor."""

    notebook: str
    which: Literal["all", "named", "jobs"] = "all"
    limit: int = 100
    cursor: str | None = None


@dataclasses.dataclass(frozen=True)
class StoredDocument:
    """A notebook with its outputs, as it was: the JSON of its file."""

    content: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class AttachRequest:
    """The notebook, relative to the server's root, as a front end showed it when the snapshot was taken.

    `is_clean`: whether no cell was stale or edited, as order said; null: it was not asked. Failed runs need not be told.
    """

    notebook: str
    content: dict[str, Any] = dataclasses.field(default_factory=dict)
    is_clean: bool | None = None


@dataclasses.dataclass(frozen=True)
class KeepRequest:
    """The notebook, relative to the server's root, as a front end shows it; `parent`: the snapshot at which its kernel stands."""

    notebook: str
    content: dict[str, Any] = dataclasses.field(default_factory=dict)
    parent: str | None = None


@dataclasses.dataclass(frozen=True)
class Kept:
    """The snapshot that was taken of the document; null: the history has it already."""

    id: str | None


@dataclasses.dataclass(frozen=True)
class NameRequest:
    """What to call it; empty: nothing any more."""

    name: str


@dataclasses.dataclass(frozen=True)
class ExportRequest:
    """The folder to write to, relative to the server's root, and whether the values of variables go along."""

    folder: str = ""
    with_variables: bool = True


@dataclasses.dataclass(frozen=True)
class OpenRequest:
    """The folder to write the notebook to, relative to the server's root."""

    folder: str = ""


@dataclasses.dataclass(frozen=True)
class Written:
    """The file that was written, relative to the server's root."""

    path: str


@dataclasses.dataclass(frozen=True)
class ImportRequest:
    """The file that was exported, relative to the server's root."""

    file: str


def _timeline(request: Request) -> Timeline:
    query: TimelineQuery = request.query
    found = request.services.snapshots.history.timeline(
        request.notebook(query.notebook), query.which, query.limit, query.cursor
    )
    request.services.snapshot_upkeep.soon()
    return found


def _document(request: Request) -> StoredDocument:
    return StoredDocument(request.services.snapshots.history.document(request.path["id"]))


def _attach(request: Request) -> Snapshot:
    body: AttachRequest = request.body
    notebook = request.notebook(body.notebook)
    return request.services.snapshots.history.attach(request.path["id"], notebook, body.content, is_clean=body.is_clean)


def _keep(request: Request) -> Kept:
    body: KeepRequest = request.body
    notebook = request.notebook(body.notebook)
    taken = request.services.snapshots.history.keep_document(notebook, body.content, body.parent)
    return Kept(taken.id if taken else None)


def _name(request: Request) -> Snapshot:
    return request.services.snapshots.history.name(request.path["id"], request.body.name)


def _delete(request: Request) -> Empty:
    request.services.snapshots.history.delete(request.path["id"])
    return Empty()


def _export(request: Request) -> Written:
    body: ExportRequest = request.body
    service = request.services.snapshots
    found = service.get(request.path["id"])
    stem = Path(found.notebook).stem if found.notebook else "snapshot"
    name = re.sub(r"[^\w.-]+", "-", found.name or found.reason)[:40].strip("-.")
    target = service.history.free_name(request.file(body.folder), f"{stem}-{name}" if name else stem, _ENDING)
    service.export(found.id, target, with_variables=body.with_variables)
    return Written(request.relative(target) or str(target))


def _import(request: Request) -> Snapshot:
    return request.services.snapshots.import_bundle(request.file(request.body.file))


def _open(request: Request) -> Written:
    service = request.services.snapshots
    found = service.get(request.path["id"])
    stem = Path(found.notebook).stem if found.notebook else "notebook"
    target = service.history.free_name(request.file(request.body.folder), stem, ".ipynb")
    service.write_document(found.id, target)
    return Written(request.relative(target) or str(target))


ROUTES: list[Route] = [
    Route(
        "GET",
        "/snapshots/timeline",
        _timeline,
        "A notebook's history, newest first, each entry with the one that it follows.",
        Timeline,
        query=TimelineQuery,
    ),
    Route("GET", "/snapshots/{id}/document", _document, "The notebook with its outputs, as it was.", StoredDocument),
    Route(
        "POST",
        "/snapshots/{id}/document",
        _attach,
        "Make what a front end shows the document of a snapshot that has none.",
        Snapshot,
        body=AttachRequest,
    ),
    Route(
        "POST",
        "/snapshots/document",
        _keep,
        "Keep a document as a front end shows it, saved or not, unless the history has it.",
        Kept,
        body=KeepRequest,
    ),
    Route("POST", "/snapshots/{id}/name", _name, "Call a snapshot something, so that it stays.", Snapshot, body=NameRequest),
    Route("POST", "/snapshots/{id}/delete", _delete, "Forget a snapshot for good.", Empty),
    Route("POST", "/snapshots/{id}/export", _export, "Write a snapshot to one file.", Written, body=ExportRequest),
    Route("POST", "/snapshots/import", _import, "Take over a snapshot from such a file.", Snapshot, body=ImportRequest),
    Route("POST", "/snapshots/{id}/open", _open, "Write its notebook to a new file.", Written, body=OpenRequest),
]  # fmt: skip
