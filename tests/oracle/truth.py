"""Decides from two fresh runs and a session which cells are truly stale, and holds verdicts against that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from oracle.kernels import Kernels, Played, Seen, Step

Truth = Literal["fresh", "stale", "either", "undecidable"]
_GENERATORS = ("@random", "@numpy random")


@dataclass(frozen=True)
class Case:
    """A notebook and what happened to it.

    Attributes:
        id: its name; kind: what it is about; note: in a few words.
        cells: [id, source] of each code cell at the beginning.
        steps: {op: run, cell} {op: edit, cell, source} {op: add, cell, source, after: id or null} {op: delete, cell}
            {op: move, cell, after} {op: restart} {op: write, path, text} {op: remove, path} (a file changed from outside).
        files: text by path, there from the beginning.
        known: cells of which mlnb's verdict is known to be wrong on the safe side, with that verdict: ``stale`` or ``unknown``.
    """

    id: str
    kind: str
    cells: Sequence[tuple[str, str]]
    steps: Sequence[Step]
    note: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """One cell of a case: its truth, why, and what mlnb said."""

    case: Case
    cell_id: str
    truth: Truth
    why: str
    state: str
    reasons: Sequence[str]

    @property
    def outcome(self) -> str:
        """``false fresh`` ``false stale`` ``cannot tell`` (of a fresh cell) ``right`` or ``not scored``."""
        if self.truth in ("either", "undecidable"):
            return "not scored"
        if self.truth == "stale":
            return "false fresh" if self.state == "fresh" else "right"
        return {"fresh": "right", "unknown": "cannot tell"}.get(self.state, "false stale")


def load(path: Path) -> list[Case]:
    """The cases in a JSON file."""
    return [
        Case(
            item["id"], item["kind"], [(cell_id, source) for cell_id, source in item["cells"]], item["steps"],
            item.get("note", ""), item.get("files", {}), item.get("known", {}),
        )
        for item in json.loads(path.read_text("utf-8"))
    ]  # fmt: skip


def truths(kernels: Kernels, case: Case) -> tuple[dict[str, tuple[Truth, str]], Played]:
    """The truth of each cell at the end of `case`, and why, with the session it was told from; nothing of mlnb takes part."""
    session = kernels.play(list(case.cells), case.files, case.steps, judged=False)
    outside = [step for step in case.steps if step["op"] in ("write", "remove")]
    every = [{"op": "run", "cell": cell_id} for cell_id, _ in session.document]
    one, two = (kernels.play(session.document, case.files, [*outside, *every], judged=False) for _ in range(2))
    return _compare(session, one, two), session


def judge(kernels: Kernels, case: Case) -> tuple[list[Judged], bool]:
    """Every cell of `case` with mlnb's verdict, and whether mlnb changed what a cell showed."""
    known, plain = truths(kernels, case)
    session = kernels.play(list(case.cells), case.files, case.steps, judged=True, watched=False)
    steady = {cell_id for cell_id, (truth, _) in known.items() if truth != "undecidable"}
    changed = any(
        (one.shown, one.error) != (two.shown, two.error)
        for one, two in zip(plain.runs, session.runs, strict=True)
        if one.cell_id in steady
    )
    return [
        Judged(case, cell_id, truth, why, session.states.get(cell_id, "unknown"), session.reasons.get(cell_id, []))
        for cell_id, (truth, why) in known.items()
    ], changed


def _compare(session: Played, one: Played, two: Played) -> dict[str, tuple[Truth, str]]:
    last = {run.cell_id: run for run in session.runs}
    touched = _touched_by_code(session.runs)
    writers: dict[str, str] = {name: run.cell_id for run in one.runs for name in run.touched}
    found: dict[str, tuple[Truth, str]] = {}
    for first, second in zip(one.runs, two.runs, strict=True):
        run = last.get(first.cell_id)
        names = {name for name in first.touched if not name.startswith("@")}
        if (first.shown, first.error) != (second.shown, second.error) or _differ(first.after, second.after, names):
            found[first.cell_id] = ("undecidable", "two fresh runs differ")
            continue
        steady = {name for name in first.touched if first.after.get(name) == second.after.get(name)}
        if run is None or run.earlier_kernel:
            does = bool(steady) or (first.shown, first.error) != ((run.shown, run.error) if run else ("", ""))
            found[first.cell_id] = (
                ("stale", "not run in this kernel") if does else ("either", "not run, and does nothing")
            )
            continue
        why = _own_difference(run, first, steady, touched[run.cell_id, run.source])
        if not why:
            spoiled = sorted(name for name in steady if session.live.get(name) != one.live.get(name))
            mine = [name for name in spoiled if writers[name] == run.cell_id and not name.startswith("@")]
            if mine:
                why = f"{mine[0]} is not what a fresh run ends with, and this cell is its last writer"
            elif spoiled:
                found[first.cell_id] = ("either", f"{spoiled[0]} was spoiled by another cell")
                continue
        found[first.cell_id] = ("stale", why) if why else ("fresh", "")
    return found


def _touched_by_code(runs: Sequence[Seen]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for run in runs:
        found.setdefault((run.cell_id, run.source), set()).update(run.touched)
    return found


def _differ(one: Mapping[str, str], two: Mapping[str, str], names: Iterable[str]) -> str:
    return next((name for name in sorted(names) if one.get(name) != two.get(name)), "")


def _own_difference(run: Seen, fresh: Seen, steady: set[str], touched: set[str]) -> str:
    """What the last run of a cell showed or left that a fresh run does not, or empty."""
    if (run.shown, run.error) != (fresh.shown, fresh.error):
        return f"shows {run.shown[-60:]!r} {run.error}, a fresh run {fresh.shown[-60:]!r} {fresh.error}"
    names = {
        name
        for name in (touched | fresh.touched)
        if name in steady or (name not in fresh.touched and name not in _GENERATORS)
    }
    name = _differ(run.after, fresh.after, names)
    return f"{name} differs after its run" if name else ""


@dataclass
class Tally:
    """Counts over many cases."""

    outcomes: Counter[str] = field(default_factory=Counter)
    truths: Counter[str] = field(default_factory=Counter)
    cases: int = 0
    changed: int = 0
    wrong: list[Judged] = field(default_factory=list)

    def add(self, judged: Sequence[Judged], changed: bool) -> None:
        self.cases += 1
        self.changed += changed
        for cell in judged:
            self.outcomes[cell.outcome] += 1
            self.truths[cell.truth] += 1
            if cell.outcome not in ("right", "not scored"):
                self.wrong.append(cell)

    def summary(self) -> dict[str, Any]:
        """Figures by name; ``doubted`` is the share of truly fresh cells called stale or unknown."""
        doubted = self.outcomes["false stale"] + self.outcomes["cannot tell"]
        return {
            "cases": self.cases, "cells": sum(self.truths.values()), "fresh": self.truths["fresh"], "stale": self.truths["stale"],
            "false_fresh": self.outcomes["false fresh"], "false_stale": self.outcomes["false stale"],
            "cannot_tell": self.outcomes["cannot tell"], "doubted": round(doubted / max(1, self.truths["fresh"]), 3),
            "cases_whose_output_changed": self.changed,
        }  # fmt: skip
