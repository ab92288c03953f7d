"""What a snapshot costs, beside cloudpickle's and dill's dump of the whole namespace, and beside Kishu where it can be installed.

::

    python tests/benchmarks/snapshots.py [SESSION...] [--think 1.0] [--scale 1.0] [--gigabyte] [--kills N]

Each tool runs the same cells in a process of its own, goes back to the state in the middle and forth again, and restores the last state in
a fresh process, into which the tool itself was loaded before, as into a kernel. A pause is what a cell waits for; it is measured with a
time to think between cells and without, where mlnb takes its snapshots by itself (``each_run``). Every figure stands beside its share of
cloudpickle's. `BENCH=quick` takes less than a minute. Run it on an idle machine, and compare shares only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import peers, snapshot_faults
from benchmarks.snapshot_sessions import SESSIONS, Session
from benchmarks.table import late, ms, show

_SHELL = Path(__file__).with_name("snapshot_shell.py")
_HEADS = ("tool", "p50 ms", "p95 ms", "all at once s", "cells", "MB / live", "restore s", "undo s", "redo s")
_TIME_LIMIT_S = 900
_QUICK = ("frames", "arrays", "objects")


@dataclass(frozen=True)
class Measured:
    """What one tool took for one session: with a time to think (`calm`), without, and in a fresh process (None: it does not load)."""

    calm: dict[str, Any]
    hurried: dict[str, Any]
    fresh: dict[str, Any] | None


def start(action: str, tool: str, python: str, folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What the process of one tool measured.

    Raises:
        RuntimeError: it failed, with the end of what it said.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLNB_", "VIRTUAL_ENV"))}
    environment |= {"PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "2"}
    store = folder / "store"
    store.mkdir(exist_ok=True)
    done = subprocess.run(
        [python, "-W", "ignore", str(_SHELL), action, tool, str(store)],
        input=json.dumps(given), env=environment, capture_output=True, text=True, check=False, timeout=_TIME_LIMIT_S,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-300:] or f"it ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure(session: Session, tool: str, python: str, scale: float, think: float) -> Measured:
    """One tool in one session.

    Raises:
        RuntimeError: the tool failed.
    """
    given = {"cells": session.cells, "scale": scale, "think": think, "middle": session.middle}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        calm = start("run", tool, python, Path(folder), given)
        try:
            fresh = start("restore", tool, python, Path(folder), given) if tool else {"restore": sum(calm["cells"])}
        except RuntimeError as error:
            print(f"{tool}: what it kept does not load in a fresh process: {str(error).splitlines()[-1]}")
            fresh = None
    if not tool:
        return Measured(calm, calm, fresh)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        hurried = start("run", tool, python, Path(folder), {**given, "think": 0.0})
    return Measured(calm, hurried, fresh)


def row(tool: str, found: Measured, alone: Measured, base: Measured) -> list[str]:
    """The figures of one tool, with their shares of cloudpickle's (of the cells alone, for how long the cells took)."""

    def beside(value: float, other: float, text: str) -> str:
        return f"{text} ({value / other:.3f}x)" if other else text

    calm, first = [1000 * one for one in found.calm["pauses"]], [1000 * one for one in base.calm["pauses"]]
    p50, p95 = statistics.median(calm), late(calm)
    total, whole = sum(found.hurried["pauses"]), sum(base.hurried["pauses"])
    size, live = found.calm["bytes"], base.calm["live"]
    restore = found.fresh["restore"] if found.fresh else 0.0
    return [
        tool,
        beside(p50, statistics.median(first), ms(p50)),
        beside(p95, late(first), ms(p95)),
        beside(total, whole, f"{total:.2f}"),
        f"{sum(found.calm['cells']) / sum(alone.calm['cells']):.2f}x",
        f"{size / 1e6:.0f} ({size / live:.2f}x)",
        beside(restore, base.fresh["restore"] if base.fresh else 0.0, f"{restore:.2f}") if found.fresh else "fails",
        f"{found.calm['undo']:.3f}",
        f"{found.calm['redo']:.3f}",
    ]


def compare(session: Session, pythons: dict[str, str], scale: float, think: float) -> None:
    """Print the table of one session."""
    found: dict[str, Measured] = {}
    failed = []
    for tool in ("", *pythons):
        try:
            found[tool] = measure(session, tool, pythons.get(tool, sys.executable), scale, think)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            failed.append(f"{tool or 'the cells alone'} failed: {str(error).splitlines()[-1]}")
    alone, base = found.pop("", None), found.get("cloudpickle")
    if alone is not None and base is not None:
        live, again = base.calm["live"] / 1e6, sum(alone.calm["cells"])
        goal = session.goals
        show(
            f"{session.title}: {live:.0f} MB live, {think:g} s to think; all cells again take {again:.2f} s",
            _HEADS,
            [
                *(row(tool, one, alone, base) for tool, one in found.items()),
                ["goal", f"{goal[0]}x", f"{goal[1]}x", f"{goal[2]}x", "1.10x", f"{session.disk}x", "1.3x", "", ""],
            ],
        )
    for line in failed:
        print(line)


def pythons_for(is_quick: bool) -> dict[str, str]:
    """The interpreter of each tool."""
    found = {"cloudpickle": sys.executable, "mlnb": sys.executable}
    if is_quick:
        return found
    python, version = peers.states_python()
    print(f"Kishu {version}" if python else f"dill and Kishu are left out: they could not be installed ({version})")
    return {**found, "dill": python, "kishu": python} if python else found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables that were asked for."""
    is_quick = os.environ.get("BENCH") == "quick"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", nargs="*", default=[], choices=[*SESSIONS, []])
    parser.add_argument("--think", type=float, default=0.15 if is_quick else 1.0)
    parser.add_argument("--scale", type=float, default=0.1 if is_quick else 1.0)
    parser.add_argument("--tools", default="", help="only these, with commas between them")
    parser.add_argument("--gigabyte", action="store_true", help="a changed array of 1 GiB")
    parser.add_argument("--kills", type=int, default=0, help="kill -9 at so many random moments")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    chosen = given.sessions or ([] if given.gigabyte or given.kills else list(_QUICK if is_quick else SESSIONS))
    if chosen:
        wanted = given.tools.split(",") if given.tools else []
        pythons = pythons_for(is_quick or (bool(wanted) and {"dill", "kishu"}.isdisjoint(wanted)))
        pythons = {tool: python for tool, python in pythons.items() if not wanted or tool in ("cloudpickle", *wanted)}
        for name in chosen:
            compare(SESSIONS[name], pythons, given.scale, given.think)
    if given.gigabyte:
        for pause, on_disk in snapshot_faults.gigabyte(given.think):
            print(f"1 GiB changed: pause {1000 * pause:.0f} ms, on disk after {on_disk:.2f} s")
    bad = snapshot_faults.kill(given.kills, given.seed) if given.kills else 0
    if given.kills:
        print(f"killed {given.kills} times: {given.kills - bad} whole, {bad} not")
    print(f"\n{time.monotonic() - begun:.0f} s")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
