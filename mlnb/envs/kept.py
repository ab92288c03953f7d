"""Captures that were met, by their `env_id`: what a snapshot, a job or a certificate names can be compared later.

Only what the digest covers is kept, so that one file says all there is to say of an `env_id`. Part of the kernel half.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from pathlib import Path

from mlnb.core.errors import StoreUnavailable
from mlnb.core.files import write_atomically
from mlnb.core.home import home
from mlnb.core.wire import from_wire
from mlnb.envs.capture import Environment, to_json

MOST = 200
"""So many are kept, those written last."""


def folder() -> Path:
    """Where they lie, one file for each."""
    return home() / "environments"


def keep(environment: Environment) -> str:
    """Keep `environment` under its `env_id`, which is returned; a disk that is full loses the capture, not the caller."""
    path = folder() / f"{environment.env_id}.json"
    if not path.exists():  # a copy of a kernel is asked at each snapshot: only the first one writes
        known = dataclasses.replace(environment, variables={}, surroundings=None)
        with contextlib.suppress(StoreUnavailable):
            write_atomically(path, to_json(known).encode(), durable=False)
            _drop_oldest()
    return environment.env_id


def find(env_id: str) -> Environment | None:
    """The capture kept as `env_id` (at least its first eight letters); None when there is none, or more than one."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", env_id):
        return None
    found = list(folder().glob(f"{env_id}*.json"))
    if len(found) != 1:
        return None
    try:
        return from_wire(Environment, json.loads(found[0].read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _drop_oldest() -> None:
    with contextlib.suppress(OSError):  # another process drops them as well
        files = sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        for path in files[: max(0, len(files) - MOST)]:
            path.unlink()
