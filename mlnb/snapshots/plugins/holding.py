"""Between those who write snapshots and those who clear packs away: who relies on a pack touches it first.

A pack goes only when no manifest names it and nobody has touched it for an hour. Clearing away renames the pack, looks at its time
again, and puts it back if somebody came in between; so a touch that succeeds holds the pack, and one that fails says that it is gone
and has to be written again. Nobody waits for anybody.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from mlnb.core.content import blob_path

GRACE_S = 3600.0
"""How long after it was touched a pack stays that no manifest names."""
_ASIDE = ".gone."


def hold(blobs: Path, packs: Iterable[str]) -> set[str]:
    """Keep `packs`, files below `blobs`, for an hour from now; returns those that are gone already."""
    return {pack for pack in set(packs) if not touch(blobs / blob_path(pack))}


def touch(path: Path) -> bool:
    """Whether the pack `path` is there; if so it counts as used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError:  # a store that somebody else owns: it is there, and not cleared away by us
        return path.exists()
    return True


def take_away(path: Path, grace_s: float) -> bool:
    """Remove the pack `path` unless somebody touched it within `grace_s` seconds; returns whether it is gone.

    Raises:
        OSError: the disk refused.
    """
    aside = path.with_name(_ASIDE + path.name)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    if time.time() - aside.stat().st_mtime <= grace_s:
        aside.rename(path)
        return False
    aside.unlink()
    return True


def put_back(blobs: Path) -> None:
    """Undo what an interrupted `take_away` left; whether such a pack goes is judged again.

    Raises:
        OSError: the disk refused.
    """
    for aside in blobs.glob(f"??/{_ASIDE}*"):
        path = aside.with_name(aside.name.removeprefix(_ASIDE))
        if path.exists():
            aside.unlink()  # it was written again
        else:
            aside.rename(path)
