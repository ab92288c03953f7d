"""What a user gets: the wheel of this tree, and environments of their own to install it into."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_OF_WHEEL = ("mlnb", "jupyter-config", "*.toml", "*.json", "*.md", "LICENSE")


def uv(*arguments: object, **environment: str) -> str:
    """Run uv, which downloads no Python; its output.

    Raises:
        AssertionError: it failed; the message is what it said.
    """
    program = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env={**_without_python(), "UV_PYTHON_DOWNLOADS": "never", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def wheel(out: Path, python: str | Path) -> Path:
    """A wheel of the working tree, built in the folder `out` by its own build backend, the way a release is."""
    assert (ROOT / "mlnb" / "labextension" / "package.json").exists(), "run `make setup`"
    tree = out / "tree"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *_OF_WHEEL],
        cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    ).stdout.split("\n")  # fmt: skip
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    shutil.copytree(ROOT / "mlnb" / "labextension", tree / "mlnb" / "labextension")
    uv("build", "--quiet", "--wheel", "--python", python, "--out-dir", out, tree, SKIP_JUPYTER_BUILDER="1")
    return next(out.glob("*.whl"))


def python_of(version: str) -> str | None:
    """Path of a Python `version` (such as ``3.13``) that is installed here, or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True)]
    for python in filter(None, found):  # a shim of pyenv is there, but may not run
        says = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(says, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode == 0 and done.stdout.strip() == version:
            return str(python)
    return None


class Environment:
    """A virtual environment in a new folder.

    Args:
        folder: where.
        python: which Python.
    """

    def __init__(self, folder: Path, python: str | Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        uv("venv", "--quiet", "--python", python, folder)

    def install(self, *what: object) -> None:
        """``uv pip install`` with these arguments."""
        uv("pip", "install", "--quiet", "--python", self.python, *what)

    def run(self, program: str, *arguments: object, code: int = 0, cwd: Path | None = None, **environment: str) -> str:
        """Run one of its programs as a user does who has nothing else; what it printed, on both streams.

        Raises:
            AssertionError: the exit code is not `code`.
        """
        found = _without_python()
        own = {"PATH": f"{self.folder / 'bin'}:{found['PATH']}", "VIRTUAL_ENV": str(self.folder)}
        done = subprocess.run(
            [str(self.folder / "bin" / program), *map(str, arguments)], text=True, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd, env={**found, **own, **environment}, timeout=280,
        )  # fmt: skip
        assert done.returncode == code, f"{program} {arguments}: {done.returncode}\n{done.stdout[-6000:]}"
        return done.stdout


def _without_python() -> dict[str, str]:
    ours = ("PYTHON", "VIRTUAL_ENV", "JUPYTER", "IPYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
