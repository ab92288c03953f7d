"""Verify: a fresh run compared, and a certificate that shows when it was touched."""

from __future__ import annotations

import dataclasses
import json

import pytest

from mlnb import order
from mlnb.core import current
from mlnb.core.errors import NotFound
from mlnb.order.errors import KernelOnly
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.repo import CertificateRepo
from mlnb.order.service import OrderService
from mlnb.order.types import SavedOutput
from mlnb.store.database import Database


class FakeRunner:
    """Hands back the saved notebook with other outputs, and remembers what it was asked."""

    def __init__(self):
        self.outputs = {}
        self.asked = []

    def run(self, path, parameters):
        self.asked.append(dict(parameters))
        saved = read_notebook(path)
        cells = tuple(
            dataclasses.replace(cell, outputs=self.outputs.get(cell.index, cell.outputs)) for cell in saved.cells
        )
        return dataclasses.replace(saved, cells=cells)


@pytest.fixture
def runner():
    return FakeRunner()


@pytest.fixture
def repo(tmp_path):
    return CertificateRepo(Database(f"sqlite:///{tmp_path / 'mlnb.db'}"))


@pytest.fixture
def service(runner, repo):
    return OrderService(repo, runner, lambda language: PythonAnalyzer(), lambda: "env-1")


@pytest.fixture
def saved(tmp_path):
    def cell(source, text=None, kind="code"):
        outputs = [] if text is None else [{"output_type": "stream", "name": "stdout", "text": [text]}]
        extra = {"outputs": outputs, "execution_count": None} if kind == "code" else {}
        return {"cell_type": kind, "id": f"i{abs(hash(source))}", "source": source, "metadata": {}, **extra}

    path = tmp_path / "nb.ipynb"
    cells = [cell("# Title", kind="markdown"), cell("print(1)", "1\n"), cell(""), cell("print(2)", "2\n")]
    metadata = {"kernelspec": {"name": "python3"}}
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_the_same_outputs_give_a_valid_certificate(service, saved):
    found = service.verify(saved)
    assert (found.verdict, [cell.index for cell in found.cells]) == ("identical", [1, 3])
    certificate, is_signed = service.certificate(found.certificate)
    assert is_signed
    assert (certificate.verdict, certificate.env_id, certificate.notebook) == ("identical", "env-1", str(saved))


def test_a_touched_certificate_is_seen(service, repo, saved, runner):
    runner.outputs = {1: (SavedOutput("stream", {"stdout": "9\n"}),)}
    found = service.verify(saved)
    certificate, _ = service.certificate(found.certificate)
    repo.add(dataclasses.replace(certificate, id="cert-forged", verdict="identical"))
    assert service.certificate("cert-forged")[1] is False
    assert repo.latest(str(saved)) is not None


def test_a_failure_ends_the_run(service, saved, runner):
    runner.outputs = {1: (SavedOutput("error", {"name": "ValueError", "value": "no"}),), 3: ()}
    found = service.verify(saved)
    assert [cell.verdict for cell in found.cells] == ["failed", "not_run"]
    assert found.verdict == "failed"


def test_credentials_in_parameters_are_masked(service, saved, runner):
    found = service.verify(saved, {"api_token": "abcdefgh1234", "n": 3})
    assert runner.asked == [{"api_token": "abcdefgh1234", "n": 3}]
    certificate, _ = service.certificate(found.certificate)
    assert certificate.parameters["n"] == "3"
    assert "abcdefgh" not in certificate.parameters["api_token"]


def test_what_only_a_kernel_knows_is_refused_outside(service):
    current.fill("order", service)
    for ask in (order.status, order.plan, lambda: order.sync([]), lambda: order.set_mode("mark")):
        with pytest.raises(KernelOnly) as caught:
            ask()
        assert "load_ext" in caught.value.hint
    with pytest.raises(NotFound):
        service.certificate("cert-none")
    with pytest.raises(NotFound):
        order.check("/nowhere/nb.ipynb")
