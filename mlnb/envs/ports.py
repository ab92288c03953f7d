"""What environments need from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class LiveKernels(Protocol):
    """Where the kernels run that notebooks have open."""

    def __call__(self, notebook: Path) -> str | None:
        """Path of the Python that runs the live kernel of `notebook` (absolute path), or None when there is none."""
