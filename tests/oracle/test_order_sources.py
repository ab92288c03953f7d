"""The analyser reads whatever is typed: no exception, and the error of broken code is the user's own."""

from __future__ import annotations

import ast

import pytest
from IPython.core.interactiveshell import InteractiveShell

from mlnb.kernel import extension
from mlnb.order.plugins.python import PythonAnalyzer
from oracle.sources import sources


def read(n, seed):
    analyzer = PythonAnalyzer()
    broken = 0
    for source in sources(n, seed):
        code = analyzer.analyze(source)
        analyzer.outline(source)
        broken += bool(code.error)
    return broken


def test_any_source_is_read():
    assert 100 < read(1000, seed=1) < 900


def test_a_broken_source_is_told_from_one_that_is_not():
    analyzer = PythonAnalyzer()
    for source in sources(300, seed=2):
        if source[:1] in "%!?;,/" or "\0" in source:
            continue  # not plain Python
        try:
            ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        assert not analyzer.analyze(source).error, source


@pytest.mark.parametrize(
    "source", ["x = = 1", "def f(:", "print('a", "for", "  x = 1\n y = 2", "return 5", "a = 1 +", "f'{'"]
)
def test_the_user_sees_the_error_that_python_gives(source, mlnb_home):
    def error_of(with_mlnb):
        shell = InteractiveShell()
        shell.showsyntaxerror = shell.showtraceback = lambda *_, **__: None
        if with_mlnb:
            extension.load(shell)
        try:
            result = shell.run_cell(source, store_history=True, cell_id="c1")
        finally:
            extension.unload(shell)
        error = result.error_before_exec or result.error_in_exec
        return type(error), getattr(error, "msg", ""), getattr(error, "lineno", 0), getattr(error, "offset", 0)

    assert error_of(True) == error_of(False)
    assert error_of(True)[0] in (SyntaxError, IndentationError)
