"""Documents as they come: from two tabs at once, very long, with ids used again, with sources that are no plain text."""

from __future__ import annotations

import json

import pytest

from mlnb.core.errors import BadInput
from mlnb.kernel import door


def cells(*pairs):
    return [{"id": cell_id, "cell_type": "code", "source": source} for cell_id, source in pairs]


def states(overview):
    return {cell_id: status.state for cell_id, status in overview.cells.items()}


def test_two_tabs_with_different_states_of_the_notebook(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run()
    one = cells(("c1", "x = 1"), ("c2", "y = x"))
    other = cells(("c2", "y = x"), ("d", "x = 5"), ("c1", "x = 1"))
    for _ in range(3):
        assert states(nb.order.sync(one)) == {"c1": "fresh", "c2": "fresh"}
        assert states(nb.order.sync(other)) == {"c2": "stale", "d": "never_run", "c1": "fresh"}
    assert nb.shell.run_cell("x = 5", store_history=True, cell_id="d").success
    assert states(nb.order.sync(one)) == {"c1": "stale", "c2": "fresh"}
    assert nb.reasons("c1").startswith("`x` was changed by")
    nb.order.sync(one, mode="block")
    assert nb.order.sync(other, mode="mark").mode == "mark"  # who chose last counts, for modes too
    assert nb.order.sync(one, mode="block").mode == "block"
    assert nb.order.ask(["d", "c1"]).decision in ("run", "refuse")
    with pytest.raises(BadInput, match="no code cell"):
        nb.order.plan("d")


def test_two_thousand_cells(notebook):
    sources = [f"v{n} = v{n - 1} + 1" if n % 10 else f"v{n} = {n}" for n in range(2000)]
    nb = notebook(*sources)
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    nb.edit("c1001", "v1000 = 7")
    found = nb.states()
    assert (found["c1001"], found["c1002"], found["c1010"], found["c1011"]) == ("edited", "stale", "stale", "fresh")
    assert nb.order.plan() == [f"c{n}" for n in range(1001, 1011)]
    assert len(nb.order.graph().nodes) == 2000
    nb.run(*nb.order.plan())
    assert set(nb.states().values()) == {"fresh"}


def test_an_id_that_is_used_again(notebook):
    nb = notebook("x = 1", "y = 2")
    nb.run()
    nb.delete("c1")
    nb.document = [("c1", "z = y"), *nb.document]
    nb.sync()
    assert nb.states() == {"c1": "edited", "c2": "fresh"}
    nb.run("c1")
    assert nb.states() == {"c1": "stale", "c2": "fresh"}
    nb.order.sync([{"id": "c1", "cell_type": "markdown", "source": "# text"}, *cells(("c2", "y = 2"))])
    assert nb.states() == {"c2": "fresh"}
    nb.order.sync(cells(("c1", "x = 1"), ("c2", "y = 2")))
    assert nb.states()["c1"] == "stale"
    assert "of other code" in nb.reasons("c1")


@pytest.mark.parametrize(
    "source",
    [
        "print('\N{GRINNING FACE} \N{SNOWMAN}')", "\N{GREEK SMALL LETTER PI} = 3", "x = '\ud83d'", "# \udcff", "\ufeffx = 1",
        "x = '\x00'", "\x0c", "x = 1\r\ny = 2\r",
        "\N{GRINNING FACE} = 1", "\t", "x" * 100_000, "(" * 500,
        "deep = " + "+".join(["1"] * 700), "deep = x" + ".real" * 700,
    ],
)  # fmt: skip
def test_odd_sources(notebook, source):
    nb = notebook("a = 1", source, "b = a")
    nb.run()
    found = nb.states()
    assert (found["c1"], found["c3"]) == ("fresh", "fresh")
    assert nb.order.overview().off_reason == ""
    nb.edit("c2", source + "\nq = 1")
    nb.states()
    nb.order.graph()
    nb.order.plan()
    assert json.loads(door.call("order.status"))["result"]["off_reason"] == ""


@pytest.mark.parametrize("source", [["x = 1\n", "y = 2"], ("x = 1\n", "y = 2"), None, []])
def test_a_source_as_lines_or_none(notebook, source):
    nb = notebook("x = 1")
    nb.order.sync([{"id": "a", "source": source}])
    assert nb.states() == {"a": "fresh" if not source else "never_run"}


@pytest.mark.parametrize("source", [3, 1.5, True, {"x": 1}, [1, 2], [["x = 1"]], b"x = 1"])
def test_a_source_that_is_no_text_is_refused_and_nothing_changes(notebook, source):
    nb = notebook("x = 1")
    nb.run()
    with pytest.raises(BadInput, match="the source of cell 'a' is no text"):
        nb.order.sync([{"id": "a", "source": source}])
    assert nb.states() == {"c1": "fresh"}


@pytest.mark.parametrize(
    "document", [[None], [3], ["text"], [[]], [{}], [{"id": "a"}], [{"source": ""}], 3, None, "cells"]
)
def test_a_document_that_is_none_is_refused(notebook, document):
    nb = notebook("x = 1")
    nb.run()
    with pytest.raises(BadInput):
        nb.order.sync(document)
    assert nb.states() == {"c1": "fresh"}
