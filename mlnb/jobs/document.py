"""What a notebook file says about itself: its kernel, the parameters it declares, the files it needs. Nothing is executed."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlnb.core.notebook_file import Document
from mlnb.jobs.errors import NoKernelspec, UnknownParameter
from mlnb.jobs.types import Parameter

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "list": (list,),
    "dict": (dict,),
}


def kernel_of(document: Document, asked: str | None, path: Path) -> str:
    """The kernel to run in: the one asked for, else the notebook's own.

    Raises:
        NoKernelspec: neither says one.
    """
    name = asked or _metadata(document, "kernelspec").get("name")
    if not name:
        raise NoKernelspec(
            f"{path} does not say which kernel it runs in (no kernelspec)",
            "Choose a kernel in JupyterLab and save it, or name one: --kernel python3.",
        )
    return str(name)


def is_python(document: Document) -> bool:
    """Whether the notebook's cells are Python, as far as it says."""
    language = _metadata(document, "kernelspec").get("language") or _metadata(document, "language_info").get("name")
    return language is None or str(language).lower() in ("python", "ipython")


def _metadata(document: Document, key: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    found = metadata.get(key) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def code_sources(document: Document) -> list[str]:
    """The text of each code cell, in order."""
    return [_source(cell) for cell in document["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def parameters_of(document: Document) -> list[Parameter]:
    """What the cell tagged ``parameters`` declares; empty when there is none or it is not Python."""
    for cell in document["cells"]:
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        tags = metadata.get("tags") if isinstance(metadata, dict) else None
        if isinstance(tags, list) and "parameters" in tags:
            return _declared(_source(cell))
    return []


def _declared(source: str) -> list[Parameter]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, annotation, value = node.targets, None, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, annotation, value = [node.target], node.annotation, node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = _parameter(target.id, annotation, value, comments.get(node.end_lineno or 0, ""))
    return list(found.values())


def _comments(source: str) -> dict[int, str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return {}
    return {t.start[0]: t.string.lstrip("# ").rstrip() for t in tokens if t.type == tokenize.COMMENT}


def _parameter(name: str, annotation: ast.expr | None, value: ast.expr, comment: str) -> Parameter:
    try:
        default = ast.literal_eval(value)
        json.dumps(default)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        default = None
    written = ast.unparse(annotation).split("[")[0].lower().removeprefix("typing.") if annotation is not None else ""
    if written in _TYPES:
        return Parameter(name, written, default, comment, is_annotated=True)
    kind = type(default).__name__ if default is not None and not written else "any"
    return Parameter(name, "list" if kind == "tuple" else kind if kind in _TYPES else "any", default, comment)


def check_parameters(given: Mapping[str, Any], document: Document, path: Path) -> None:
    """Accept the values `given` for the notebook.

    Raises:
        UnknownParameter: a name is not declared (the hint lists those that are), or a value has another type than annotated.
    """
    if not given or not is_python(document):
        return
    declared = {parameter.name: parameter for parameter in parameters_of(document)}
    if not declared:
        raise UnknownParameter(
            f"{path.name} declares no parameters, so it cannot take {', '.join(sorted(given))}",
            "Give the cell with their default values the tag `parameters`.",
        )
    for name, value in given.items():
        if name not in declared:
            raise UnknownParameter(f"{path.name} has no parameter {name!r}", f"It declares: {', '.join(declared)}.")
        _check_type(declared[name], value)


def _check_type(parameter: Parameter, value: Any) -> None:  # noqa: ANN401 - any JSON value
    if not parameter.is_annotated or value is None:
        return
    fits = isinstance(value, _TYPES[parameter.type])
    if isinstance(value, bool) and parameter.type in ("int", "float"):
        fits = False
    if not fits:
        quote = "; write text that looks like a number as '\"3\"'" if parameter.type == "str" else ""
        raise UnknownParameter(
            f"the parameter {parameter.name!r} is of type {parameter.type}, not {type(value).__name__}",
            f"Give a value of type {parameter.type}{quote}.",
        )


def files_needed(document: Document, folder: Path) -> list[Path]:
    """Files below `folder` that the notebook needs where it runs, relative to it, sorted.

    These are its own modules that it imports (followed through those modules), and what ``metadata.mlnb.inputs`` names.
    Names that lead out of `folder` are left out.
    """
    found: set[Path] = set()
    waiting = code_sources(document)
    while waiting:
        for module in _imports(waiting.pop()):
            for path in _module_files(folder, module):
                if path not in found:
                    found.add(path)
                    waiting.append((folder / path).read_text(encoding="utf-8", errors="replace"))
    inputs = _metadata(document, "mlnb").get("inputs")
    for name in inputs if isinstance(inputs, list) else []:
        path = (folder / str(name)).resolve()
        if path.is_file() and folder.resolve() in path.parents:
            found.add(path.relative_to(folder.resolve()))
    return sorted(found)


def _imports(source: str) -> set[str]:
    plain = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
    return found


def _module_files(folder: Path, module: str) -> list[Path]:
    parts = module.split(".")
    files = []
    for depth in range(1, len(parts) + 1):
        stem = Path(*parts[:depth])
        files += [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if (folder / path).is_file()]
    return files
