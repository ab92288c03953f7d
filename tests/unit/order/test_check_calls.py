"""`mlnb check` finds functions that are called too early, and is silent where that is not sure."""

from __future__ import annotations

import pytest

from tests.unit.order.test_check import code, document, report


def early(*sources):
    cells = [source if isinstance(source, dict) else code(source) for source in sources]
    return [
        (one.index, one.message) for one in report(document(*cells)).findings if one.code == "called_before_defined"
    ]


DEF = "def f(a=0):\n    return a + k"


@pytest.mark.parametrize(
    ("sources", "index", "words"),
    [
        ([DEF, "f()", "k = 1"], 1, "cell 2 calls `f`, which uses `k`, which only cell 3 further down defines"),
        ([DEF, "x = 1 + f(2)", "k = 1"], 1, "cell 2 calls `f`, which uses `k`, which only cell 3 further down defines"),
        ([DEF + "\nf()", "k = 1"], 0, "cell 1 calls `f`, which uses `k`, which only cell 2 further down defines"),
        (
            [DEF, "def g():\n    x = f()\n    return x", "print(g())", "import numpy as k"], 2,
            "cell 3 calls `g`, which calls `f`, which uses `k`, which only cell 4 further down defines",
        ),
        (["def f():\n    return g()", "f()", "def g():\n    return 1"], 1,
         "cell 2 calls `f`, which uses `g`, which only cell 3 further down defines"),
        (["def f(n):\n    if n > limit:\n        return 1\n    return 2", "f(3)", "limit = 5"], 1,
         "cell 2 calls `f`, which uses `limit`, which only cell 3 further down defines"),
        (["def f(rows):\n    for row in rows + more:\n        print(row)", "f([])", "more = []"], 1,
         "cell 2 calls `f`, which uses `more`, which only cell 3 further down defines"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_succeed(sources, index, words):
    assert early(*sources) == [(index, words)]


def test_a_name_is_told_once():
    assert len(early(DEF, "f()", "f()", "k = 1")) == 1


CLEAN = {
    "defined above": [DEF, "k = 1", "f()"],
    "in the calling cell": [DEF, "k = 1\nf()"],
    "never called": [DEF, "k = 1"],
    "called below": [DEF, "g = f", "k = 1", "f()"],
    "a main function at the end": ["def main():\n    run(config)", "def run(c):\n    print(c)", "config = 1", "main()"],
    "only in a branch": ["def f():\n    if False:\n        return k", "f()", "k = 1"],
    "behind a return": ["def f():\n    if 1:\n        return 0\n    return k", "f()", "k = 1"],
    "in a try": ["def f():\n    try:\n        return k\n    except NameError:\n        return 0", "f()", "k = 1"],
    "called in a try": [DEF, "try:\n    f()\nexcept NameError:\n    pass", "k = 1"],
    "called in a branch": [DEF, "if __name__ == 'x':\n    f()", "k = 1"],
    "called behind an exit": [DEF, "if not ready:\n    raise SystemExit\nf()", "k = 1"],
    "short circuit": ["def f(a):\n    return a and k", "f(0)", "k = 1"],
    "an expression with a choice": ["def f(a):\n    return k if a else 0", "f(0)", "k = 1"],
    "a comprehension": ["def f(a):\n    return [k for _ in a]", "f([])", "k = 1"],
    "a lambda": ["def f():\n    return lambda: k", "f()", "k = 1"],
    "an inner function": ["def f():\n    def g():\n        return k\n    return g", "f()", "k = 1"],
    "a generator": ["def f():\n    yield k", "it = f()", "k = 1"],
    "a coroutine": ["async def f():\n    return k", "c = f()", "k = 1"],
    "a decorator": ["def lazy(g):\n    return lambda: 0\n@lazy\ndef f():\n    return k", "f()", "k = 1"],
    "a parameter": ["def f(k):\n    return k", "f(1)", "k = 1"],
    "a local": ["def f():\n    k = 1\n    return k", "f()", "k = 2"],
    "a local import": ["def f():\n    import math as k\n    return k", "f()", "k = 2"],
    "a global statement": ["def f():\n    global k\n    k = 0\n    return k", "f()", "k = 1"],
    "a loop variable": ["def f():\n    for k in range(3):\n        print(k)", "f()", "k = 1"],
    "redefined": [DEF, "def f(a=0):\n    return a", "f()", "k = 1"],
    "wrapped": [DEF, "f = print", "f()", "k = 1"],
    "defined twice in a cell": [f"{DEF}\nif 1:\n    def f():\n        return 0", "f()", "k = 1"],
    "defined in a branch": ["if 0:\n    def f():\n        return k\nelse:\n    f = print", "f()", "k = 1"],
    "another object's method": [DEF, "x.f()", "k = 1"],
    "a name that may come from anywhere": ["from os import *", DEF, "f()", "k = 1"],
    "exec": ["exec('k = 0')", DEF, "f()", "k = 1"],
    "a magic": ["%run setup.py", DEF, "f()", "k = 1"],
    "set by a function with global": ["def setup():\n    global k\n    k = 0", DEF, "setup()\nf()", "k = 1"],
    "an error that is meant": [DEF, code("f()", tags=("raises-exception",)), "k = 1"],
    "a cell that does not run": [DEF, code("f()", tags=("skip",)), "k = 1"],
    "a frozen cell": [DEF, code("f()", tags=("frozen",)), "k = 1"],
    "parameters of papermill": [DEF, code("k = 0", tags=("parameters",)), "f()", "k = 1"],
    "a builtin": ["def f():\n    return max(1, 2)", "f()", "max = 3"],
    "no cell defines it": [DEF, "f()"],
    "recursion": ["def f(n):\n    return n and f(n - 1)", "f(3)"],
    "a class attribute": ["class A:\n    def f(self):\n        return k", "A()", "k = 1"],
    "in a with": [DEF, "with suppress(NameError):\n    f()", "k = 1"],
    "exit": [DEF, "import sys\nsys.exit()\nf()", "k = 1"],
}


@pytest.mark.parametrize("sources", CLEAN.values(), ids=CLEAN)
def test_silent_where_it_is_not_sure(sources):
    assert early(*sources) == []


@pytest.mark.parametrize(
    "source", ["x = " + "+".join(["1"] * 3000), "x = y" + ".z" * 3000, "def f():\n    return " + "-" * 900 + "1"]
)
def test_code_that_is_nested_very_deeply_is_read_as_far_as_it_can_be(source):
    assert early(source, "f()", "k = 1") == []
    assert early(DEF, "f()", "k = 1", source) != []
