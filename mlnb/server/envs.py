"""REST of environments."""

from __future__ import annotations

from dataclasses import dataclass

from mlnb.envs.types import NotebookEnvironment
from mlnb.server.routes import Request, Route


@dataclass(frozen=True)
class OfNotebook:
    """Which notebook.

    Attributes:
        notebook: path relative to the server's root; empty: the server's own environment.
    """

    notebook: str = ""


def _of_notebook(request: Request) -> NotebookEnvironment:
    return request.services.envs.of_notebook(request.file(request.query.notebook))


ROUTES = [
    Route(
        "GET",
        "/environment",
        _of_notebook,
        "The environment of the notebook's live kernel, or the server's own when it has none.",
        NotebookEnvironment,
        query=OfNotebook,
    )
]
