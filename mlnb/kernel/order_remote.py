"""What a run takes from other computers and from stores: nobody can tell whether they would answer the same again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from mlnb.order.plugins.python_library import remote
from mlnb.order.types import CellCode

_CLIENTS: Final = frozenset({
    "psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb", "mysql", "oracledb", "cx_Oracle", "pyodbc", "snowflake", "pymssql", "redis",
    "pymongo", "cassandra", "elasticsearch", "opensearchpy", "kafka", "confluent_kafka", "pika", "grpc", "paramiko", "trino",
    "clickhouse_connect", "databricks", "boto3", "botocore", "aiobotocore", "s3fs", "gcsfs", "adlfs", "azure", "minio", "hdfs",
    "pyspark", "dask_kubernetes", "openai", "anthropic", "huggingface_hub", "webdav3", "ftplib", "smtplib", "imaplib", "telnetlib",
})  # fmt: skip
_LOCAL: Final = ("file", "local", "dir", "cached", "zip", "tar", "memory")  # the last is known by its content
_BY_OTHER_DOORS: Final = re.compile(r"^https?://")
_NATIVE: Final = frozenset(
    {"duckdb", "_duckdb", "pyarrow", "polars", "deltalake", "xarray", "rasterio", "geopandas", "pyogrio"}
)


def sources(
    code: CellCode,
    packages: Collection[str],
    words: Collection[str],
    texts: Iterable[str],
    values: Iterable[Any],
    hosts: Iterable[str],
) -> tuple[str, ...]:
    """What the run may have taken from elsewhere, in words; nothing when nothing tells of it.

    Args:
        code: what ran.
        packages: of the libraries it reaches.
        words: of it and of the functions it calls.
        texts: texts in its code and in the values it reads.
        values: the values it reads.
        hosts: other computers whose address it asked for.
    """
    found = {f"what {host} answers" for host in hosts}
    calls = bool(packages) or bool(code.magics)
    if calls:
        for url in remote(tuple(texts)):
            if url.startswith("memory://"):
                continue
            if not _BY_OTHER_DOORS.match(url) or not _NATIVE.isdisjoint(packages):
                found.add(f"what lies at {url}")
    if "filesystem" in words and "fsspec" in packages:
        named = {text for text in texts if text.isidentifier() and text not in _LOCAL}
        found |= {f"what lies in {name}" for name in sorted(named)[:1]}
    for value in values:
        kind = type(value)
        root = kind.__module__.partition(".")[0]
        if root in _CLIENTS:
            found.add(f"what {root} reaches")
        elif kind.__module__.startswith("fsspec.") and (protocol := _protocol(kind)) not in _LOCAL:
            found.add(f"what lies in {protocol}")
    return tuple(sorted(found))


def _protocol(kind: type) -> str:
    protocol = kind.__dict__.get("protocol", "")
    first = protocol[0] if isinstance(protocol, tuple) and protocol else protocol
    return first if isinstance(first, str) and first else "file"
