"""A notebook in a bare shell with mlnb in it, for the tests of order."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("order_shell", Path(__file__).with_name("order_shell.py"))
order_shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(order_shell)


@pytest.fixture
def notebook():
    sessions = []

    def start(*sources):
        sessions.append(order_shell.Session(*sources))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()
