"""What holds for every route: authentication, XSRF, one shape of errors, strict input, confined paths, a fresh contract."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess

import pytest
from tornado.httpclient import HTTPClientError

from mlnb.core.errors import BadInput, Conflict, Damaged, MlnbError, NotFound, NotTrusted, StoreUnavailable, Unavailable
from mlnb.core.secrets import MASK
from mlnb.server.api import ROUTES
from mlnb.server.app import pattern_from_path
from mlnb.server.contract import openapi_text
from mlnb.server.openapi import describe
from mlnb.server.routes import Request, Route

EACH_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")


def url_of(route: Route) -> tuple[str, ...]:
    return ("mlnb", *re.sub(r"{\w+}", "x", route.path).strip("/").split("/"))


def body_of(route: Route) -> dict:
    return {} if route.method in ("GET", "DELETE") else {"body": "{}"}


async def refusal(fetch, *url: str, **options) -> tuple[int, dict]:
    """Status and body of a request that must be refused."""
    with pytest.raises(HTTPClientError) as refused:
        await fetch(*url, **options)
    answer = refused.value.response
    return answer.code, json.loads(answer.body)


@EACH_ROUTE
async def test_without_a_token_every_route_refuses(route, jp_fetch):
    code, _ = await refusal(
        jp_fetch, *url_of(route), method=route.method, headers={"Authorization": ""}, **body_of(route)
    )
    assert code in (401, 403)


@EACH_ROUTE
async def test_with_a_wrong_token_every_route_refuses(route, jp_fetch):
    headers = {"Authorization": "token wrong"}
    code, _ = await refusal(jp_fetch, *url_of(route), method=route.method, headers=headers, **body_of(route))
    assert code in (401, 403)


def logged_in(serverapp) -> str:
    """The cookie of a browser that has logged in, as a header value."""
    from jupyter_server.auth.identity import User
    from tornado.web import create_signed_value

    identity = serverapp.identity_provider
    user = identity.user_to_cookie(User(username="ana", name="ana", display_name="ana"))
    name = identity.cookie_name or f"username-127-0-0-1-{serverapp.port}"
    return f"{name}={create_signed_value(serverapp.web_app.settings['cookie_secret'], name, user).decode()}"


async def test_the_cookie_of_the_next_test_is_a_valid_login(jp_fetch, jp_serverapp):
    headers = {"Authorization": "", "Cookie": logged_in(jp_serverapp)}
    answer = await jp_fetch("mlnb", "openapi.json", headers=headers)
    assert answer.code == 200


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.method != "GET"], ids=lambda route: f"{route.method} {route.path}"
)
async def test_a_cookie_alone_changes_nothing(route, jp_fetch, jp_serverapp):
    """Another site can make a browser send its cookies, but not the XSRF token."""
    headers = {"Authorization": "", "Cookie": logged_in(jp_serverapp)}
    code, body = await refusal(jp_fetch, *url_of(route), method=route.method, headers=headers, **body_of(route))
    assert code == 403
    assert "xsrf" in json.dumps(body).lower()


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.body or r.query], ids=lambda route: f"{route.method} {route.path}"
)
async def test_what_a_route_does_not_know_is_refused(route, jp_fetch):
    """Unknown query fields and, where there is a body, unknown body fields: 400 with the one shape of errors."""
    given = {"method": route.method, **body_of(route)}
    if route.body:
        given["body"] = json.dumps({"surprise": 1})
    else:
        given["params"] = {"surprise": "1"}
    code, body = await refusal(jp_fetch, *url_of(route), **given)
    assert code == 400
    assert set(body) == {"code", "message", "hint"}
    assert body["code"] == "bad_input"
    assert "surprise" in body["message"]
    assert body["hint"]


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "1"])
@pytest.mark.parametrize("route", [r for r in ROUTES if r.body], ids=lambda route: f"{route.method} {route.path}")
async def test_a_body_that_is_no_json_object_is_refused(route, text, jp_fetch):
    code, body = await refusal(jp_fetch, *url_of(route), method=route.method, body=text)
    assert (code, body["code"]) == (400, "bad_input")


async def test_the_contract_is_served(jp_fetch):
    answer = await jp_fetch("mlnb", "openapi.json")
    document = json.loads(answer.body)
    assert document == json.loads(openapi_text())
    served = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert served == {(route.method, f"/mlnb{route.path}") for route in ROUTES}


async def test_the_contract_is_not_public(jp_fetch):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("mlnb", "openapi.json", headers={"Authorization": ""})
    assert refused.value.code in (401, 403)


def test_operations_have_one_id_each():
    document = describe(ROUTES)
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_the_contract_in_the_checkout_is_fresh(repository):
    stored = repository / "src" / "api" / "openapi.json"
    assert stored.read_text() == openapi_text(), "run `make fix`: src/api/openapi.json is not fresh"


def test_the_typescript_types_are_fresh(repository, tmp_path):
    tool = repository / "node_modules" / ".bin" / "openapi-typescript"
    assert tool.exists(), "run `make setup`"
    script = json.loads((repository / "package.json").read_text())["scripts"]["types"].split()
    target = script.index("-o") + 1
    script[0], made, script[target] = str(tool), repository / script[target], str(tmp_path / "types.ts")
    subprocess.run(script, cwd=repository, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    fresh = (tmp_path / "types.ts").read_text()
    assert plain(made.read_text()) == plain(fresh), f"run `make fix`: {made.name} is not fresh"


def plain(typescript: str) -> str:
    """Without what a formatter may change."""
    return re.sub(r"[\s;,|()'\"]+", "", typescript)


# ---- errors: each kind of what services raise, through a route made for it ---------------------------------------------------
@dataclasses.dataclass(frozen=True)
class Told:
    """What the route below answers.

    Attributes:
        text: a word.
    """

    text: str


ERRORS = [
    (BadInput("no", "do this"), 400), (NotFound("no", "do this"), 404), (Conflict("no", "do this"), 409),
    (NotTrusted("no", "do this"), 403), (Unavailable("no", "do this"), 424), (StoreUnavailable("no", "do this"), 424),
    (Damaged("no", "do this"), 422),
]  # fmt: skip


@pytest.fixture
def with_route(jp_serverapp):
    """Adds a route that runs the given function, at /mlnb/<name>."""
    from jupyter_server.utils import url_path_join

    from mlnb.core import current
    from mlnb.server.base import RouteHandler

    def add(name, call, **options):
        route = Route("GET", f"/{name}", call, "For a test.", Told, **options)
        url = url_path_join(jp_serverapp.base_url, "mlnb", pattern_from_path(route.path))
        given = {"routes": {"GET": route}, "services": current._composed}
        jp_serverapp.web_app.add_handlers(".*$", [(url, RouteHandler, given)])

    return add


@pytest.mark.parametrize(("error", "status"), ERRORS, ids=lambda value: getattr(value, "code", value))
async def test_errors_have_one_shape(error: MlnbError, status, jp_fetch, with_route):
    def fail(_request):
        raise error

    with_route("failing", fail)
    assert await refusal(jp_fetch, "mlnb", "failing") == (
        status,
        {"code": error.code, "message": "no", "hint": "do this"},
    )


async def test_an_error_shows_no_credential(jp_fetch, with_route):
    def fail(_request):
        raise Unavailable("postgresql://ana:hunter2pass@db/x does not answer")

    with_route("telling", fail)
    _, body = await refusal(jp_fetch, "mlnb", "telling")
    assert "hunter2pass" not in json.dumps(body)
    assert MASK in body["message"]


async def test_another_method_is_405(jp_fetch, with_route):
    with_route("only-get", lambda _request: Told("x"))
    code, body = await refusal(jp_fetch, "mlnb", "only-get", method="DELETE")
    assert (code, set(body)) == (405, {"code", "message", "hint"})


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x", "link/x", "..%2fx/../../../etc/passwd"])
def test_a_path_never_leaves_the_root(name, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="outside"):
        Request(services=None, root=root, path={}, query=None, body=None, user="ana").file(name)


@pytest.mark.parametrize("name", ["x.ipynb", "/x.ipynb", "a/b/../x.ipynb", ""])
def test_a_path_below_the_root_is_found(name, tmp_path):
    request = Request(services=None, root=tmp_path, path={}, query=None, body=None, user="ana")
    found = request.file(name)
    assert request.relative(found) is not None


async def test_a_longer_url_is_no_route(jp_fetch):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("mlnb", "openapi.json", "more")
    assert refused.value.code == 404
