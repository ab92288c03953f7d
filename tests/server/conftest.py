"""A Jupyter Server in this process with mlnb loaded, and nothing of the user's Jupyter configuration."""

from __future__ import annotations

import pytest


@pytest.fixture
def jp_server_config():
    """Only mlnb is loaded; what the machine's configuration enables stays out."""
    return {"ServerApp": {"jpserver_extensions": {"mlnb": True}, "allow_root": True}}


@pytest.fixture
def jp_environ(jp_environ, monkeypatch):
    """pytest-jupyter's folders of its own; also none of the configuration in ``<sys.prefix>/etc``, and a HOME of its own."""
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    return jp_environ
