"""What a kernel knows of itself: its notebook, and the runs it began."""

from __future__ import annotations

import os
from pathlib import Path


def notebook_from_environment() -> Path | None:
    """The notebook that this kernel belongs to: ``MLNB_NOTEBOOK`` (the runner sets it), else what Jupyter says, when it is a path."""
    given = os.environ.get("MLNB_NOTEBOOK") or os.environ.get("JPY_SESSION_NAME")
    return Path(given) if given and Path(given).is_absolute() and given.endswith(".ipynb") else None


def link_runs(snapshot_id: str) -> None:
    """Say in the runs that this kernel began which snapshot was taken."""
    from mlnb.kernel import runs  # noqa: PLC0415 - only where runs were begun

    runs.link_snapshot(snapshot_id)
