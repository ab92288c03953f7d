"""Where mlnb's state lives. Read from the environment each time it is used, so that a test or a job can move it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """The folder of all state: ``MLNB_HOME``, else the platform's user data folder for mlnb. It need not exist yet."""
    given = os.environ.get("MLNB_HOME")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "mlnb"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mlnb"


def keys_dir() -> Path:
    """The folder of the signing key: ``MLNB_KEYS``, else mlnb's folder in the user's configuration."""
    given = os.environ.get("MLNB_KEYS")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Preferences" / "mlnb"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mlnb"


def project_of(path: Path) -> Path:
    """The project a file belongs to: the nearest folder above with ``mlnb.toml`` or ``.git``, else the file's own folder."""
    start = path.absolute()
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.parents):
        if (candidate / "mlnb.toml").is_file() or (candidate / ".git").exists():
            return candidate
    return folder
