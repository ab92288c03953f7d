"""Every route against the faults that can meet it: a 4xx in the one shape of errors, never a 500, and nothing is left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sqlite3

import pytest
from tornado.httpclient import HTTPClientError

from mlnb.server.api import ROUTES
from mlnb.server.routes import Route

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
EACH = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
CELL = {
    "cell_type": "code",
    "id": "c",
    "source": "n: int = 1",
    "metadata": {"tags": ["parameters"]},
    "outputs": [],
    "execution_count": None,
}


def notebook(**metadata) -> str:
    return json.dumps({"cells": [CELL], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def root(jp_root_dir):
    (jp_root_dir / "good.ipynb").write_text(notebook(kernelspec=KERNEL))
    (jp_root_dir / "bare.ipynb").write_text(notebook())
    (jp_root_dir / "odd.ipynb").write_text(notebook(kernelspec={**KERNEL, "name": "nosuch-kernel"}))
    (jp_root_dir / "half.ipynb").write_text('{"cells": [')
    (jp_root_dir / "list.ipynb").write_text("[]")
    (jp_root_dir / "bytes.ipynb").write_bytes(b"\xff\xfe\x00")
    (jp_root_dir / "folder.ipynb").mkdir()
    return jp_root_dir


def needed(kind: type | None) -> list[str]:
    """The fields of a body or query that have no default."""
    nothing = dataclasses.MISSING
    fields = dataclasses.fields(kind) if kind else ()
    return [field.name for field in fields if field.default is nothing and field.default_factory is nothing]


@pytest.fixture
def answer(jp_fetch):
    """Status and body of a well-formed request to a route, for things called "none"."""

    async def answer(route: Route, name: str = "good.ipynb", **more) -> tuple[int, dict]:
        given = {
            field: name if field in ("notebook", "path") else "none" for field in needed(route.body or route.query)
        }
        options = {"body": json.dumps({**given, **more})} if route.method != "GET" else {"params": {**given, **more}}
        try:
            reply = await jp_fetch(
                "mlnb",
                *re.sub(r"{\w+}", "none", route.path).strip("/").split("/"),
                method=route.method,
                request_timeout=120,
                **options,
            )
        except HTTPClientError as error:
            body = json.loads(error.response.body)
            assert set(body) == {"code", "message", "hint"}, body
            assert body["message"], body
            return error.code, body
        return reply.code, json.loads(reply.body)

    return answer


def rows(home) -> dict[str, int]:
    """How many jobs, snapshots and views there are."""
    with contextlib.closing(sqlite3.connect(home / "mlnb.db")) as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        return {
            n: database.execute(f"select count(*) from {n}").fetchone()[0]
            for n in names
            if n in ("jobs", "snapshots", "feature_views")
        }


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if "{" in r.path], ids=lambda route: f"{route.method} {route.path}"
)
async def test_what_does_not_exist_is_404(route, root, answer):
    code, body = await answer(route)
    assert code == 404
    assert "none" in body["message"]
    assert body["hint"]


TAKE_NOTEBOOKS = [
    r for r in ROUTES if {"notebook", "path"} & {*needed(r.body), *needed(r.query)} and "features" not in r.path
]


@pytest.mark.parametrize(
    "name", ["none.ipynb", "half.ipynb", "list.ipynb", "bytes.ipynb", "folder.ipynb", "../out.ipynb"]
)
@pytest.mark.parametrize("route", TAKE_NOTEBOOKS, ids=lambda route: f"{route.method} {route.path}")
async def test_what_is_no_notebook_is_named(route, name, root, answer, mlnb_home):
    code, body = await answer(route, name)
    if route.path in ("/notebooks/identify", "/order/policy"):  # no identity, or its folder's policy: these are answers
        assert code in (200, 400)
        return
    assert code == (404 if name == "none.ipynb" else 400)
    assert name.removeprefix("../") in body["message"]
    assert not (mlnb_home / "mlnb.db").exists() or not any(rows(mlnb_home).values())


SUBMIT = next(route for route in ROUTES if (route.method, route.path) == ("POST", "/jobs"))
WRONG_JOBS = {
    "a parameter it does not have": ("good.ipynb", {"parameters": {"m": 1}}, "'m'"),
    "a value of another type": ("good.ipynb", {"parameters": {"n": "x"}}, "'n'"),
    "no kernel": ("bare.ipynb", {}, "kernel"),
    "a kernel that is not here": ("odd.ipynb", {}, "nosuch-kernel"),
    "an executor that is not here": ("good.ipynb", {"executor": "nosuch"}, "nosuch"),
    "no image": ("good.ipynb", {"executor": "docker"}, "image"),
    "too little": ("good.ipynb", {"cpus": 0}, "processors"),
    "memory in words": ("good.ipynb", {"memory": "much"}, "much"),
    "time in words": ("good.ipynb", {"timeout": "long"}, "long"),
    "negative retries": ("good.ipynb", {"retries": -1}, "retries"),
}


@pytest.mark.parametrize("what", WRONG_JOBS)
async def test_a_job_that_cannot_be_is_refused(what, root, answer, mlnb_home):
    name, fields, named = WRONG_JOBS[what]
    code, body = await answer(SUBMIT, name, **fields)
    assert code in (400, 404)
    assert named in body["message"]
    assert body["hint"]
    assert not (mlnb_home / "jobs").exists() or not any((mlnb_home / "jobs").iterdir())
    assert not (mlnb_home / "worker.json").exists()


async def test_no_docker_engine_is_424(root, answer, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    code, body = await answer(SUBMIT, executor="docker", image="x")
    assert (code, body["code"]) == (424, "executor_unavailable")
    assert "/nowhere/docker.sock" in body["message"]


@EACH
@pytest.mark.parametrize("kind", ["newer", "damaged"])
async def test_a_database_that_is_not_ours_is_left_alone(route, kind, root, answer, mlnb_home):
    file = mlnb_home / "mlnb.db"
    if kind == "newer":
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("pragma journal_mode = wal")
            database.execute("create table alembic_version (version_num varchar(64) primary key)")
            database.execute("insert into alembic_version values ('9999_tomorrow')")
            database.commit()
    else:
        file.write_bytes(b"this is no database, whatever its name says. " * 100)
    before = file.read_bytes()
    code, body = await answer(route)
    assert code < 500, body
    if route.path.startswith(("/jobs", "/features")) and "apply" not in route.path:
        assert (code, body["code"]) == (424, "store_unavailable")
        assert "mlnb.db" in body["message"]
    assert file.read_bytes() == before


@EACH
async def test_a_home_that_cannot_be_written_is_no_500(route, root, answer, mlnb_home, monkeypatch):
    (mlnb_home / "a-file").write_text("x")
    monkeypatch.setenv("MLNB_HOME", str(mlnb_home / "a-file" / "home"))
    code, body = await answer(route)
    assert code < 500, body
