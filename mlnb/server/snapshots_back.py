"""Routes for going back: what a restore would do, and taking one back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mlnb.server.routes import Request, Route
from mlnb.snapshots.previews import Preview
from mlnb.snapshots.types import Restored


@dataclasses.dataclass(frozen=True)
class UndoRequest:
    """The notebook, relative to the server's root, in whose kernel the last restore is taken back (or with `redo` done again)."""

    notebook: str
    redo: bool = False


@dataclasses.dataclass(frozen=True)
class PreviewQuery:
    """In which notebook's kernel, relative to the server's root; null: in that of the notebook that the snapshot was taken of."""

    notebook: str | None = None


def _preview(request: Request) -> Preview:
    query: PreviewQuery = request.query
    notebook = request.file(query.notebook) if query.notebook else None
    found = request.services.snapshots.preview(request.path["id"], notebook=notebook)
    if found.notebook is None:
        return found
    return dataclasses.replace(found, notebook=request.relative(Path(found.notebook)) or found.notebook)


def _undo(request: Request) -> Restored:
    body: UndoRequest = request.body
    notebook = request.notebook(body.notebook)
    return request.services.snapshots.undo(notebook, redo=body.redo, by=request.user_shown)


ROUTES: list[Route] = [
    Route(
        "GET",
        "/snapshots/{id}/preview",
        _preview,
        "What restoring it would do; nothing is changed.",
        Preview,
        query=PreviewQuery,
    ),
    Route("POST", "/snapshots/undo", _undo, "Take the last restore back.", Restored, body=UndoRequest),
]
