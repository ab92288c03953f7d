"""A long session: what is kept of its runs is bounded, and forgetting never makes a cell count as fresh that is not."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mlnb.order.rules.fold import fold
from mlnb.order.rules.remembering import OLDER, RECENT, forgotten, remembered
from tests.unit.kernel.order_shell import Session
from tests.unit.kernel.test_order_laws import LAWS, histories, play


def runs_of(session):
    return session.order._runs.tracker.memory.runs


@LAWS
@given(histories(), st.integers(1, 4), st.integers(0, 3))
def test_forgetting_never_makes_a_cell_fresh(history, recent, older):
    sources, steps = history
    session = Session(*sources)
    try:
        play(session, steps)
        judged = session.order._judge.judged()
        runs = list(judged.knowledge.runs)
        kept = remembered(runs, recent, older)
        less = dataclasses.replace(judged.knowledge, runs=kept, forgotten=forgotten(runs, kept))
        full, part = judged.folded.judgements, fold(judged.cells, less).judgements
        for cell_id, judgement in part.items():
            assert judgement.state != "fresh" or full[cell_id].state == "fresh", (cell_id, full[cell_id].causes)
            assert (judgement.state == "never_run") == (full[cell_id].state == "never_run")
    finally:
        session.close()


def test_thousands_of_runs_of_the_same_cells(notebook):
    nb = notebook("x = [1]", "y = len(x)", "counter = globals().get('counter', 0) + 1", "print(y)")
    nb.run()
    for number in range(2000):
        nb.run(f"c{number % 4 + 1}")
    assert len(runs_of(nb)) <= 3 * (RECENT + OLDER + 4)
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "stale", "c4": "fresh"}
    assert nb.shell.user_ns["counter"] == 501
    assert "ran more than once" in nb.reasons("c3")


def test_thousands_of_versions_of_a_cell(notebook):
    nb = notebook("x = 1", "print(x)")
    nb.run()
    for number in range(1000):
        nb.edit("c1", f"x = {number % 950}")
        nb.run("c1")
    assert len(runs_of(nb)) <= 3 * (RECENT + OLDER + 2)
    assert nb.states() == {"c1": "fresh", "c2": "stale"}
    nb.run("c2")
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}


def test_a_run_long_ago_still_shows_what_a_cell_may_set(notebook):
    nb = notebook("flag = True", "if flag: extra = 1\nbase = 2", "print(globals().get('extra'), base)")
    nb.run()
    for number in range(900):
        nb.edit("c3", f"print(globals().get('extra'), base, {number})")
        nb.run("c3")
    nb.edit("c1", "flag = False")
    nb.run("c1")
    assert nb.states()["c2"] == "stale"
    assert nb.states()["c3"] != "fresh"


def test_a_thread_that_always_changes_something_does_not_fill_the_memory(notebook):
    nb = notebook("x = [0]")
    nb.run()
    between = nb.shell._mlnb_loaded.between
    for _ in range(2000):
        between.note()
        nb.shell.user_ns["x"][0] += 1
        assert nb.states()["c1"] == "stale"
    assert len(runs_of(nb)) <= 3 * (RECENT + OLDER)


def test_names_of_the_history_are_passed_over_and_new_names_seen(notebook):
    nb = notebook("x = 1")
    nb.run()
    names = nb.order._runs.tracker.names
    space = nb.shell.user_ns
    space.update({f"_i{n}": "" for n in range(100)})
    assert names.refresh() == set()
    space["a"] = 1
    space["_7"] = 7
    assert names.refresh() == {"a"}
    space["b"], space["a"] = 2, 3
    assert names.refresh() == {"a", "b"}
    for name in ("_i3", "_i99", "b"):
        del space[name]
    space["c"] = 1
    assert names.refresh() == {"b", "c"}
    del space["c"]
    space["d"] = 1
    space["c"] = [1]
    assert names.refresh() == {"c", "d"}
    kept = dict(space)
    space.clear()
    space.update(reversed(kept.items()))
    assert names.refresh() == set()
    space["e"] = 1
    assert names.refresh() == {"e"}


def test_what_values_are_beside_their_parts_is_remembered_within_bounds(notebook):
    nb = notebook("d = {}", "d['k'] = 1", "n = 0")
    nb.run()
    slots = nb.order._runs.tracker._slots
    code = nb.order._analyzer.analyze("d['k'] = 1")
    for number in range(12_000):
        nb.shell.user_ns["d"]["other"] = number
        nb.order._runs.tracker.names.look("d")
        slots.look(code, nb.order._runs.tracker.names.reach(code, look=False))
    assert len(slots.besides) <= 5_000
    nb.run("c1", "c2", "c3")
    nb.edit("c2", "d['k'] = 2")
    nb.run("c2")
    assert nb.states() == {"c1": "fresh", "c2": "fresh", "c3": "fresh"}
