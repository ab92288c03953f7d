"""The kernels that Jupyter knows on this machine, which of them have the kernel half, and putting it into another."""

from __future__ import annotations

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from mlnb.envs import kernel_half
from mlnb.envs.kernel_half import KernelInstalled
from mlnb.envs.service import EnvsService

_TIMEOUT_S = 30
_ASK = (
    "import importlib.metadata as m\n"
    "for name in ('mlnb', 'mlnb-kernel'):\n"
    "    try:\n        print(m.version(name)); break\n"
    "    except m.PackageNotFoundError: pass\n"
)


@dataclass(frozen=True)
class KernelSeen:
    """A kernel that Jupyter lists.

    Attributes:
        name: of its kernelspec.
        title: as Jupyter shows it.
        language: such as ``python``.
        python: its interpreter; empty for other languages.
        version: of mlnb's kernel half there; empty when it has none.
        problem: why it cannot be told; empty when it can.
    """

    name: str
    title: str
    language: str
    python: str = ""
    version: str = ""
    problem: str = ""


@dataclass(frozen=True)
class KernelsSeen:
    """All kernels, by name."""

    kernels: tuple[KernelSeen, ...]


class KernelsService:
    """Kernels of other environments.

    Args:
        envs: finds interpreters.
    """

    def __init__(self, envs: EnvsService) -> None:
        self._envs = envs

    def install(self, python: str) -> KernelInstalled:
        """Put mlnb's kernel half into another environment, so that order and snapshots work in its kernels.

        Args:
            python: its interpreter, or the folder of a virtual or conda environment.

        Raises:
            NoEnvironment: there is no interpreter.
            InterpreterFailed: it is no Python.
            CannotRestore: its Python is too old, or mlnb itself is there.
            NoUv: neither uv nor pip is there to install with.
            UvRefused: the installer failed.
        """
        executable = self._envs.capture(python).executable
        with tempfile.TemporaryDirectory(prefix="mlnb-kernel-") as folder:
            return kernel_half.install(executable, Path(folder))

    def list(self) -> KernelsSeen:
        """The kernels that Jupyter lists, each asked whether it has the kernel half."""
        from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - only here, and slow to import

        specs = KernelSpecManager().get_all_specs()
        with ThreadPoolExecutor(max_workers=4) as pool:
            return KernelsSeen(tuple(pool.map(_seen, sorted(specs), [specs[name]["spec"] for name in sorted(specs)])))


def _seen(name: str, spec: dict[str, object]) -> KernelSeen:
    title, language = str(spec.get("display_name", name)), str(spec.get("language", "")).lower()
    argv = spec.get("argv")
    if language != "python" or not isinstance(argv, list) or not argv:
        return KernelSeen(name, title, language)
    python = which(str(argv[0])) or str(argv[0])
    # as the kernel will be: without what this process was started with
    own = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(
            [python, "-c", _ASK], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, cwd="/", env=own,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return KernelSeen(name, title, language, python, problem="its interpreter cannot be run")
    problem = "" if done.returncode == 0 else "its interpreter cannot be run"
    return KernelSeen(name, title, language, python, done.stdout.strip(), problem)
