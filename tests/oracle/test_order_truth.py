"""Order's verdicts against fresh runs: hand-written cases, random notebooks, and notebooks that Hypothesis makes up step by step."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from oracle.notebooks import NAMES, random_cases, random_cell
from oracle.truth import Case, judge, load

# `python tests/oracle cases` judges them all
_CASES = [case for path in sorted(Path(__file__).parent.glob("cases_*.json")) for case in load(path)[::3]]


def _told(cells):
    return [
        f"{cell.cell_id}: {cell.outcome}: {cell.why or 'as a fresh run'}; mlnb says {list(cell.reasons)}"
        for cell in cells
    ]


@pytest.mark.parametrize("kind", sorted({case.kind for case in _CASES}))
def test_cases_by_hand_are_judged_right(kernels, kind):
    wrong = []
    for case in (case for case in _CASES if case.kind == kind):
        judged, changed = judge(kernels, case)
        wrong += [f"{case.id}: mlnb changed what a cell shows"] * changed
        wrong += [
            f"{case.id} {line}"
            for line in _told(
                cell
                for cell in judged
                if cell.outcome == "false fresh"
                or (cell.outcome in ("false stale", "cannot tell") and cell.cell_id not in case.known)
            )
        ]
    assert wrong == []


def test_random_notebooks_have_no_false_fresh(kernels):
    for case in random_cases(20, seed=1):
        judged, changed = judge(kernels, case)
        assert not changed, case
        assert _told(cell for cell in judged if cell.outcome == "false fresh") == [], case


@settings(max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
class Notebook(RuleBasedStateMachine):
    """A notebook that is written, run and changed; at its end every verdict is held against fresh runs."""

    def __init__(self):
        super().__init__()
        self.cells = []
        self.document = []
        self.steps = []
        self.number = 0

    def _new(self, draw):
        self.number += 1
        return f"c{self.number}", random_cell(draw, NAMES)

    def _pick(self, place):
        return self.document[place % len(self.document)]

    @initialize(draw=st.randoms(use_true_random=False), n=st.integers(2, 6))
    def write(self, draw, n):
        self.cells = [("c0", "import functools\nclass Box:\n    n = 0"), *(self._new(draw) for _ in range(n))]
        self.document = list(self.cells)
        self.steps = [{"op": "run", "cell": cell_id} for cell_id, _ in self.cells]

    @rule(place=st.integers(0, 20))
    def run(self, place):
        self.steps.append({"op": "run", "cell": self._pick(place)[0]})

    @rule(draw=st.randoms(use_true_random=False), place=st.integers(0, 20), run=st.booleans())
    def edit(self, draw, place, run):
        cell_id, _ = self._pick(place)
        source = random_cell(draw, NAMES)
        self.document = [(known, source if known == cell_id else text) for known, text in self.document]
        self.steps.append({"op": "edit", "cell": cell_id, "source": source})
        if run:
            self.steps.append({"op": "run", "cell": cell_id})

    @precondition(lambda self: len(self.document) > 2)
    @rule(place=st.integers(0, 20))
    def delete(self, place):
        cell = self._pick(place)
        self.document.remove(cell)
        self.steps.append({"op": "delete", "cell": cell[0]})

    @precondition(lambda self: len(self.document) > 2)
    @rule(place=st.integers(0, 20), to=st.integers(0, 20))
    def move(self, place, to):
        cell = self._pick(place)
        self.document.remove(cell)
        self._insert(cell, to, {"op": "move", "cell": cell[0]})

    @rule(draw=st.randoms(use_true_random=False), to=st.integers(0, 20), run=st.booleans())
    def add(self, draw, to, run):
        cell = self._new(draw)
        self._insert(cell, to, {"op": "add", "cell": cell[0], "source": cell[1]})
        if run:
            self.steps.append({"op": "run", "cell": cell[0]})

    def _insert(self, cell, to, step):
        at = to % (len(self.document) + 1)
        self.steps.append({**step, "after": self.document[at - 1][0] if at else None})
        self.document.insert(at, cell)

    @rule()
    def restart(self):
        self.steps.append({"op": "restart"})

    def teardown(self):
        if self.document:
            case = Case("made up", "random", self.cells, self.steps)
            judged, changed = judge(self.kernels, case)
            assert not changed, case
            assert _told(cell for cell in judged if cell.outcome == "false fresh") == [], case


def test_made_up_notebooks_have_no_false_fresh(kernels):
    machine = type("Notebook", (Notebook,), {"kernels": kernels})
    run_state_machine_as_test(machine, settings=Notebook.TestCase.settings)
