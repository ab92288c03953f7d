"""`mlnb check`: a notebook made to fail in each way says so, in exactly that way; an ordinary one says nothing."""

from __future__ import annotations

import copy
import json
import re

import pytest

from mlnb.core.errors import NotFound
from mlnb.order.plugins.notebook_file import notebook_from_document, read_notebook
from mlnb.order.plugins.python import PythonAnalyzer
from mlnb.order.rules.findings import KINDS
from mlnb.order.rules.static import check_notebook


def code(source, count=None, *outputs, tags=(), ran_at=""):
    metadata = {"tags": list(tags)} if tags else {}
    if ran_at:
        metadata["execution"] = {"iopub.execute_input": ran_at}
    return {
        "cell_type": "code", "source": source, "execution_count": count, "outputs": list(outputs), "metadata": metadata,
    }  # fmt: skip


def printed(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def result(text, count):
    return {"output_type": "execute_result", "data": {"text/plain": text}, "execution_count": count, "metadata": {}}


def error(name, *traceback):
    return {"output_type": "error", "ename": name, "evalue": "", "traceback": list(traceback)}


def document(*cells, language="python"):
    numbered = [{"id": f"c{i}", **copy.deepcopy(cell)} for i, cell in enumerate(cells)]
    metadata = {"kernelspec": {"name": "python3", "language": language}}
    return {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def report(given):
    return check_notebook(notebook_from_document(given, "nb.ipynb", ""), analyzer)


def analyzer(language):
    if language != "python":
        raise NotFound(f"no analyser for {language}")
    return PythonAnalyzer()


def found(*cells):
    return [(one.code, one.index, one.severity) for one in report(document(*cells)).findings]


WAYS = {
    "counts out of order": ([code("x = 1", 2), code("y = 2", 1)], [("out_of_order", 1, "warning")]),
    "one count twice": ([code("x = 1", 1), code("y = 2", 1)], [("same_count", 1, "warning")]),
    "a gap in the counts": ([code("x = 1", 1), code("y = 2", 4)], [("counts_skip", 1, "warning")]),
    "a late start": ([code("x = 1", 3), code("y = 2", 4)], [("counts_skip", 0, "warning")]),
    "not run, above": ([code("x = 1", 1), code("y = 2"), code("z = 3", 2)], [("not_run", 1, "warning")]),
    "not run, below": ([code("x = 1", 1), code("y = 2")], [("not_run", 1, "warning")]),
    "two kernel sessions": (
        [code("x = 1", 1, ran_at="2026-01-02T10:00:00Z"), code("y = 2", 2, ran_at="2026-01-01T10:00:00Z")],
        [("two_sessions", 1, "warning")],
    ),
    "called before defined": (
        [code("def f():\n    return x"), code("f()"), code("x = 1")],
        [("called_before_defined", 1, "error")],
    ),
    "used before defined": ([code("print(x)"), code("x = 1")], [("used_before_defined", 0, "error")]),
    "never defined": ([code("print(x)")], [("not_defined", 0, "error")]),
    "state of a deleted cell": ([code("print(x)", 1, printed("1\n"))], [("deleted_cell", 0, "error")]),
    "used after delete": ([code("x = 1"), code("del x"), code("print(x)")], [("used_after_delete", 2, "error")]),
    "defined by a skipped cell": (
        [code("x = 1", tags=["skip"]), code("print(x)")],
        [("needs_skipped", 1, "error")],
    ),
    "a redefinition": ([code("x = 1"), code("print(x)"), code("x = 2")], [("redefined", 2, "warning")]),
    "a function defined twice": (
        [code("def f():\n    return 1"), code("def f():\n    return 2"), code("f()")],
        [("redefined", 1, "warning")],
    ),
    "no syntax": ([code("x = (")], [("syntax_error", 0, "error")]),
    "a star import": ([code("from math import *")], [("star_import", 0, "warning")]),
    "pylab": ([code("%pylab inline")], [("star_import", 0, "warning")]),
    "ended with an error": ([code("1 / 0", 1, error("ZeroDivisionError"))], [("ended_with_error", 0, "warning")]),
    "output without a run": (
        [code("x = 1", 1), code("print(x)", None, printed("1\n"))],
        [("not_run", 1, "warning"), ("foreign_output", 1, "warning")],
    ),
    "output of an empty cell": ([code("", None, printed("1\n"))], [("no_counts", None, "info"), ("foreign_output", 0, "warning")]),
    "output of what cannot be parsed": (
        [code("x = (", 1, printed("1\n"))],
        [("syntax_error", 0, "error"), ("foreign_output", 0, "warning")],
    ),
    "the result of another run": ([code("1 + 1", 3 - 2, result("2", 7))], [("foreign_output", 0, "warning")]),
    "a result without a value": ([code("y = len('a')", 1, result("2", 1))], [("foreign_output", 0, "warning")]),
    "output of a cell that shows nothing": ([code("x = 1", 1, printed("1\n"))], [("foreign_output", 0, "warning")]),
    "another text than is printed": ([code("print('b')", 1, printed("a\n"))], [("foreign_output", 0, "warning")]),
    "an error at a line that is not there": (
        [code("x = 1\nint('b')", 1, error("ValueError", "Cell In[1], line 2\n      1 x = 1\n----> 2 int('a')\n"))],
        [("ended_with_error", 0, "warning"), ("foreign_output", 0, "warning")],
    ),
    "counts taken away": ([code("print(len('a'))", None, printed("1\n"))], [("no_counts", None, "info")]),
    "a program of the system": ([code("!grep x y")], [("needs_program", 0, "info")]),
    "a shell cell": ([code("%%bash\ngrep x y")], [("needs_program", 0, "info")]),
    "a path of one's own": ([code("open('/home/ana/data.csv')")], [("own_path", 0, "info")]),
    "a path on Windows": ([code(r"open(r'C:\Users\ana\data.csv')")], [("own_path", 0, "info")]),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "expected"), WAYS.values(), ids=WAYS)
def test_a_notebook_made_to_fail_in_this_way(cells, expected):
    assert found(*cells) == expected


def test_what_concerns_the_file():
    without_ids = document(code("x = 1"), code("y = 2"))
    for cell in without_ids["cells"]:
        del cell["id"]
    assert [(one.code, one.severity) for one in report(without_ids).findings] == [("missing_id", "warning")]
    old = {**without_ids, "nbformat_minor": 4}
    assert [(one.code, one.severity) for one in report(old).findings] == [("missing_id", "info")]
    twice = document(code("x = 1"), code("y = 2"))
    twice["cells"][1]["id"] = "c0"
    assert [one.code for one in report(twice).findings] == ["same_id"]
    no_kernel = {**document(code("x = 1")), "metadata": {}}
    assert [one.code for one in report(no_kernel).findings] == ["no_kernelspec"]


IDIOMS = [
    ["[i for i in range(3)]", "sum(i * j for i in range(3) for j in range(i))", "{k: v for k, v in {}.items()}"],
    ["try:\n    import tomllib\nexcept ImportError:\n    tomllib = None", "print(tomllib)"],
    ["if 'x' not in globals():\n    x = 1", "print(x)"],
    ["try:\n    x\nexcept NameError:\n    x = 1", "x"],
    ["import functools\n\n@functools.cache\ndef f(a: int = 3) -> list[int]:\n    return [a]", "f(2)"],
    ["from __future__ import annotations", "def f(x: Frame) -> Other:\n    return x", "f(1)"],
    [
        "%matplotlib inline\nimport math",
        "!pip install numpy",
        "%pip install numpy",
        "pip install numpy",
        "ls",
        "math.pi",
    ],
    [
        "from dataclasses import dataclass\n\n@dataclass\nclass A:\n    x: int\n    def copy(self) -> 'A':\n        return A(self.x)",
        "A(1)",
    ],
    ["for i in range(3):\n    print(i)", "for i in range(4):\n    print(i)"],
    ["with open('a') as f:\n    t = f.read()", "with open('b') as f:\n    u = f.read()", "t, u"],
    ["df = [1]", "df = [a for a in df]", "df = sorted(df)", "df"],
    ["fig, ax = 1, 2\nprint(ax)", "fig, ax = 3, 4\nprint(ax)"],
    ["import math", "import math\nmath.pi", "math.e"],
    ["model = 1", "print(model)", "model = None  # let go of it"],
    ["%%time\nx = 1", "print(x)", "%time y = x", "y"],
    ["%%capture out\nprint(1)", "out.show()"],
    ["%%writefile a.py\nx = undefined_thing", "%%html\n<b>hi</b>"],
    ["import asyncio", "await asyncio.sleep(0)"],
    ["def f():\n    global g\n    g = 1", "f()", "print(g)"],
    ["button = []\nbutton.append(lambda: answer())", "def answer():\n    return 1"],
    ["print(_, __, _1, In[1], Out, get_ipython())"],
    ["print?", "len??"],
    ["x = 1\ndel x\nx = 2", "print(x)"],
    ["%run other.ipynb", "helper()"],
    ["a, *b = [1, 2]", "b", "(y := 5)", "print(y)"],
    ["%load_ext autoreload\n%autoreload 2"],
    ["%config InlineBackend.figure_format = 'retina'"],
]


@pytest.mark.parametrize("sources", IDIOMS, ids=lambda sources: re.sub(r"\W+", "_", sources[0])[:30])
@pytest.mark.parametrize("is_run", [False, True])
def test_an_ordinary_notebook_has_no_findings(sources, is_run):
    assert found(*[code(source, i + 1 if is_run else None) for i, source in enumerate(sources)]) == []


ORDINARY_OUTPUTS = [
    code("1 + 1", 1, result("2", 1)),
    code("print('a')", 1, printed("a\n")),
    code("x = 1\nprint('a', 2)", 1, printed("a 2\n")),
    code("int('a')", 1, error("ValueError", "Cell In[1], line 1\n\x1b[1;32m----> 1\x1b[0m int('a')\n"), tags=["raises-exception"]),
    code("x = (", 1, error("SyntaxError"), tags=["raises-exception"]),
    code("from tqdm import tqdm", 1, printed("a warning\n")),
    code("x = f()\ndef f(): ...", 1, printed("called\n"), tags=["raises-exception"]),
    code("%%time\n1 + 1", 1, printed("Wall time\n"), result("2", 1)),
    code("get_ipython().ast_node_interactivity = 'all'\nx = 1", 1, result("2", 1)),
    code("print('a')", 1, {"output_type": "stream", "name": "stderr", "text": "warned"}),
]  # fmt: skip


@pytest.mark.parametrize("cell", ORDINARY_OUTPUTS, ids=lambda cell: re.sub(r"\W+", "_", cell["source"])[:30])
def test_an_output_that_can_be_of_its_cell_is_left_alone(cell):
    codes = {one.code for one in report(document(cell)).findings}
    assert not codes & {"foreign_output", "ended_with_error", "two_sessions"}


def test_kept_cells_need_not_have_run():
    cells = [code("x = 1", 1), code("y = 2", tags=["skip"]), code("z = 3", None, printed("old"), tags=["frozen"])]
    assert found(*cells) == []


def test_of_another_language_only_the_counts_are_told():
    given = document(code("print(x", 2), code("y <- 1", 1), code("z <- 2"), language="R")
    told = report(given)
    assert [one.code for one in told.findings] == ["out_of_order", "not_run"]
    assert "not for this language (R)" in told.not_checked


def test_the_examples_are_clean(repository):
    for path in sorted((repository / "examples").glob("*.ipynb")):
        told = check_notebook(read_notebook(path), analyzer)
        assert told.findings == [], path.name


def test_every_finding_is_documented_and_made(repository):
    text = (repository / "docs" / "order.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+)` \| (error|warning|info) \| (.+?) \|", text, re.MULTILINE)
    documented = {kind for kind, _, _ in rows}
    assert {kind: f"{meaning[0].upper()}{meaning[1:]}." for kind, _, meaning in rows} == KINDS
    made = {kind for _, expected in WAYS.values() for kind, _, _ in expected}
    made |= {"missing_id", "same_id", "no_kernelspec"}
    assert made == documented
    severities = {(kind, severity) for _, expected in WAYS.values() for kind, _, severity in expected}
    assert severities <= {(kind, severity) for kind, severity, _ in rows}


def test_nothing_malformed_ends_in_an_exception():
    odd = [
        {"cell_type": "code", "source": ["\x00"], "outputs": [{"output_type": "error", "traceback": 3}, 7], "metadata": 3},
        {"cell_type": "code", "source": 5, "outputs": None, "execution_count": "x", "metadata": {"tags": [1], "execution": 4}},
        {"cell_type": "raw"},
    ]  # fmt: skip
    given = {"cells": odd, "metadata": {"kernelspec": 3}, "nbformat": 4}
    assert json.dumps([one.code for one in report(given).findings])
