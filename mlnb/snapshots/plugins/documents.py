"""Notebook files as a snapshot keeps them: the bytes as they are."""

from __future__ import annotations

import getpass
import json
import platform
from datetime import datetime
from pathlib import Path

from mlnb.core.errors import BadInput, NotFound
from mlnb.core.ids import new_id
from mlnb.core.secrets import mask
from mlnb.core.version import __version__
from mlnb.snapshots.plugins.git import git_state
from mlnb.snapshots.types import Manifest


def read_notebook(path: Path) -> tuple[bytes, str | None]:
    """The bytes of the notebook at `path`, and its identity (``metadata.mlnb.id``) or None.

    Raises:
        NotFound: there is no such file.
        BadInput: it cannot be read, or is not a notebook.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no notebook {path}", "Check the path.") from error
    except OSError as error:
        raise BadInput(f"cannot read {path}: {(error.strerror or str(error)).lower()}", "Check the path.") from error
    try:
        parsed = json.loads(data)
        cells = parsed["cells"]
        is_notebook = isinstance(cells, list)
        identity = parsed.get("metadata", {}).get("mlnb", {}).get("id")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is not a notebook: {error!r}", "Open and save it in JupyterLab.") from error
    if not is_notebook:
        raise BadInput(f"{path} is not a notebook: it has no cells", "Open and save it in JupyterLab.")
    return data, identity if isinstance(identity, str) else None


def manifest_of_document(path: Path, reason: str, env_id: str, now: datetime) -> Manifest:
    """The manifest of a snapshot of the notebook at `path` alone, without variables."""
    return Manifest(
        id=new_id("snap"),
        created_at=now,
        reason=mask(reason),
        notebook=str(path),
        owner=getpass.getuser(),
        session="",
        has_kernel=False,
        env_id=env_id,
        git=git_state(path.parent),
        python=platform.python_version(),
        mlnb=__version__,
    )
