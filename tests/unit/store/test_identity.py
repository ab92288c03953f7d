"""A notebook keeps its identity when it is moved; a copy gets its own and remembers its parent."""

from __future__ import annotations

import json
import shutil

import pytest

from mlnb.store.core_tables import Notebooks
from mlnb.store.database import Database
from mlnb.store.identity import Identities, id_in


@pytest.fixture
def identities(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'mlnb.db'}")
    yield Identities(Notebooks(database))
    database.close()


def notebook(path, indent=1, **metadata):
    text = json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=indent)
    path.write_text(text + "\n")
    return path


def test_the_first_act_gives_an_id_that_stays(identities, tmp_path):
    path = notebook(tmp_path / "a.ipynb", kernelspec={"name": "python3"})
    first = identities.identify(path)
    assert id_in(path) == first.id
    assert first.parent is None
    after = path.read_text()
    assert identities.identify(path) == first
    assert path.read_text() == after


def test_a_moved_notebook_is_the_same(identities, tmp_path):
    path = notebook(tmp_path / "a.ipynb")
    first = identities.identify(path)
    moved = path.rename(tmp_path / "b.ipynb")
    assert identities.identify(moved) == first


def test_a_copy_is_another_one_with_a_parent(identities, tmp_path):
    path = notebook(tmp_path / "a.ipynb")
    first = identities.identify(path)
    copy = tmp_path / "b.ipynb"
    shutil.copy(path, copy)
    second = identities.identify(copy)
    assert second.parent == first.id != second.id
    assert json.loads(copy.read_text())["metadata"]["mlnb"] == {"id": second.id, "parent": first.id}
    assert identities.identify(path) == first
    assert identities.identify(copy).id == second.id


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
def test_nothing_but_the_id_changes_in_the_file(identities, tmp_path, indent):
    path = notebook(tmp_path / "ä.ipynb", indent, language_info={"name": "python"}, mlnb={"inputs": ["x.csv"]})
    before = path.read_text()
    identity = identities.identify(path)
    document = json.loads(path.read_text())
    assert document["metadata"]["mlnb"].pop("id") == identity.id
    assert json.dumps(document, indent=indent) + "\n" == before


def test_what_is_no_notebook_or_must_not_be_written_goes_by_its_path(identities, tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert identities.identify(broken) is None
    assert identities.identify(tmp_path / "missing.ipynb") is None
    listed = tmp_path / "list.ipynb"
    listed.write_text("[]")
    assert identities.identify(listed) is None


def test_a_document_that_somebody_holds_is_settled_without_its_file(identities, tmp_path):
    path = notebook(tmp_path / "a.ipynb")
    settled = identities.settle(path, None)
    assert id_in(path) is None
    assert identities.settle(path, settled.id) == settled
