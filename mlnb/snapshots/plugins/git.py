"""Where a folder stands in git, by asking the `git` program, within a short time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mlnb.snapshots.types import Git

TIMEOUT_S = 2.0


def git_state(folder: Path) -> Git | None:
    """The commit of `folder` and whether files differ from it; None without a repository, a commit or git."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Git(commit.strip(), None if status is None else bool(status.strip()))


def _git(folder: Path, *arguments: str) -> str | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
