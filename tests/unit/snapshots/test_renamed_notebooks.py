"""The history follows the notebook, not the path."""

from __future__ import annotations

import json

import pytest

from mlnb.config import Settings
from mlnb.store.identity import id_in
from mlnb.wiring import Wiring


@pytest.fixture
def services():
    found = Wiring(Settings())
    yield found
    found.database.close()


def notebook(path):
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))
    return path


def test_the_first_snapshot_gives_the_notebook_its_id(services, tmp_path):
    path = notebook(tmp_path / "a.ipynb")
    taken = services.snapshots.take(path)
    assert taken.snapshot.notebook_id == id_in(path) is not None


def test_a_renamed_notebook_keeps_its_history(services, tmp_path):
    path = notebook(tmp_path / "Untitled.ipynb")
    first = services.snapshots.take(path).snapshot
    renamed = path.rename(tmp_path / "train.ipynb")
    second = services.snapshots.take(renamed).snapshot
    assert [snapshot.id for snapshot in services.snapshots.list(renamed).snapshots] == [second.id, first.id]
    services.snapshots.index(from_scratch=True)
    assert services.snapshots.list(renamed).total == 2


def test_another_notebook_at_the_old_path_has_a_history_of_its_own(services, tmp_path):
    path = notebook(tmp_path / "Untitled.ipynb")
    services.snapshots.take(path)
    path.rename(tmp_path / "train.ipynb")
    taken = services.snapshots.take(notebook(path)).snapshot
    assert [snapshot.id for snapshot in services.snapshots.list(path).snapshots] == [taken.id]
    assert taken.id not in [snapshot.id for snapshot in services.snapshots.list(tmp_path / "train.ipynb").snapshots]
