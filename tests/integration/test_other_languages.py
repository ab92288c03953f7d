"""A real kernel of another language: verified, run as a job would be, and checked as far as counts go."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.order.errors import FrozenValueMissing
from mlnb.runner.foreground import run_here
from mlnb.wiring import build_services

pytestmark = pytest.mark.kernel
KERNEL = Path(__file__).parent / "kernels" / "echo_kernel.py"


@pytest.fixture(autouse=True)
def _echo(tmp_path, monkeypatch):
    """The echo kernel, installed for this test."""
    folder = tmp_path / "jupyter" / "kernels" / "echo"
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, str(KERNEL), "-f", "{connection_file}"],
        "display_name": "Echo",
        "language": "echo",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))


def write(path, *cells, tags=()):
    """Cells as (source, execution count, printed text)."""
    kernelspec = {"name": "echo", "display_name": "Echo", "language": "echo"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernelspec, "language_info": {"name": "echo"}})
    for number, (source, count, text) in enumerate(cells):
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
        metadata = {"tags": [tags[number]]} if len(tags) > number and tags[number] else {}
        notebook.cells.append(
            nbformat.v4.new_code_cell(source, execution_count=count, outputs=outputs, metadata=metadata)
        )
    nbformat.write(notebook, path)
    return path


def call(*arguments):
    done = CliRunner().invoke(root, [*map(str, arguments), "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, json.loads(done.stdout)


def test_verify(tmp_path):
    path = write(
        tmp_path / "nb.ipynb",
        ("set x 3", 1, ""),
        ("get x", 2, "3\n"),
        ("say at 0x7f0011223344", 3, "at 0x7fff11223344\n"),
    )
    code, found = call("verify", path)
    assert (code, [cell["verdict"] for cell in found["cells"]]) == (0, ["identical", "identical", "noise"])
    assert call("verify", path, "--check")[0] == 0
    write(path, ("set x 4", 1, ""), ("get x", 2, "3\n"), ("fail badly", 3, ""), ("say a", 4, "a\n"))
    assert call("verify", path, "--check")[0] == 3
    code, found = call("verify", path)
    assert (code, [cell["verdict"] for cell in found["cells"]]) == (1, ["identical", "different", "failed", "not_run"])
    assert found["first_different"]["detail"] == "'4' instead of '3'"


def test_check(tmp_path):
    path = write(tmp_path / "nb.ipynb", ("get x", 2, "3\n"), ("set x 3", 1, ""), ("get y", None, ""))
    code, found = call("check", path)
    assert (code, [one["code"] for one in found["reports"][0]["findings"]]) == (3, ["out_of_order", "not_run"])
    assert "not for this language (echo)" in found["reports"][0]["not_checked"]
    before = path.read_bytes()
    assert call("check", path, "--fix")[1]["fixed"][0]["fixes"] == []
    assert path.read_bytes() == before


def test_a_run_goes_from_top_to_bottom_and_leaves_out_what_is_skipped(tmp_path):
    path = write(
        tmp_path / "nb.ipynb", ("set x 3", None, ""), ("fail", None, ""), ("get x", None, ""), tags=("", "skip")
    )
    events = []
    result, out = run_here(
        path, {}, tmp_path / "out.ipynb", None, lambda event, **fields: events.append((event, fields.get("state")))
    )
    assert (result.exit_code, result.error) == (0, "")
    assert ("cell_kept", "skipped") in events
    assert nbformat.read(out, as_version=4).cells[2].outputs[0].text == "3\n"


def test_frozen_values_are_restored_in_python_only(tmp_path):
    path = write(tmp_path / "nb.ipynb", ("set x 3", 1, ""), ("get x", 2, "3\n"), tags=("frozen",))
    with pytest.raises(FrozenValueMissing, match="cannot be restored in echo"):
        build_services().order.verify(path)
    result, _ = run_here(path, {}, tmp_path / "out.ipynb", None, lambda *_, **__: None)
    assert (result.exit_code, "cannot be restored in echo" in result.error) == (1, True)
