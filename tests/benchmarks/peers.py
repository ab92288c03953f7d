"""An environment of its own for ipyflow, which wants other versions than mlnb's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PLACE = _ROOT / ".cache" / "bench" / "ipyflow"
_WANTED = ("ipyflow", "ipython", "ipykernel", "numpy", "pandas")
_TIME_LIMIT_S = 180


def ipyflow_python() -> tuple[str, str]:
    """(interpreter, version) of an environment with ipyflow, made when there is none; (empty, why) when it cannot be had."""
    python = _PLACE / "bin" / "python"
    try:
        if not (_PLACE / "complete").exists():
            shutil.rmtree(_PLACE, ignore_errors=True)
            uv = _ROOT / ".tools" / "bin" / "uv"
            tool = str(uv) if uv.exists() else "uv"
            _run([tool, "venv", "-q", "--python", str(_ROOT / ".venv" / "bin" / "python"), str(_PLACE)])
            _run([tool, "pip", "install", "-q", "--python", str(python), *_WANTED])
            (_PLACE / "complete").touch()
        return str(python), _run(
            [str(python), "-c", "from importlib.metadata import version; print(version('ipyflow'))"]
        ).strip()
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
