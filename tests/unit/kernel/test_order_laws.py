"""Laws of order, over random notebooks run in a real shell: running everything, running the plan, and undoing an edit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from hypothesis import HealthCheck, given, settings
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
        plan = session.order.plan()
        for cell_id in plan:
            session.run(cell_id)
        assert set(session.states().values()) == {"fresh"}, (plan, session.order.status())
        assert session.order.plan() == []
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
