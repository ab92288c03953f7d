"""Files that code reads or writes past Python's own doors: other programs, and libraries that open files in C++.

Nobody tells which files these touch. So every file that the code, the values it reads and the scripts it starts name counts as read,
and the folder is compared before and after for what was written.
"""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel import order_content
from mlnb.kernel.order_content import ABSENT, content
from mlnb.order.types import CellCode

ASKING: Final = frozenset({
    "exists", "isfile", "isdir", "is_file", "is_dir", "listdir", "glob", "rglob", "iterdir", "walk", "scandir", "stat", "getsize",
    "getmtime", "lstat", "islink", "samefile", "lexists", "access", "which", "readlink", "st_size", "st_mtime",
})  # fmt: skip
_PROGRAMS: Final = frozenset({
    "subprocess", "system", "Popen", "popen", "check_output", "check_call", "getoutput", "getstatusoutput", "spawn", "spawnl",
    "spawnv", "create_subprocess_exec", "create_subprocess_shell", "Pool", "Process", "ProcessPoolExecutor",
})  # fmt: skip
_NATIVE: Final = frozenset({
    "pyarrow", "duckdb", "_duckdb", "polars", "h5py", "tables", "netCDF4", "deltalake", "lance", "xarray", "zarr", "cv2", "rasterio",
    "pyogrio", "fiona", "geopandas", "datafusion", "chdb", "vaex", "torchvision", "torchaudio", "soundfile", "pysam", "ROOT", "vtk",
    "tensorflow", "xgboost", "lightgbm", "catboost", "faiss", "tiledb", "onnx", "onnxruntime", "pymupdf", "fitz", "gdal", "osgeo",
})  # fmt: skip
_NATIVE_WORDS: Final = re.compile(
    r"^(?:(?:read|to|scan|write|sink|from)_(?:parquet|feather|orc|hdf|ipc|delta|netcdf|zarr|avro)|memmap|fromfile|tofile|mmap|imread|imwrite)$"
)
_WRITING: Final = re.compile(r"^(?:to|write|sink|save|dump|export|im(?:write|save))(?:_|$)|^imwrite$|^savefig$")
_READING: Final = re.compile(r"^(?:read|load|scan|open|connect|execute|sql|query|append|update)")
_NO_READERS: Final = sys.stdlib_module_names | {"", "__main__", "IPython"}
_LISTING: Final = frozenset(
    {"ls", "ll", "lk", "la", "find", "tree", "du", "dir", "rg", "grep", "make", "git", "glob", "walk", "listdir"}
)
_DEEP: Final = frozenset({"find", "tree", "du", "rg", "grep", "make", "git", "-R", "-r"})
_TOKEN: Final = re.compile(r"[^\s'\"`()\[\]{}<>|&;,=:$#!]+")
_SCRIPT: Final = re.compile(
    r"(?:\.(?:py|sh|bash|r|jl|sql|pl|rb|js|mk|cfg|ini|toml|ya?ml|json|txt|list)|/Makefile|/Dockerfile)$", re.IGNORECASE
)
_SCRIPT_BYTES: Final = 64 << 10
_TREE_LIMIT: Final = 2_000
_TREE_DEPTH: Final = 3
_TEXT_LIMIT: Final = 300
_PART_LIMIT: Final = 50


@dataclass(slots=True)
class Named:
    """What may be read past the doors, at the beginning of a run.

    Attributes:
        before: what lies at each path that is named.
        tree: size and time of every file near the notebook, when a program or library may write; None when not looked at.
        programs: whether another program may be started.
        native: whether a library may open files itself.
        writes: whether such a library writes files anew and reads none.
    """

    before: dict[str, str] = field(default_factory=dict)
    tree: dict[str, tuple[int, int, int]] | None = None
    programs: bool = False
    native: bool = False
    writes: bool = False


def look(
    code: CellCode,
    words: Collection[str],
    packages: Collection[str],
    texts: Iterable[str],
    values: Iterable[Any],
    *,
    whole: bool,
) -> Named:
    """What code with these words, packages and texts, and the values it reads, may read past the doors."""
    words = set(words)
    found = Named(programs=code.runs_programs or bool(words & _PROGRAMS))
    native = set(packages) if code.uses or code.reads else set()  # a cell that only imports opens nothing
    found.native = not _NATIVE.isdisjoint(native) or any(_NATIVE_WORDS.match(word) for word in words)
    found.native = found.native or ("engine" in words and "pyarrow" in sys.modules) or _names_engine(texts)
    asks = code.asks_for_files or not words.isdisjoint(ASKING)
    found.writes = not found.programs and any(map(_WRITING.match, words)) and not any(map(_READING.match, words))
    named = [*texts, *texts_in(values)]
    if not (found.programs or found.native or asks or whole):
        if native - _NO_READERS:  # libraries may hold on to functions of old that no stand-in is put in for
            found.before = {
                path: content(path)
                for path in order_content.named_in(frozenset(named))
                if os.path.isfile(path)  # noqa: PTH113 - plain text wanted
            }
        return found
    paths = order_content.named_in(frozenset(named))
    if found.programs or found.native:
        found.tree = tree(".")
        paths |= _told(named, found, words)
    found.before = {path: content(path) for path in paths}
    return found


def texts_in(values: Iterable[Any]) -> list[str]:
    """Short texts and paths among `values` and in plain containers of them."""
    found: list[str] = []
    for value in values:
        parts = [value]
        if type(value) in (list, tuple, set):
            parts = list(value)[:_PART_LIMIT]
        elif type(value) is dict:
            parts = list(value.values())[:_PART_LIMIT]
        for part in parts:
            if type(part) is str and len(part) <= _TEXT_LIMIT:
                found.append(part)
            elif isinstance(part, PurePath):
                found.append(os.fspath(part))
    return found


def tree(folder: str) -> dict[str, tuple[int, int, int]]:
    """Size, time of change and number of every file in and below `folder`, up to a limit; hidden folders are left out, and so is
    the notebook of this kernel: Jupyter saves it whenever it likes."""
    found: dict[str, tuple[int, int, int]] = {}
    notebook = os.path.abspath(os.environ.get("JPY_SESSION_NAME") or ".")  # noqa: PTH100 - plain text wanted
    root = os.path.abspath(folder)  # noqa: PTH100 - plain text wanted
    todo = [(root, 0)]
    while todo and len(found) < _TREE_LIMIT:
        place, depth = todo.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name in ("node_modules", "__pycache__"):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _TREE_DEPTH:
                            todo.append((entry.path, depth + 1))
                    elif entry.path != notebook and not order_content.is_quiet(entry.path):
                        status = entry.stat()
                        found[entry.path] = (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError:
            continue
    return found


def written(named: Named) -> dict[str, str]:
    """Files near the notebook that are not as they were: what lay at each before, as far as that is known."""
    if named.tree is None:
        return {}
    now = tree(".")
    return {
        path: named.before.get(path, ABSENT if path not in named.tree else f"before {named.tree[path]}")
        for path in {**named.tree, **now}
        if named.tree.get(path) != now.get(path)
    }


def _told(texts: Collection[str], named: Named, words: Collection[str]) -> set[str]:
    tokens = {token for text in texts for token in _TOKEN.findall(text)}
    if not named.programs:
        tokens -= {"*", "**", "?"}  # ``select *``
        if "." in tokens and not any("." in text.split() for text in texts):
            tokens.remove(".")  # the end of a sentence, not the folder
    paths = _existing(tokens, named.tree or {})
    if named.programs:
        for path in list(paths):
            paths |= _existing(_tokens_of_script(path), named.tree or {})
        if not _LISTING.isdisjoint(tokens) or any(set(token) & set("*?") for token in tokens):
            paths.add(os.getcwd())  # noqa: PTH109 - plain text wanted
        if not _DEEP.isdisjoint(tokens):
            paths |= {os.path.dirname(path) for path in named.tree or ()}  # noqa: PTH120 - plain text wanted
    if named.native:  # names may be put together from parts: then at least the ending stands somewhere
        endings = {f".{token.rpartition('.')[2]}" for token in tokens if "." in token}
        paths |= {path for path in named.tree or () if os.path.splitext(path)[1] in endings}  # noqa: PTH122 - plain text wanted
    return {path for path in paths if not order_content.is_quiet(path)}


def _existing(tokens: Iterable[str], near: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    for token in tokens:
        path = os.path.abspath(os.path.expanduser(token.rstrip(".")))  # noqa: PTH100, PTH111 - plain text wanted
        if set(token) & set("*?"):
            found |= set(fnmatch.filter(near, path))
        elif path + ".py" in near:  # python -c "import name"
            found.add(path + ".py")
        elif os.path.lexists(path):
            found.add(path)
            if os.path.isdir(path):  # noqa: PTH112 - plain text wanted
                found |= {inner for inner in near if inner.startswith(path + os.sep)}
    return found - {os.path.abspath(".")}  # noqa: PTH100 - plain text wanted


def _tokens_of_script(path: str) -> set[str]:
    try:
        if _SCRIPT.search(path) is None or os.stat(path).st_size > _SCRIPT_BYTES:  # noqa: PTH116 - plain text wanted
            return set()
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - plain text wanted
            return set(_TOKEN.findall(file.read()))
    except OSError:
        return set()


def _names_engine(texts: Iterable[str]) -> bool:
    return any(text in ("pyarrow", "fastparquet", "netcdf4", "h5netcdf", "duckdb") for text in texts)
