"""Queries: their text without credentials, which database they go to, and what their rows are. Nothing is asked of any server."""

from __future__ import annotations

import ast
import re
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final

from blake3 import blake3

from mlnb.core.secrets import mask

_MOST_CHARACTERS = 4000
_CALLS: Final = frozenset(
    {"execute", "sql", "query", "from_query", "read_sql", "read_sql_query", "read_sql_table", "read_database"}
)
_ASKS: Final = re.compile(rf"\b(?:{'|'.join(sorted(_CALLS))})\s*\(")
_READS: Final = re.compile(
    r"^\s*(?:--[^\n]*\n\s*|\(\s*)*(?:select|with|from|table|values|show|describe|pragma|summarize)\b", re.IGNORECASE
)
_LIBRARIES: Final = frozenset({
    "sqlite3", "duckdb", "sqlalchemy", "psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "oracledb", "pyodbc", "snowflake", "trino",
    "clickhouse_connect", "databricks", "adbc_driver_manager",
})  # fmt: skip
_MIXERS: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # odd, with bits well spread
_VERSIONS: Final = {
    "version_id": ("VersionId", "version_id"),
    "generation": ("generation",),
    "etag": ("ETag", "etag"),
    "md5": ("md5Hash", "Content-MD5", "content_md5"),
}


def text_of(given: object) -> str:
    """The text of a query, or the name of a table, on one line, credentials masked; empty for what is neither."""
    if isinstance(given, bytes):
        given = given.decode(errors="replace")
    text = given if isinstance(given, str) else str(given) if _root_of(given) == "sqlalchemy" else ""
    text = mask(" ".join(text.split()).rstrip("; "))
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"


def place_of(connection: object) -> str:
    """Where a connection leads, without credentials: a file, a URL, or the library that made it. Call it in the cell's own thread."""
    root = (
        str(getattr(connection, "__name__", "")) if isinstance(connection, types.ModuleType) else _root_of(connection)
    )
    try:
        if root == "sqlite3":
            owner = getattr(connection, "connection", connection)  # a cursor's
            return _sqlite_file(owner) or "SQLite in memory"
        if root == "sqlalchemy":
            url = getattr(connection, "url", None) or connection.engine.url  # type: ignore[attr-defined]  # a connection's or a session's
            return mask(url.render_as_string(hide_password=True))
    except Exception:  # noqa: BLE001 - one that is closed, or of another version
        return root
    if root in ("duckdb", "_duckdb"):
        return "DuckDB"
    return root if root in _LIBRARIES else "a database"


def _sqlite_file(connection: Any) -> str:  # noqa: ANN401 - sqlite3's
    cursor = connection.cursor()
    cursor.row_factory = None
    try:
        return next((str(row[2]) for row in cursor.execute("pragma database_list") if row[1] == "main"), "")
    finally:
        cursor.close()


def _root_of(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def is_frame(value: object) -> bool:
    """Whether it is a frame of pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def digest_of_rows(frame: Any) -> str:  # noqa: ANN401 - pandas'
    """A hash of the columns, their types, and the rows in any order.

    Each row is hashed to 64 bits by `pandas.util.hash_pandas_object`, without the index; values that have no hash (lists, objects) by
    what they look like. The hashes of rows are added up, mixed in three ways, as in MSet-Add-Hash (Clarke, Devadas, van Dijk, Gassend,
    Suh: Incremental Multiset Hash Functions, 2003): it tells changes from none, and is no proof against somebody who means to deceive.
    """
    pandas: Any = sys.modules["pandas"]
    numpy: Any = sys.modules["numpy"]
    try:
        hashes = pandas.util.hash_pandas_object(frame, index=False)
    except TypeError:
        plain = {number: _as_text(frame.iloc[:, number]) for number in range(frame.shape[1])}
        hashes = pandas.util.hash_pandas_object(pandas.DataFrame(plain, index=frame.index), index=False)
    columns = [(str(name), str(dtype)) for name, dtype in zip(frame.columns, frame.dtypes, strict=True)]
    hasher = blake3(repr((columns, len(frame))).encode())
    rows = hashes.to_numpy()
    for factor in _MIXERS:
        mixed = rows * numpy.uint64(factor)
        mixed ^= mixed >> numpy.uint64(31)
        mixed *= numpy.uint64(factor)
        hasher.update(int(mixed.sum(dtype=numpy.uint64)).to_bytes(8, "little"))
    return hasher.hexdigest()


def _as_text(column: Any) -> Any:  # noqa: ANN401 - pandas'
    return column.map(repr) if column.dtype.kind == "O" else column


# ---- objects in stores


def version_in(details: Mapping[str, Any]) -> str:
    """What names the content of an object, as `fsspec` tells of it: ``version_id:...``, ``generation:...``, ``etag:...``, ``md5:...``."""
    for kind, names in _VERSIONS.items():
        for name in names:
            value = details.get(name)
            if value not in (None, "", "null"):
                return f"{kind}:{str(value).strip(chr(34))}"
    return ""


def size_in(details: Mapping[str, Any]) -> int | None:
    """The size that `fsspec` tells of an object, if it does."""
    size = details.get("size")
    return size if isinstance(size, int) else None


# ---- the source of cells


def may_ask(source: str) -> bool:
    """Whether it is worth while to look for queries in a cell."""
    return _ASKS.search(source) is not None and not _LIBRARIES.isdisjoint(sys.modules)


def in_source(source: str, names: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The queries that a cell's source sends, with the database of each: those that stand there, or that a name of a text holds.

    What an f-string puts in stands in braces, as it was written.

    Args:
        source: of a cell, as it ran.
        names: the notebook's, after it ran.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # magics
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = node.args[0] if node.args else None
        if name not in _CALLS or given is None:
            continue
        text = text_of(_text_in(given, names))
        is_table = name == "read_sql_table" or name.startswith("read_sql")
        if text and (is_table or _READS.match(text)):
            yield text, place_of(_connection_of(node, name, names))


def _text_in(node: ast.expr, names: Mapping[str, Any]) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"  # type: ignore[attr-defined]  # or a value
                 for part in node.values)  # fmt: skip
        return "".join(parts)
    if isinstance(node, ast.Name):
        value = names.get(node.id)
        return value if type(value) is str else ""
    if isinstance(node, ast.Call) and node.args:  # sqlalchemy.text("...")
        return _text_in(node.args[0], names)
    return ""


def _connection_of(call: ast.Call, name: str, names: Mapping[str, Any]) -> object:
    """What the query was sent to, where a name of the notebook's holds it; else the library of that name, or None."""
    node: ast.expr | None = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name.startswith("read_"):
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        node = call.args[1] if len(call.args) > 1 else keywords.get("con", keywords.get("connection"))
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # con.cursor().execute(...)
        node = node.func.value
    return names.get(node.id) if isinstance(node, ast.Name) else None
