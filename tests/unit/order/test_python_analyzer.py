"""What reading the code of a cell tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core import registry
from mlnb.order.plugins.python import PythonAnalyzer

analyzer = PythonAnalyzer()


def test_it_is_found_through_its_entry_point():
    assert isinstance(registry.load("mlnb.analyzers", "python")(), PythonAnalyzer)


@pytest.mark.parametrize(
    ("source", "reads", "binds"),
    [
        ("y = x + 1", {"x"}, {"y"}),
        ("x += 1", {"x"}, {"x"}),
        ("for i in items: pass", {"items"}, {"i"}),
        ("a, *rest = b", {"b"}, {"a", "rest"}),
        ("with open(p) as f: t = f.read()", {"open", "p"}, {"f", "t"}),
        ("def f(a=k): return g(a)", {"k"}, {"f"}),
        ("def f(): return k\nf()", {"k"}, {"f"}),
        ("class A(B):\n    n = k", {"B", "k"}, {"A"}),
        ("[i * k for i in items]", {"items", "k"}, set()),
        ("[i for i in str(i)]", {"str", "i"}, set()),
        ("import numpy as np, os.path", set(), {"np", "os"}),
        ("match v:\n    case {'k': w}: pass", {"v"}, {"w"}),
        ("%%capture out\nprint(x)", {"print", "x"}, {"out"}),
        ("b = eval('a + 1')", {"eval", "a"}, {"b"}),
        ("try:\n    a\nexcept E as e:\n    pass", {"a", "E"}, {"e"}),
    ],
)
def test_names_read_and_set(source, reads, binds):
    code = analyzer.analyze(source)
    assert (set(code.reads), set(code.binds)) == (reads, binds)


@pytest.mark.parametrize(
    "source", ["exec(code)", "globals()[n]", "%run x.py", "from m import *", "%unknown x", "get_ipython().ex('a')"]
)
def test_what_cannot_be_read_off_the_code_is_opaque(source):
    assert analyzer.analyze(source).opaque


@pytest.mark.parametrize(
    "source", ["%matplotlib inline", "!ls", "x = 1", "eval('a')", "%time x = 1", "globals()['a'] = 1"]
)
def test_what_can_be_read_is_not(source):
    assert not analyzer.analyze(source).opaque


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x = 1", "x  =  1  # note", True),
        ("x = 1", "x = 2", False),
        ("f()", "f();", False),
        ('"a"', "'a'", True),
        ("x +", "x -", False),
    ],
)
def test_the_digest_is_of_the_code_not_of_the_text(one, other, same):
    assert (analyzer.analyze(one).digest == analyzer.analyze(other).digest) == same


@given(st.text())
def test_no_text_makes_it_raise(source):
    analyzer.analyze(source)


def test_what_varies_and_what_is_asked_outside():
    assert analyzer.analyze("import time\nt = time.time()").varying == ("the clock",)
    assert analyzer.analyze("rng = np.random.default_rng()").varying == ("random numbers without a seed",)
    assert analyzer.analyze("rng = np.random.default_rng(3)").varying == ()
    code = analyzer.analyze("import os\nos.environ['A'] = os.environ['B']")
    assert (code.environment_reads, code.environment_writes) == ({"B"}, {"A"})
    assert analyzer.analyze("import os\nprint(dict(os.environ))").environment_reads is None
