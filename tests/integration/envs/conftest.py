"""An index of small packages, uv that knows no other, and environments with them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import built
from tests.integration.envs import packages


@pytest.fixture
def index(tmp_path, monkeypatch):
    """The only index that uv knows, and a cache of its own."""
    with packages.index(tmp_path / "index") as found:
        for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("UV_DEFAULT_INDEX", found.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
        yield found


@pytest.fixture
def project(index, tmp_path) -> built.Environment:
    """An environment with packages of the index, a commit, an edited folder and a wheel that is gone."""
    packages.wheel(index.folder, "needed", "2.0")
    packages.wheel(index.folder, "asked", "1.0", requires=["needed>=2"])
    made = built.Environment(tmp_path / "project" / ".venv", sys.executable)
    own = packages.wheel(tmp_path / "wheels", "ownwheel", "1.0")
    commit = packages.tree(tmp_path / "commit", "ofcommit")
    edited = packages.tree(tmp_path / "edited", "edited")
    made.install("asked==1.0", own, f"ofcommit @ git+{commit.as_uri()}", "-e", edited)
    own.unlink()
    (edited / "edited" / "__init__.py").write_text("X = 2\n")
    (edited / "edited" / "fresh.py").write_text("Y = 1\n")
    return made


@pytest.fixture
def locks():
    """The service, as the command line has it."""
    from mlnb.core import current

    return current.service("env_locks")


@pytest.fixture
def envs():
    from mlnb.core import current

    return current.service("envs")


def everything_in(folder: Path) -> list[str]:
    """What lies in `folder`, half-made things too."""
    return sorted(path.name for path in folder.iterdir())
