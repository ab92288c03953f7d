"""Routes of order: what can be told without a kernel. Front ends ask the kernel itself, over its comm, for the rest."""

from __future__ import annotations

import dataclasses

from mlnb.order.saved import CertificateList, CertificateStatus, Certification, FixReport
from mlnb.order.types import CheckReport, OrderPolicy, Verification
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


@dataclasses.dataclass(frozen=True)
class FixRequest:
    """Which notebook to mend: its path relative to the server's root; `write` False to be told what would change."""

    path: str
    write: bool = True


@dataclasses.dataclass(frozen=True)
class CertificatesQuery:
    """Whose certificates: the path of the notebook, relative to the server's root."""

    path: str


@dataclasses.dataclass(frozen=True)
class PolicyQuery:
    """Of which notebook: its path relative to the server's root."""

    path: str


def _policy(request: Request) -> OrderPolicy:
    return request.services.order_policy(request.file(request.query.path))


def _check(request: Request) -> CheckReport:
    path = request.file(request.body.path)
    report: CheckReport = request.services.order.check(path)
    return dataclasses.replace(report, notebook=request.body.path)


def _verify(request: Request) -> Verification:
    path = request.file(request.body.path)
    found: Verification = request.services.order.verify(path, request.body.parameters)
    return dataclasses.replace(found, notebook=request.body.path)


def _fix(request: Request) -> FixReport:
    path = request.file(request.body.path)
    report: FixReport = request.services.order.fix(path, write=request.body.write)
    return dataclasses.replace(report, notebook=request.body.path)


def _certificates(request: Request) -> CertificateList:
    found: CertificateList = request.services.order.certificates(request.file(request.query.path))
    return dataclasses.replace(found, notebook=request.query.path)


def _certificate(request: Request) -> CertificateStatus:
    found: CertificateStatus = request.services.order.certificate(request.path["id"])
    return found


def _certification(request: Request) -> Certification:
    path = request.file(request.body.path)
    found: Certification = request.services.order.certification(path, request.body.parameters)
    return dataclasses.replace(found, notebook=request.body.path)


ROUTES: list[Route] = [
    Route(
        "GET",
        "/order/policy",
        _policy,
        "What settings and the team's policy say about order in a notebook, for kernels that cannot say it themselves.",
        OrderPolicy,
        query=PolicyQuery,
    ),
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
    Route(
        "POST",
        "/order/fix",
        _fix,
        "Mend what is safe in a saved notebook, or tell what would change.",
        FixReport,
        body=FixRequest,
    ),
    Route(
        "GET",
        "/order/certificates",
        _certificates,
        "The certificates of a notebook and what each is worth now, the latest first.",
        CertificateList,
        query=CertificatesQuery,
    ),
    Route(
        "GET",
        "/order/certificates/{id}",
        _certificate,
        "One certificate and what it is worth now.",
        CertificateStatus,
    ),
    Route(
        "POST",
        "/order/certification",
        _certification,
        "Whether a certificate holds for a notebook with these parameters, why not, and the way out.",
        Certification,
        body=VerifyRequest,
    ),
]
