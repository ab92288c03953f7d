"""Findings of saved notebooks, and the comparison of saved and fresh outputs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.errors import BadInput, NotANotebook, NotFound
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.rules.compare import compare_cell, compare_outputs, worst
from mlnb.order.rules.static import check_notebook
from mlnb.order.types import CellVerdict, SavedCell, SavedNotebook, SavedOutput


def notebook(*cells, kernel="python3", language="python"):
    """Cells as source, or (source, execution count)."""
    made = [cell if isinstance(cell, tuple) else (cell, None) for cell in cells]
    saved = tuple(SavedCell(f"c{i}", i, source, execution_count=count) for i, (source, count) in enumerate(made))
    return SavedNotebook("nb.ipynb", saved, kernel, language, "0" * 64)


def codes(*cells, **given):
    report = check_notebook(notebook(*cells, **given), lambda language: PythonAnalyzer())
    return [(finding.code, finding.index) for finding in report.findings]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([("x = 1", 1), ("print(x)", 2)], []),
        ([("x = 1", 2), ("print(x)", 1)], [("out_of_order", 1)]),
        ([("x = 1", 1), ("y = 1", None), ("print(x)", 2)], [("not_run", 1)]),
        ([("x = 1", 1), ("print(x)", 4)], [("counts_skip", 1)]),
        ([("x = 1", 7), ("print(x)", 8)], [("counts_skip", 0)]),
        (["print(x)", "x = 1"], [("used_before_defined", 0)]),
        (["print(x)"], [("not_defined", 0)]),
        (["x = 1", "del x", "print(x)"], [("used_after_delete", 2)]),
        (["def f(): return k", "k = 1"], []),
        (["def f(): return k"], [("not_defined", 0)]),
        (["%run setup.py", "print(x)"], []),
        (["!echo {x} > out.txt"], []),
        (["x = ("], [("syntax_error", 0)]),
        (["import os\nprint(os.sep, __name__, _)"], []),
    ],
)
def test_findings(cells, found):
    assert codes(*cells) == found


def test_a_notebook_without_a_kernel_is_told():
    assert codes("x = 1", kernel=None) == [("no_kernelspec", None)]


def test_another_language_is_checked_as_far_as_counts_go():
    def no_analyzer(language):
        raise NotFound(f"no analyser for {language}")

    report = check_notebook(notebook(("print(x", 2), ("y", 1), kernel="ir", language="R"), no_analyzer)
    assert [finding.code for finding in report.findings] == ["out_of_order"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("{", NotANotebook), ("[]", NotANotebook), ('{"worksheets": []}', NotANotebook), (None, NotFound)],
)
def test_what_is_no_notebook_is_refused_by_name(tmp_path, text, kind):
    path = tmp_path / "nb.ipynb"
    if text is not None:
        path.write_text(text)
    with pytest.raises(kind, match=r"nb\.ipynb") as caught:
        read_notebook(path)
    assert isinstance(caught.value, BadInput)
    assert caught.value.hint


def test_cells_without_ids_get_stable_ones(tmp_path):
    path = tmp_path / "nb.ipynb"
    cells = [{"cell_type": "code", "source": ["x = 1"], "outputs": [], "execution_count": None}] * 2
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    one, other = (read_notebook(path) for _ in range(2))
    assert [cell.id for cell in one.cells] == [cell.id for cell in other.cells]
    assert len({cell.id for cell in one.cells}) == 2


def stream(text, name="stdout"):
    return SavedOutput("stream", {name: text})


@pytest.mark.parametrize(
    ("saved", "fresh", "verdict"),
    [
        ([stream("1\n")], [stream("1\n")], "identical"),
        ([stream("1\n2\n")], [stream("1\n"), stream("2\n")], "noise"),
        ([], [stream("1\n")], "different"),
        ([stream("<A at 0x7f0011223344>")], [stream("<A at 0x7fffffffffff>")], "noise"),
        ([stream("took 1.23 s")], [stream("took 4.5 s")], "noise"),
        ([stream("loss 0.123456789")], [stream("loss 0.123456788")], "tolerance"),
        ([stream("loss 0.12")], [stream("loss 0.13")], "different"),
        ([stream("n 3")], [stream("n 4")], "different"),
        ([stream("w", "stderr")], [], "noise"),
        (
            [SavedOutput("display_data", {"image/png": "AA"})],
            [SavedOutput("display_data", {"image/png": "AB"})],
            "different",
        ),
        (
            [SavedOutput("display_data", {"text/plain": "a"})],
            [SavedOutput("display_data", {"text/html": "a"})],
            "different",
        ),
    ],
)
def test_outputs_are_compared(saved, fresh, verdict):
    assert compare_outputs(saved, fresh)[0] == verdict


@given(st.lists(st.text().map(stream)))
def test_the_same_outputs_are_identical(outputs):
    assert compare_outputs(outputs, list(outputs)) == ("identical", "")


def test_a_failed_cell_and_those_behind_it():
    saved = SavedCell("a", 0, "1 / 0")
    fresh = SavedCell(
        "a", 0, "1 / 0", outputs=(SavedOutput("error", {"name": "ZeroDivisionError", "value": "division by zero"}),)
    )
    failed = compare_cell(saved, saved, fresh, is_reached=True)
    assert (failed.verdict, failed.detail) == ("failed", "ZeroDivisionError: division by zero")
    behind = compare_cell(saved, saved, saved, is_reached=False)
    assert behind.verdict == "not_run"
    assert worst([failed, behind]) == "failed"
    assert worst([CellVerdict("a", 0, "noise"), CellVerdict("b", 1, "identical")]) == "noise"
    assert worst([]) == "identical"
