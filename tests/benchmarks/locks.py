"""What it costs to make an environment again: lock, restore, image. `python tests/benchmarks/locks.py [--image BASE]`.

The environment has the packages that this Python has from an index, and beside them one of a commit, one under development and
one of a local wheel. All from uv's cache (a first round fills it), on this machine, beside pip from its own cache. With --image
BASE (of the same Python x.y, such as the one tests/images/build.py makes) also the image of JupyterLab, notebook, papermill and
pandas. Seconds of the clock, and in brackets those of the processor, which say more on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import built  # noqa: E402
from tests.benchmarks.table import show  # noqa: E402
from tests.integration.envs import packages  # noqa: E402

T = TypeVar("T")
OF_JUPYTER = ("jupyterlab", "notebook", "papermill", "pandas", "ipykernel")


class Cost(NamedTuple):
    """Seconds of the clock, and of the processor in this process and those it started."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.1f} s ({self.processor:.1f} s)"


def timed(call: Callable[[], T]) -> tuple[T, Cost]:
    """What `call` gives, and what it cost."""
    begun, used = time.perf_counter(), _used()
    answer = call()
    return answer, Cost(time.perf_counter() - begun, _used() - used)


def _used() -> float:
    who = (resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in who)


def environment(place: Path) -> built.Environment:
    """Everything that this Python has from an index, and three of our own."""
    made = built.Environment(place / "source", sys.executable)
    frozen = built.uv("pip", "freeze", "--python", sys.executable).splitlines()
    (place / "frozen.txt").write_text("\n".join(line for line in frozen if "==" in line) + "\n")
    made.install("--no-deps", "-r", place / "frozen.txt")
    commit = packages.tree(place / "commit", "ofcommit")
    edited = packages.tree(place / "edited", "edited")
    own = packages.wheel(place / "wheels", "ownwheel", "1.0")
    made.install("--no-deps", own, f"ofcommit @ git+{commit.as_uri()}", "-e", edited)
    (edited / "edited" / "__init__.py").write_text("X = 2\n")
    return made


def there_and_back(place: Path, rounds: int, is_beside_pip: bool) -> bool:
    """Lock and restore; whether the goals are reached."""
    from mlnb.core import current

    locks = current.service("env_locks")
    source = environment(place)
    lock, seconds = timed(lambda: locks.lock(place / "env.lock", python=str(source.folder)))
    rows = [["lock of a live environment", str(seconds)]]
    restored, first = timed(lambda: locks.restore(place / "env.lock", place / "again", kernelspec=False))
    warm = []
    for _ in range(rounds):
        restored, seconds = timed(
            lambda: locks.restore(place / "env.lock", place / "again", kernelspec=False, replace=True)
        )
        warm.append(seconds)
    rows.append(["restore and verify, first", str(first)])
    rows.append([f"restore and verify, warm (best of {rounds})", str(min(warm))])
    if is_beside_pip:
        fresh = built.Environment(place / "by-pip", sys.executable)
        command = [
            sys.executable, "-m", "pip", "--python", fresh.python, "install", "--quiet", "--no-deps", "--require-hashes", "-r",
            "requirements.txt",
        ]  # fmt: skip
        _, seconds = timed(
            lambda: subprocess.run(command, cwd=place / "env.lock", check=True, stderr=subprocess.DEVNULL)
        )
        rows.append(["the same with pip", str(seconds)])
    differences = len(restored.verified.drift.differences)
    rows.append(["differences after it", str(differences)])
    packed = sum(bool(one.wheel) and one.role == "package" for one in lock.packages)
    show(f"{len(lock.packages)} packages, {packed} packed", ["what", "figure"], rows)
    return differences == 0 and min(warm).clock <= 5


def image(place: Path, base: str) -> bool:
    """The image of a Jupyter environment; whether the goals are reached."""
    from mlnb.core import current

    locks = current.service("env_locks")
    (place / "asked.txt").write_text("\n".join(OF_JUPYTER) + "\n")
    lock = locks.lock(place / "jupyter.lock", requirements=place / "asked.txt")
    locks.restore(place / "jupyter.lock", place / "fill", kernelspec=False)  # so that neither side downloads
    fresh = built.Environment(place / "by-pip-too", sys.executable)
    command = [
        sys.executable, "-m", "pip", "--python", fresh.python, "install", "--quiet", "--no-deps", "--require-hashes", "-r",
        "requirements.txt",
    ]  # fmt: skip
    for _ in range(2):  # the second time from its cache
        _, by_pip = timed(
            lambda: subprocess.run(
                [*command, "--force-reinstall"], cwd=place / "jupyter.lock", check=True, stderr=subprocess.DEVNULL
            )
        )
    found, cold = timed(lambda: locks.images.build(place / "jupyter.lock", base_image=base))
    again, known = timed(lambda: locks.images.build(place / "jupyter.lock", base_image=base))
    import docker

    client = docker.from_env()
    of_base = client.images.get(base).attrs["Size"]
    own = found.size_bytes - of_base
    client.images.remove(found.id, force=True)
    rows = [
        ["pip, from its cache, outside of any image", str(by_pip)],
        ["image built, and asked whether it is the same", str(cold)],
        ["only a notebook changed", str(known)],
        ["size upon the base", f"{own / 1e6:.0f} MB"],
        ["size of the base", f"{of_base / 1e6:.0f} MB"],
        ["differences", str(len([one for one in found.verified.drift.differences if one.kind != "python"]))],
    ]
    show(f"image of {len(lock.packages)} packages", ["what", "figure"], rows)
    return found.built and not again.built and found.verified.same and known.clock <= 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of restoring; 0: only the image")
    parser.add_argument("--pip", action="store_true", help="also with pip, which takes minutes")
    parser.add_argument("--image", metavar="BASE", default="")
    given = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(dir=Path.home() / ".cache", prefix="mlnb-bench-") as temporary:
        os.environ["MLNB_HOME"] = str(Path(temporary) / "home")
        reached = [there_and_back(Path(temporary), given.rounds, given.pip)] if given.rounds else []
        if given.image:
            reached.append(image(Path(temporary), given.image))
    print(f"\n{sum(reached)} of {len(reached)} goals reached")
    return 0


if __name__ == "__main__":
    sys.exit(main())
