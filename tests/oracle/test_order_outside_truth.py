"""What lies outside names, against fresh runs: no cell is called fresh that is not. `test_order_truth` judges every third case in full;
``python tests/oracle cases tests/oracle/more_outside.json`` judges 741 more."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.truth import judge, load

_CASES = [case for place, case in enumerate(load(Path(__file__).with_name("cases_outside.json"))) if place % 3 == 1]


@pytest.mark.parametrize("kind", sorted({case.kind for case in _CASES}))
def test_nothing_outside_makes_a_stale_cell_look_fresh(kernels, kind):
    for case in (case for case in _CASES if case.kind == kind):
        judged, changed = judge(kernels, case)
        assert not changed, case.id
        assert [(cell.cell_id, cell.why) for cell in judged if cell.outcome == "false fresh"] == [], case.id
