"""What every test has: a home of its own, so that no test sees another's state or the user's."""

from __future__ import annotations

import os

import pytest

os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
)  # servers and kernels that tests start would compile everything each time

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture(autouse=True)
def mlnb_home(tmp_path_factory, monkeypatch):
    """A fresh MLNB_HOME (returned) and MLNB_KEYS; no MLNB_ setting leaks in; no service is left filled in."""
    from mlnb.core import current

    for name in [name for name in os.environ if name.startswith("MLNB_")]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("mlnb-home")
    monkeypatch.setenv("MLNB_HOME", str(home))
    monkeypatch.setenv("MLNB_KEYS", str(home / "keys"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    current.clear()
    yield home
    current.clear()
