"""Environments of their own for ipyflow, and for what keeps states: they want other versions than mlnb's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_CACHE = _ROOT / ".cache" / "bench"
_WANTED = ("ipyflow", "ipython", "ipykernel", "numpy", "pandas")
_WANTED_FOR_STATES = ("kishu", "dill", "cloudpickle", "numpy", "pandas", "scikit-learn", "ipython", "setuptools")
_TIME_LIMIT_S = 180


def ipyflow_python() -> tuple[str, str]:
    """(interpreter, version) of an environment with ipyflow, made when there is none; (empty, why) when it cannot be had."""
    return _python(_CACHE / "ipyflow", _WANTED)


def states_python() -> tuple[str, str]:
    """(interpreter, version of Kishu) of an environment with Kishu and dill, made when there is none, or (empty, why)."""
    return _python(_CACHE / "snapshots", _WANTED_FOR_STATES)


def _python(place: Path, wanted: tuple[str, ...]) -> tuple[str, str]:
    python = place / "bin" / "python"
    try:
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            uv = _ROOT / ".tools" / "bin" / "uv"
            tool = str(uv) if uv.exists() else "uv"
            _run([tool, "venv", "-q", "--python", str(_ROOT / ".venv" / "bin" / "python"), str(place)])
            _run([tool, "pip", "install", "-q", "--python", str(python), *wanted])
            (place / "complete").touch()
        asked = f"from importlib.metadata import version; print(version({wanted[0]!r}))"
        return str(python), _run([str(python), "-c", asked]).strip()
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().split("\n")
        return "", said[-1][:160]


def _run(command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=_TIME_LIMIT_S,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    return done.stdout
