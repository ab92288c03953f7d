"""The parameters of a notebook: what cells tagged ``parameters`` or ``injected-parameters`` set, as papermill has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.core.notebook_file import read_document
from mlnb.core.secrets import MASK, is_secret_name, mask

TAGS = frozenset({"parameters", "injected-parameters"})
_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MOST_ITEMS = 50
_MOST_CHARACTERS = 200
_MOST_NAMES = 500
_MOST_READ = 5000  # more than is shown, so that a credential at the end is seen whole and masked


def plain_values(namespace: Mapping[str, Any]) -> dict[str, str]:
    """What the plain values in `namespace` are: numbers, texts and short lists and dicts of them, as text."""
    found = {}
    for name, value in list(namespace.items()):
        if isinstance(name, str) and not name.startswith("_") and _is_plain(value):
            found[name] = _shown(name, value)
            if len(found) == _MOST_NAMES:
                break
    return found


def parameter_values(notebook: Path | None, values: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the notebook on disk: the live value where it is plain, else the text in the cell.

    Args:
        notebook: the file, or None.
        values: `plain_values` of the kernel; empty when there is none.
    """
    if notebook is None or not notebook.exists():
        return {}
    try:
        _, document = read_document(notebook)
    except MlnbError:
        return {}
    return {name: values.get(name, text) for name, text in parameters_in(document).items()}


def parameters_in(document: Mapping[str, Any]) -> dict[str, str]:
    """What the tagged cells of a notebook document set, by name, as text; the last one counts."""
    found: dict[str, str] = {}
    for cell in document.get("cells", ()):
        if cell.get("cell_type") == "code" and TAGS.intersection(cell.get("metadata", {}).get("tags", ())):
            source = cell.get("source", "")
            found.update(_set_in(source if isinstance(source, str) else "".join(source)))
    return found


def _set_in(source: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                yield target.id, _masked(target.id, _text(value))


def _text(node: ast.expr) -> str:
    try:
        return repr(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.unparse(node)


def _is_plain(value: object) -> bool:
    if type(value) in _PLAIN:
        return True
    if type(value) in (list, tuple, set, frozenset) and len(value) <= _MOST_ITEMS:  # type: ignore[arg-type]
        return all(type(item) in _PLAIN for item in value)  # type: ignore[attr-defined]
    if type(value) is dict and len(value) <= _MOST_ITEMS:
        return all(type(key) in _PLAIN and type(item) in _PLAIN for key, item in value.items())
    return False


def _shown(name: str, value: object) -> str:
    if isinstance(value, str | bytes):
        return _masked(name, repr(value[:_MOST_READ]))
    if isinstance(value, dict):
        value = {key: MASK if isinstance(key, str) and is_secret_name(key) else item for key, item in value.items()}
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an integer of {value.bit_length()} bits"
    return _masked(name, repr(value))


def _masked(name: str, text: str) -> str:
    text = MASK if is_secret_name(name) else mask(text)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
