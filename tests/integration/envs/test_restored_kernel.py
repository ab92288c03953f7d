"""A notebook gives the same in the kernel of a restored environment, and mlnb's kernel half is at work there."""

from __future__ import annotations

import sys

import nbformat
import pytest
from nbclient import NotebookClient

from mlnb.envs import restoring
from tests import built

pytestmark = pytest.mark.kernel


def outputs(notebook_path, kernel: str, *more: str) -> list[str]:
    """What its code cells print and show in that kernel, and then cells of our own."""
    notebook = nbformat.read(notebook_path, as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in more]
    NotebookClient(notebook, timeout=240, kernel_name=kernel).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return ["".join(one.get("text", "") or one.get("data", {}).get("text/plain", "")) for one in shown]


def test_an_example_gives_the_same_in_the_restored_kernel(locks, tmp_path, monkeypatch, repository):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    source = built.Environment(tmp_path / "source", sys.executable)
    source.install("ipykernel")
    restoring.write_kernelspec("source", source.folder, "source")
    locks.lock(tmp_path / "env.lock", python=str(source.folder))
    made = locks.restore(tmp_path / "env.lock", tmp_path / "Again", name="Of the lock")
    assert (made.verified.same, made.kernel) == (True, "of-the-lock")
    example = repository / "examples" / "order.ipynb"
    before = outputs(example, "source")
    assert before
    *after, prefix, loaded = outputs(
        example, made.kernel, "import sys; sys.prefix", "'mlnb.kernel.extension' in sys.modules"
    )
    assert after == before
    assert (prefix, loaded) == (repr(made.folder), "True")
