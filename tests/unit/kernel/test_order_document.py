"""Which notebook a kernel works on when nobody tells it, and whose a run is when nobody says."""

from __future__ import annotations

import json
import os

import pytest

from mlnb.core.errors import BadInput
from mlnb.kernel import door, extension, log
from mlnb.kernel.order_document import Document


def write(path, *cells):
    path.write_text(json.dumps({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3", "language": "python"}},
        "cells": [
            {"cell_type": "code", "id": i, "source": source, "metadata": {"tags": list(tags)}, "outputs": [], "execution_count": None}
            for i, source, *tags in cells
        ],
    }))  # fmt: skip
    return path


@pytest.fixture
def saved(tmp_path, monkeypatch, notebook):
    """A kernel of which the session says where the notebook lies, and that nobody has sent the document to."""

    def start(*cells):
        path = write(tmp_path / "nb.ipynb", *cells)
        monkeypatch.setenv("JPY_SESSION_NAME", str(path))
        nb = notebook()
        nb.order._document._is_sent = False
        return nb, path

    return start


def rewrite(path, *cells):
    before = path.stat().st_mtime_ns
    write(path, *cells)
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


def send(nb, source, cell_id=None):
    return nb.shell.run_cell(source, store_history=True, cell_id=cell_id)


# ---- the document


def test_the_notebook_is_read_from_its_file(saved):
    nb, path = saved(("a", "x = 1"), ("b", "y = x"))
    assert nb.states() == {"a": "never_run", "b": "never_run"}
    send(nb, "x = 1", "a")
    send(nb, "y = x", "b")
    assert set(nb.states().values()) == {"fresh"}
    rewrite(path, ("a", "x = 2"), ("b", "y = x"), ("c", "z = 1", "skip"))
    assert nb.states() == {"a": "edited", "b": "stale", "c": "fresh"}
    assert nb.order.plan("b") == ["a", "b"]
    assert nb.order.status()["c"].kept == "skip"


def test_what_is_sent_wins_over_the_file(saved):
    nb, path = saved(("a", "x = 1"))
    nb.order.sync([{"id": "a", "source": "x = 5"}, {"id": "new", "source": "y = 1"}])
    assert set(nb.states()) == {"a", "new"}
    rewrite(path, ("a", "x = 7"))
    assert set(nb.states()) == {"a", "new"}


def test_when_the_front_end_has_gone_the_file_counts_again_once_it_changes(saved):
    nb, path = saved(("a", "x = 1"))
    nb.order.sync([{"id": "a", "source": "x = 5"}])
    nb.order.let_go()
    nb.shell.run_cell("x = 5", store_history=True, cell_id="a")
    assert nb.states() == {"a": "fresh"}
    rewrite(path, ("a", "x = 7"))
    assert nb.states() == {"a": "edited"}
    nb.order.sync([{"id": "a", "source": "x = 5"}])
    assert nb.states() == {"a": "fresh"}


@pytest.mark.parametrize("mode", ["block", "linear"])
def test_the_mode_is_enforced_on_a_notebook_that_nobody_sent(saved, mode):
    nb, path = saved(("a", "x = 1"), ("b", "y = x"))
    nb.order.set_mode(mode)
    assert "Run cell 1 first" in str(send(nb, "y = x").error_before_exec)
    assert send(nb, "x = 1").success
    assert send(nb, "y = x").success
    rewrite(path, ("a", "x = 2"), ("b", "y = x"))
    assert "Run cell 1 first" in str(send(nb, "y = x").error_before_exec)


def test_a_file_that_cannot_be_read_leaves_what_was_known(saved):
    nb, path = saved(("a", "x = 1"))
    assert set(nb.states()) == {"a"}
    path.write_text("half a noteb")
    assert set(nb.states()) == {"a"}
    assert "cannot be read" in log.log_file().read_text()
    path.unlink()
    assert set(nb.states()) == {"a"}
    assert nb.order.overview().off_reason == ""


def test_no_file_is_no_document(saved, monkeypatch):
    nb, _ = saved(("a", "x = 1"))
    monkeypatch.setenv("JPY_SESSION_NAME", "/nowhere/console-1")
    nb.order.set_mode("linear")
    assert nb.states() == {}
    assert send(nb, "y = 1").success
    assert nb.order.plan() == []


@pytest.mark.parametrize(
    "cells", ["text", {"id": "a"}, 5, None, [5], [None], [{"id": "a"}], [{"source": "x"}], [{"id": "a", "source": "x"}] * 2]
)  # fmt: skip
def test_a_document_of_another_form_is_refused_with_the_form_wanted(notebook, cells):
    nb = notebook("x = 1")
    with pytest.raises(BadInput) as caught:
        nb.order.sync(cells)
    assert caught.value.hint
    assert door.answer("order.sync", {"cells": cells})["error"]["code"] == "bad_input"
    assert set(nb.states()) == {"c1"}  # nothing was taken over


def test_sources_may_be_lists_of_lines_and_other_cells_count_in_numbers(notebook):
    nb = notebook()
    nb.order.sync([
        {"id": "t", "cell_type": "markdown", "source": "# Title"}, {"id": "a", "cell_type": "code", "source": ["x = 1\n", "y = 2"]},
    ])  # fmt: skip
    assert nb.order.document.numbers() == {"a": 2}
    assert nb.order.document.titles() == {"a": "x = 1"}


# ---- whose run it is


def document(*cells):
    found = Document(lambda: None, lambda source: source.split("#")[0].strip())
    found.sync([{"id": i, "source": source} for i, source in cells])
    return found


def test_runs_without_an_id_are_matched_in_order_of_arrival():
    found = document(("a", "x += 1"), ("b", "y = 1"), ("c", "x += 1"), ("d", "x += 1"))
    assert [found.cell_of(None, source) for source in ("x += 1", "y = 1", "x += 1", "x += 1")] == ["a", "b", "c", "d"]
    assert found.cell_of(None, "x += 1") == "a"  # from the top again
    assert found.cell_of(None, "y = 1") == "b"


def test_a_comment_does_not_keep_a_run_from_its_cell():
    found = document(("a", "x = 1"), ("b", "y = 1"))
    assert found.cell_of(None, "y = 1  # again") == "b"
    assert found.cell_of(None, "z = 1") is None


def test_what_comes_without_an_id_from_beside_a_client_that_gives_ids_is_no_cell():
    found = document(("a", "print(x)"))
    assert found.cell_of(None, "print(x)") == "a"
    assert found.cell_of("console", "print(x)") == "console"
    assert found.cell_of(None, "print(x)") == "a"
    assert found.cell_of("a", "print(x)") == "a"
    assert found.cell_of(None, "print(x)") is None


def test_a_console_beside_a_notebook_never_makes_its_cells_fresh(notebook):
    nb = notebook("x = 1", "print(x)")
    nb.run()
    nb.edit("c1", "x = 2")
    nb.run("c1")
    send(nb, "print(x)")  # the console shows 2; the cell on the page still shows 1
    assert nb.states() == {"c1": "fresh", "c2": "stale"}
    send(nb, "x = 9", "id-of-a-console-cell")
    assert nb.reasons("c1") == "`x` was changed by code that is not a cell of this notebook after this cell set it"


def test_what_cannot_be_matched_makes_no_cell_fresh(saved):
    nb, _ = saved(("a", "x = 1"), ("b", "y = x"))
    send(nb, "x = 0 + 1")
    send(nb, "y = x")
    assert nb.states()["a"] == "never_run"
    assert nb.states()["b"] != "fresh"


def test_lines_of_the_kernels_configuration_are_no_cells(notebook):
    nb = reloaded(notebook())
    nb.shell.run_cell("np = 5", store_history=False)  # before anybody can reach the kernel
    nb.document = [("c1", "print(np)")]
    nb.sync()
    nb.run()
    assert set(nb.states().values()) == {"fresh"}


def reloaded(nb):
    nb.close()
    extension.load(nb.shell)
    nb.order = nb.shell._mlnb_loaded.order
    return nb


def test_loading_late_trusts_nothing_that_was_there(notebook):
    nb = notebook()
    nb.close()
    nb.shell.run_cell("x = [1]", store_history=True)
    reloaded(nb)
    nb.order.sync([{"id": "b", "source": "y = x"}])
    nb.shell.run_cell("y = x", store_history=True, cell_id="b")
    assert nb.states() == {"b": "stale"}
    assert nb.reasons("b") == "`x` was set by code that is not a cell of this notebook"


def test_what_ran_while_order_was_off_is_not_trusted(notebook):
    nb = notebook("x = 1", "y = x")
    nb.order.set_mode("off")
    nb.run("c1")
    nb.order.set_mode("mark")
    nb.run("c2")
    assert nb.states() == {"c1": "never_run", "c2": "stale"}
