"""Order in a bare shell: states, reasons, plans and modes, through the door that users have."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import mlnb
from mlnb.core.errors import BadInput
from mlnb.kernel import door, extension
from mlnb.order.errors import NoSuchCell, NoSuchMode

_spec = importlib.util.spec_from_file_location("order_shell", Path(__file__).with_name("order_shell.py"))
order_shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(order_shell)


def test_a_run_in_order_is_fresh_and_needs_no_plan(notebook):
    nb = notebook("x = 1", "y = x + 1", "print(y)")
    assert set(nb.states().values()) == {"never_run"}
    assert nb.order.plan() == ["c1", "c2", "c3"]
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    assert nb.order.plan() == []


def test_the_public_functions_ask_the_kernel(notebook):
    nb = notebook("x = 1", "print(x)")
    nb.run()
    assert {i: s.state for i, s in mlnb.order.status().items()} == {"c1": "fresh", "c2": "fresh"}
    mlnb.order.sync(
        [{"id": "c1", "cell_type": "code", "source": "x = 2"}, {"id": "c2", "cell_type": "code", "source": "print(x)"}]
    )
    assert mlnb.order.status()["c1"].state == "edited"
    assert mlnb.order.plan("c2") == ["c1", "c2"]


def test_an_edit_is_told_from_a_comment(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run()
    nb.edit("c1", "x  =  1  # the value")
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}
    nb.edit("c1", "x = 2")
    assert nb.states() == {"c1": "edited", "c2": "stale"}
    assert nb.reasons("c1") == "the code of this cell was edited after it ran"
    assert nb.reasons("c2") == "`x` comes from cell 1, which is not up to date"
    nb.edit("c1", "x = 1")
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


@pytest.mark.parametrize(
    ("cells", "runs", "stale", "reason"),
    [
        (["df = [1]", "n = len(df)", "df.append(2)"], "1232", "c2", "this cell read `df` as cell 3 left it"),
            (["df = [1]", "df[0] = 2", "print(df)"], "132", "c3", "`df` was changed by cell 2 after this cell read it"),
        (["i = 0", "i += 1", "print(i)"], "1223", "c2", "this cell ran more than once, and each run changes `i`"),
        (["x = 1", "x = x + 1", "print(x)"], "132", "c3", "`x` was changed by cell 2 after this cell read it"),
        (["print(x)", "x = 1"], "21", "c1", "`x` is defined only further down, in cell 2"),
        (["x = 1", "y = x"], "2", "c2", "`x` comes from cell 1, which is not up to date"),
    ],
)  # fmt: skip
def test_reasons_name_the_value_and_the_cell(notebook, cells, runs, stale, reason):
    nb = notebook(*cells)
    nb.run(*[f"c{n}" for n in runs])
    assert nb.states()[stale] == "stale"
    assert reason in nb.reasons(stale)


@pytest.mark.parametrize(
    ("second", "third", "reason"),
    [
        ("y = sorted(x) + [s]", "print(y)", "`y` comes from cell 2"),
        ("y = list(map(len, [x])) + [s]", "print(x, y)", "`y` comes from cell 2"),  # not x, which it was merely handed
        ("any(map(len, [x, [s]]))", "print(x)", "`x` may be changed by cell 2"),
        ("x.append(s)", "print(x)", "`x` is changed by cell 2"),
    ],
)
def test_a_reason_tells_who_makes_a_value_from_who_may_change_it(notebook, second, third, reason):
    nb = notebook("x = [3]\ns = 1", second, third)
    nb.run()
    nb.edit("c1", "x = [3]\ns = 2")
    nb.run("c1")
    assert nb.reasons("c3") == f"{reason}, which is not up to date"


def test_a_deleted_definition_is_named(notebook):
    nb = notebook("x = 1", "print(x)")
    nb.run()
    nb.delete("c1")
    assert nb.states() == {"c2": "stale"}
    assert nb.reasons("c2") == "`x` was defined in a cell that has been deleted"


def test_every_cell_that_is_not_fresh_has_a_reason(notebook):
    nb = notebook("x = 1", "y = x", "z = [y]", "z.append(x)", "import random\nr = random.random()", "", "x +")
    nb.run("c1", "c3", "c4", "c4", "c5", "c7")
    for status in nb.order.status().values():
        assert (status.state == "fresh") == (not status.reasons)


def test_the_alias_partition_is_an_input(notebook):
    nb = notebook("a = [1]", "b = a", "b.append(2)", "print(a)")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    nb.edit("c2", "b = [1]")
    nb.run("c2")  # equal values, but b.append no longer changes a
    assert nb.states()["c4"] != "fresh"


def test_the_plan_starts_where_the_state_was_spoiled(notebook):
    nb = notebook("l = [1]", "l.append(2)", "n = len(l)", "other = 1")
    nb.run()
    nb.run("c2")
    assert nb.order.plan() == ["c1", "c2", "c3"] or nb.order.plan() == ["c1", "c2"]
    nb.run(*nb.order.plan())
    assert set(nb.states().values()) == {"fresh"}


def test_what_cannot_be_known_is_unknown_and_said_so(notebook):
    nb = notebook("import uuid\nu = uuid.uuid4()", "print(u)")
    nb.run()
    assert nb.states() == {"c1": "unknown", "c2": "unknown"}
    assert "a random id" in nb.reasons("c1")


def test_names_with_an_underscore_and_top_level_await(notebook):
    nb = notebook("_x = [1]", "import asyncio\nawait asyncio.sleep(0)\n_y = len(_x)")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    nb.edit("c1", "_x = [1, 2]")
    nb.run("c1")
    assert nb.states()["c2"] == "stale"


def test_cells_without_an_id_are_matched_by_source(notebook):
    nb = notebook("x = 1", "x = 1", "print(x)")
    for source in ("x = 1", "x = 1", "print(x)"):
        nb.shell.run_cell(source, store_history=True)
    assert set(nb.states().values()) == {"fresh"}


def test_block_refuses_and_names_the_plan(notebook):
    nb = notebook("x = 1", "y = x", "z = 3")
    nb.order.set_mode("block")
    result = nb.run("c2")
    assert type(result.error_before_exec).__name__ == "CellRefused"
    assert "Run cell 1 first" in str(result.error_before_exec)
    assert result.error_before_exec._render_traceback_() == [f"CellRefused: {result.error_before_exec}"]
    assert "y" not in nb.shell.user_ns
    assert nb.run("c3").success
    assert nb.run("c1").success
    assert nb.run("c2").success
    assert set(nb.states().values()) == {"fresh"}


def test_linear_refuses_to_jump(notebook):
    nb = notebook("x = 1", "y = 2", "z = 3")
    nb.order.set_mode("linear")
    assert "Run cells 1, 2 first" in str(nb.run("c3").error_before_exec)
    assert nb.run("c1").success
    assert nb.run("c2").success
    assert nb.run("c3").success


def test_a_refused_run_leaves_no_trace(notebook):
    nb = notebook("x = 1", "y = x")
    nb.order.set_mode("linear")
    nb.run("c2")
    assert nb.states()["c2"] == "never_run"
    nb.order.set_mode("off")
    assert nb.order.status() == {}


def test_wrong_modes_cells_and_documents_are_refused(notebook):
    nb = notebook("x = 1")
    with pytest.raises(NoSuchMode) as caught:
        nb.order.set_mode("sideways")
    assert "linear" in caught.value.hint
    with pytest.raises(NoSuchCell):
        nb.order.plan("c9")
    with pytest.raises(BadInput):
        nb.order.sync([{"source": "x"}])
    with pytest.raises(BadInput):
        nb.order.sync([{"id": "a", "source": "x"}, {"id": "a", "source": "y"}])


def test_what_is_set_while_no_cell_runs_is_seen(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    nb.shell.user_ns["x"] = 2  # as a widget's callback does
    assert nb.states() == {"c1": "stale", "c2": "fresh"}


def test_user_classes_are_never_asked(notebook, capsys):
    nb = notebook(
        "class Loud:\n"
        "    def __eq__(self, other): print('eq')\n"
        "    def __hash__(self): print('hash'); return 1\n"
        "    def __repr__(self): print('repr'); return ''\n"
        "    def __reduce_ex__(self, n): print('reduce'); return (Loud, ())\n"
        "    def __getattr__(self, name): print('getattr', name); raise AttributeError(name)\n"
        "    def __iter__(self): print('iter'); return iter(())\n"
        "loud = Loud()\nkept = [loud]",
        "same = kept[0] is loud",
    )
    nb.run()
    nb.states()
    assert capsys.readouterr().out == ""
    assert set(nb.states().values()) == {"fresh"}
    assert "__slotnames__" not in vars(nb.shell.user_ns["Loud"])


def test_loading_twice_and_unloading_leaves_nothing(notebook):
    nb = notebook("x = 1")
    extension.load(nb.shell)
    assert len([h for h in nb.shell.events.callbacks["pre_run_cell"] if "KernelOrder" in repr(h)]) == 1
    extension.unload(nb.shell)
    extension.unload(nb.shell)
    assert not [h for h in nb.shell.events.callbacks["pre_run_cell"] if "mlnb" in repr(h)]
    assert nb.shell.ast_transformers == []
    assert nb.shell.run_cell("x = 1").success


def test_switched_off_by_the_environment(monkeypatch):
    monkeypatch.setenv("MLNB_KERNEL", "0")
    shell = order_shell.new_shell()
    extension.load(shell)
    assert getattr(shell, "_mlnb_loaded", None) is None


def test_the_door_answers_in_json(notebook):
    nb = notebook("x = 1")
    nb.run()
    assert door.answer("order.status", {}) == {
        "result": {
            "cells": {"c1": {"state": "fresh", "reasons": [], "vouched": False, "kept": ""}},
            "mode": "mark",
            "chosen": None,
            "floor": None,
            "off_reason": "",
            "summary": {"fresh": 1, "stale": 0, "edited": 0, "never_run": 0, "unknown": 0, "kept": 0},
        }
    }
    assert door.answer("order.plan", {"cell_id": None}) == {"result": {"cells": [], "restart": ""}}
    assert door.answer("order.set_mode", {"mode": "sideways"})["error"]["code"] == "no_such_mode"
    assert door.answer("nothing", {})["error"]["code"] == "not_found"
    assert door.answer("order.plan", {"wrong": 1})["error"]["code"] == "bad_input"
    assert '"error"' in door.call("order.status", "{")
    assert "mlnb_version" in door.call("hello")


def test_the_magic_tells_the_state_in_one_screen(notebook, capsys):
    nb = notebook("x = 1", "y = x")
    nb.run()
    nb.edit("c1", "x = 2")
    nb.shell.run_cell("%mlnb")
    out = capsys.readouterr().out
    assert "0 of 2 cells fresh" in out
    assert "the code of this cell was edited after it ran" in out
    assert "run cells 1, 2" in out
    nb.shell.run_cell("%mlnb order linear")
    assert nb.order.mode == "linear"


def test_the_magic_takes_a_snapshot(notebook, capsys):
    nb = notebook("x = [1]")
    nb.run()
    nb.shell.run_cell("%mlnb snapshot before the change")
    taken = mlnb.snapshots.list()[0]
    assert capsys.readouterr().out == f"snapshot {taken.id}: {len(taken.variables)} variables\n"
    assert taken.reason == "before the change"
    assert taken.variables["x"].state == "saved"
    nb.shell.user_ns["x"].append(2)
    mlnb.snapshots.restore(taken.id)
    assert nb.shell.user_ns["x"] == [1]


def test_the_magic_says_what_it_knows(notebook, capsys):
    nb = notebook("x = 1")
    error = nb.shell.run_cell("%mlnb dance").error_in_exec
    assert type(error).__name__ == "UsageError"
    assert "%mlnb snapshot" in str(error)
    assert "Choose one of" in str(nb.shell.run_cell("%mlnb order sideways").error_in_exec)
    nb.shell.run_cell("%mlnb order off")
    assert "order is off" in capsys.readouterr().out


def test_a_saved_notebook_is_checked_from_inside_too(notebook, tmp_path):
    nb = notebook("x = 1")
    with pytest.raises(BadInput, match="there is no notebook"):
        nb.order.check(tmp_path / "none.ipynb")
    for ask in (nb.order.verify, nb.order.fix, nb.order.certificates, nb.order.certification):
        with pytest.raises(BadInput, match="there is no notebook"):
            ask(tmp_path / "none.ipynb")
