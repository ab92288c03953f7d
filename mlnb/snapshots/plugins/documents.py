"""Notebook files as a snapshot keeps them: the bytes as they are."""

from __future__ import annotations

import platform
from datetime import datetime
from pathlib import Path

from mlnb.core.ids import new_id
from mlnb.core.notebook_file import id_of, read_document
from mlnb.core.secrets import mask
from mlnb.core.user import user_name
from mlnb.core.version import __version__
from mlnb.snapshots.plugins.git import git_state
from mlnb.snapshots.types import Manifest


def read_notebook(path: Path) -> tuple[bytes, str | None]:
    """The bytes of the notebook at `path`, and its identity (``metadata.mlnb.id``) or None.

    Raises:
        NotFound: there is no such file.
        NotANotebook: it cannot be read, or is not a notebook.
    """
    data, document = read_document(path)
    return data, id_of(document)


def manifest_of_document(path: Path, reason: str, env_id: str, now: datetime) -> Manifest:
    """The manifest of a snapshot of the notebook at `path` alone, without variables."""
    return Manifest(
        id=new_id("snap"),
        created_at=now,
        reason=mask(reason),
        notebook=str(path),
        owner=user_name(),
        session="",
        has_kernel=False,
        env_id=env_id,
        git=git_state(path.parent),
        python=platform.python_version(),
        mlnb=__version__,
    )
