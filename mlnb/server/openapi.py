"""The OpenAPI description, generated from the routes and the areas' dataclasses; TypeScript's types are generated from it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from mlnb.core.version import __version__
from mlnb.server.routes import Empty, Route


@dataclasses.dataclass(frozen=True)
class ErrorBody:
    """What every error looks like.

    Attributes:
        code: stable name of the kind of error.
        message: what happened, naming the thing.
        hint: the way out; may be empty.
    """

    code: str
    message: str
    hint: str


class _AnswersAreWhole(GenerateJsonSchema):
    """Says that an answer has all its fields, those with defaults too: `to_wire` writes every one."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ANN401 - pydantic's own core schema
        return self.mode == "serialization" or super().field_is_required(field, total)


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `routes`."""
    routes = list(routes)
    adapters: dict[tuple[type, str], TypeAdapter[Any]] = {(ErrorBody, "serialization"): TypeAdapter(ErrorBody)}
    for route in routes:
        adapters[route.response, "serialization"] = TypeAdapter(route.response)
        if route.body:
            adapters[route.body, "validation"] = TypeAdapter(route.body)
    keys: list[Any] = [(kind, mode, adapter) for (kind, mode), adapter in adapters.items()]
    schemas, definitions = TypeAdapter.json_schemas(
        keys, ref_template="#/components/schemas/{model}", schema_generator=_AnswersAreWhole
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(f"/mlnb{route.path}", {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mlnb",
            "version": __version__,
            "description": "REST of the mlnb extension of Jupyter Server.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(definitions.get("$defs", {}).items()))},
    }


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    error = {"description": "What went wrong, and the way out.", "content": _json(schemas[ErrorBody, "serialization"])}
    answer = {"description": "Done.", "content": _json(schemas[route.response, "serialization"])}
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {str(route.status): answer, "4XX": error},
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": _json(schemas[route.body, "validation"])}
    return operation


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _operation_id(route: Route) -> str:
    words = [part.strip("{}") for part in re.split(r"[/_.-]", route.path) if part]
    return route.method.lower() + "".join(word[:1].upper() + word[1:] for word in words)


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None or route.query is Empty:
        return []
    schema = TypeAdapter(route.query).json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in schema["properties"].items()
    ]
