"""Runs and registered models over REST."""

from __future__ import annotations

from dataclasses import dataclass

from mlnb.models.types import ModelPage, ModelVersion, RegisteredModel, Run, RunComparison, RunPage
from mlnb.server.routes import Request, Route


@dataclass(frozen=True)
class RunsQuery:
    """Which runs, in which order, and which page of them."""

    experiment: str | None = None
    order_by: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class ModelsQuery:
    """Which page of the models."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class Registration:
    """The name to register a run's model under."""

    name: str


def _list_runs(request: Request) -> RunPage:
    query: RunsQuery = request.query
    return request.services.models.list_runs(query.experiment, query.order_by, query.limit, query.cursor)


def _get_run(request: Request) -> Run:
    return request.services.models.get_run(request.path["id"])


def _compare(request: Request) -> RunComparison:
    return request.services.models.compare(request.path["id"], request.path["other"])


def _register(request: Request) -> ModelVersion:
    return request.services.models.register(request.path["id"], request.body.name)


def _list_models(request: Request) -> ModelPage:
    return request.services.models.list_models(request.query.limit, request.query.cursor)


def _get_model(request: Request) -> RegisteredModel:
    return request.services.models.get_model(request.path["name"])


ROUTES: list[Route] = [
    Route("GET", "/runs", _list_runs, "The runs in the model store.", RunPage, query=RunsQuery),
    Route("GET", "/runs/{id}", _get_run, "A run, with the models it logged.", Run),
    Route("GET", "/runs/{id}/compare/{other}", _compare, "What two runs do not share.", RunComparison),
    Route(
        "POST",
        "/runs/{id}/register",
        _register,
        "Register the model that a run logged as a new version.",
        ModelVersion,
        body=Registration,
        status=201,
    ),
    Route("GET", "/models", _list_models, "The registered models.", ModelPage, query=ModelsQuery),
    Route("GET", "/models/{name}", _get_model, "A registered model with its versions.", RegisteredModel),
]
