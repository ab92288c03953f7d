"""What a route is: the handlers, the OpenAPI description and the tests are all made from these."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from mlnb.core.errors import BadInput
from mlnb.core.notebook_file import read_document
from mlnb.wiring import Wiring


@dataclasses.dataclass(frozen=True)
class Empty:
    """Nothing."""


@dataclasses.dataclass(frozen=True)
class Request:
    """A decoded request, as a route's `call` gets it.

    Attributes:
        services: the composition root.
        root: the server's root folder; files are named relative to it and never leave it.
        path: the values of the ``{...}`` parts of the route's path.
        query: an instance of the route's query type (`Empty` when it has none).
        body: an instance of the route's body type (`Empty` when it has none).
        user: name of the authenticated user.
        user_shown: how screens call that user.
    """

    services: Wiring
    root: Path
    path: dict[str, str]
    query: Any
    body: Any
    user: str
    user_shown: str = ""

    def file(self, relative: str) -> Path:
        """The absolute path of the file that a client names relative to the server's root.

        Raises:
            BadInput: the path leaves the server's root.
        """
        root = self.root.resolve()
        path = (root / relative.lstrip("/")).resolve()
        if path != root and root not in path.parents:
            raise BadInput(
                f"{relative!r} lies outside the server's root", "Name a file below the folder that JupyterLab shows."
            )
        return path

    def notebook(self, relative: str) -> Path:
        """As `file`, of a file that is a notebook.

        Raises:
            BadInput: the path leaves the server's root.
            NotFound: there is no such file.
            NotANotebook: it cannot be read as one.
        """
        path = self.file(relative)
        read_document(path)
        return path

    def relative(self, path: Path) -> str | None:
        """How a client names the file `path`, or None when it lies outside the server's root."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return None


@dataclasses.dataclass(frozen=True)
class Route:
    """One thing a client can ask for.

    Attributes:
        method: HTTP method.
        path: below ``/mlnb``; parts in braces are values: ``/jobs/{id}/cancel``.
        call: gets a `Request`, returns a value of `response`; runs in a thread, so it may block.
        summary: one sentence for people.
        response: the dataclass that is answered.
        body: the dataclass that is read from the body, or None.
        query: the dataclass that is read from the query string, or None.
        status: HTTP status on success.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    call: Callable[[Request], object]
    summary: str
    response: type
    body: type | None = None
    query: type | None = None
    status: int = 200
