"""The contract as files: ``python -m mlnb.server.contract`` writes ``src/api/openapi.json``; a test fails when it is not fresh."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from mlnb.server.api import ROUTES
from mlnb.server.openapi import describe


def openapi_text() -> str:
    """The OpenAPI document of all routes as it stands in ``src/api/openapi.json``."""
    return json.dumps(describe(ROUTES), indent=2, sort_keys=True) + "\n"


class OpenApiHandler(APIHandler):
    """Serves ``/mlnb/openapi.json``."""

    auth_resource = "mlnb"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the OpenAPI document."""
        self.set_header("Content-Type", "application/json")
        self.finish(openapi_text())


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "src/api/openapi.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(openapi_text())
