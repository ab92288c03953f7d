"""A notebook in a git repository, for tests of what changed since a commit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> None:
    """Run git in `folder` as somebody."""
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def write(path: Path, source: str, *outputs: dict[str, object]) -> None:
    """Save a notebook of one cell of parameters, ``c``."""
    cell = {
        "cell_type": "code",
        "id": "c",
        "source": source,
        "metadata": {"tags": ["parameters"]},
        "outputs": list(outputs),
        "execution_count": None,
    }
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def commit(path: Path, source: str) -> Path:
    """Save such a notebook and commit it to a new repository in its folder."""
    write(path, source)
    git(path.parent, "init", "-q")
    git(path.parent, "add", ".")
    git(path.parent, "commit", "-q", "-m", "first")
    return path
