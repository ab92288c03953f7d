"""Where a folder stands in git, by asking the `git` program, within a short time."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from mlnb.core.secrets import mask
from mlnb.snapshots.surroundings import GitDetails
from mlnb.snapshots.types import Git

TIMEOUT_S = 2.0
MOST_PATCH_BYTES = 256 << 10
_MOST_FILES = 200
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")  # a status starts no program of the repository's


def git_state(folder: Path) -> Git | None:
    """The commit of `folder` and whether files differ from it; None without a repository, a commit or git."""
    if not _is_repository(folder):
        return None
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Git(commit.strip(), None if status is None else bool(status.strip()))


def git_details(folder: Path, notebook: Path | None) -> tuple[GitDetails, bytes] | None:
    """Branch, what is not committed, and the diff to the commit; None without a repository, a commit or git.

    Args:
        folder: the notebook's.
        notebook: left out of the diff, because a snapshot holds the document itself.
    """
    if not _is_repository(folder):
        return None
    status = _git(folder, "status", "--porcelain=v1", "-z", "--branch", "--no-renames", "--untracked-files=normal")
    if status is None:
        return None
    head, *entries = status.split("\0")
    branch = head.removeprefix("## ").removeprefix("No commits yet on ").partition("...")[0]
    changed = [entry[3:] for entry in entries if entry and not entry.startswith("??")]
    untracked = [entry[3:] for entry in entries if entry.startswith("??")]
    patch = _patch(folder, notebook) if changed else b""
    details = GitDetails(
        branch="" if branch.startswith("HEAD ") else branch,
        changed=tuple(sorted(changed)[:_MOST_FILES]),
        untracked=tuple(sorted(untracked)[:_MOST_FILES]),
        is_cut=len(patch) > MOST_PATCH_BYTES,
    )
    return details, mask(patch[:MOST_PATCH_BYTES].decode(errors="replace")).encode()


def committed(notebook: Path) -> tuple[str, bytes] | None:
    """The commit and the notebook as it was committed last; None where git does not know it."""
    commit = _git(notebook.parent, "rev-parse", "--verify", "HEAD") if _is_repository(notebook.parent) else None
    if not commit:
        return None
    text = _git(notebook.parent, "show", "--no-textconv", f"HEAD:./{notebook.name}")
    return None if text is None else (commit.strip(), text.encode())


def _is_repository(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def _patch(folder: Path, notebook: Path | None) -> bytes:
    """The diff to the commit, one byte more than is kept of it at most."""
    without = [f":(exclude,literal){notebook.name}"] if notebook is not None else []
    command = [*_command(folder), "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--", ":/", *without]
    try:
        with subprocess.Popen(
            command,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            timer = threading.Timer(TIMEOUT_S, process.kill)
            timer.start()
            try:
                found = process.stdout.read(MOST_PATCH_BYTES + 1) if process.stdout else b""
                process.kill()
            finally:
                timer.cancel()
            return found
    except OSError:
        return b""


def _command(folder: Path) -> list[str]:
    return ["git", "-C", str(folder), *_SAFE]


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            [*_command(folder), *arguments],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
