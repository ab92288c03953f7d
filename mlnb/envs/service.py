"""What can be done with environments: capture one, compare two."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from mlnb.core.errors import BadInput
from mlnb.core.secrets import mask
from mlnb.core.wire import from_wire
from mlnb.envs import capture as capturing
from mlnb.envs.errors import InterpreterFailed, NoEnvironment, NotACapture
from mlnb.envs.ports import LiveKernels
from mlnb.envs.rules import drift_between
from mlnb.envs.types import Drift, Environment, NotebookEnvironment

_TIMEOUT_S = 120


def _no_kernels(notebook: Path) -> str | None:
    return None


class EnvsService:
    """Environments.

    Args:
        live_kernels: tells which interpreter runs a notebook's live kernel.
    """

    def __init__(self, live_kernels: LiveKernels = _no_kernels) -> None:
        self._live_kernels = live_kernels

    def capture(self, python: str | Path | None = None, level: str = "fast") -> Environment:
        """The environment of an interpreter.

        Args:
            python: path of an interpreter or of the folder of a virtual environment; None: the one that runs this.
            level: ``fast`` (metadata only), ``stat`` (also sizes of files) or ``hash`` (also their contents).

        Raises:
            BadInput: there is no such level.
            NoEnvironment: there is no interpreter at `python`.
            InterpreterFailed: it could not capture itself.
        """
        if level not in capturing.LEVELS:
            raise BadInput(f"there is no level {level!r}", f"Use one of {', '.join(capturing.LEVELS)}.")
        if python is None:
            return capturing.capture(level)
        return _capture_elsewhere(_interpreter_at(Path(python).expanduser()), level)

    def read(self, reference: str) -> Environment:
        """The environment that `reference` names: a capture file, an interpreter, a virtual environment's folder, or ``.``
        for the interpreter that runs this.

        Raises:
            NoEnvironment: there is nothing of that name.
            NotACapture: it is a file but neither a capture nor an interpreter.
            InterpreterFailed: the interpreter could not capture itself.
        """
        path = Path(reference).expanduser()
        if reference == ".":
            return self.capture()
        if path.is_dir() or (path.is_file() and os.access(path, os.X_OK)):
            return self.capture(path)
        if not path.is_file():
            raise NoEnvironment(
                f"there is no environment {reference!r}",
                "Name a capture file (`mlnb env capture -o FILE`), an interpreter, a virtual environment's folder, or `.`.",
            )
        try:
            return environment_from_json(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise NoEnvironment(f"cannot read {path}: {error.strerror}", "Make it readable for you.") from error
        except UnicodeDecodeError as error:
            raise NotACapture(f"{path} is not a capture", "Make one: mlnb env capture -o FILE.") from error

    def diff(self, before: str, after: str) -> Drift:
        """How the environment `after` differs from `before` (each as `read` takes it), gravest first.

        Raises:
            NoEnvironment: one of them does not exist.
            NotACapture: one of them is a file but not a capture.
            InterpreterFailed: an interpreter could not capture itself.
        """
        return drift_between(self.read(before), self.read(after))

    def of_notebook(self, notebook: Path) -> NotebookEnvironment:
        """The environment of `notebook`'s live kernel, or this process's own when it has none.

        Raises:
            NoEnvironment: the kernel's interpreter is gone.
            InterpreterFailed: the kernel's interpreter could not capture itself.
        """
        python = self._live_kernels(notebook.absolute())
        environment = self.capture(python)
        return NotebookEnvironment(environment, kernel=python is not None, python=environment.executable)


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


def _interpreter_at(path: Path) -> Path:
    candidates = (path / "bin" / "python", path / "bin" / "python3") if path.is_dir() else (path,)
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate.absolute()
    raise NoEnvironment(
        f"there is no Python interpreter at {path}", "Name an interpreter, or the folder of a virtual environment."
    )


def _capture_elsewhere(python: Path, level: str) -> Environment:
    """Send the capturing file to `python` through its standard input: nothing of mlnb needs to be there."""
    source = Path(capturing.__file__).read_bytes()
    try:
        done = subprocess.run(
            [str(python), "-", "--level", level],
            input=source, capture_output=True, timeout=_TIMEOUT_S, check=False, cwd="/",
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
