"""Where a file comes from, as far as its place and its neighbours tell: a ``.dvc`` pointer, a ``dvc.lock``, a hub's cache, a database."""

from __future__ import annotations

import re
from pathlib import Path

from mlnb.core.records import dataclass
from mlnb.snapshots.surroundings import DataKind

_HUB = re.compile(r"/(?P<kind>models|datasets|spaces)--(?P<name>[^/]+)/snapshots/(?P<revision>[^/]+)/(?P<file>.+)$")
_HUB_BLOB = re.compile(r"/(?P<kind>models|datasets|spaces)--(?P<name>[^/]+)/blobs/(?P<blob>[0-9a-f]{40,64})$")
_HUB_REF = re.compile(r"/(?P<kind>models|datasets|spaces)--(?P<name>[^/]+)/refs/(?P<ref>.+)$")
_TORCH = re.compile(r"/torch/(?:hub/)?checkpoints/(?P<file>[^/]+)$")
_TORCH_REPOSITORY = re.compile(r"/torch/hub/(?P<repository>[^/]+_[^/]+_[^/]+)/")
_KAGGLE = re.compile(r"/kagglehub/(?P<kind>datasets|models|competitions)/(?P<name>.+?)/(?:versions/)?(?P<version>\d+)/")
_CACHES = re.compile(
    r"/(?:\.keras/(?:datasets|models)|scikit_learn_data|nltk_data|\.cache/(?:torch|huggingface|kagglehub|modelscope))/"
)
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_DVC_LINE = re.compile(
    r"^\s*-?\s*(?P<name>md5|etag|checksum|path|version_id)\s*:\s*['\"]?(?P<value>[^'\"\s]+)", re.MULTILINE
)
_MOST_POINTER_BYTES = 64 << 10
_DVC_VERSIONS = ("md5", "version_id", "etag", "checksum")
_MOST_LOCK_BYTES = 4 << 20
_LOCK_ITEM = re.compile(r"^(?P<indent> *)- (?P<field>.*)$")
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
    if blob := _HUB_BLOB.search(text):  # some libraries open what the cache links to
        name = f"{_named_on_hub(blob)} sha256:{blob['blob']}"
        return (
            Origin("download", name, True) if _SHA256.match(blob["blob"]) else Origin("download", _named_on_hub(blob))
        )
    if ref := _HUB_REF.search(text):
        return Origin("download", f"{_named_on_hub(ref)}@{_first_line(path)}")
    if torch := _TORCH.search(text):
        return Origin("download", torch["file"])
    if repository := _TORCH_REPOSITORY.search(text):
        return Origin("download", repository["repository"])
    if kaggle := _KAGGLE.search(text):
        return Origin("download", f"{kaggle['kind']}/{kaggle['name']}@{kaggle['version']}")
    if _CACHES.search(text):
        return Origin("download")
    pointer = _dvc_pointer(path) or _dvc_lock(path)
    if pointer:
        return Origin("dvc", pointer)
    return Origin("database") if _is_database(path) else Origin()


def is_database_server(address: str) -> bool:
    """Whether what a cell reached is a database server, by its address or by the library that reaches it."""
    return _SERVERS.search(address) is not None


def _from_hub(path: Path, found: re.Match[str]) -> Origin:
    blob = path.resolve().name  # the cache keeps content under its digest and links to it
    is_named = path.is_symlink() and _SHA256.match(blob) is not None
    content = f" sha256:{blob}" if is_named else ""
    return Origin("download", f"{_named_on_hub(found)}@{found['revision']}{content}", is_named)


def _named_on_hub(found: re.Match[str]) -> str:
    kind = "" if found["kind"] == "models" else f"{found['kind']}/"
    return kind + found["name"].replace("--", "/")


def _first_line(path: Path) -> str:
    try:
        with path.open(errors="replace") as file:
            return file.readline(200).strip()
    except OSError:
        return ""


def _dvc_pointer(path: Path) -> str:
    """The version that a ``.dvc`` file beside the data, or beside one of its folders, names; empty when there is none."""
    for place in (path, *path.parents):
        pointer = place.with_name(place.name + ".dvc") if place.name else None
        if pointer is not None and pointer.is_file():
            return _version_in(pointer, place.name)
        if (place / ".git").exists():
            break
    return ""


def _dvc_lock(path: Path) -> str:
    """The version that a ``dvc.lock`` in one of the folders above names for an output of a stage; empty when there is none."""
    for folder in path.parents:
        lock = folder / "dvc.lock"
        if lock.is_file():
            try:
                with lock.open(encoding="utf-8", errors="replace") as file:
                    outputs = _outputs_in(file.read(_MOST_LOCK_BYTES))
            except OSError:
                return ""
            inside = path.relative_to(folder)
            for place in (inside, *inside.parents):
                if place.as_posix() in outputs:
                    return outputs[place.as_posix()]
        if (folder / ".git").exists():
            break
    return ""


def _outputs_in(lock: str) -> dict[str, str]:
    """Version by path of the outputs in a ``dvc.lock``: YAML as DVC writes it, a field a line, a dash before each output."""
    found: dict[str, str] = {}
    fields: dict[str, str] = {}
    is_output, indent = False, 0

    def settle() -> None:
        version = next((f"{kind}:{fields[kind]}" for kind in _DVC_VERSIONS if kind in fields), "")
        if is_output and fields.get("path") and version:
            found[fields["path"]] = version
        fields.clear()

    for line in lock.splitlines():
        item = _LOCK_ITEM.match(line)
        depth = len(line) - len(line.lstrip(" "))
        if item:
            settle()
            indent = depth
            line = " " * (depth + 2) + item["field"]
        elif line.strip() in ("outs:", "deps:") or (depth <= indent and line.strip()):
            settle()
            is_output, indent = line.strip() == "outs:", depth
            continue
        name, _, value = line.strip().partition(": ")
        if len(line) - len(line.lstrip(" ")) == indent + 2:
            fields.setdefault(name, value.strip().strip("'\""))
    settle()
    return found


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
    return next((f"{kind}:{fields[kind]}" for kind in _DVC_VERSIONS if kind in fields), "")


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") or head[8:12] == b"DUCK"
