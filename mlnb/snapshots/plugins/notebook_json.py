"""Notebooks as JSON that a front end holds: as the bytes of a file, and compared whatever the form of their texts."""

from __future__ import annotations

import json
from typing import Any

from mlnb.core.content import digest_of
from mlnb.core.errors import BadInput

_TEXTS = ("source", "text")


def bytes_from_document(document: dict[str, Any]) -> bytes:
    """The notebook `document` as the bytes of a file.

    Raises:
        BadInput: it is no notebook of format 4.
    """
    cells = document.get("cells")
    if (
        document.get("nbformat") != 4
        or not isinstance(cells, list)
        or not all(isinstance(cell, dict) for cell in cells)
    ):
        raise BadInput("the content is not a notebook of format 4", "Send what JupyterLab's notebook model gives.")
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(errors="surrogatepass")


def digest_of_notebook(data: bytes) -> str:
    """A digest of what a reader of the notebook `data` sees: text, outputs, numbers and tags of its cells.

    It does not depend on whether texts are lists of lines, nor on what else programs note in metadata.
    """
    try:
        return digest_of(json.dumps([_seen(cell) for cell in json.loads(data)["cells"]], sort_keys=True).encode())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return digest_of(data)


def _seen(cell: dict[str, Any]) -> dict[str, Any]:
    tags = (cell.get("metadata") or {}).get("tags", [])
    return {**{key: _joined(value) for key, value in _texts(cell).items() if key != "metadata"}, "tags": tags}


def _texts(cell: dict[str, Any]) -> dict[str, Any]:
    return {key: _text(value) if key in _TEXTS else value for key, value in cell.items()}


def _joined(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _text(item) if key in _TEXTS or "/" in key else _joined(item) for key, item in value.items()}
    return [_joined(item) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return _joined(value)
