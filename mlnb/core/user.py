"""Who runs this process."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """The name of the user who runs this process; ``unknown`` where the system has none for the user (some containers)."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
