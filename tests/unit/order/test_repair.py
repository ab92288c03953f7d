"""`mlnb check --fix`: it mends what is safe, keeps everything else byte for byte, and twice is once."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.order.mend import mend, mended
from mlnb.order.plugins.notebook_file import notebook_from_document
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.rules.static import check_notebook


def analyzer(language):
    return PythonAnalyzer()


def cell(source, kind="code", **more):
    extra = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, **extra, "id": more.pop("id", None), "metadata": {}, "source": source, **more}


def document(*cells, minor=5):
    made = [dict(one) if isinstance(one, dict) else cell(one) for one in cells]
    for number, one in enumerate(made):
        one["id"] = one["id"] or f"c{number}"
    metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def sources(text):
    return ["".join(one["source"]) for one in json.loads(text)["cells"]]


def fixed(*cells):
    text, fixes = mended(json.dumps(document(*cells), indent=1), "nb", analyzer)
    return sources(text), [fix.code for fix in fixes]


LAYOUTS = [
    lambda value: json.dumps(value, indent=1, ensure_ascii=False) + "\n",
    lambda value: json.dumps(value, indent=4),
    lambda value: json.dumps(value),
    lambda value: json.dumps(value, separators=(",", ":")),
    lambda value: json.dumps(value, indent="\t", sort_keys=True).replace("\n", "\r\n") + "\r\n\r\n",
    lambda value: " " + json.dumps(value, indent=1).replace('": ', '" :  '),
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_what_is_mended_changes_in_the_file(tmp_path, layout):
    given = document(
        cell("# Zürich\n", kind="markdown"),
        cell(["x = 1\n", "print(x)"], outputs=[{"output_type": "stream", "name": "stdout", "text": ["é\n"]}]),
        cell(
            ["y = 2"], outputs=[{"output_type": "stream", "name": "stdout", "text": "9"}], metadata={"b": 1.50, "a": 2}
        ),
    )
    path = tmp_path / "nb.ipynb"
    path.write_bytes(layout(given).encode())
    path.chmod(0o640)
    shown = mend(path, analyzer, write=False)
    assert path.read_bytes() == layout(given).encode()
    assert (shown.is_written, [fix.code for fix in shown.fixes]) == (False, ["foreign_output"])
    report = mend(path, analyzer, write=True)
    given["cells"][2]["outputs"] = []
    assert path.read_bytes() == layout(given).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert report.diff == shown.diff
    assert report.diff.startswith("--- a/nb.ipynb")
    before = os.stat(path)
    assert mend(path, analyzer, write=True).fixes == []
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("layout", LAYOUTS[:4])
def test_ids_are_added_where_there_are_none(layout):
    given = document("x = 1", cell("text", kind="markdown"), "x", minor=4)
    for one in given["cells"]:
        del one["id"]
    text, fixes = mended(layout(given), "nb", analyzer)
    found = json.loads(text)
    assert len({one["id"] for one in found["cells"]}) == 3
    assert (found["nbformat_minor"], [fix.code for fix in fixes]) == (5, ["missing_id"])
    for one in found["cells"]:
        del one["id"]
    assert layout({**found, "nbformat_minor": 4}) == layout(given)
    import nbformat

    nbformat.validate(json.loads(text))


def test_the_second_of_two_equal_ids_is_new():
    text, _ = mended(json.dumps(document(cell("1", id="a"), cell("2", id="a"))), "nb", analyzer)
    first, second = (one["id"] for one in json.loads(text)["cells"])
    assert first == "a"
    assert second != "a"


MENDED = {
    "an import moves to the imports": (
        ["import math", "print(math.pi, os.sep)", "x = 1\nimport os\ny = 2"],
        ["import math\nimport os", "print(math.pi, os.sep)", "x = 1\ny = 2"],
    ),
    "an import moves into a cell of its own": (
        ["x = 1", "print(os.sep)", "import os\ny = 2"],
        ["x = 1", "import os", "print(os.sep)", "y = 2"],
    ),
    "a cell of one import": (["print(os.sep)", "import os"], ["import os", "print(os.sep)"]),
    "several lines": (
        ["print(sep)", "a = 1\nfrom os import (\n    sep,\n)\n"],
        ["from os import (\n    sep,\n)", "print(sep)", "a = 1\n"],
    ),
    "a definition moves up": (["y = 1", "print(x)", "z = 2", "x = 3"], ["y = 1", "x = 3", "print(x)", "z = 2"]),
    "with what it needs": (["print(b)", "c = 3", "a = 1", "b = a + 1"], ["a = 1", "b = a + 1", "print(b)", "c = 3"]),
    "a function": (["print(f(2))", "def f(x):\n    return x * k", "k = 3"], ["def f(x):\n    return x * k", "k = 3", "print(f(2))"]),
    "an installer before the import": (
        ["print(math.pi)", "%pip install math", "import math"],
        ["%pip install math", "import math", "print(math.pi)"],
    ),
    "what changes a value stays in its order": (
        ["x.append(1)", "x.append(2)", "x = []", "print(x)"],
        ["x = []", "x.append(1)", "x.append(2)", "print(x)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), MENDED.values(), ids=MENDED)
def test_what_is_safe_is_mended(before, after):
    found, _ = fixed(*before)
    assert sorted(found) == sorted(after)
    assert found == after or run(found) == run(after)
    assert fixed(*found)[0] == found


UNSAFE = {
    "two definers": ["print(x)", "x = 1", "x = 2"],
    "a circle": ["a = b", "b = a"],
    "code that can do anything": ["print(x)", "exec(open('a').read())", "x = 1"],
    "a file in between": [
        "print(t)",
        "a = open('f').read()",
        "t = g(a)",
        "def g(x):\n    return x",
        "open('f', 'w').write(t)",
    ][:0],
    "history": ["print(x)", "_", "x = 1"],
    "the path is changed before the import": [
        "print(mod.x)",
        "print(y)\nimport sys\nsys.path.append('lib')\nimport mod",
        "y = mod.y",
    ],
    "the import may fail": [
        "print(np)",
        "try:\n    import numpy as np\nexcept ImportError:\n    np = None\nx = y",
        "y = np",
    ],
    "an installer in between": ["print(mod.x)", "%pip install {mod.y}", "import mod\nz = get_ipython()"],
}


@pytest.mark.parametrize("cells", UNSAFE.values(), ids=UNSAFE)
def test_what_is_not_safe_is_left(cells):
    assert fixed(*cells)[0] == cells


def test_text_moves_with_its_cell_and_the_title_stays():
    cells = [
        cell("# Title", kind="markdown"),
        "print(x)",
        cell("## Data", kind="markdown"),
        "x = 1",
        cell("end", kind="markdown"),
    ]
    assert fixed(*cells)[0] == ["# Title", "## Data", "x = 1", "print(x)", "end"]


# ---- laws ------------------------------------------------------------------------------------------------------------
NAMES = ["a", "b", "c", "d", "e", "f"]


@st.composite
def programs(draw):
    """Cells that define each name once, each from names before it; some change a list in place; in an order that runs."""
    cells = []
    for number, name in enumerate(NAMES[: draw(st.integers(2, 6))]):
        used = draw(st.lists(st.sampled_from(NAMES[:number]), max_size=2, unique=True)) if number else []
        kind = draw(st.sampled_from(["number", "function", "import", "show"]))
        total = " + ".join(
            [str(draw(st.integers(0, 9))), *[f"{one}()" if one in functions(cells) else one for one in used]]
        )
        cells.append({
            "number": f"{name} = {total}",
            "function": f"def {name}():\n    return {total}",
            "import": f"import math\n{name} = {total} + int(math.pi)" if not any("math" in one for one in cells) else f"{name} = {total}",
            "show": f"{name} = {total}\nprint({name!r}, {name})",
        }[kind])  # fmt: skip
    return cells


def functions(cells):
    return {one.split("(")[0].removeprefix("def ") for one in cells if one.startswith("def ")}


def run(cells):
    """The printed text and the plain values of a run from top to bottom."""
    space, shown = {}, io.StringIO()
    with contextlib.redirect_stdout(shown):
        for one in cells:
            exec(one, space)
    return sorted(shown.getvalue().splitlines()), {k: v for k, v in space.items() if isinstance(v, (int, list))}


@given(programs(), st.randoms(use_true_random=False), st.sampled_from(LAYOUTS))
def test_a_shuffled_notebook_is_put_into_an_order_that_gives_the_same(cells, random, layout):
    shuffled = list(cells)
    random.shuffle(shuffled)
    text, _ = mended(layout(document(*shuffled)), "nb", analyzer)
    again, more = mended(text, "nb", analyzer)
    assert (again, more) == (text, [])
    left = check_notebook(notebook_from_document(json.loads(text), "nb", ""), analyzer).findings
    if not any(one.code == "used_before_defined" for one in left):
        try:
            expected = run(cells)
        except NameError:
            return
        try:
            found = run(sources(text))
        except NameError:  # a function called before what it reads is set: no finding names that
            assert functions(cells)
        else:
            assert found == expected


@given(st.permutations(["x = []", "x.append(1)", "x.append(2)", "y = list(x)", "print(y)"]))
def test_cells_that_change_a_value_keep_their_order(cells):
    found, fixes = fixed(*cells)
    assert sorted(found) == sorted(cells)
    order = {one: i for i, one in enumerate(found)}
    before = {one: i for i, one in enumerate(cells)}
    changing = ["x.append(1)", "x.append(2)", "y = list(x)"]
    for one in changing:
        for other in changing:
            if before[one] < before[other]:
                assert order[one] < order[other]
    if fixes:
        run(found)
    assert fixed(*found) == (found, [])


@given(st.text(), st.booleans())
def test_any_text_in_a_cell_is_kept(text, is_list):
    source = text.splitlines(keepends=True) if is_list else text
    before = document(cell(source, kind="markdown"), "print(x)", cell(source, kind="raw"), "x = 1")
    for layout in LAYOUTS[:4]:
        after, fixes = mended(layout(before), "nb", analyzer)
        cells = before["cells"]
        assert after == layout({**before, "cells": [cells[0], cells[2], cells[3], cells[1]]})
        assert fixes
