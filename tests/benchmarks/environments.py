"""What it costs to capture an environment of 250 packages of 100 files each, beside `pip inspect`.

``python tests/benchmarks/environments.py [RUNS]`` prints the table; it is no part of `make bench`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import middle, ms, show
from mlnb.envs import capture
from tests import built
from tests.integration.drift_wheels import write_wheel

PACKAGES, FILES = 250, 100
WITHIN = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("mlnb_capture", sys.argv[1])
begun = time.perf_counter()
module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(time.perf_counter() - begun)
for keywords in ({"surroundings": False}, {}, {"surroundings": False}, {}, {"level": "stat"}, {"level": "hash"}):
    begun = time.perf_counter()
    found = module.capture(**keywords)
    print(time.perf_counter() - begun)
assert len(found.distributions) >= int(sys.argv[2]), len(found.distributions)
"""
ROWS = (
    ("the capturing file is imported", "0.05 s"),
    ("fast, packages alone (what an env_id needs), first time in a process", "0.3 s"),
    ("fast, with what surrounds them, right after", "0.3 s"),
    ("fast, packages alone, again in that process", "0.3 s"),
    ("fast, with what surrounds them, again", "0.3 s"),
    ("stat", "1 s"),
    ("hash", ""),
)


def make_environment(folder: Path, packages: int, files: int) -> str:
    """A virtual environment with the packages, each of which needs three others; its interpreter."""
    wheels = [
        write_wheel(
            folder / "wheels",
            f"package{number}",
            "1.0",
            {f"package{number}/part{part}.py": f"N = {part}\n" * 20 for part in range(files)},
            tuple(f"package{other}" for other in range(number + 1, min(number + 4, packages))),
        )
        for number in range(packages)
    ]
    built.uv("venv", "--quiet", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    built.uv("pip", "install", "--quiet", "--no-cache", "--no-index", "--python", python, *wheels)
    return str(python)


def within(python: str, packages: int, runs: int) -> list[float]:
    """Seconds of each of `ROWS`, the middle of `runs` new processes."""
    taken: list[list[float]] = []
    for _ in range(runs):
        command = [python, "-c", WITHIN, capture.__file__, str(packages)]
        done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        taken.append([float(line) for line in done.stdout.split()])
    return [middle(column) for column in zip(*taken, strict=True)]


def of_command(command: Sequence[str], runs: int) -> float:
    """Seconds that a command takes, the middle of `runs`."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return middle(taken)


def table(runs: int = 5, packages: int = PACKAGES, files: int = FILES) -> None:
    """Print what captures cost."""
    with tempfile.TemporaryDirectory() as folder:
        python = make_environment(Path(folder), packages, files)
        rows = [
            [name, ms(1000 * seconds), goal]
            for (name, goal), seconds in zip(ROWS, within(python, packages, runs), strict=True)
        ]
        for level in capture.LEVELS:
            seconds = of_command([python, capture.__file__, "--level", level], runs)
            rows.append([f"another interpreter, {level}, its start included", ms(1000 * seconds), ""])
        inspect = [sys.executable, "-m", "pip", "--python", python, "inspect", "--local"]
        rows.append(["pip inspect", ms(1000 * of_command(inspect, runs)), ""])
    show(f"Capturing {packages} packages of {files} files, ms", ["what", "median", "goal"], rows)


if __name__ == "__main__":
    table(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
