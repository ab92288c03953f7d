"""What order needs from outside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from mlnb.order.saved import CellOutline
from mlnb.order.types import CellCode, SavedNotebook


class Analyzer(Protocol):
    """Reads the code of cells in one kernel language (entry point ``mlnb.analyzers``, named by the language)."""

    def analyze(self, source: str) -> CellCode:
        """What `source` defines and reads. Never raises: code that cannot be parsed has `CellCode.error`."""


@runtime_checkable
class Outliner(Protocol):
    """An analyser that also reads what `mlnb check` wants of a cell's text; those that do not are asked for names alone."""

    def outline(self, source: str) -> CellOutline:
        """What the text of `source` tells beside its names. Never raises."""


class NotebookRunner(Protocol):
    """Runs a notebook from top to bottom in a new kernel."""

    def run(self, path: Path, parameters: Mapping[str, Any]) -> SavedNotebook:
        """The notebook as the fresh run left it; a failed cell has an ``error`` output, cells after it have none.

        Args:
            path: the notebook; the file is not changed. Its folder is the working directory.
            parameters: values for the parameters cell.

        Raises:
            BadInput: the notebook cannot be read or declares no such parameter.
            FrozenValueMissing: a frozen cell defines what others read, and its values cannot be had; nothing was run.
            Unavailable: no kernel could be started.
        """

    def interpreter(self, kernel: str | None) -> Path | None:
        """The Python that runs `kernel`; None where it is the one that runs this, or no Python."""

    def files_below(self, folder: Path) -> Mapping[str, tuple[int, int]]:
        """A mark of each file below `folder` that changes when the file does; empty where there are too many to look at."""
