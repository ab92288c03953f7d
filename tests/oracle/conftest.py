"""Makes `oracle` importable, and starts its process once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@pytest.fixture(scope="session")
def kernels() -> Iterator[object]:
    """`oracle.kernels.Kernels`: processes to play notebooks in."""
    from oracle.kernels import Kernels

    with Kernels() as started:
        yield started
