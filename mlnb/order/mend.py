"""`mlnb check --fix`: the steps of `mlnb.order.rules.repair`, applied to the text of the file."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path

from mlnb.core.content import digest_of
from mlnb.core.files import write_atomically
from mlnb.core.notebook_file import read_document
from mlnb.order.plugins.notebook_file import notebook_from_document
from mlnb.order.plugins.notebook_text import NotebookText
from mlnb.order.ports import Analyzer
from mlnb.order.rules.repair import Step, next_step
from mlnb.order.rules.static import check_notebook, read_cells
from mlnb.order.saved import Fix, FixReport
from mlnb.order.types import SavedNotebook

_MOST_STEPS = 10_000  # each step mends something, so it ends long before


def mend(path: Path, analyzer: Callable[[str], Analyzer], *, write: bool) -> FixReport:
    """Mend what is safe in the notebook at `path`.

    Args:
        path: the notebook; replaced whole or not at all, its permissions kept.
        analyzer: the analyser of a kernel language; raises `NotFound` where there is none.
        write: whether to write the file; else it is only told what would change.

    Raises:
        NotFound: there is no such file.
        NotANotebook: it cannot be read as one.
        StoreUnavailable: it cannot be written.
    """
    data, _ = read_document(path)
    coding = json.detect_encoding(data)
    old = data.decode(coding, "surrogatepass")
    new, fixes = mended(old, str(path), analyzer)
    left = check_notebook(_notebook(new, str(path)), analyzer)
    if fixes and write:
        target = path.resolve()
        write_atomically(target, new.encode(coding, "surrogatepass"), mode=target.stat().st_mode & 0o7777)
    return FixReport(str(path), fixes, _diff(old, new, path), bool(fixes) and write, left.findings)


def mended(text: str, name: str, analyzer: Callable[[str], Analyzer]) -> tuple[str, list[Fix]]:
    """The text of a notebook with everything mended that is safe, and what that was."""
    fixes: list[Fix] = []
    while len(fixes) < _MOST_STEPS:
        notebook = _notebook(text, name)
        step = next_step(notebook, read_cells(notebook, analyzer) or [])
        if step is None:
            break
        text = _applied(NotebookText(text), step).text
        fixes.append(step.fix)
    return text, fixes


def _notebook(text: str, name: str) -> SavedNotebook:
    return notebook_from_document(NotebookText(text).document, name, digest_of(text.encode("utf-8", "surrogatepass")))


def _applied(text: NotebookText, step: Step) -> NotebookText:
    if step.minor is not None:
        text = text.with_minor(step.minor)
    for index, values in step.values.items():
        text = text.with_values(index, values)
    if step.new_cell is not None:
        text = text.with_new_cell(*step.new_cell)
    return text if step.order is None else text.with_order(step.order)


def _diff(old: str, new: str, path: Path) -> str:
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path.name}", f"b/{path.name}", n=2
    )
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)
