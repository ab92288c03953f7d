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

    def interpreter(self, kernel):
        return None

    def files_below(self, folder):
        return {"nb.ipynb": (0, 0), "data.csv": (len(self.asked), 0)}


@pytest.fixture
def runner():
    return FakeRunner()


@pytest.fixture
def repo(tmp_path):
    return CertificateRepo(Database(f"sqlite:///{tmp_path / 'mlnb.db'}"))


@pytest.fixture
def environment():
    """The id of the environment, as a list, so that a test can change it."""
    return ["env-1"]


@pytest.fixture
def service(runner, repo, environment):
    return OrderService(repo, runner, lambda language: PythonAnalyzer(), lambda python: environment[0])


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
    assert (found.first_different, found.compared_with, found.written) == (None, "saved", ["data.csv"])
    status = service.certificate(found.certificate)
    assert (status.is_signed, status.is_valid, status.reasons) == (True, True, [])
    certificate = status.certificate
    assert (certificate.verdict, certificate.env_id, certificate.notebook) == ("identical", "env-1", str(saved))


def test_a_touched_certificate_is_seen(service, repo, saved, runner):
    runner.outputs = {1: (SavedOutput("stream", {"stdout": "9\n"}),)}
    found = service.verify(saved)
    assert (found.first_different.index, found.first_different.detail) == (1, "'9' instead of '1'")
    certificate = service.certificate(found.certificate).certificate
    repo.add(dataclasses.replace(certificate, id="cert-forged", verdict="identical"))
    forged = service.certificate("cert-forged")
    assert (forged.is_signed, forged.is_valid, forged.reasons) == (False, False, ["it was not signed by you as it is"])


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_certificate_is_bound_to_code_parameters_and_environment(service, saved, environment):
    assert service.certification(saved).reason == "nb.ipynb has no certificate"
    found = service.verify(saved, {"n": 3})
    assert service.is_certified(saved, {"n": 3})
    other = service.certification(saved, {"n": 4})
    assert (other.is_certified, other.certificate) == (False, found.certificate)
    assert other.reason.endswith("it was verified with other parameters")
    assert other.way_out == f"mlnb verify {saved} -p n=4"
    # outputs, text and comments are no part of it
    edit(saved, lambda d: d["cells"][1].update(source="print(1)  # one", outputs=[]))
    edit(saved, lambda d: d["cells"][0].update(source="# Another title"))
    assert service.is_certified(saved, {"n": 3})
    environment[0] = "env-2"
    assert service.certificate(found.certificate).reasons == ["the environment has changed since"]
    environment[0] = "env-1"
    edit(saved, lambda d: d["cells"][3].update(source="print(3)"))
    assert service.certificate(found.certificate).reasons == ["cell 4 has changed since"]
    edit(saved, lambda d: d["cells"][3].update(source="print(2)", metadata={"tags": ["skip"]}))
    assert not service.is_certified(saved, {"n": 3})
    edit(saved, lambda d: d["cells"].pop())
    assert "taken away" in service.certificate(found.certificate).reasons[0]
    saved.unlink()
    assert "there is no notebook" in service.certificate(found.certificate).reasons[0]


def test_a_negative_verdict_certifies_nothing(service, saved, runner):
    runner.outputs = {1: (SavedOutput("stream", {"stdout": "9\n"}),)}
    service.verify(saved)
    found = service.certification(saved)
    assert (found.is_certified, found.reason) == (
        False,
        "the certificate of nb.ipynb does not hold: its verdict is different",
    )
    runner.outputs = {}
    service.verify(saved)
    assert service.is_certified(saved)
    assert [one.is_valid for one in service.certificates(saved).certificates] == [True, False]


def test_a_certificate_follows_the_identity_and_not_a_copy(service, saved, tmp_path):
    edit(saved, lambda d: d["metadata"].update(mlnb={"id": "n-1"}))
    service.verify(saved)
    renamed = tmp_path / "renamed.ipynb"
    renamed.write_bytes(saved.read_bytes())
    assert service.is_certified(renamed)
    edit(renamed, lambda d: d["metadata"].update(mlnb={"id": "n-2"}))
    assert not service.is_certified(renamed)


def test_a_notebook_saved_without_outputs_is_run_twice(service, saved, runner):
    edit(saved, lambda d: [cell.update(outputs=[]) for cell in d["cells"] if cell["cell_type"] == "code"])
    runner.outputs = {1: (SavedOutput("stream", {"stdout": "1\n"}),)}
    found = service.verify(saved)
    assert (found.verdict, found.compared_with, len(runner.asked)) == ("identical", "second_run", 2)
    runner.outputs = {1: (SavedOutput("error", {"name": "ValueError", "value": "no"}),)}
    assert service.verify(saved).verdict == "failed"
    assert len(runner.asked) == 3


def test_kept_cells_do_not_count(service, saved, runner):
    edit(saved, lambda d: d["cells"][3].update(metadata={"tags": ["frozen"]}))
    found = service.verify(saved)
    assert [(cell.verdict, cell.kept) for cell in found.cells] == [("identical", ""), ("not_run", "frozen")]
    assert found.verdict == "identical"


def test_a_failure_ends_the_run(service, saved, runner):
    runner.outputs = {1: (SavedOutput("error", {"name": "ValueError", "value": "no"}),), 3: ()}
    found = service.verify(saved)
    assert [cell.verdict for cell in found.cells] == ["failed", "not_run"]
    assert (found.verdict, found.first_different.detail) == ("failed", "ValueError: no")


def test_credentials_in_parameters_are_masked(service, saved, runner):
    found = service.verify(saved, {"api_token": "abcdefgh1234", "n": 3})
    assert runner.asked == [{"api_token": "abcdefgh1234", "n": 3}]
    certificate = service.certificate(found.certificate).certificate
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
