"""Two users of one server have a notebook open: one goes back, and the other hears of it once, and by whom."""

from __future__ import annotations

import json
import os

import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_server.auth import IdentityProvider, User

from mlnb.config import Settings
from mlnb.wiring import Wiring

pytestmark = pytest.mark.kernel
CELL = {"cell_type": "code", "id": "c", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}
DOCUMENT = {"cells": [CELL], "metadata": {"mlnb": {"id": "n-1"}}, "nbformat": 4, "nbformat_minor": 5}


class Named(IdentityProvider):
    """Who has the token is who they say; a hub or single sign-on would vouch for it."""

    async def get_user(self, handler):
        user = await super().get_user(handler)
        name = handler.request.headers.get("X-User", "")
        return User(username=name.lower(), name=name, display_name=name) if user and name else user


@pytest.fixture
def jp_server_config(jp_server_config):
    ours = {"ServerApp": {"identity_provider_class": Named}}
    return {**jp_server_config, "ServerApp": {**jp_server_config.get("ServerApp", {}), **ours["ServerApp"]}}


@pytest.fixture
def notebook(jp_root_dir):
    path = jp_root_dir / "shared.ipynb"
    path.write_text(json.dumps(DOCUMENT))
    return path


@pytest.fixture
def run(notebook):
    manager, client = start_new_kernel(
        extra_arguments=["--ext=mlnb"], env={**os.environ, "JPY_SESSION_NAME": str(notebook)}, cwd=str(notebook.parent)
    )

    def execute(source):
        told = []
        reply = client.execute_interactive(
            source, timeout=60, output_hook=lambda message: told.append(message["content"].get("text", ""))
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(told).strip()

    yield execute
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def heard():
    """What every screen hears, from now on."""
    services = Wiring(Settings())
    start = services.outbox.last_seq()
    yield lambda name: [one.event for one in services.outbox.read(start) if one.event.name == name]
    services.database.close()


async def test_the_other_user_hears_once_who_went_back_and_where_to(jp_fetch, jp_auth_header, notebook, run, heard):
    async def call(who, *path, **body):
        headers = {**jp_auth_header, "X-User": who}
        reply = await jp_fetch("mlnb", "snapshots", *path, method="POST", body=json.dumps(body), headers=headers)
        return json.loads(reply.body)

    run("x = 1")
    taken = await call("Ana", notebook="shared.ipynb", reason="mine")
    first = taken["snapshot"]["id"]
    run("x = 2")
    before = notebook.read_bytes()
    done = await call("Ana", first, "restore", notebook="shared.ipynb")
    assert run("print(x)") == "1"
    assert (
        notebook.read_bytes() == before
    )  # the document changes by the one edit that Ana's window makes in what both share
    (event,) = heard("snapshot_restored")
    assert (event.subject, event.data["by"]) == (first, "Ana")
    assert (event.data["notebook"], event.data["undo"]) == (str(notebook), done["undo"])
    await call("Bo", "undo", notebook="shared.ipynb")
    assert run("print(x)") == "2"
    assert [one.data["by"] for one in heard("snapshot_restored")] == ["Ana", "Bo"]
