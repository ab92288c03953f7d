"""What is frozen at submit: the notebook, its parameters, and the files that travel along."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.errors import BadInput
from mlnb.core.files import store_error, write_atomically
from mlnb.core.secrets import is_secret_name, register
from mlnb.jobs import folder as files
from mlnb.jobs.folder import RunnerRequest


def check_values(parameters: Mapping[str, Any]) -> None:
    """Accept names and values; those that are credentials are masked from now on.

    Raises:
        BadInput: a name is none, or a value has no JSON form.
    """
    for name, value in parameters.items():
        if not name.isidentifier():
            raise BadInput(f"{name!r} is not the name of a parameter", "A parameter is a Python variable.")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"the parameter {name!r} is {value}, which has no JSON form", "Give a number or a text.")
        if isinstance(value, str) and is_secret_name(name):
            register(value)


def freeze(folder: Path, data: bytes, request: RunnerRequest, needed: Sequence[Path], beside: Path) -> None:
    """Lay out the folder of a first attempt.

    Args:
        folder: the attempt's folder; made here, for the owner only.
        data: the notebook.
        request: what the runner is to do.
        needed: files that travel along, relative to `beside`.
        beside: the notebook's folder.

    Raises:
        StoreUnavailable: the disk refuses.
    """
    try:
        folder.parent.mkdir(parents=True, mode=0o700)
        folder.mkdir(mode=0o700)
        for path in needed:
            target = folder / files.FROZEN / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(beside / path, target)
    except OSError as error:
        raise store_error(folder, error) from error
    write_atomically(folder / files.INPUT, data, durable=False)
    files.write_request(folder, request)
