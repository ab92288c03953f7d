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


def _preview(request: Request) -> Preview:
    found = request.services.snapshots.preview(request.path["id"])
    if found.notebook is None:
        return found
    return dataclasses.replace(found, notebook=request.relative(Path(found.notebook)) or found.notebook)


def _undo(request: Request) -> Restored:
    body: UndoRequest = request.body
    return request.services.snapshots.undo(request.notebook(body.notebook), redo=body.redo)


ROUTES: list[Route] = [
    Route("GET", "/snapshots/{id}/preview", _preview, "What restoring it would do; nothing is changed.", Preview),
    Route("POST", "/snapshots/undo", _undo, "Take the last restore back.", Restored, body=UndoRequest),
]
