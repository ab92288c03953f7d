"""The graph of a notebook, and the same order as text and as a widget."""

from __future__ import annotations

import sys

import pytest

import mlnb
from mlnb.core.errors import NotInstalled
from mlnb.kernel import door


def edges(nb):
    return {(edge.source, edge.target, edge.kind): edge.names for edge in nb.order.graph().edges}


def name_edges(nb):
    return {places: names for places, names in edges(nb).items() if places[2] == "name"}


def test_names_go_from_who_leaves_them_to_who_reads_them(notebook):
    nb = notebook("x = [1]\ny = 2", "x.append(y)", "def f():\n    return x, y", "print(f())", "z = 1")
    nb.run()
    assert name_edges(nb) == {
        ("c1", "c2", "name"): ["x", "y"],
        ("c3", "c4", "name"): ["f"],
        ("c2", "c4", "name"): ["x"],  # through the function
        ("c1", "c4", "name"): ["y"],
    }


def test_what_only_comes_below_is_an_edge_upwards(notebook):
    nb = notebook("print(x)", "x = 1", "x = 2")
    assert name_edges(nb) == {("c2", "c1", "name"): ["x"]}


def test_a_cell_sets_what_it_changed_and_not_what_it_might_have_changed(notebook):
    nb = notebook("x = [1]\ny = [2]", "x.append(len(y))\nsorted(y)")
    nb.run()
    assert nb.order.graph().nodes[1].defs == ["x"]


def test_nodes_tell_what_there_is_to_show(notebook):
    nb = notebook("x = 1", "\n  # double it\ny = x + 1\nprint(y)")
    nb.run("c1")
    node = nb.order.graph().nodes[1]
    assert (node.id, node.number, node.title, node.state) == ("c2", 2, "# double it", "never_run")
    assert node.reasons == ["this cell has not run in this kernel"]
    assert (node.defs, node.refs, node.kept) == (["y"], ["x"], "")
    assert edges(nb) == {("c1", "c2", "name"): ["x"]}  # known before it runs


def test_files_and_own_modules_are_edges_too(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    nb = notebook(
        "open('data.txt', 'w').write('1')",
        "text = open('data.txt').read()",
        "import os\nos.environ['MLNB_TEST_LEVEL'] = '3'",
        "import os\nprint(os.environ['MLNB_TEST_LEVEL'])",
    )
    nb.run()
    found = edges(nb)
    assert found["c1", "c2", "file"] == ["data.txt"]
    assert "environment variable MLNB_TEST_LEVEL" in found["c3", "c4", "other"]


def test_kept_cells_are_nodes(notebook):
    nb = notebook("x = 1", "y = x", "z = y")
    nb.run()
    nb.tag("c1", "skip")
    nb.tag("c2", "frozen")
    found = nb.order.graph()
    assert [(node.id, node.kept) for node in found.nodes] == [("c1", "skip"), ("c2", "frozen"), ("c3", "")]
    assert [(edge.source, edge.target) for edge in found.edges] == [("c2", "c3")]


def test_the_graph_over_the_door(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run()
    assert door.answer("order.graph", {})["result"]["edges"] == [
        {"source": "c1", "target": "c2", "names": ["x"], "kind": "name"}
    ]
    assert mlnb.order.graph() == nb.order.graph()
    nb.order.set_mode("off")
    assert door.answer("order.graph", {}) == {"result": {"nodes": [], "edges": []}}


def test_a_long_notebook_has_one_edge_a_step(notebook):
    nb = notebook("x0 = 0", *[f"x{i} = x{i - 1} + 1" for i in range(1, 300)])
    assert len(nb.order.graph().edges) == 299
    nb.run()
    assert len(nb.order.graph().edges) == 299


# ---- as text


def test_one_screen_of_text(notebook, capsys):
    nb = notebook("x = 1", "y = x", "import uuid\nu = uuid.uuid4()", "z = 1", "w = 1")
    nb.run("c1", "c2", "c3")
    nb.tag("c4", "skip")
    nb.edit("c1", "x = 2")
    nb.shell.run_cell("%mlnb order", store_history=False)
    assert capsys.readouterr().out.splitlines() == [
        "mode mark (as your settings say); 0 of 4 cells fresh; 1 skipped or frozen",
        "  cell 1    edited       the code of this cell was edited after it ran",
        "  cell 2    stale        `x` comes from cell 1, which is not up to date",
        "  cell 3    cannot tell  the result of this cell differs from run to run: it depends on a random id",
        "  cell 4    skipped      this cell is tagged skip: it does not run",
        "  cell 5    not run      this cell has not run in this kernel",
        "run cells 1, 2, 5 to make it fresh",
    ]
    nb.shell.run_cell("%mlnb order vouch 3", store_history=False)
    assert "vouched for at" in capsys.readouterr().out


def test_a_screen_is_one_screen(notebook):
    nb = notebook(*[f"x{i} = 1" for i in range(100)])
    assert len(nb.order.in_words().splitlines()) < 25
    assert "and 80 more cells" in nb.order.in_words()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%mlnb order sideways", "Choose one of"),
        ("%mlnb order vouch", "has no code cell"),
        ("%mlnb order vouch 77", "has no code cell 77"),
        ("%mlnb order vouch 1", "is not to be vouched for"),
        ("%mlnb nonsense", "%mlnb knows no 'nonsense'"),
    ],
)
def test_what_a_magic_cannot_do_is_one_line_with_the_way_out(notebook, line, said):
    nb = notebook("x = 1")
    nb.run()
    error = nb.shell.run_cell(line).error_in_exec
    assert type(error).__name__ == "UsageError"
    assert said in str(error)


def test_a_fault_in_a_magic_is_a_line_too(notebook, capsys, monkeypatch):
    nb = notebook("x = 1")
    monkeypatch.setattr(type(nb.order), "in_words", lambda self: 1 / 0)
    assert nb.shell.run_cell("%mlnb").success
    assert "ZeroDivisionError" in capsys.readouterr().out


# ---- as a widget


def test_the_widget_follows_every_run(notebook):
    nb = notebook("x = '<b>'", "y = x")
    view = mlnb.order.view()
    assert "0 of 2 cells fresh" in view.value
    assert "<code>x = &#x27;&lt;b&gt;&#x27;</code>" in view.value
    assert "Run cells 1, 2 to make it fresh." in view.value
    nb.run()
    assert "Equals a clean run" in view.value
    assert "<table>" not in view.value
    view.close()
    nb.edit("c1", "x = 2")
    nb.run("c1")
    assert "Equals a clean run" in view.value  # a closed one is left alone
    assert len([listener for listener in nb.order.listeners if "again" in repr(listener)]) == 0


def test_where_widgets_are_not_shown_it_is_a_table(notebook):
    nb = notebook("x = 1")
    view = mlnb.order.view()
    bundle = view._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert bundle["text/html"] == view.value
    assert bundle["text/plain"] == nb.order.in_words()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    nb.order.set_mode("off")
    assert "order is off" in mlnb.order.view().value


def test_without_ipywidgets_the_way_out_is_named(notebook, monkeypatch):
    notebook("x = 1")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(NotInstalled) as caught:
        mlnb.order.view()
    assert "pip install ipywidgets" in caught.value.hint
    assert "%mlnb order" in caught.value.hint
