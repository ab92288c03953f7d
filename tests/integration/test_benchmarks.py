"""The pieces of `make bench` run, on tiny sizes. What they measure is no test's business."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import correctness, cost, environments, other_costs, peers, unchanged
from benchmarks.shells import Shell, alternate
from oracle.truth import Case

CASE = Case(
    "one", "hand", [("a", "x = 1"), ("b", "print(x)"), ("c", "y = x")],
    [{"op": "run", "cell": "a"}, {"op": "run", "cell": "b"}, {"op": "edit", "cell": "a", "source": "x = 2"}, {"op": "run", "cell": "a"}],
)  # fmt: skip


@pytest.fixture(scope="module")
def shells() -> Iterator[list[Shell]]:
    made = cost.shells_for("")
    yield made
    for shell in made:
        shell.end()


def test_shells_take_turns(shells):
    taken = alternate(shells, ["y = 2"], "x = y", {"IPython": 3, "mlnb": 2}, blocks=2)
    assert {kind: len(times) for kind, times in taken.items()} == {"IPython": 3, "mlnb": 2}


def test_a_cell_that_fails_ends_the_measurement(shells):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        shells[1].ask("open", ["1 / 0"])
    shells[1].ask("close")


def test_the_tables_of_costs_are_printed(shells, capsys):
    rows = [cost.Row("a cell", "x = 1", [cost.NAMES], 4), next(row for row in cost.CELLS if "len(L)" in row.what)]
    assert len(cost.cells(shells, share=0.01, rows=rows)) == 2
    assert len(cost.loops(shells, share=0.001, rows=cost.LOOPS)) == len(cost.LOOPS)
    assert len(cost.status(shells, sizes=(5, 500), runs=1)) == 3
    printed = capsys.readouterr().out
    assert all(row.what in printed for row in [*rows, *cost.LOOPS])


def test_no_cell_shows_something_else_with_mlnb(capsys):
    assert unchanged.table(), capsys.readouterr().out


def test_execution_counts_and_the_linear_rule():
    assert correctness.counters(CASE) == {"a": "fresh", "b": "stale", "c": "stale"}
    assert set(correctness.linear(CASE).values()) == {"stale"}
    straight = Case("two", "hand", CASE.cells, [{"op": "run", "cell": "a"}, {"op": "run", "cell": "b"}])
    assert correctness.linear(straight) == {"a": "fresh", "b": "fresh", "c": "stale"}


def test_the_table_of_verdicts_is_printed(tmp_path, monkeypatch, capsys):
    item = {"id": CASE.id, "kind": CASE.kind, "cells": CASE.cells, "steps": CASE.steps}
    (tmp_path / "cases_small.json").write_text(json.dumps([item]))
    monkeypatch.setattr(correctness, "CASES", tmp_path)
    assert correctness.table("", random_of={5: 1})
    printed = capsys.readouterr().out
    assert "small" in printed
    assert "random, seed 5" in printed


def test_other_costs_are_printed(capsys):
    other_costs.table(0.01, with_processes=False)
    assert "import mlnb" in capsys.readouterr().out


def test_a_peer_that_cannot_be_had_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "_CACHE", tmp_path / "none")
    monkeypatch.setattr(peers, "_WANTED", ("./no-such-folder",))
    python, why = peers.ipyflow_python()
    assert python == ""
    assert why


def test_capturing_is_measured(capsys):
    environments.table(runs=1, packages=3, files=2)
    lines = capsys.readouterr().out.splitlines()
    assert "Capturing 3 packages of 2 files, ms" in lines
    assert {"stat", "hash", "pip inspect"} <= {line.split("  ")[0] for line in lines}
