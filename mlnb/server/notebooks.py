"""Routes about notebooks themselves."""

from __future__ import annotations

from dataclasses import dataclass

from mlnb.server.routes import Request, Route
from mlnb.store.identity import NotebookIdentity


@dataclass(frozen=True)
class IdentifyRequest:
    """Who is this notebook?

    Attributes:
        path: relative to the server's root.
        id: what its document has at ``metadata.mlnb.id``; null when it has none.
    """

    path: str
    id: str | None = None


def identify(request: Request) -> NotebookIdentity:
    """Settle the identity of an open notebook; the client writes it into the document it holds."""
    body: IdentifyRequest = request.body
    return request.services.identities.settle(request.file(body.path), body.id)


ROUTES = [
    Route(
        "POST",
        "/notebooks/identify",
        identify,
        "Who a notebook is: it keeps its id when moved, a copy gets its own.",
        NotebookIdentity,
        body=IdentifyRequest,
    )
]
