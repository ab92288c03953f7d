"""mlnb alone: one changed array of a gibibyte, and processes that are killed while they take snapshots."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAD = """
import json, os, sys, time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config(); config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
think = float(sys.argv[1])
from mlnb.kernel.snapshots import KernelSnapshots
snapshots = KernelSnapshots(shell, link=lambda _: None, notebook=lambda: None)
"""
GIGABYTE = """
import numpy as np
shell.user_ns["a"] = a = np.zeros(1 << 27)
snapshots.take().wait()
for _ in range(3):
    a += 1
    time.sleep(think)
    t0 = time.perf_counter(); taken = snapshots.take(); t1 = time.perf_counter(); taken.wait(); t2 = time.perf_counter()
    print(json.dumps({"pause": t1 - t0, "on_disk": t2 - t1}), flush=True)
os._exit(0)
"""
CRASH = """
import numpy as np
ns = shell.user_ns
ns["log"], ns["keep"] = [], np.arange(200_000)
while True:
    ns["log"].append(len(ns["log"])); ns["state"] = np.full(300_000, len(ns["log"])); ns["keep"][len(ns["log"])] = -1
    taken = snapshots.take()
    if len(ns["log"]) % 3 == 0:
        snapshots.flush()
        print(taken.id, len(ns["log"]), flush=True)
"""
CHECK = """
snapshots.restore(os.environ["ID"])
ns, n = shell.user_ns, int(os.environ["N"])
assert ns["log"] == list(range(n)) and (ns["state"] == n).all() and (ns["keep"][1 : n + 1] == -1).all() and ns["keep"][n + 1] != -1
from mlnb.snapshots.plugins import checking
found = checking.verify(snapshots._files, snapshots._files.ids())
assert found.is_ok, found.problems
snapshots.take().wait()
print("ok")
sys.stdout.flush()
os._exit(0)
"""


def _python(code: str, folder: Path, think: float = 0.0, **more: str) -> str:
    """What a fresh Python prints that runs `code`; `MLNB_HOME` is inside `folder`."""
    environment = {**os.environ, "MLNB_HOME": str(folder / "home"), "MLNB_KEYS": str(folder / "keys"), **more}
    command = [sys.executable, "-W", "ignore", "-c", HEAD + code, str(think)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return done.stdout


def gigabyte(think: float) -> list[tuple[float, float]]:
    """A changed array of 1 GiB, three times: the pause, and how long until it is on disk, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        found = [json.loads(line) for line in _python(GIGABYTE, Path(folder), think).splitlines()]
    return [(one["pause"], one["on_disk"]) for one in found]


def kill(rounds: int, seed: int) -> int:
    """Kill a process that takes snapshots at random moments; how often the last acknowledged state did not come back whole."""
    choose, bad = random.Random(seed), 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            environment = {**os.environ, "MLNB_HOME": f"{folder}/home", "MLNB_KEYS": f"{folder}/keys"}
            arguments = [sys.executable, "-W", "ignore", "-c", HEAD + CRASH, "0"]
            process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            words = process.stdout.readline()
            time.sleep(choose.random())
            process.send_signal(signal.SIGKILL)
            words = ([line for line in process.stdout.read().splitlines() if line.count(" ") == 1] or [words])[-1]
            process.wait()
            name, number = words.split()
            try:
                _python(CHECK, Path(folder), ID=name, N=number)
            except SystemExit as error:
                bad += 1
                print(str(error)[-500:])
    return bad
