"""A fault of ours: the user's cell is untouched, order is off, and one reason says so wherever order shows itself."""

from __future__ import annotations

import threading

import pytest

from mlnb.kernel import door, log
from mlnb.kernel.order_trace import Tracker
from mlnb.order.live import Advice, Dependants


def breaking(monkeypatch, method):
    def broken(*_args, **_given):
        raise RuntimeError(f"{method} is broken on purpose, password=hunter22")

    monkeypatch.setattr(Tracker, method, broken)


@pytest.mark.parametrize("mode", ["mark", "block", "linear", "reactive"])
@pytest.mark.parametrize("method", ["begin", "end", "knowledge"])
def test_a_fault_ends_order_with_one_visible_reason(notebook, capsys, monkeypatch, method, mode):
    nb = notebook("x = 1", "print(x)")
    nb.order.set_mode(mode)
    breaking(monkeypatch, method)
    assert nb.run().success
    assert nb.shell.user_ns["x"] == 1
    assert capsys.readouterr().out == "1\n"
    found = nb.order.overview()
    assert found.mode == "off"
    assert found.cells == {}
    assert f"RuntimeError: {method} is broken on purpose" in found.off_reason
    assert "hunter22" not in found.off_reason + log.log_file().read_text()
    assert f"{method} is broken on purpose" in log.log_file().read_text()
    assert door.answer("order.status", {})["result"]["off_reason"] == found.off_reason
    nb.run()
    assert nb.order.overview().off_reason == found.off_reason
    nb.shell.run_cell("%mlnb order")
    assert found.off_reason in capsys.readouterr().out


def test_after_a_fault_every_question_is_answered(notebook, monkeypatch):
    nb = notebook("x = 1", "y = x")
    nb.order.set_mode("block")
    breaking(monkeypatch, "knowledge")
    nb.sync()
    assert nb.order.ask(["c2"]) == Advice("run")
    assert nb.order.after("c1") == Dependants()
    assert nb.order.plan() == []
    assert nb.order.graph().nodes == []
    assert nb.order.status() == {}
    assert nb.run("c2").error_in_exec is not None  # the user's own NameError, not a refusal


def test_setting_a_mode_watches_again_and_trusts_nothing_it_did_not_see(notebook, monkeypatch):
    nb = notebook("x = 1", "y = x")
    with monkeypatch.context() as patched:
        breaking(patched, "end")
        nb.run("c1")
    assert nb.order.mode == "off"
    found = nb.order.set_mode("mark")
    assert (found.mode, found.off_reason) == ("mark", "")
    nb.run("c2")
    assert nb.states() == {"c1": "never_run", "c2": "stale"}  # what set `x` was not seen
    nb.run()
    assert set(nb.states().values()) == {"fresh"}


def test_a_sync_does_not_end_what_a_fault_did(notebook, monkeypatch):
    nb = notebook("x = 1")
    with monkeypatch.context() as patched:
        breaking(patched, "begin")
        nb.run()
    nb.sync()
    assert nb.order.sync([{"id": "c1", "source": "x = 1"}], mode="block").mode == "off"


def test_a_reason_that_cannot_be_told_is_left_out(notebook, monkeypatch):
    class SilentError(Exception):
        def __str__(self):
            raise ValueError

    def broken(*_args, **_given):
        raise SilentError

    nb = notebook("x = 1")
    monkeypatch.setattr(Tracker, "begin", broken)
    assert nb.run().success
    assert "SilentError" in nb.order.overview().off_reason


def test_an_interrupt_before_the_cell_stops_the_cell(notebook, monkeypatch):
    def interrupted(*_args, **_given):
        raise KeyboardInterrupt

    nb = notebook("x = 1")
    with monkeypatch.context() as patched:
        patched.setattr(Tracker, "begin", interrupted)
        result = nb.run()
    assert "interrupted" in str(result.error_before_exec)
    assert "x" not in nb.shell.user_ns
    assert nb.order.overview().off_reason == ""
    assert nb.run().success
    assert nb.states() == {"c1": "fresh"}


def test_an_interrupt_after_the_cell_comes_too_late(notebook, monkeypatch):
    end, left = Tracker.end, [KeyboardInterrupt]

    def interrupted(*args, **given):
        run = end(*args, **given) if not left else None
        if left:
            raise left.pop()
        return run

    nb = notebook("x = [1]\ny = 2", "z = x")
    monkeypatch.setattr(Tracker, "end", interrupted)
    assert nb.run().success
    assert nb.states() == {"c1": "fresh", "c2": "fresh"}
    left += [KeyboardInterrupt, KeyboardInterrupt]
    assert nb.run("c2").success
    assert "interrupted twice" in nb.order.overview().off_reason


def test_questions_from_another_thread_while_a_cell_runs_change_nothing(notebook):
    nb = notebook("x = []", "ask()", "y = x")
    answers = []

    def ask():
        def question():
            nb.shell.user_ns["x"].append(1)
            nb.shell.user_ns["z"] = 5
            nb.sync()
            answers.append((nb.order.plan(), nb.order.ask(["c3"]), nb.order.in_words(), nb.order.graph()))

        thread = threading.Thread(target=question)
        thread.start()
        thread.join(10)

    nb.shell.user_ns["ask"] = ask
    nb.run()
    assert len(answers) == 1
    runs = [run.cell_id for run in nb.order._runs.tracker.runs]
    assert runs == [None, "c1", "c2", "c3"] or runs == ["c1", "c2", "c3"]  # nobody else was blamed for what cell 2 did
    assert nb.order._runs.tracker.runs[-2].trace.outputs["z"]


def test_status_inside_a_cell_is_how_it_was_before(notebook):
    nb = notebook("x = 1", "import mlnb\nx = 2\nstate = mlnb.order.status()['c2'].state", "y = x")
    nb.run()
    assert nb.shell.user_ns["state"] == "never_run"
    assert set(nb.states().values()) == {"fresh"}


def test_a_cell_cancelled_while_it_waits_has_not_run_to_its_end(notebook):
    nb = notebook("import asyncio\nx = 1", "y = x")
    nb.order.before_run(type("Info", (), {"raw_cell": nb.document[0][1], "cell_id": "c1", "store_history": True}))
    nb.order.after_run(None)  # what ipykernel says after an interrupt of a cell with a top-level await
    nb.run("c2")
    assert nb.states()["c2"] == "stale" or "c1" in nb.order._runs.failed


def test_an_empty_cell_run_by_a_cell_is_not_its_end(notebook):
    nb = notebook("x = []\nget_ipython().run_cell('')\nx.append(1)", "y = list(x)")
    nb.run()
    assert set(nb.states().values()) == {"fresh"}
    assert [run.cell_id for run in nb.order._runs.tracker.runs][-2:] == ["c1", "c2"]


def test_the_running_cell_counts_as_run_for_what_comes_after_it(notebook):
    nb = notebook("x = ask()", "y = x", "z = 1")
    nb.shell.user_ns["ask"] = lambda: [nb.order.ask(["c2"]).decision, nb.order.ask(["c3"]).decision]
    for mode in ("warn", "block", "linear"):
        nb.order.set_mode(mode)
        nb.run("c1")
        assert nb.shell.user_ns["x"] == ["run", "refuse" if mode == "linear" else "run"]
