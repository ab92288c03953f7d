"""How Jupyter Server loads mlnb: routes in, event stream on, both taken out when the server stops."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join

from mlnb.core import current
from mlnb.server.api import ROUTES
from mlnb.server.base import RouteHandler
from mlnb.server.contract import OpenApiHandler
from mlnb.server.events import EventRelay
from mlnb.server.routes import Route
from mlnb.wiring import build_services

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Add mlnb's routes and events to `server`. Nothing is imported or opened that the first request does not need."""
    services = build_services(server.config)
    current.compose(services)
    os.environ.update(services.settings.for_kernels())  # kernels inherit the server's environment
    base = server.web_app.settings["base_url"]
    by_path: dict[str, dict[str, Route]] = defaultdict(dict)
    for route in ROUTES:
        by_path[route.path][route.method] = route
    handlers: list[tuple[str, type[APIHandler], dict[str, object]]] = [
        (url_path_join(base, "mlnb", pattern_from_path(path)), RouteHandler, {"routes": routes, "services": services})
        for path, routes in sorted(by_path.items(), key=lambda item: "{" in item[0])  # /jobs/new before /jobs/{id}
    ]
    handlers.append((url_path_join(base, "mlnb", r"openapi\.json"), OpenApiHandler, {}))
    server.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]
    EventRelay(server, services).start()
    server.log.info("mlnb is loaded")


def pattern_from_path(path: str) -> str:
    """The regular expression for a route's path: ``{name}`` matches one part of the URL."""
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)).replace(r"\-", "-") + "$"
