"""Where a file comes from, as far as its place and its neighbours tell: a ``.dvc`` pointer, a hub's cache, a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mlnb.snapshots.surroundings import DataKind

_HUB = re.compile(r"/(?P<kind>models|datasets|spaces)--(?P<name>[^/]+)/snapshots/(?P<revision>[^/]+)/(?P<file>.+)$")
_TORCH = re.compile(r"/torch/(?:hub/)?checkpoints/(?P<file>[^/]+)$")
_CACHES = re.compile(
    r"/(?:\.keras/(?:datasets|models)|scikit_learn_data|nltk_data|\.cache/(?:torch|huggingface|kagglehub|modelscope))/"
)
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_DVC_LINE = re.compile(
    r"^\s*-?\s*(?P<name>md5|etag|checksum|path|version_id)\s*:\s*['\"]?(?P<value>[^'\"\s]+)", re.MULTILINE
)
_MOST_POINTER_BYTES = 64 << 10
_SERVERS = re.compile(
    r"(?:postgres\w*|mysql|mariadb|mssql|oracle|mongodb|redis|snowflake|clickhouse|trino|bigquery|databricks)(?:\+\w+)?://"
    r"|^(?:psycopg2?|asyncpg|pymysql|MySQLdb|mysql|oracledb|cx_Oracle|pyodbc|snowflake|pymssql|redis|pymongo|cassandra|trino"
    r"|clickhouse_connect|databricks)$"
)


@dataclass(frozen=True)
class Origin:
    """What a file is.

    Attributes:
        kind: as in `DataFile`.
        version: what names its content elsewhere.
        digest_is_name: whether `version` holds a digest of the content, so that it need not be hashed.
    """

    kind: DataKind = "file"
    version: str = ""
    digest_is_name: bool = False


def origin_of(path: Path) -> Origin:
    """What the file at `path` is. Nothing on a network is asked."""
    text = path.as_posix()
    hub = _HUB.search(text)
    if hub:
        return _from_hub(path, hub)
    if torch := _TORCH.search(text):
        return Origin("download", torch["file"])
    if _CACHES.search(text):
        return Origin("download")
    pointer = _dvc_pointer(path)
    if pointer:
        return Origin("dvc", pointer)
    return Origin("database") if _is_database(path) else Origin()


def is_database_server(address: str) -> bool:
    """Whether what a cell reached is a database server, by its address or by the library that reaches it."""
    return _SERVERS.search(address) is not None


def _from_hub(path: Path, found: re.Match[str]) -> Origin:
    name = found["name"].replace("--", "/")
    kind = "" if found["kind"] == "models" else f"{found['kind']}/"
    blob = path.resolve().name  # the cache keeps content under its digest and links to it
    is_named = path.is_symlink() and _SHA256.match(blob) is not None
    content = f" sha256:{blob}" if is_named else ""
    return Origin("download", f"{kind}{name}@{found['revision']}{content}", is_named)


def _dvc_pointer(path: Path) -> str:
    """The version that a ``.dvc`` file beside the data, or beside one of its folders, names; empty when there is none."""
    for place in (path, *path.parents):
        pointer = place.with_name(place.name + ".dvc") if place.name else None
        if pointer is not None and pointer.is_file():
            return _version_in(pointer, place.name)
        if (place / ".git").exists():
            break
    return ""


def _version_in(pointer: Path, name: str) -> str:
    try:
        with pointer.open("rb") as file:
            text = file.read(_MOST_POINTER_BYTES).decode(errors="replace")
    except OSError:
        return ""
    outputs = text.partition("outs:")[2]
    fields = {found["name"]: found["value"] for found in _DVC_LINE.finditer(outputs)}
    if fields.get("path", name) != name:
        return ""
    return next((f"{kind}:{fields[kind]}" for kind in ("md5", "version_id", "etag", "checksum") if kind in fields), "")


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") or head[8:12] == b"DUCK"
