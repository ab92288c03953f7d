"""The files of runs and models: from the spool to where the store says they are, and their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlparse

from mlnb.models.rules import model_digest


def local_path(uri: str) -> Path | None:
    """The folder that a ``file:`` URI or plain path means, or None for a place on another machine."""
    parsed = urlparse(uri)
    if parsed.scheme in ("", "file"):
        return Path(unquote(parsed.path))
    return None


def settle(source: Path, uri: str) -> None:
    """Move the folder `source` to `uri`; a link to the new place stays behind for who still knows the old one.

    Nothing happens when there is no such folder or it was moved before. What is at the target already and has no newer file
    of the same name is kept.
    """
    if source.is_symlink() or not source.is_dir():
        return
    target = local_path(uri)
    if target is None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        get_artifact_repository(uri).log_artifacts(str(source))
        shutil.rmtree(source)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.rename(target)  # one step on one disk, when the target is new or empty
    except OSError:
        shutil.copytree(source, target, dirs_exist_ok=True)
        shutil.rmtree(source)
    with contextlib.suppress(
        FileExistsError
    ):  # somebody wrote to the old place in this very moment: the next time takes it
        source.symlink_to(target)


def digest_of_folder(folder: Path) -> str | None:
    """The digest of the model in `folder`, or None when there is no file."""
    files = [
        (path.relative_to(folder).as_posix(), _sha256(path)) for path in sorted(folder.rglob("*")) if path.is_file()
    ]
    return model_digest(files) if files else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def waiting(root: Path) -> tuple[list[str], list[str]]:
    """Ids of the runs and of the models whose files still lie in the spool `root`."""
    return _folders(root / "artifacts"), _folders(root / "artifacts" / "models")


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and e.name != "models")
    except FileNotFoundError:
        return []
