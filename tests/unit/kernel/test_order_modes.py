"""The ladder in a bare shell: what is in force, what is said before a cell runs, what is refused, what runs after."""

from __future__ import annotations

import pytest

import mlnb
from mlnb.core.errors import BadInput
from mlnb.kernel import door
from mlnb.kernel.order_ladder import Ladder, ladder_from_surroundings
from mlnb.order.errors import NoSuchMode
from mlnb.order.rules import modes
from mlnb.order.types import MODES


def synced(nb, **given):
    return nb.order.sync([{"id": i, "source": s, "tags": nb.tags.get(i, [])} for i, s in nb.document], **given)


# ---- which mode is in force


@pytest.mark.parametrize(
    ("floor", "chosen", "setting", "found"),
    [
        (None, None, "mark", "mark"),
        (None, "off", "block", "off"),
        ("warn", "mark", "off", "warn"),
        ("warn", "reactive", "mark", "reactive"),  # as strict as warn
        ("block", "reactive", "mark", "block"),
        ("warn", "linear", "mark", "linear"),
        ("linear", None, "block", "linear"),
    ],
)
def test_the_stronger_of_floor_and_choice_is_in_force(floor, chosen, setting, found):
    assert modes.in_force(floor, chosen, setting) == found


def test_every_mode_has_a_rank_and_they_are_listed_in_its_order():
    assert [modes.RANK[mode] for mode in MODES] == sorted(modes.RANK[mode] for mode in MODES)


def test_a_mode_below_the_floor_is_refused_and_the_way_out_named():
    ladder = Ladder("mark", "block")
    assert ladder.mode == "block"
    with pytest.raises(BadInput) as caught:
        ladder.choose("warn")
    assert "[order] in the project's mlnb.toml" in caught.value.hint
    assert (ladder.mode, ladder.chosen) == ("block", None)
    ladder.choose("linear")
    assert ladder.mode == "linear"
    ladder.hear("mark")  # a notebook that says less is no error: the floor holds
    assert ladder.mode == "block"


def test_a_choice_made_in_the_kernel_stays_until_the_notebook_says_something_new():
    ladder = Ladder()
    ladder.hear(None)
    ladder.choose("block")
    ladder.hear(None)
    assert ladder.mode == "block"
    ladder.hear("warn")
    assert ladder.mode == "warn"
    ladder.hear(None)
    assert ladder.mode == "mark"
    with pytest.raises(NoSuchMode):
        ladder.hear("sideways")


def test_the_surroundings_of_a_kernel(tmp_path, monkeypatch):
    (tmp_path / "mlnb.toml").write_text('[order]\nmode = "warn"\nfloor = "block"\n')
    (tmp_path / "sub").mkdir()
    ladder = ladder_from_surroundings(tmp_path / "sub" / "nb.ipynb")
    assert (ladder.setting, ladder.floor, ladder.mode) == ("warn", "block", "block")
    monkeypatch.setenv("MLNB_ORDER_MODE", "linear")
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "warn")
    ladder = ladder_from_surroundings(tmp_path / "nb.ipynb")
    assert (ladder.setting, ladder.floor) == ("linear", "block")
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "linear")
    assert ladder_from_surroundings(tmp_path / "nb.ipynb").floor == "linear"
    (tmp_path / "mlnb.toml").write_text("not toml [")
    assert ladder_from_surroundings(tmp_path / "nb.ipynb").setting == "linear"


def test_the_status_tells_where_the_mode_comes_from(notebook):
    nb = notebook("x = 1")
    found = synced(nb, mode="warn", trusted=True)
    assert (found.mode, found.chosen, found.floor, found.off_reason) == ("warn", "warn", None, "")
    assert found.summary.never_run == 1
    found = nb.order.set_mode("block")
    assert (found.mode, found.chosen) == ("block", "block")
    assert synced(nb, mode="warn").mode == "block"  # the notebook has said this before
    assert synced(nb, mode=None).chosen is None
    assert synced(nb, mode=None).mode == "mark"


# ---- what is said before a cell runs


@pytest.mark.parametrize("mode", ["off", "mark"])
def test_mild_modes_say_nothing(notebook, mode):
    nb = notebook("x = 1", "y = x")
    nb.order.set_mode(mode)
    assert nb.order.ask(["c2"]).decision == "run"


def test_warn_names_the_stale_inputs_and_what_to_run_first(notebook):
    nb = notebook("a = 1", "b = 2", "c = a", "print(b, c)")
    nb.run()
    nb.order.set_mode("warn")
    nb.edit("c1", "a = 5")
    nb.edit("c2", "b = 5")
    found = nb.order.ask(["c4"])
    assert (found.decision, found.plan, found.stale_inputs) == ("warn", ["c1", "c2", "c3"], ["c2", "c3"])
    assert found.message == "2 inputs are stale: `b` (cell 2), `c` (cell 3)"
    assert nb.run("c4").success  # warn is for front ends: nothing is refused
    assert nb.order.ask(["c1"]).decision == "run"
    assert nb.order.ask(["c2", "c3", "c4"]).plan == ["c1"]
    assert nb.order.ask(["c1", "c2", "c3", "c4"]).decision == "run"


def test_warn_names_inputs_in_the_same_order_every_time(notebook):
    nb = notebook("f, e, d, c, b, a = range(6)", "print(f, b, d, a, c, e)")
    nb.order.set_mode("warn")
    nb.run()
    nb.edit("c1", "f, e, d, c, b, a = range(1, 7)")
    found = nb.order.ask(["c2"])
    assert found.message.startswith("6 inputs are stale: `a` (cell 1), `b` (cell 1), `c` (cell 1)")


def test_warn_tells_what_a_deleted_cell_left(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run()
    nb.delete("c1")
    nb.order.set_mode("warn")
    found = nb.order.ask(["c2"])
    assert (found.decision, found.plan) == ("warn", [])
    assert "only a restart takes it away" in found.message


@pytest.mark.parametrize("cell_ids", [[], ["c9"], [None], [3], "c1", None, {}, ["c1", "c9"]])
def test_a_question_about_no_cell_is_answered(notebook, cell_ids):
    nb = notebook("x = 1")
    nb.order.set_mode("block")
    assert nb.order.ask(cell_ids).decision == "run"


def test_block_refuses_with_the_plan(notebook):
    nb = notebook("x = 1", "y = x", "z = 3")
    nb.order.set_mode("block")
    found = nb.order.ask(["c2"])
    assert (found.decision, found.plan) == ("refuse", ["c1"])
    assert found.message == str(nb.run("c2").error_before_exec)
    assert nb.order.ask(["c1", "c2"]).decision == "run"
    assert nb.order.ask(["c3"]).decision == "run"


def test_a_floor_is_no_way_out(notebook, monkeypatch):
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "block")
    nb = notebook("x = 1", "y = x")
    assert "set the mode" not in nb.order.ask(["c2"]).message
    with pytest.raises(BadInput, match="below this project's floor"):
        mlnb.order.set_mode("mark")
    assert door.answer("order.set_mode", {"mode": "off"})["error"]["code"] == "bad_input"
    assert nb.order.mode == "block"


# ---- linear: every code cell above has run, unchanged, in order, in this kernel


def linear(notebook, *sources):
    nb = notebook(*sources)
    nb.order.set_mode("linear")
    return nb


def first(nb, *cell_ids):
    return nb.order.ask(list(cell_ids)).plan


def test_linear_wants_every_cell_above_even_unrelated_ones(notebook):
    nb = linear(notebook, "a = 1", "b = 2", "c = 3")
    assert first(nb, "c3") == ["c1", "c2"]
    assert "Run cells 1, 2 first" in str(nb.run("c3").error_before_exec)
    assert first(nb, "c1", "c2", "c3") == []
    assert first(nb, "c1", "c3") == ["c2"]
    nb.run()
    assert first(nb, "c3") == []


def test_linear_wants_what_stands_there_now(notebook):
    nb = linear(notebook, "a = 1", "b = 2", "c = 3")
    nb.run()
    nb.edit("c2", "b = 2  # a comment is no change")
    assert first(nb, "c3") == []
    nb.edit("c1", "a = 5")
    assert first(nb, "c3") == ["c1", "c2"]
    assert first(nb, "c1") == []


def test_linear_wants_the_order(notebook):
    nb = linear(notebook, "a = 1", "b = 2", "c = 3")
    nb.run()
    nb.run("c1")
    assert first(nb, "c3") == ["c2"]  # it ran before cell 1 did
    assert first(nb, "c2") == []
    assert nb.run("c3").error_before_exec is not None
    nb.run("c2", "c3")
    assert first(nb, "c3") == []


def test_linear_does_not_count_what_does_not_run(notebook):
    nb = linear(notebook, "a = 1", "b = 2", "", "# only a remark", "c = 3")
    nb.tag("c1", "skip")
    nb.tag("c2", "frozen")
    assert first(nb, "c5") == ["c4"]
    nb.run("c4")
    assert nb.run("c5").success


def test_linear_counts_a_cell_that_failed_as_run(notebook):
    nb = linear(notebook, "1 / 0", "b = 2")
    nb.run("c1")
    assert nb.run("c2").success


def test_linear_after_a_cell_was_put_in_between(notebook):
    nb = linear(notebook, "a = 1", "c = 3")
    nb.run()
    nb.document.insert(1, ("new", "b = 2"))
    nb.sync()
    assert first(nb, "c2") == ["new"]


# ---- reactive


def reactive(notebook, *sources, trusted=True):
    nb = notebook(*sources)
    nb.run()
    synced(nb, mode="reactive", trusted=trusted)
    return nb


def test_reactive_runs_the_stale_dependants_in_order(notebook):
    nb = reactive(notebook, "x = 1", "y = x", "other = 5", "z = y", "print(x)")
    nb.edit("c1", "x = 2")
    nb.run("c1")
    found = nb.order.after("c1")
    assert (found.cells, found.slow) == (["c2", "c4", "c5"], [])
    nb.run(*found.cells)
    assert set(nb.states().values()) == {"fresh"}
    assert nb.order.after("c1").cells == []


def test_reactive_leaves_alone_what_it_cannot_make_fresh(notebook):
    nb = reactive(notebook, "x = 1", "w = 1", "y = x + w", "z = x")
    nb.edit("c2", "w = 2")
    nb.edit("c1", "x = 2")
    nb.run("c1")
    assert nb.order.after("c1").cells == ["c4"]  # cell 3 needs cell 2, which nobody has run since it was edited


def test_reactive_never_runs_cells_that_have_not_run_or_were_edited(notebook):
    nb = notebook("x = 1", "y = x", "z = x")
    nb.run("c1", "c2")
    synced(nb, mode="reactive", trusted=True)
    nb.edit("c2", "y = x + 1")
    nb.run("c1")
    assert nb.order.after("c1").cells == []


def test_reactive_never_in_a_notebook_that_is_not_trusted(notebook):
    nb = reactive(notebook, "x = 1", "y = x", trusted=False)
    nb.edit("c1", "x = 2")
    nb.run("c1")
    assert nb.order.after("c1").cells == []
    synced(nb, trusted=True)
    assert nb.order.after("c1").cells == ["c2"]


def test_reactive_only_in_its_mode_and_only_after_success(notebook):
    nb = reactive(notebook, "x = 1", "y = x")
    nb.edit("c1", "x = 2")
    nb.run("c1")
    for mode in ("off", "mark", "warn", "block", "linear"):
        nb.order.set_mode(mode)
        assert nb.order.after("c1").cells == []
    nb.order.set_mode("reactive")
    nb.edit("c1", "x = 3\n1 / 0")
    nb.run("c1")
    assert nb.order.after("c1").cells == []
    assert nb.order.after("nothing").cells == []


def test_reactive_asks_before_it_runs_what_took_long(notebook):
    nb = reactive(notebook, "x = 1", "y = x", "z = y", "w = x")
    nb.order._runs.took_s["c2"] = 31.0
    nb.edit("c1", "x = 2")
    nb.run("c1")
    found = nb.order.after("c1")
    assert (found.cells, found.slow) == (["c4"], ["c2"])  # cell 3 waits for cell 2
    advice = nb.order.ask(["c3"])
    assert (advice.decision, advice.plan) == ("confirm", ["c2"])
    assert "cell 2 took 31 s last time" in advice.message
    nb.run("c2")  # this time it was quick
    assert nb.order.after("c2") == type(found)(["c3"], [])


# ---- vouching


def test_a_person_vouches_for_a_cell_that_cannot_be_judged(notebook):
    nb = notebook("import uuid\nu = uuid.uuid4()", "print(u)")
    nb.run()
    found = mlnb.order.vouch("c1")
    assert found.cells["c1"].state == "fresh"
    assert found.cells["c1"].vouched
    assert found.cells["c1"].reasons[0].startswith("vouched for at ")
    assert found.cells["c2"].state == "fresh"  # it read what was vouched for
    assert not found.cells["c2"].vouched
    assert found.summary.fresh == 2


def test_a_vouch_ends_when_the_cell_runs_again(notebook):
    nb = notebook("import uuid\nu = uuid.uuid4()")
    nb.run()
    nb.order.vouch("c1")
    nb.run()
    assert nb.states() == {"c1": "unknown"}


def test_a_vouch_ends_when_an_input_changes(notebook):
    nb = notebook("x = 1", "import uuid\nu = uuid.uuid4(), x")
    nb.run()
    nb.order.vouch("c2")
    assert nb.states()["c2"] == "fresh"
    nb.edit("c1", "x = 2")
    assert nb.states()["c2"] == "stale"
    nb.run("c1")
    assert nb.states()["c2"] == "stale"


def test_a_vouch_ends_when_the_code_changes(notebook):
    nb = notebook("import uuid\nu = uuid.uuid4()")
    nb.run()
    nb.order.vouch("c1")
    nb.edit("c1", "u = 5")
    assert nb.states() == {"c1": "edited"}


def test_only_what_cannot_be_judged_is_vouched_for(notebook):
    nb = notebook("x = 1", "y = x")
    nb.run("c1")
    for cell_id, state in (("c1", "fresh"), ("c2", "never run")):
        with pytest.raises(BadInput, match=state):
            nb.order.vouch(cell_id)
    assert door.answer("order.vouch", {"cell_id": "c9"})["error"]["code"] == "no_such_cell"
    nb.order.set_mode("off")
    with pytest.raises(BadInput, match="order is off"):
        nb.order.vouch("c1")


# ---- cells that do not run


@pytest.mark.parametrize("mode", ["off", "mark", "block", "linear"])
def test_a_skipped_cell_does_nothing_quietly_in_every_mode(notebook, mode, capsys):
    nb = notebook("x = 1", "this is not Python", "y = 2")
    nb.order.set_mode(mode)
    nb.tag("c2", "skip")
    for cell_id in ("c1", "c2", "c3"):
        assert nb.run(cell_id).success
    assert capsys.readouterr().out == ""
    assert nb.shell.run_cell("y += 1").success  # and the next cell is read again


def test_tags_are_shown_counted_and_never_planned(notebook):
    nb = notebook("x = 1", "y = x", "z = y", "")
    nb.tag("c1", "frozen", "other")
    nb.tag("c2", "skip", "frozen")
    found = nb.order.overview()
    assert {i: s.kept for i, s in found.cells.items()} == {"c1": "frozen", "c2": "skip", "c3": "", "c4": ""}
    assert (found.summary.kept, found.summary.never_run, found.summary.fresh) == (2, 1, 0)
    assert nb.order.plan() == ["c3"]
    assert nb.order.plan("c1") == []
    assert nb.order.plan("c2") == []
    assert nb.order.ask(["c1", "c2"]).decision == "run"


def test_tags_that_are_no_list_of_texts_do_not_count(notebook):
    nb = notebook()
    nb.order.sync([{"id": "a", "source": "x = 1", "tags": "skip"}, {"id": "b", "source": "y = 1", "tags": [1, None]}])
    assert {status.kept for status in nb.order.status().values()} == {""}
