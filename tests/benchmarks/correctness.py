"""How often each tool is right about which cells are fresh, held against fresh runs of the same notebooks (`tests/oracle`)."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from oracle.kernels import Kernels
from oracle.notebooks import random_cases
from oracle.truth import Case, Judged, Tally, judge, load

from benchmarks.ipyflow_session import IpyflowKernels
from benchmarks.table import show

CASES = Path(__file__).resolve().parents[1] / "oracle"
Verdicts = Mapping[str, str]


def counters(case: Case) -> Verdicts:
    """What execution counts tell in JupyterLab: a cell is fresh if its source is as it ran and the counts above are lower."""

    def judge_all(document: Sequence[tuple[str, str]], ran: Mapping[str, tuple[int, str]]) -> Verdicts:
        found, top = {}, 0
        for cell_id, source in document:
            count, as_run = ran.get(cell_id, (0, None))
            found[cell_id] = "fresh" if as_run == source and count > top else "stale"
            top = max(top, count)
        return found

    return _after_the_steps(case, judge_all)


def linear(case: Case) -> Verdicts:
    """The strict rule: a cell is fresh if it and all above ran, unchanged, in order, in this kernel, and nothing else ran."""

    def judge_all(document: Sequence[tuple[str, str]], _ran: object, runs: Sequence[tuple[str, str]]) -> Verdicts:
        in_order = 0
        while in_order < min(len(document), len(runs)) and document[in_order] == runs[in_order]:
            in_order += 1
        if len(runs) > in_order:
            in_order = 0  # what ran out of order may have spoiled anything
        return {cell_id: "fresh" if place < in_order else "stale" for place, (cell_id, _) in enumerate(document)}

    return _after_the_steps(case, judge_all, with_runs=True)


def _after_the_steps(case: Case, judge_all: Callable[..., Verdicts], *, with_runs: bool = False) -> Verdicts:
    document = [(cell_id, source) for cell_id, source in case.cells]
    ran: dict[str, tuple[int, str]] = {}
    runs: list[tuple[str, str]] = []
    for step in case.steps:
        operation, cell_id = step["op"], step.get("cell", "")
        place = next((place for place, (known, _) in enumerate(document) if known == cell_id), -1)
        if operation == "run":
            runs.append(document[place])
            ran[cell_id] = (len(runs), document[place][1])
        elif operation == "restart":
            runs = []  # the counts on screen stay
        elif operation == "edit":
            document[place] = (cell_id, step["source"])
        elif operation == "delete":
            del document[place]
        elif operation in ("add", "move"):
            cell = document.pop(place) if operation == "move" else (cell_id, step["source"])
            after = step.get("after")
            document.insert(0 if after is None else [known for known, _ in document].index(after) + 1, cell)
    return judge_all(document, ran, runs) if with_runs else judge_all(document, ran)


class Score:
    """The tallies of every tool over one set of cases."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {name: Tally() for name in ("mlnb", "counters", "linear", "ipyflow")}
        self.failed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, judged: Sequence[Judged], changed: bool = False) -> None:
        """Count one case of one tool."""
        with self._lock:
            self.tallies[name].add(judged, changed)

    def lines(self, what: str) -> list[list[str]]:
        """The rows of the table."""
        found = []
        for name, tally in self.tallies.items():
            if not tally.cases:
                continue
            summary, of = tally.summary(), tally.truths
            shares = "/".join(str(of[truth]) for truth in ("fresh", "stale", "either", "undecidable"))
            found.append([
                what, name, str(tally.cases), shares, str(summary["false_fresh"]),
                str(summary["false_stale"]), str(summary["cannot_tell"]),
                f"{100 * summary['doubted']:.1f} %", str(tally.changed) if name == "mlnb" else "-", str(self.failed[name]),
            ])  # fmt: skip
        return found


def score(cases: Sequence[Case], python_with_ipyflow: str = "", *, ipyflow_cases: int = 0, lanes: int = 2) -> Score:
    """Play every case with every tool.

    Args:
        cases: the cases.
        python_with_ipyflow: its interpreter, or empty to leave it out.
        ipyflow_cases: how many of the cases ipyflow gets (it is slow).
        lanes: how many cases at a time.
    """
    found = Score()
    waiting: queue.Queue[tuple[int, Case]] = queue.Queue()
    for number, case in enumerate(cases):
        waiting.put((number, case))

    def work() -> None:
        with Kernels() as kernels, IpyflowKernels(python_with_ipyflow) as flows:
            while True:
                try:
                    number, case = waiting.get_nowait()
                except queue.Empty:
                    return
                _play(case, kernels, flows if python_with_ipyflow and number < ipyflow_cases else None, found)

    threads = [threading.Thread(target=work) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _play(case: Case, kernels: Kernels, flows: Kernels | None, found: Score) -> None:
    try:
        judged, changed = judge(kernels, case)
    except RuntimeError:
        found.failed["mlnb"] += 1
        return
    found.add("mlnb", judged, changed)
    for name, verdicts in (("counters", counters(case)), ("linear", linear(case))):
        found.add(name, _as_told(judged, verdicts))
    if flows is None:
        return
    try:
        session = flows.play(list(case.cells), case.files, case.steps, judged=True, watched=False)
    except RuntimeError:
        found.failed["ipyflow"] += 1
    else:
        found.add("ipyflow", _as_told(judged, session.states))


def _as_told(judged: Sequence[Judged], verdicts: Verdicts) -> list[Judged]:
    return [
        Judged(cell.case, cell.cell_id, cell.truth, cell.why, verdicts.get(cell.cell_id, "stale"), [])
        for cell in judged
    ]


def table(
    python_with_ipyflow: str, *, random_of: Mapping[int, int], hand: int | None = None, ipyflow_cases: int = 60
) -> bool:
    """Play and print the sets of cases; whether mlnb called no stale cell fresh and changed no output.

    Args:
        python_with_ipyflow: its interpreter, or empty.
        random_of: how many random notebooks, by seed.
        hand: how many of the cases made by hand; all when None.
        ipyflow_cases: how many of each set ipyflow gets.
    """
    lines: list[list[str]] = []
    wrong: list[Judged] = []
    changed = 0
    sets = {path.stem.removeprefix("cases_"): load(path)[:hand] for path in sorted(CASES.glob("cases_*.json"))}
    sets |= {f"random, seed {seed}": random_cases(n, seed) for seed, n in random_of.items()}
    for what, cases in sets.items():
        if not cases:
            continue
        scored = score(cases, python_with_ipyflow, ipyflow_cases=ipyflow_cases)
        lines += scored.lines(what)
        wrong += [cell for cell in scored.tallies["mlnb"].wrong if cell.outcome == "false fresh"]
        changed += scored.tallies["mlnb"].changed
    show(
        "Verdicts against fresh runs (goal of mlnb: no false fresh, doubted at most 10 % of the fresh cells, no output changed)",
        [
            "cases",
            "tool",
            "n",
            "fresh/stale/either/undecidable",
            "false fresh",
            "false stale",
            "cannot tell",
            "doubted",
            "changed",
            "failed",
        ],
        lines,
    )
    for cell in wrong:
        print(f"FALSE FRESH {cell.case.id} {cell.cell_id}: {cell.why}")
    return not wrong and not changed
