"""Laws of order, over random notebooks run in a real shell: running everything, running the plan, and undoing an edit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

_spec = importlib.util.spec_from_file_location("order_shell", Path(__file__).with_name("order_shell.py"))
order_shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(order_shell)

LAWS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def cell(position: int) -> st.SearchStrategy[str]:
    """Code that always sets `x<position>` and reads only what cells above set."""
    own = f"x{position}"
    new = st.sampled_from([f"{own} = {n}" for n in range(3)] + [f"{own} = [{n}]" for n in range(2)])
    if position == 0:
        return new
    other = st.integers(0, position - 1).map(lambda n: f"x{n}")
    number = st.integers(0, 2)
    return st.one_of(
        new,
        other.map(lambda o: f"{own} = {o}"),
        other.map(lambda o: f"{own} = [{o}]"),
        other.map(lambda o: f"{own} = str({o})"),
        other.map(lambda o: f"print({o})\n{own} = 0"),
        st.tuples(other, number).map(lambda p: f"{own} = 1\nif isinstance({p[0]}, list): {p[0]}.append({p[1]})"),
        other.map(lambda o: f"def {own}(): return {o}"),
        other.map(lambda o: f"{own} = {o}() if callable({o}) else {o}"),
    )


notebooks = st.integers(2, 5).flatmap(lambda n: st.tuples(*[cell(i) for i in range(n)]))


@st.composite
def histories(draw):
    """A notebook, and what was done to it: cells run in any order and edited."""
    sources = draw(notebooks)
    steps = []
    for _ in range(draw(st.integers(0, 5))):
        position = draw(st.integers(0, len(sources) - 1))
        steps.append((position, draw(st.none() | cell(position))))
    return sources, steps


def play(session, steps):
    for position, edit in steps:
        if edit is not None:
            session.edit(f"c{position + 1}", edit)
        session.run(f"c{position + 1}")


@LAWS
@given(notebooks)
def test_running_all_cells_in_order_makes_all_fresh(sources):
    session = order_shell.Session(*sources)
    try:
        session.run()
        assert set(session.states().values()) == {"fresh"}, session.order.status()
    finally:
        session.close()


@LAWS
@given(histories())
def test_running_the_plan_makes_all_fresh(history):
    sources, steps = history
    session = order_shell.Session(*sources)
    try:
        play(session, steps)
        plan = session.order.planned()
        for cell_id in plan.cells:
            session.run(cell_id)
        if not (plan.restart or session.order.planned().restart):
            assert set(session.states().values()) == {"fresh"}, (plan, session.order.status())
            assert session.order.plan() == []
    finally:
        session.close()


def test_only_a_restart_takes_from_a_cell_what_it_once_changed_by_another_name():
    session = order_shell.Session("x = [0]", "x.append(1)", "y = x")
    try:
        session.run("c1", "c2", "c3", "c2")
        planned = session.order.planned()
        assert planned.cells == ["c1", "c2", "c3"]
        assert "`y` was left by" in planned.restart
        assert "only a restart" in planned.restart
    finally:
        session.close()


def shared_names(session):
    """Pairs of names of the notebook that lead to one list."""
    found = {}
    for name, value in session.shell.user_ns.items():
        todo = [value] if name.startswith("x") else []
        while todo:
            one = todo.pop()
            if isinstance(one, list):
                found.setdefault(id(one), set()).add(name)
                todo += one
    return sorted(sorted(names) for names in found.values() if len(names) > 1)


@st.composite
def reruns(draw):
    """A notebook that was run from top to bottom, and then some of its cells again: what each does is known."""
    sources = draw(notebooks)
    return sources, draw(st.lists(st.integers(0, len(sources) - 1).map(lambda n: (n, None)), min_size=1, max_size=6))


def run_with_plan(sources, steps, without=None):
    """(the plan, all states after it, what the names share) of a notebook that is run, and then `steps`."""
    session = order_shell.Session(*sources)
    try:
        session.run()
        play(session, steps)
        before, planned = session.states(), session.order.planned()
        for cell_id in planned.cells:
            if cell_id != without:
                session.run(cell_id)
        return planned, before, set(session.states().values()), shared_names(session)
    finally:
        session.close()


@LAWS
@given(reruns())
@example((("x0 = [0]", "x1 = x0", "x2 = 0", "x3 = 1\nif isinstance(x1, list): x1.append(0)"), [(0, None)]))
@example((("x0 = [0]", "x1 = 1\nx0.append(2)", "x2 = 1\nx0.append(1)"), [(0, None)]))
@example((("x0 = [0]", "x1 = [x0]", "x2 = 1\nx1.append(1)", "x3 = [x0]"), [(2, None)]))
def test_no_cell_can_be_left_out_of_the_plan(history):
    sources, steps = history
    planned, before, after, shared = run_with_plan(sources, steps)
    if planned.restart:
        return
    assert after == {"fresh"}
    for cell_id in planned.cells:
        _, _, states, otherwise = run_with_plan(sources, steps, without=cell_id)
        assert states != {"fresh"} or otherwise != shared, (planned.cells, cell_id, before)


@pytest.mark.parametrize(
    "sources",
    [
        ("z = [0]", "x = [5]", "x.append(1)", "print(z)"),
        ("z = [0]", "x = 5", "if isinstance(x, list): x.append(1)", "print(z)"),
        ("z = [0]", "x = [5]", "w = x", "x.append(1)", "print(z)"),
    ],
)
def test_what_a_cell_below_may_change_by_a_name_that_an_edit_gives_it_is_not_called_fresh(sources):
    session = order_shell.Session(*sources)
    try:
        session.run()
        session.edit("c2", "x = z")
        last = f"c{len(sources)}"
        assert session.states()[last] == "stale"
        for cell_id in session.order.plan():
            session.run(cell_id)
        assert session.shell.user_ns["z"] == [0, 1]
        assert set(session.states().values()) == {"fresh"}
        session.edit("c2", "x = len(z)")
        assert session.order.plan()[0] == "c1"
    finally:
        session.close()


def test_a_name_that_no_longer_shares_is_given_the_object_again_before_a_new_cell_may_change_it():
    session = order_shell.Session("x = [0]", "y = x", "z = 1")
    try:
        session.run("c1", "c2")
        session.edit("c3", "y.append(2)")
        session.run("c1")
        assert session.order.plan() == ["c2", "c3"]
    finally:
        session.close()


@LAWS
@given(histories(), st.data())
def test_an_edit_undone_leaves_all_as_before(history, data):
    sources, steps = history
    session = order_shell.Session(*sources)
    try:
        session.run()
        play(session, steps)
        before = session.order.status()
        position = data.draw(st.integers(0, len(sources) - 1))
        cell_id, source = session.document[position]
        session.edit(cell_id, data.draw(cell(position)))
        session.states()
        session.edit(cell_id, source)
        assert session.order.status() == before
    finally:
        session.close()
