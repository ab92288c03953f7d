"""Routes of order: what can be told without a kernel. Front ends ask the kernel itself, over its comm, for the rest."""

from __future__ import annotations

import dataclasses

from mlnb.order.types import CheckReport, Verification
from mlnb.server.routes import Request, Route


@dataclasses.dataclass(frozen=True)
class CheckRequest:
    """Which notebook to check: its path relative to the server's root."""

    path: str


@dataclasses.dataclass(frozen=True)
class VerifyRequest:
    """Which notebook to verify: its path relative to the server's root, and values for its parameters."""

    path: str
    parameters: dict[str, str | int | float | bool | None] = dataclasses.field(default_factory=dict)


def _check(request: Request) -> CheckReport:
    path = request.file(request.body.path)
    report: CheckReport = request.services.order.check(path)
    return dataclasses.replace(report, notebook=request.body.path)


def _verify(request: Request) -> Verification:
    path = request.file(request.body.path)
    found: Verification = request.services.order.verify(path, request.body.parameters)
    return dataclasses.replace(found, notebook=request.body.path)


ROUTES: list[Route] = [
    Route(
        "POST",
        "/order/check",
        _check,
        "The order findings of a saved notebook, without running it.",
        CheckReport,
        body=CheckRequest,
    ),
    Route(
        "POST",
        "/order/verify",
        _verify,
        "Run a notebook afresh and compare it with what is saved.",
        Verification,
        body=VerifyRequest,
    ),
]
