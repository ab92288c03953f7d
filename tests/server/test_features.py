"""REST of features."""

import json

import pandas as pd
import pytest
from tornado.httpclient import HTTPClientError

DEFINITIONS = '''
import mlnb

@mlnb.feature_view(entity="k", source="data.csv", owner="ana")
def sizes(data):
    """How large."""
    return data.assign(twice=data["size"] * 2)

@mlnb.feature_view(entity="k", source="data.csv")
def names(data):
    return data[["k", "name"]]
'''


async def fetch(jp_fetch, *parts, **options):
    return json.loads((await jp_fetch("mlnb", *parts, **options)).body)


async def refused(jp_fetch, *parts, **options):
    with pytest.raises(HTTPClientError) as raised:
        await jp_fetch("mlnb", *parts, **options)
    return raised.value.code, json.loads(raised.value.response.body)


async def apply(jp_fetch, path):
    return await fetch(jp_fetch, "features", "apply", method="POST", body=json.dumps({"path": path}))


async def test_a_file_is_applied_listed_searched_and_shown(jp_fetch, jp_root_dir):
    assert await fetch(jp_fetch, "features") == {"views": [], "total": 0, "cursor": None}
    pd.DataFrame({"k": [1, 2], "size": [3, 4], "name": ["a", None]}).to_csv(jp_root_dir / "data.csv", index=False)
    (jp_root_dir / "definitions.py").write_text(DEFINITIONS)
    applied = await apply(jp_fetch, "definitions.py")
    assert applied["changes"] == {"sizes": "created", "names": "created"}

    page = await fetch(jp_fetch, "features", params={"limit": "1"})
    assert ([one["name"] for one in page["views"]], page["total"]) == (["names"], 2)
    page = await fetch(jp_fetch, "features", params={"limit": "1", "cursor": page["cursor"]})
    assert ([one["name"] for one in page["views"]], page["cursor"]) == (["sizes"], None)
    found = await fetch(jp_fetch, "features", params={"search": "twice"})
    assert [one["name"] for one in found["views"]] == ["sizes"]

    detail = await fetch(jp_fetch, "features", "sizes")
    assert detail["view"]["owner"] == "ana"
    assert detail["view"]["freshness"]["of"] == "source"
    assert {field["name"]: field["type"] for field in detail["view"]["fields"]} == {
        "size": "int64", "name": "string", "twice": "int64",
    }  # fmt: skip
    assert detail["preview"] == {
        "columns": ["k", "size", "name", "twice"], "rows": [[1, 3, "a", 6], [2, 4, None, 8]], "of": "sample",
    }  # fmt: skip


async def test_bad_input_is_a_4xx_with_the_way_out(jp_fetch, jp_root_dir):
    (jp_root_dir / "empty.py").write_text("x = 1")
    post = {"method": "POST"}
    for parts, options, status, words in (
        (("features", "absent"), {}, 404, "no feature view 'absent'"),
        (("features",), {"params": {"limit": "0"}}, 400, "limit is 0"),
        (("features",), {"params": {"cursor": "x"}}, 400, "cursor"),
        (("features", "apply"), {**post, "body": '{"path": "../x.py"}'}, 400, "outside"),
        (("features", "apply"), {**post, "body": '{"path": "gone.py"}'}, 404, "no file"),
        (("features", "apply"), {**post, "body": '{"path": "empty.py"}'}, 400, "defines no feature view"),
    ):
        code, body = await refused(jp_fetch, *parts, **options)
        assert (code, set(body)) == (status, {"code", "message", "hint"})
        assert words in body["message"]
        assert body["hint"]
