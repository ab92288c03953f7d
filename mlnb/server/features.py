"""REST of features."""

from __future__ import annotations

from dataclasses import dataclass

from mlnb.core.errors import BadInput
from mlnb.features.types import Applied, FeatureViewDetail, FeatureViewPage
from mlnb.server.routes import Request, Route

_MOST = 500


@dataclass(frozen=True)
class FeatureQuery:
    """Which part of the catalogue.

    Attributes:
        search: words to find; empty: all, by name.
        limit: views on a page, 1 to 500.
        cursor: of the page before.
    """

    search: str = ""
    limit: int = 50
    cursor: str = ""


@dataclass(frozen=True)
class ApplyRequest:
    """What to apply.

    Attributes:
        path: of the Python file that defines the views, relative to the server's root.
    """

    path: str


def _list(request: Request) -> FeatureViewPage:
    query: FeatureQuery = request.query
    if not 1 <= query.limit <= _MOST:
        raise BadInput(f"limit is {query.limit}", f"Ask for 1 to {_MOST} views.")
    return request.services.features.list(query.search, query.limit, query.cursor or None)


def _show(request: Request) -> FeatureViewDetail:
    return request.services.features.show(request.path["view"])


def _apply(request: Request) -> Applied:
    return request.services.features.apply(request.file(request.body.path))


ROUTES = [
    Route("GET", "/features", _list, "The catalogue, by name or by search.", FeatureViewPage, query=FeatureQuery),
    Route("GET", "/features/{view}", _show, "A feature view with its history and a preview.", FeatureViewDetail),
    Route("POST", "/features/apply", _apply, "Register what a Python file defines.", Applied, body=ApplyRequest),
]
