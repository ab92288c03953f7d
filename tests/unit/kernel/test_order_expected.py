"""Runs that do not say which cell they are, where a front end said before which cells it runs."""

from __future__ import annotations

import json

import pytest

from mlnb.core.errors import BadInput
from mlnb.kernel import door


def arrive(nb, *sources):
    for source in sources:
        nb.shell.run_cell(source, store_history=True)


def ran(nb):
    return {cell_id for cell_id, state in nb.states().items() if state != "never_run"}


def test_the_second_of_two_equal_cells_is_known_when_it_runs_alone(notebook):
    nb = notebook("i = 1", "i += 1", "i += 1")
    nb.order.document.expect(["c1", "c2"])
    arrive(nb, "i = 1", "i += 1")
    assert ran(nb) == {"c1", "c2"}
    nb.order.document.expect(["c2"])
    arrive(nb, "i += 1")
    assert ran(nb) == {"c1", "c2"}  # by source alone it would be the next one, c3
    nb.order.document.expect(["c3"])
    arrive(nb, "i += 1")
    assert ran(nb) == {"c1", "c2", "c3"}
    assert nb.states()["c3"] != "fresh"  # i is 4


def test_expectations_add_up_and_are_used_in_order(notebook):
    nb = notebook("x = 1", "print('same')", "print('same')", "y = 2")
    nb.order.document.expect(["c3"])
    nb.order.document.expect(["c1", "c2"])
    arrive(nb, "print('same')")
    assert ran(nb) == {"c3"}
    arrive(nb, "x = 1", "print('same')")
    assert ran(nb) == {"c1", "c2", "c3"}


def test_what_was_passed_over_does_not_come_any_more(notebook):
    nb = notebook("same = 1", "x = 2", "same = 1")
    nb.order.document.expect(["c1", "c2", "c3"])
    arrive(nb, "x = 2")  # c1 was cancelled
    arrive(nb, "same = 1")
    assert ran(nb) == {"c2", "c3"}


def test_a_cell_that_has_ended_is_not_waited_for(notebook):
    nb = notebook("same = 1", "same = 1")
    nb.order.document.expect(["c1"])
    nb.order.document.expect(["c2"], ended=["c1", "gone"])
    arrive(nb, "same = 1")
    assert ran(nb) == {"c2"}


def test_other_runs_without_an_id_are_of_no_cell_then(notebook):
    nb = notebook("x = 1", "y = x")
    nb.order.document.expect(["c1"])
    arrive(nb, "x = 1")
    arrive(nb, "y = x")  # a console's: what it shows is not shown in the cell
    assert ran(nb) == {"c1"}


def test_a_front_end_says_it_over_the_door_and_hears_what_is_wrong(notebook):
    nb = notebook("x = 1")
    assert json.loads(door.call("order.expect", json.dumps({"cell_ids": ["c1"], "ended": []}))) == {"result": None}
    arrive(nb, "x = 1")
    assert nb.states() == {"c1": "fresh"}
    for wrong in ("c1", [1], None):
        with pytest.raises(BadInput):
            nb.order.document.expect(wrong)
