"""Keeping house among snapshots over REST."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

from mlnb.snapshots.plugins import packs
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.types import Component, Manifest, Variable


async def call(jp_fetch, *path, method="GET", **body):
    given = {"method": method, **({"body": json.dumps(body)} if method == "POST" else {})}
    return json.loads((await jp_fetch("mlnb", "snapshots", *path, **given)).body)


@pytest.fixture
def stored(jp_root_dir):
    """A snapshot with a variable, of a notebook below the server's root."""
    from datetime import UTC, datetime

    (digest, piece), = packs.chunks_of(b"the value of a secret" * 50)  # fmt: skip
    manifest = Manifest(
        "snap-1", datetime.now(UTC), "by hand", str(jp_root_dir / "one.ipynb"), "ana", "s", True, "", None, "3.12", "0",
        variables={"token": Variable("saved", "bytes", 1, "d")}, components=(Component(("token",), "raw", "d", (0,), ()),),
    )  # fmt: skip
    SnapshotFiles().write(manifest, {}, {digest: bytes(piece)}, [digest])
    return "snap-1"


async def test_sizes_cleaning_verifying_and_purging(jp_fetch, stored):
    used = await call(jp_fetch, "du")
    assert [(row["notebook"], row["snapshots"]) for row in used["notebooks"]] == [("one.ipynb", 1)]
    assert (await call(jp_fetch, "gc", method="POST", is_dry_run=True))["kept"] == {"named": 1}
    assert (await call(jp_fetch, stored, "verify", method="POST"))["is_ok"]
    done = await call(jp_fetch, "purge", method="POST", name="token", confirmed=True, reason="leaked")
    assert done["snapshots"] == [stored]
    shown = await call(jp_fetch, stored)
    assert "leaked" in shown["variables"]["token"]["reason"]


async def test_a_purge_has_to_be_confirmed_and_to_mean_something(jp_fetch, stored):
    for body in ({"name": "token"}, {"name": "nothing", "confirmed": True}, {"confirmed": True}):
        with pytest.raises(HTTPClientError) as caught:
            await call(jp_fetch, "purge", method="POST", **body)
        assert caught.value.code == 400
    assert (await call(jp_fetch, stored))["variables"]["token"]["state"] == "saved"
