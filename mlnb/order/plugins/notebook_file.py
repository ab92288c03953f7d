"""Notebook files as order sees them, read as plain JSON: nothing is changed, nothing is made up but ids of cells without one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from mlnb.core.content import digest_of
from mlnb.core.notebook_file import id_of, read_document
from mlnb.order.types import SavedCell, SavedNotebook, SavedOutput


def read_notebook(path: Path) -> SavedNotebook:
    """The notebook at `path`.

    Raises:
        NotFound: there is no such file.
        NotANotebook: it cannot be read, is not JSON, or is not a notebook of format 4.
    """
    data, document = read_document(path)
    return notebook_from_document(document, str(path), digest_of(data))


def notebook_from_document(document: dict[str, Any], path: str, digest: str) -> SavedNotebook:
    """The parsed JSON of a notebook as a `SavedNotebook`."""
    metadata = document.get("metadata")
    spec = _part(metadata, "kernelspec")
    language = _part(metadata, "language_info").get("name") or spec.get("language")
    seen: Counter[str] = Counter()
    cells = tuple(_cell(index, cell, seen) for index, cell in enumerate(document["cells"]) if isinstance(cell, dict))
    minor = document.get("nbformat_minor")
    return SavedNotebook(
        path,
        cells,
        spec.get("name") or None,
        language,
        digest,
        minor if isinstance(minor, int) else 0,
        id_of(document),
    )


def _part(value: Any, key: str) -> dict[str, Any]:  # noqa: ANN401 - untyped by its library
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _cell(index: int, cell: dict[str, Any], seen: Counter[str]) -> SavedCell:
    source = _text(cell.get("source", ""))
    given = cell.get("id")
    has_id = isinstance(given, str) and bool(given)
    if not has_id:
        short = digest_of(source.encode("utf-8", "surrogatepass"))[:12]
        given = f"{short}-{seen[short]}"
        seen[short] += 1
    count = cell.get("execution_count")
    metadata = _part(cell, "metadata")
    tags = metadata.get("tags")
    return SavedCell(
        str(given),
        index,
        source,
        str(cell.get("cell_type", "code")),
        count if isinstance(count, int) else None,
        tuple(_output(output) for output in cell.get("outputs") or () if isinstance(output, dict)),
        tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        has_id,
        _ran_at(metadata),
    )


def _ran_at(metadata: dict[str, Any]) -> str:
    """When the cell began to run, as JupyterLab (setting `recordTiming`), nbclient or papermill noted it."""
    times = _part(metadata, "execution")
    found = (
        times.get("iopub.execute_input")
        or times.get("shell.execute_reply.started")
        or _part(metadata, "papermill").get("start_time")
    )
    return found if isinstance(found, str) else ""


def _output(output: dict[str, Any]) -> SavedOutput:
    kind = str(output.get("output_type", ""))
    if kind == "stream":
        return SavedOutput(kind, {str(output.get("name", "stdout")): _text(output.get("text", ""))})
    if kind == "error":
        lines = output.get("traceback")
        shown = "\n".join(str(line) for line in lines) if isinstance(lines, list) else ""
        words = {"name": str(output.get("ename", "")), "value": str(output.get("evalue", ""))}
        return SavedOutput(kind, words, traceback=shown)
    data, count = output.get("data"), output.get("execution_count")
    return SavedOutput(
        kind,
        {key: _text(value) for key, value in data.items()} if isinstance(data, dict) else {},
        count if isinstance(count, int) else None,
    )


def _text(value: Any) -> str:  # noqa: ANN401 - untyped by its library
    if isinstance(value, list):
        return "".join(str(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
