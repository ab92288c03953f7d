"""A small project with a real environment of its own: wheels, a package of git, an editable one, a module beside the notebook.

Nothing comes from an index: the packages are built here by a backend that is part of each source tree.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from mlnb.envs.interpreters import environment_from_json
from mlnb.envs.service import EnvsService
from mlnb.envs.types import Environment
from tests import built
from tests.integration.drift_wheels import write_package

BACKEND = """
import pathlib, sys
sys.path.insert(0, {tests!r})
from drift_wheels import write_wheel

HERE = pathlib.Path(__file__).parent
FILES = {{p.relative_to(HERE).as_posix(): p.read_text() for p in HERE.rglob("{name}/*.py")}}

def build_wheel(folder, config=None, metadata=None):
    return write_wheel(pathlib.Path(folder), "{name}", "{version}", FILES).name

def build_editable(folder, config=None, metadata=None):
    return write_wheel(pathlib.Path(folder), "{name}", "{version}", {{"_{name}.pth": str(HERE)}}).name
"""
LIVE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("capture_of_live", sys.argv[1])
module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
for line in sys.stdin:
    word, _, rest = line.rstrip("\\n").partition(" ")
    if word == "run":
        exec(rest)
        print("done", flush=True)
    else:
        level, _, folder = rest.partition(" ")
        print(repr(module.to_json(module.capture(level, folder))), flush=True)
"""


def git(folder: Path, *words: str) -> str:
    """What git says, as somebody who may commit."""
    who = ["-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True
    )
    return done.stdout.strip()


def write_source(folder: Path, name: str) -> Path:
    """A git work tree with a package that can be built without any other."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("VALUE = 1\n")
    (folder / "backend.py").write_text(BACKEND.format(tests=str(Path(__file__).parent), name=name, version="0.1"))
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "0.1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (folder / ".gitignore").write_text("__pycache__/\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "first")
    return folder


def commit(folder: Path, message: str) -> str:
    """Commit everything; the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


class World:
    """The project, its environment, and what is captured of it.

    Args:
        folder: an empty one.
        python: an interpreter to make the environment of.
    """

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder, self.base = folder, python
        self.index, self.project = folder / "index", folder / "project"
        self.fromgit, self.edited = (
            write_source(folder / "fromgit", "fromgit"),
            write_source(folder / "edited", "edited"),
        )
        self.project.mkdir()
        (self.project / "helper.py").write_text("HELP = 1\n")
        write_package(self.index, "alpha", "1.0", requires=("beta",))
        write_package(self.index, "alpha", "2.0", requires=("beta",))
        for name, version in (("beta", "1.0"), ("beta", "1.1"), ("gamma", "1.0"), ("delta", "1.0"), ("extra", "1.0")):
            write_package(self.index, name, version)
        self.live: subprocess.Popen[str] | None = None
        self.venv = self.new_venv("venv")
        self.python = str(self.venv / "bin" / "python")
        self.install("alpha==1.0", "beta==1.0", "gamma", "delta", f"git+file://{self.fromgit}", "-e", str(self.edited))
        self.write_kernelspec("-m", "ipykernel_launcher", "-f", "{connection_file}")

    @property
    def site(self) -> Path:
        """Where packages lie."""
        return next(self.venv.glob("lib/python*/site-packages"))

    def new_venv(self, name: str) -> Path:
        """An empty environment."""
        built.uv("venv", "--quiet", "--python", self.base, self.folder / name)
        return self.folder / name

    def install(self, *what: str, python: str | None = None, index: Path | None = None) -> None:
        """Install by uv, without a cache that would know an older wheel of the same name."""
        built.uv(
            "pip", "install", "--quiet", "--no-cache", "--no-index", "--find-links", index or self.index,
            "--python", python or self.python, *what,
        )  # fmt: skip

    def install_by_pip(self, *what: str, python: str | None = None) -> None:
        """Install by pip, which is that of the tests."""
        command = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python or self.python,
            "--disable-pip-version-check",
            "install",
        ]
        options = ["--quiet", "--no-cache-dir", "--no-index", "--find-links", str(self.index), *what]
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def write_kernelspec(self, *words: str) -> None:
        """How the kernel of the environment is started."""
        place = self.venv / "share" / "jupyter" / "kernels" / "python3"
        place.mkdir(parents=True, exist_ok=True)
        (place / "kernel.json").write_text(json.dumps({"argv": [self.python, *words], "display_name": "Python 3"}))

    def start(self, code: str) -> None:
        """From now on a process that has run `code` is captured, as a kernel would be."""
        from mlnb.envs import capture

        self.live = subprocess.Popen(
            [self.python, "-c", LIVE, capture.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._say(f"run {code}")

    def end(self) -> None:
        """End that process."""
        if self.live is not None:
            self.live.stdin.close()
            self.live.wait(30)
            self.live.stdout.close()

    def capture(self, level: str) -> Environment:
        """The environment as it is now."""
        if self.live is None:
            return EnvsService().capture(self.python, level, self.project)
        text = self._say(f"capture {level} {self.project}")
        return environment_from_json(eval(text), "live")

    def _say(self, line: str) -> str:
        self.live.stdin.write(f"{line}\n")
        self.live.stdin.flush()
        return self.live.stdout.readline()


def program(folder: Path, name: str, says: str) -> None:
    """A program that prints the same whatever it is asked, first on PATH from here on."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    (folder / name).chmod(0o755)


def dpkg_status(folder: Path, version: str) -> None:
    """What dpkg would have written for one package."""
    folder.mkdir(exist_ok=True)
    block = f"Package: libblas3\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
    (folder / "status").write_text(f"{block}\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n")


def bare_prefix(folder: Path) -> Path:
    """A Python that is no virtual environment and has packages of its own: the standard library is that of this one."""
    import sysconfig

    library = Path(sysconfig.get_path("stdlib"))
    here = folder / "lib" / library.name
    here.mkdir(parents=True)
    for entry in library.iterdir():
        if entry.name not in ("site-packages", "dist-packages", "sitecustomize.py"):
            (here / entry.name).symlink_to(entry)
    (here / "site-packages").mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    return here / "site-packages"
