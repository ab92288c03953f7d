"""What every test has: a home of its own, so that no test sees another's state or the user's."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# no timed assertions: a busy machine is no failure; in CI the same examples each time
settings.register_profile(
    "mlnb", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("mlnb")

# servers and kernels that tests start would compile everything each time
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["pytest_jupyter.jupyter_server"]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def mlnb_home(tmp_path_factory, monkeypatch):
    """A fresh MLNB_HOME (returned) and MLNB_KEYS; no MLNB_ setting leaks in; no service is left filled in."""
    from mlnb.core import current

    before = dict(os.environ)  # a run in this process, as by `mlnb run`, leaves MLflow's variables set
    for name in [name for name in os.environ if name.startswith("MLNB_")]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("mlnb-home")
    monkeypatch.setenv("MLNB_HOME", str(home))
    monkeypatch.setenv("MLNB_KEYS", str(home / "keys"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    current.clear()
    yield home
    current.clear()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def docker_image() -> str:
    """The name of the image that jobs run in, present in the Docker engine; skipped where no engine can be had."""
    spec = importlib.util.spec_from_file_location("mlnb_image", ROOT / "tests" / "images" / "build.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    try:
        return recipe.build()
    except recipe.CannotBuild as reason:
        pytest.skip(str(reason))
