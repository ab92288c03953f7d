"""What changes values in place while no cell runs is seen, whoever did it, and nothing is looked at when nobody can have."""

from __future__ import annotations

import threading

import pytest

from tests.unit.kernel.order_shell import Session


@pytest.fixture
def session():
    made = []

    def make(*sources):
        made.append(Session(*sources))
        return made[-1]

    yield make
    for one in made:
        one.close()


def silently(session, code):
    session.shell.run_cell(code, silent=True)


CELLS = ("x = [1]", "print(len(x))", "y = {'a': 1}")


def test_a_silent_request_that_changes_a_value_in_place(session):
    nb = session(*CELLS)
    nb.run()
    silently(nb, "x.append(2)")
    assert nb.states() == {"c1": "stale", "c2": "fresh", "c3": "fresh"}
    assert nb.reasons("c1") == "`x` was changed by code that is not a cell of this notebook after this cell set it"
    nb.run("c2")
    assert nb.states()["c2"] == "stale"
    nb.run("c1", "c2")
    assert set(nb.states().values()) == {"fresh"}


def test_a_silent_request_that_changes_nothing(session):
    nb = session(*CELLS)
    nb.run()
    silently(nb, "len(x)")
    silently(nb, "hidden = 1; del hidden")
    assert set(nb.states().values()) == {"fresh"}


def test_a_change_that_the_next_cell_meets_before_anybody_asks(session):
    nb = session(*CELLS)
    nb.run()
    silently(nb, "x.append(2); y['b'] = 2")
    nb.run("c2")
    assert nb.states() == {"c1": "stale", "c2": "stale", "c3": "stale"}


def test_what_a_callback_changes_while_a_cell_runs_that_does_not_reach_it(session):
    nb = session(*CELLS, "tick()")
    nb.run("c1", "c2", "c3")
    values, events = nb.shell.user_ns["x"], nb.shell.events
    hidden = {"tick": lambda: (events.trigger("pre_execute"), values.append(9))}  # as widgets are polled from a cell
    nb.shell.push(hidden, interactive=False)
    nb.run("c4")
    assert nb.states()["c1"] == "stale"


def test_a_thread_that_outlives_its_cell(session):
    go, done = threading.Event(), threading.Event()
    work = "lambda: (go.wait(), x.append(1), done.set())"
    nb = session("x = []", f"import threading\nt = threading.Thread(target={work}, daemon=True)\nt.start()")
    nb.shell.user_ns_hidden.update(go=go, done=done)
    nb.shell.user_ns.update(go=go, done=done)
    nb.run()
    assert nb.states()["c1"] == "fresh"
    go.set()
    done.wait()
    nb.shell.user_ns["t"].join()
    assert nb.states()["c1"] == "stale"


def test_a_pool_that_has_nothing_to_do_costs_no_looks(session):
    nb = session(
        "import concurrent.futures as f\npool = f.ThreadPoolExecutor(1)\nn = pool.submit(len, 'ab').result()", "x = [1]"
    )
    nb.run()
    worker = next(iter(nb.shell.user_ns["pool"]._threads))
    between = nb.shell._mlnb_loaded.between
    for _ in range(1000):  # until the thread is back at its queue
        between._was_at_work = False
        if not between.take():
            break
    assert worker.is_alive()
    assert not between.take()
    nb.shell.user_ns["pool"].shutdown()


def test_a_debugger_is_looked_behind(session):
    nb = session(*CELLS)
    nb.run()

    class Kernel:
        class debugger:
            is_started = True

    nb.shell._mlnb_loaded.between._kernel = Kernel
    nb.shell.user_ns["x"].append(2)
    assert nb.states()["c1"] == "stale"


def test_what_cannot_be_looked_into_may_have_changed(session):
    nb = session("import re\nit = re.finditer('a', 'aaa')", "first = next(it)", "other = 1")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    silently(nb, "1 + 1")
    assert nb.states() == {"c1": "fresh", "c2": "unknown", "c3": "fresh"}
    assert nb.reasons("c2") == (
        "code that is not a cell of this notebook may have changed `it`, into which mlnb cannot look"
    )
    nb.run("c1", "c2")
    assert set(nb.states().values()) == {"fresh"}


def test_cells_that_ran_while_order_was_off(session):
    nb = session(*CELLS)
    nb.run()
    nb.order.set_mode("off")
    nb.shell.run_cell("x.append(2)", store_history=True)
    nb.order.set_mode("mark")
    assert nb.states()["c1"] == "stale"


def test_nothing_is_looked_at_while_nothing_can_have_changed(session, monkeypatch):
    nb = session(*CELLS)
    nb.run()
    looked = []
    names = nb.order._runs.tracker.names
    look = names.look
    monkeypatch.setattr(names, "look", lambda name: looked.append(name) or look(name))
    nb.run("c3")
    nb.states()
    assert "x" not in looked
    silently(nb, "1")
    nb.states()
    assert "x" in looked
    looked.clear()
    nb.states()
    assert looked == []


def test_what_is_surely_changed_is_said_before_what_may_be(session):
    nb = session("import re\nit = re.finditer('a', 'aaa')\nx = [1]", "other = 1")
    nb.run()
    nb.shell.run_cell("repr(it)")  # a run that is no cell and reads what cannot be looked into
    silently(nb, "x.append(2)")
    assert nb.states() == {"c1": "stale", "c2": "fresh"}
    assert nb.reasons("c1") == "`x` was changed by code that is not a cell of this notebook after this cell set it"
