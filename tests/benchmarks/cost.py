"""What a cell costs with mlnb, in CPU time, beside IPython alone and beside ipyflow in the same minutes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.shells import Shell, alternate
from benchmarks.table import late, middle, ms, show

NAMES = "\n".join(f"v{n} = [{n}, 'text', {{'k': {n}}}]" for n in range(100))
_FRAME = (
    "import numpy as np, pandas as pd\nrng = np.random.default_rng(1)\n"
    "df = pd.DataFrame({'a': rng.random(1_000_000), 'b': np.arange(1_000_000), 'c': rng.random(1_000_000), "
    "'s': rng.choice(['north', 'south', 'east'], 1_000_000)})"
)


@dataclass(frozen=True)
class Row:
    """A cell to be measured; `small` makes the sizes tiny, to see that it runs."""

    what: str
    source: str
    setup: Sequence[str] = ()
    n: int = 9
    ipyflow_n: int = 3
    goal: str = ""
    good: Callable[[Mapping[str, list[float]]], bool] | None = None


def _added(times: Mapping[str, list[float]], of: Callable[[Sequence[float]], float] = middle) -> float:
    return of(times["mlnb"]) - of(times["IPython"])


CELLS = (
    Row("x = 1, with 100 names", "x = 1", [NAMES], 300, 40, "+p50 0.5 ms, +p95 2 ms",
        lambda times: _added(times) <= 0.5 and _added(times, late) <= 2),
    Row("the same, with 1,000 names", "x = 1", [NAMES.replace("v", "w") + "\n" + "\n".join(f"u{n} = {n}" for n in range(900))], 100, 10),
    Row("20 lines of small pandas", "small = pd.DataFrame({'a': [1, 2, 3]})\nsmall['b'] = small.a * 2\nsmall.groupby('a').b.sum()",
        ["import pandas as pd"], 30, 3),
    Row("100 MB of numpy, not touched", "x = 1", ["import numpy as np\nbig = np.ones(12_500_000)"], 60, 5, "nothing (as x = 1)",
        lambda times: _added(times) <= 0.5),
    Row("100 MB of numpy, big += 1", "big += 1", ["import numpy as np\nbig = np.ones(12_500_000)"], 15, 5, "15 ms a hash (2)",
        lambda times: _added(times) <= 30),
    Row("100 MB of numpy, big.mean()", "big.mean();", ["import numpy as np\nbig = np.ones(12_500_000)"], 15, 5, "15 ms a hash",
        lambda times: _added(times) <= 30),
    Row("pandas, 1e6 rows of 4 columns: df.head()", "df.head();", [_FRAME], 9),
    Row("pandas, 1e6 rows: df['d'] = df.a * 2", "df['d'] = df.a * 2", [_FRAME], 9),
    Row("list of 1e6: L[0] = 5", "L[0] = 5", ["L = list(range(1_000_000))"], 9),
    Row("list of 1e6: len(L)", "len(L);", ["L = list(range(1_000_000))"], 9),
    Row("dict of 3,000 lists: D['7'].append(1)", "D['7'].append(1)", ["D = {str(n): [n, str(n)] for n in range(3_000)}"], 9),
)  # fmt: skip


@dataclass(frozen=True)
class Loop:
    """A cell that does one thing `{n}` times; the extra time per time tells what mlnb costs inside."""

    what: str
    source: str
    setup: Sequence[str] = ()
    n: int = 100_000


_SMALL_FILE = ("open('small.txt', 'w').write('word ' * 200);",)
LOOPS = (
    Loop("loop", "for i in range({n}): pass"),
    Loop("loop in a function", "def f():\n    for i in range({n}): pass\nf()"),
    Loop("calls of a function", "def g(x): return x\nfor i in range({n}): g(i)"),
    Loop("l.append(i)", "def f():\n    l = []\n    for i in range({n}): l.append(i)\nf()"),
    Loop("id(i)", "for i in range({n}): id(i)"),
    Loop("getattr(d, 'get'), d['a']", "d = {{'a': 1}}\nfor i in range({n}):\n    getattr(d, 'get')\n    d['a']"),
    Loop("open(p).close()", "for i in range({n}): open('small.txt').close()", _SMALL_FILE, 2_000),
    Loop("io.open(p).close(), as libraries do", "import io\nfor i in range({n}): io.open('small.txt').close()", _SMALL_FILE, 2_000),
    Loop("open and read a file", "for i in range({n}):\n    with open('small.txt') as f: f.read()", _SMALL_FILE, 2_000),
    Loop("print(i)", "for i in range({n}): print(i)", (), 10_000),
)  # fmt: skip


def cells(shells: Sequence[Shell], *, share: float = 1.0, rows: Sequence[Row] = CELLS) -> list[bool]:
    """Measure and print the rows; whether each reached its goal.

    Args:
        shells: the shells to compare.
        share: of the usual number of runs.
        rows: which rows.
    """
    lines, reached = [], []
    for row in rows:
        times = alternate(shells, row.setup, row.source, {
            "IPython": max(2, int(row.n * share)), "mlnb": max(2, int(row.n * share)), "ipyflow": max(2, int(row.ipyflow_n * share)),
        })  # fmt: skip
        plain, ours, peer = times["IPython"], times["mlnb"], times.get("ipyflow")
        good = row.good is None or row.good(times)
        reached.append(good)
        lines.append([
            row.what, ms(middle(plain)), ms(late(plain)), ms(middle(ours)), ms(late(ours)), f"+{ms(max(0.0, _added(times)))}",
            f"{middle(ours) / middle(plain):.2f}", ms(middle(peer)) if peer else "-",
            f"{middle(peer) / middle(plain):.1f}" if peer else "-", f"{len(plain)}/{len(ours)}/{len(peer or [])}",
            row.goal + ("" if good else "  MISSED"),
        ])  # fmt: skip
    show(
        "A cell, ms of CPU time",
        ["cell", "IPython p50", "p95", "mlnb p50", "p95", "added p50", "ratio", "ipyflow p50", "ratio", "n", "goal"],
        lines,
    )
    return reached


def loops(shells: Sequence[Shell], *, share: float = 1.0, rows: Sequence[Loop] = LOOPS) -> list[bool]:
    """Measure and print what mlnb costs inside loops: whole cells beside IPython's, and the code of the cell alone, watched or not."""
    lines, reached = [], []
    ours = next(shell for shell in shells if shell.kind == "mlnb")
    for row in rows:
        n = row.n if share >= 0.1 else max(10, int(row.n * share))
        runs = max(3, int(25 * share**0.5))
        source = row.source.format(n=n)
        times = alternate(shells, row.setup, source, {"IPython": runs, "mlnb": runs, "ipyflow": min(3, runs)})
        ours.ask("open", list(row.setup))
        alone, watched = ours.ask("inside", source, 3 * runs)
        ours.ask("close")
        ratio = middle(
            [one / other for one, other in zip(watched, alone, strict=True)]
        )  # of neighbours: loads come and go
        reached.append(ratio <= 1.02)
        plain, peer = middle(times["IPython"]), times.get("ipyflow")
        lines.append([
            f"{row.what}, {n:,} times", ms(plain), ms(middle(times["mlnb"])), f"{middle(times['mlnb']) / plain:.2f}",
            ms(middle(alone)), ms(middle(watched)), f"{ratio:.3f}", ms(middle(peer)) if peer else "-",
            f"{middle(peer) / plain:.1f}" if peer else "-", f"{runs}/{runs}/{len(peer or [])}",
            "1.02 inside" + ("" if ratio <= 1.02 else "  MISSED"),
        ])  # fmt: skip
    show(
        "In loops and calls, ms of CPU time (inside: the code of the cell alone, in one process, not watched and watched)",
        [
            "cell",
            "IPython p50",
            "mlnb p50",
            "ratio",
            "inside, off",
            "watched",
            "ratio",
            "ipyflow p50",
            "ratio",
            "n",
            "goal",
        ],
        lines,
    )
    return reached


def status(shells: Sequence[Shell], *, sizes: Sequence[int] = (100, 250, 500, 1000), runs: int = 9) -> list[bool]:
    """Measure and print how long telling the state of every cell takes, by number of cells."""
    lines, reached = [], []
    per_cell = []
    for size in sizes:
        line = [f"{size} cells"]
        for shell in shells:
            if shell.kind == "IPython" or (shell.kind == "ipyflow" and size > 100):
                continue
            shell.ask("open", [])
            taken = shell.ask("status", size, runs if shell.kind == "mlnb" else 3)
            shell.ask("close")
            line += [ms(middle(taken)), ms(late(taken)), str(len(taken))]
            if shell.kind == "mlnb":
                per_cell.append(middle(taken) / size)
                reached.append(size != 500 or middle(taken) <= 20)
        lines.append(line + ["-"] * (7 - len(line)))
    linear = per_cell[-1] <= 1.5 * per_cell[0]
    reached.append(linear)
    goals = ", ".join(f"{1000 * taken:.1f}" for taken in per_cell)
    show(
        "Status of a notebook after a cell has run, ms of CPU time (goal: 500 cells 20 ms, linear)",
        ["notebook", "mlnb p50", "p95", "n", "ipyflow p50", "p95", "n"],
        lines,
    )
    print(f"microseconds a cell: {goals}" + ("" if linear else "  NOT LINEAR"))
    return reached


def shells_for(python_with_ipyflow: str) -> list[Shell]:
    """The shells to compare."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    made = [Shell("IPython"), Shell("mlnb")]
    return [*made, Shell("ipyflow", python_with_ipyflow)] if python_with_ipyflow else made
