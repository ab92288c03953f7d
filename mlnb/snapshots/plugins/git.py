"""Where a folder stands in git, by asking the `git` program, within a short time."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from mlnb.core.records import dataclass
from mlnb.core.secrets import mask
from mlnb.snapshots.surroundings import GitDetails
from mlnb.snapshots.types import Git

TIMEOUT_S = 2.0
MOST_PATCH_BYTES = 256 << 10
_MOST_FILES = 200
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")  # a status starts no program of the repository's


@dataclass(frozen=True)
class GitFacts:
    """What one question to git tells: the commit (None before the first one), what is not committed, and the diff to the commit."""

    commit: Git | None
    details: GitDetails
    patch: bytes


def git_state(folder: Path) -> Git | None:
    """The commit of `folder` and whether files differ from it; None without a repository, a commit or git."""
    status = _status(folder, "no")
    return None if status is None else status.commit


def git_details(folder: Path, notebook: Path | None) -> tuple[GitDetails, bytes] | None:
    """Branch, what is not committed, and the diff to the commit; None without a repository or git. See `git_facts`."""
    facts = git_facts(folder, notebook)
    return None if facts is None else (facts.details, facts.patch)


def git_facts(folder: Path, notebook: Path | None) -> GitFacts | None:
    """Where `folder` stands; None without a repository or git. Git is asked once, and once more where files differ.

    Args:
        folder: the notebook's.
        notebook: left out of the diff, because a snapshot holds the document itself.
    """
    status = _status(folder, "normal")
    if status is None:
        return None
    patch = _patch(folder, notebook) if status.changed else b""
    details = GitDetails(
        branch=status.branch,
        changed=tuple(sorted(status.changed)[:_MOST_FILES]),
        untracked=tuple(sorted(status.untracked)[:_MOST_FILES]),
        is_cut=len(patch) > MOST_PATCH_BYTES,
    )
    return GitFacts(status.commit, details, mask(patch[:MOST_PATCH_BYTES].decode(errors="replace")).encode())


@dataclass(frozen=True)
class _Status:
    commit: Git | None
    branch: str
    changed: list[str]
    untracked: list[str]


_PATH_AFTER = {"1": 8, "u": 10}  # how many fields stand before the path


def _status(folder: Path, untracked: str) -> _Status | None:
    """What ``git status`` says; without the sign of a repository git is not asked at all."""
    if not _is_repository(folder):
        return None
    text = _git(folder, "status", "--porcelain=v2", "-z", "--branch", "--no-renames", f"--untracked-files={untracked}")
    if text is None:
        return None
    lines = [line for line in text.split("\0") if line]
    head = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    changed = [line.split(" ", _PATH_AFTER[line[0]])[-1] for line in lines if line[0] in _PATH_AFTER]
    oid, branch = head.get("branch.oid", "(initial)"), head.get("branch.head", "")
    return _Status(
        None if oid == "(initial)" else Git(oid, bool(changed)),
        "" if branch == "(detached)" else branch,
        changed,
        [line[2:] for line in lines if line[0] == "?"],
    )


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
