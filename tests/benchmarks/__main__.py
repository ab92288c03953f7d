"""`make bench`: prints tables and what they were held against. `BENCH=quick` takes a minute or two, `BENCH=full` 1,000 random notebooks."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import correctness, cost, other_costs, peers, unchanged

_SHARES = {"quick": 0.2, "": 1.0, "full": 1.0}
_RANDOM = {"quick": {101: 10}, "": {101: 60, 102: 60}, "full": {101: 400, 102: 300, 103: 300}}
_IPYFLOW_CASES = {"quick": 4, "": 25, "full": 100}


def main() -> int:
    size = os.environ.get("BENCH", "")
    if size not in _SHARES:
        print(f"BENCH is {size!r}; leave it out, or set it to quick or full", file=sys.stderr)
        return 2
    begun = time.monotonic()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    python, version = peers.ipyflow_python()
    print(f"ipyflow {version}" if python else f"ipyflow is left out: it could not be installed ({version})")
    share = _SHARES[size]
    shells = cost.shells_for(python)
    try:
        reached = [
            *cost.cells(shells, share=share),
            *cost.loops(shells, share=share),
            *cost.status(shells, runs=max(3, int(9 * share))),
        ]
    finally:
        for shell in shells:
            shell.end()
    reached.append(unchanged.table())
    reached.append(
        correctness.table(
            python, random_of=_RANDOM[size], hand=8 if size == "quick" else None, ipyflow_cases=_IPYFLOW_CASES[size]
        )
    )
    other_costs.table(share)
    print(f"\n{sum(reached)} of {len(reached)} goals reached; {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
