"""uv, the program that resolves, locks and installs packages: found, run, and its refusals turned into errors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mlnb.core.secrets import mask
from mlnb.envs.errors import NoUv, UvRefused

_TIMEOUT_S = 1800
_USUAL = ("~/.local/bin/uv", "~/.cargo/bin/uv")  # where its own installer puts it
_CREDENTIALS = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def find() -> str:
    """Path of uv: beside this Python, on PATH, or where its installer puts it.

    Raises:
        NoUv: there is none.
    """
    beside = Path(sys.executable).parent / "uv"
    usual = (Path(place).expanduser() for place in _USUAL)
    for found in (beside if beside.is_file() else None, shutil.which("uv"), *(one for one in usual if one.is_file())):
        if found and os.access(found, os.X_OK):
            return str(found)
    raise NoUv("uv is not installed: it resolves and installs packages", "Install it: pip install uv.")


def run(*arguments: str | Path, cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Run uv; what it said on standard error (its resolution, its warnings), without credentials.

    It never downloads a Python, and reads the user's own settings of indexes (``uv.toml``, ``[tool.uv]`` of the project, ``UV_*``).

    Args:
        arguments: of the command line.
        cwd: folder to run in; None: this process's own.
        environment: variables to add.

    Raises:
        NoUv: it is not installed.
        UvRefused: it failed; the message has its own words.
    """
    own = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    own |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1", **(environment or {})}
    try:
        done = subprocess.run(
            [find(), *map(str, arguments)], capture_output=True, text=True, errors="replace", env=own, check=False,
            stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, cwd=cwd,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UvRefused(f"uv could not be run: {mask(str(error))}", "Does `uv --version` work?") from error
    said = without_credentials(mask(_COLOUR.sub("", done.stderr)))
    if done.returncode != 0:
        raise UvRefused(_reason(said), _way_out(said))
    return said


def without_credentials(text: str) -> str:
    """`text` with ``user:password@`` taken out of every URL."""
    return _CREDENTIALS.sub(r"\1", text)


def _reason(said: str) -> str:
    """The one sentence of uv's words that says why."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith(("warning:", "Using "))]
    begin = next((i for i, line in enumerate(lines) if line.startswith(("error:", "×", "x "))), 0)
    text = " ".join(lines[begin:] or ["no reason given"])
    text = re.sub(r"^(error:|×)\s*", "", text).replace("├─▶", "").replace("╰─▶", "")
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= 600 else f"{text[:600]}…"


def _way_out(said: str) -> str:
    words = " ".join(said.lower().split())
    if "network connectivity is disabled" in words or "error sending request" in words or "dns error" in words:
        return (
            "The package index cannot be reached: check the network, or name another by UV_INDEX_URL or UV_FIND_LINKS."
        )
    if "401" in words or "403" in words:
        return "The package index wants other credentials: set them for uv (uv auth login, or a netrc file)."
    if "hash mismatch" in words:
        return "The file is not the one that was locked: make the lock again, or get that file back."
    if "no interpreter found" in words or "no python interpreter" in words or "invalid version request" in words:
        return "Install that Python, or name one by --python."
    return "Check names, versions and the package index."
