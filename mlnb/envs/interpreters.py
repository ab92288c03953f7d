"""Capturing what another interpreter has: the capturing file goes there, nothing of mlnb needs to be installed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from mlnb.core.secrets import mask
from mlnb.core.wire import from_wire
from mlnb.envs import capture as capturing
from mlnb.envs.errors import InterpreterFailed, NoEnvironment, NotACapture
from mlnb.envs.types import Environment

_TIMEOUT_S = 120


def interpreter_at(path: Path) -> Path:
    """The interpreter at `path`, or in the virtual environment's (or conda environment's) folder of that name.

    Raises:
        NoEnvironment: there is none.
    """
    candidates = (path / "bin" / "python", path / "bin" / "python3") if path.is_dir() else (path,)
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate.absolute()
    raise NoEnvironment(
        f"there is no Python interpreter at {path}", "Name an interpreter, or the folder of a virtual environment."
    )


def capture_elsewhere(python: Path, level: str, folder: Path | None) -> Environment:
    """What the interpreter `python` has; the capturing file is sent to its standard input.

    Args:
        python: the interpreter.
        level: as for `mlnb.envs.capture.capture`.
        folder: where the notebook lies.

    Raises:
        InterpreterFailed: it could not capture itself.
    """
    where = ["--folder", str(folder)] if folder else []
    try:
        done = subprocess.run(
            [str(python), "-", "--level", level, *where],
            input=Path(capturing.__file__).read_bytes(), capture_output=True, timeout=_TIMEOUT_S, check=False, cwd="/",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InterpreterFailed(f"{python} cannot be run: {error}", "Is it a Python interpreter?") from error
    if done.returncode != 0:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise InterpreterFailed(
            f"{python} could not capture its environment: {mask(last)}", "Is it Python 3.8 or newer?"
        )
    try:
        return environment_from_json(done.stdout.decode(errors="replace"), str(python))
    except NotACapture as error:
        raise InterpreterFailed(
            f"{python} is not a Python interpreter", "Name one, such as .venv/bin/python."
        ) from error


def environment_from_json(text: str, name: str) -> Environment:
    """The environment that `text` (a capture file called `name`) holds.

    Raises:
        NotACapture: it is not a capture, or of a newer mlnb.
    """
    try:
        raw = json.loads(text)
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > capturing.FORMAT:
            raise NotACapture(f"{name} was written by a newer mlnb", "Upgrade mlnb on this machine.")
        return from_wire(Environment, raw)
    except ValueError as error:
        raise NotACapture(f"{name} is not a capture", "Make one: mlnb env capture -o FILE.") from error
