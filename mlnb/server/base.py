"""The one handler class: authenticate, authorise, decode, call in a thread, reply; and the one place that translates errors."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from pydantic import TypeAdapter, ValidationError
from tornado import web

from mlnb.core.errors import BadInput, MlnbError
from mlnb.core.secrets import mask
from mlnb.core.wire import to_wire
from mlnb.server.routes import Empty, Request, Route
from mlnb.wiring import Wiring


class RouteHandler(APIHandler):
    """Serves all routes of one path; Jupyter's authentication, authorisation and XSRF rules apply to each."""

    auth_resource = "mlnb"

    def initialize(self, routes: dict[str, Route], services: Wiring) -> None:
        """Take the routes of this path, by method, and the services they call."""
        self._routes = routes
        self._services = services

    @web.authenticated
    @authorized
    async def get(self, **parts: str) -> None:
        """Answer a GET."""
        await self._serve(parts)

    @web.authenticated
    @authorized
    async def post(self, **parts: str) -> None:
        """Answer a POST."""
        await self._serve(parts)

    @web.authenticated
    @authorized
    async def put(self, **parts: str) -> None:
        """Answer a PUT."""
        await self._serve(parts)

    @web.authenticated
    @authorized
    async def delete(self, **parts: str) -> None:
        """Answer a DELETE."""
        await self._serve(parts)

    async def _serve(self, parts: dict[str, str]) -> None:
        route = self._routes.get(self.request.method or "")
        if route is None:
            self._reply(
                405,
                {
                    "code": "bad_method",
                    "message": f"{self.request.path} has no {self.request.method}",
                    "hint": "See /mlnb/openapi.json.",
                },
            )
            return
        try:
            request = self._decode(route, parts)
            answer = await asyncio.get_running_loop().run_in_executor(None, route.call, request)
        except MlnbError as error:
            self.log.info("mlnb: %s %s: %s", self.request.method, self.request.path, mask(error.message))
            self._reply(error.status, {"code": error.code, "message": mask(error.message), "hint": error.hint})
            return
        self._reply(route.status, to_wire(answer))

    def _reply(self, status: int, value: object) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value, ensure_ascii=False))

    def _decode(self, route: Route, parts: dict[str, str]) -> Request:
        # "token" is Jupyter's; JupyterLab adds the time as a nameless field so that no browser answers from its cache.
        given = self.request.query_arguments.items()
        query = {name: values[-1].decode() for name, values in given if name != "token" and not name.isdigit()}
        return Request(
            services=self._services,
            root=Path(self.settings["server_root_dir"]).expanduser(),
            path={name: unquote(value) for name, value in parts.items()},
            query=_read(route.query, query, "query"),
            body=_read(route.body, self._json_body() if route.body else {}, "body"),
            user=self.current_user.username,
            user_shown=self.current_user.display_name or self.current_user.name or self.current_user.username,
        )

    def _json_body(self) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise BadInput(f"the body is not JSON: {error}", "Send a JSON object.") from error


def _read(kind: type | None, data: Any, where: str) -> Any:  # noqa: ANN401 - JSON in, an instance of `kind` out
    if kind is None:
        return Empty()
    if not isinstance(data, dict):
        raise BadInput(f"the {where} is not a JSON object", "See /mlnb/openapi.json.")
    known = [field.name for field in dataclasses.fields(kind)]
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise BadInput(f"the {where} has unknown fields: {', '.join(unknown)}", f"Known: {', '.join(known) or 'none'}.")
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or where
        raise BadInput(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}", "See /mlnb/openapi.json.") from error
