"""Notebook files read as plain JSON, by one rule for everybody: nothing is changed, nothing is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlnb.core.errors import NotANotebook, NotFound

FORMAT = 4
Document = dict[str, Any]
"""The parsed JSON of a notebook of format 4: ``cells`` is a list of objects, ``metadata`` an object."""


def read_document(path: Path) -> tuple[bytes, Document]:
    """The bytes and the parsed JSON of the notebook at `path`.

    Raises:
        NotFound: there is no such file.
        NotANotebook: it cannot be read, is not JSON, or is not a notebook of format 4.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no notebook {path}", "Check the path.") from error
    except OSError as error:
        raise NotANotebook(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}", "Check the path."
        ) from error
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:  # RecursionError: brackets nested without end
        raise NotANotebook(f"{path} is not a notebook: invalid JSON ({error})", "Mend or restore the file.") from error
    fault = _fault(document)
    if fault:
        raise NotANotebook(f"{path} is not a notebook: {fault}", _way_out(document))
    return data, document


def _fault(document: object) -> str:
    """Why these JSON values are no notebook of format 4; empty when they are one."""
    if not isinstance(document, dict) or not isinstance(document.get("cells", document.get("worksheets")), list):
        return "it has no cells"
    if document.get("nbformat") != FORMAT or "cells" not in document:
        return f"it has format {document.get('nbformat')}, not {FORMAT}"
    if not all(isinstance(cell, dict) for cell in document["cells"]):
        return "some of its cells are none"
    return "" if isinstance(document.setdefault("metadata", {}), dict) else "its metadata is no object"


def _way_out(document: object) -> str:
    number = document.get("nbformat") if isinstance(document, dict) else None
    if isinstance(number, int) and number < FORMAT:
        return "Upgrade it: jupyter nbconvert --to notebook --inplace FILE."
    return "Mend or restore the file, or open and save it in JupyterLab."


def id_of(document: object) -> str | None:
    """The notebook's own identity (``metadata.mlnb.id``), or None."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    ours = metadata.get("mlnb") if isinstance(metadata, dict) else None
    found = ours.get("id") if isinstance(ours, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 64 else None
