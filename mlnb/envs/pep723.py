"""Inline script metadata (PEP 723) of notebooks: a comment block in one of its code cells that says what it needs."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlnb.core.files import write_atomically
from mlnb.core.ids import new_id
from mlnb.core.notebook_file import Document, read_document
from mlnb.envs.errors import CannotLock

# The regular expression of the specification ("Inline script metadata", PyPA), for blocks of the type script.
_BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@dataclass(frozen=True)
class Needs:
    """What a notebook says it needs.

    Attributes:
        dependencies: requirements, as in a requirements file.
        requires_python: such as ``>=3.11``; empty when it does not say.
    """

    dependencies: tuple[str, ...]
    requires_python: str = ""


def read(path: Path) -> Needs:
    """The block of the notebook at `path`.

    Raises:
        NotFound: there is no such notebook.
        NotANotebook: it is not one.
        CannotLock: it has no block, several, or one that is not valid.
    """
    _, document = read_document(path)
    found = [match for _, match in _blocks(document)]
    if not found:
        raise CannotLock(
            f"{path} does not say what it needs: no cell has a block `# /// script`",
            "Write one (mlnb env lock --python P --to-notebook NB), or lock an environment or requirements.",
        )
    if len(found) > 1:
        raise CannotLock(f"{path} has {len(found)} blocks `# /// script`", "Leave one of them.")
    text = "".join(
        line[2:] if line.startswith("# ") else line[1:] for line in found[0]["content"].splitlines(keepends=True)
    )
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotLock(f"the block `# /// script` of {path} is not valid TOML: {error}", "Mend it.") from error
    dependencies = value.get("dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(one, str) for one in dependencies):
        raise CannotLock(f"the block `# /// script` of {path} has dependencies that are no list of texts", "Mend it.")
    return Needs(tuple(dependencies), str(value.get("requires-python", "")))


def write(path: Path, needs: Needs) -> None:
    """Put `needs` into the notebook at `path`: into the block that it has (its other settings stay), else into a new first cell.

    Raises:
        NotFound: there is no such notebook.
        NotANotebook: it is not one.
        StoreUnavailable: it cannot be written.
    """
    data, document = read_document(path)
    blocks = _blocks(document)
    if blocks:
        cell, match = blocks[0]
        source = _source(cell)
        cell["source"] = source[: match.start()] + _text(needs, match["content"]) + source[match.end() :]
    else:
        document["cells"].insert(0, _new_cell(document, _text(needs, "")))
    indent = 1 if b"\n" in data.strip() else None
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    write_atomically(path, (text + ("\n" if data.endswith(b"\n") else "")).encode(), mode=path.stat().st_mode & 0o777)


def _blocks(document: Document) -> list[tuple[dict[str, Any], re.Match[str]]]:
    code = (cell for cell in document["cells"] if cell.get("cell_type") == "code")
    return [(cell, match) for cell in code for match in _BLOCK.finditer(_source(cell) + "\n")]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _text(needs: Needs, before: str) -> str:
    lines = [f'requires-python = "{needs.requires_python}"'] if needs.requires_python else []
    lines += [
        "dependencies = [",
        *(f"  {json.dumps(one)}," for one in needs.dependencies),
        "]",
        *_other_settings(before),
    ]
    return "\n".join(["# /// script", *(f"# {line}".rstrip() for line in lines), "# ///"])


def _other_settings(before: str) -> list[str]:
    """The tables of an earlier block, such as ``[tool.uv]``, as they stand there."""
    lines = [line[2:] if line.startswith("# ") else line[1:] for line in before.splitlines()]
    first = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    return lines[first:]


def _new_cell(document: Document, source: str) -> dict[str, Any]:
    metadata = {"jupyter": {"source_hidden": True}}
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return cell if document.get("nbformat_minor", 0) < 5 else {"id": new_id("cell"), **cell}
