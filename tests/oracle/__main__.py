"""Figures, as one JSON line at the end; with `-v` every wrong verdict as well.

`python tests/oracle cases [FILE...] [--only ID,KIND]` judges cases by hand, `random --n 200 --seed 1` random notebooks (exit 1 when
a stale cell was called fresh), `sources --n 10000` reads random sources.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracle.kernels import Kernels
from oracle.notebooks import random_cases
from oracle.sources import sources
from oracle.truth import Tally, judge, load

_HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["cases", "random", "sources"])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-v", action="store_true")
    given = parser.parse_args()
    if given.what == "sources":
        return _read_sources(given.n, given.seed)
    if given.what == "random":
        cases = random_cases(given.n, given.seed)
    else:
        cases = [case for path in given.files or sorted(_HERE.glob("cases_*.json")) for case in load(path)]
    wanted = set(given.only.split(",")) - {""}
    tally = Tally()
    with Kernels() as kernels:
        for case in cases:
            if wanted and not {case.id, case.kind} & wanted:
                continue
            judged, changed = judge(kernels, case)
            tally.add(judged, changed)
            for cell in judged:
                if given.v and cell.outcome not in ("right", "not scored"):
                    told = f"{cell.outcome:11} {case.kind:16} {case.id:24} {cell.cell_id}: {cell.why}"
                    print(f"{told} | {'; '.join(cell.reasons)} | {case.note}")
            if given.v and changed:
                print("OUTPUT CHANGED", case.id)
    print(json.dumps(tally.summary()))
    return 1 if tally.outcomes["false fresh"] or tally.changed else 0


def _read_sources(n: int, seed: int) -> int:
    from mlnb.order.plugins.python import PythonAnalyzer

    analyzer = PythonAnalyzer()
    begun = time.process_time()
    broken = sum(bool(analyzer.analyze(source).error) for source in sources(n, seed))
    print(json.dumps({"sources": n, "broken": broken, "exceptions": 0, "cpu_s": round(time.process_time() - begun, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
