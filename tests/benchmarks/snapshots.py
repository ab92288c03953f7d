"""What a snapshot costs, beside cloudpickle's and dill's dump of the whole namespace (and Kishu where it is installed).

::

    python tests/benchmarks/snapshots.py [SESSION...] [--think 1.0] [--scale 1.0] [--gigabyte] [--kills N]

Each tool runs the same cells in a process of its own, thinks, and restores the last state in a fresh one. Pauses are what a cell waits for.
Run it on an idle machine, and compare ratios only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SESSIONS = {
    "frames": [
        "import numpy as np, pandas as pd\nrng = np.random.default_rng(0); n = int(400_000 * SCALE)",
        "df = pd.DataFrame({c: rng.random(n) for c in 'abcdefgh'}); df['key'] = rng.integers(0, 500, n)",
        "df['text'] = np.char.add('K-', rng.integers(0, 20_000, n).astype('U5'))",
        "df.head()",
        "df['sum'] = df['a'] + df['b']",
        "by_key = df.groupby('key')['sum'].mean()",
        "top = by_key.nlargest(20)",
        "other = df",
        "df = df.rename(columns={'c': 'renamed'})",
        "df['a'] = df['a'].clip(0.1, 0.9)",
        "part = df[df['sum'] > 1.5]",
        "summary = {'top': top, 'n': len(df)}",
        "df = df.drop(columns=['h'])",
        "corr = df[['a', 'b', 'sum']].corr()",
    ],
    "arrays": [
        "import numpy as np\na = np.random.default_rng(0).random((int(2000 * SCALE), 1000))",
        "row = a[3]; turned = a.T; wide = np.broadcast_to(a[0], (50, a.shape[1]))",
        "row[:] = 0",
        "b = a @ a[:1000].T",
        "views = [b[i] for i in range(20)]",
        "views[4][:] = 1",
        "c = b.copy(); c += 1",
        "a[::7] *= 2",
        "mean = a.mean()",
        "del c",
    ],
    "objects": [
        "import random; random.seed(1); n = int(20_000 * SCALE)",
        "docs = [{'id': i, 'words': [f'w{random.randrange(5000)}' for _ in range(5)]} for i in range(n)]",
        "index = {}\nfor d in docs:\n    for w in d['words']: index.setdefault(w, []).append(d['id'])",
        "class Node:\n    def __init__(self, v): self.v, self.next = v, []",
        "nodes = [Node(i) for i in range(n // 4)]\nfor i, one in enumerate(nodes[1:]): nodes[i // 3].next.append(one)",
        "docs[5]['words'].append('new')",
        "count = {w: len(v) for w, v in index.items()}",
        "nodes[7].v = 'changed'",
        "some = docs[:100]",
        "x = 1",
    ],
}
HEAD = """
import io, json, os, pickle, sys, time, contextlib
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config(); config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
tool, folder, scale, think = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
from mlnb.snapshots.rules import user_names
def namespace():
    return {n: shell.user_ns[n] for n in user_names(shell.user_ns, shell.user_ns_hidden)}
if tool == "mlnb":
    from mlnb.kernel.snapshots import KernelSnapshots
    snapshots = KernelSnapshots(shell, link=lambda _: None, notebook=lambda: None)
elif tool == "kishu":
    from kishu.jupyterint import KishuForJupyter as _
elif tool:
    import importlib
    dumper = importlib.import_module(tool)
def quiet():
    return contextlib.redirect_stdout(io.StringIO())
"""
RUN = """
cells = json.loads(sys.stdin.read())
shell.user_ns["SCALE"] = scale
pauses, took, written = [], [], 0
for number, cell in enumerate(cells):
    time.sleep(think)
    t0 = time.perf_counter()
    with quiet():
        done = shell.run_cell(cell, store_history=True)
    assert done.success, cell
    t1 = time.perf_counter()
    if tool == "mlnb":
        taken = snapshots.take()
    elif tool:
        data = dumper.dumps(namespace(), protocol=5)
        with open(os.path.join(folder, "state.pkl"), "wb") as file:
            file.write(data)
        written += len(data)
    pauses.append(time.perf_counter() - t1)
    took.append(t1 - t0)
if tool == "mlnb":
    snapshots.flush()
    written = sum(os.path.getsize(os.path.join(at, one)) for at, _, names in os.walk(os.environ["MLNB_HOME"]) for one in names)
    open(os.path.join(folder, "id"), "w").write(taken.id)
live = len(__import__("cloudpickle").dumps(namespace(), protocol=5))
print(json.dumps({"pauses": pauses, "cells": took, "bytes": written, "live": live}))
os._exit(0)
"""
RESTORE = """
t0 = time.perf_counter()
if tool == "mlnb":
    lost = snapshots.restore(open(os.path.join(folder, "id")).read()).not_restored
else:
    shell.user_ns.update(pickle.load(open(os.path.join(folder, "state.pkl"), "rb")))
print(json.dumps({"seconds": time.perf_counter() - t0}))
sys.stdout.flush()
os._exit(0)
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


def python(
    code: str, tool: str, folder: Path, *, scale: float = 1.0, think: float = 0.0, given: str = "", **more: str
) -> str:
    """What a fresh Python prints that runs `code`; `MLNB_HOME` is inside `folder`."""
    environment = {**os.environ, "MLNB_HOME": str(folder / "home"), "MLNB_KEYS": str(folder / "keys"), **more}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HEAD + code, tool, str(folder), str(scale), str(think)],
        input=given, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return done.stdout


def measure(session: str, tool: str, scale: float, think: float) -> dict[str, float]:
    """Pauses in ms, bytes and seconds of one tool in one session."""
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps(SESSIONS[session])
        ran = json.loads(python(RUN, tool, Path(folder), scale=scale, think=think, given=given).splitlines()[-1])
        restored = json.loads(python(RESTORE, tool, Path(folder)).splitlines()[-1])["seconds"] if tool else 0.0
    pauses = [1000 * one for one in ran["pauses"]]
    return {
        "p50": statistics.median(pauses),
        "p95": statistics.quantiles(pauses, n=20, method="inclusive")[-1],
        "total": sum(pauses),
        "cells": sum(ran["cells"]),
        "disk": ran["bytes"] / ran["live"],
        "live_mb": ran["live"] / 1e6,
        "restore": restored,
    }


def compare(session: str, scale: float, think: float) -> None:
    """One row per tool."""
    tools = ["", "cloudpickle", "mlnb", *(name for name in ("dill",) if importlib.util.find_spec(name))]
    found = {tool: measure(session, tool, scale, think) for tool in tools}
    base = found["cloudpickle"]
    print(f"\n{session}: {base['live_mb']:.0f} MB live, think time {think:g} s; cells alone {found['']['cells']:.2f} s")
    print(f"{'':12} {'p50 ms':>14} {'p95 ms':>14} {'total ms':>15} {'cells':>7} {'disk/live':>10} {'restore s':>14}")
    for tool, row in found.items():
        if tool:
            part = {key: f"{row[key]:.1f} ({row[key] / base[key]:.2f}x)" for key in ("p50", "p95", "total")}
            restore = f"{row['restore']:.2f} ({row['restore'] / base['restore']:.2f}x)"
            slower = f"{row['cells'] / found['']['cells']:.2f}x"
            print(
                f"{tool:12} {part['p50']:>14} {part['p95']:>14} {part['total']:>15} {slower:>7} {row['disk']:>10.2f} {restore:>14}"
            )


def kill(rounds: int, seed: int) -> int:
    """Kill a process that takes snapshots at random moments; how often the last acknowledged state did not come back whole."""
    choose, bad = random.Random(seed), 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            environment = {**os.environ, "MLNB_HOME": f"{folder}/home", "MLNB_KEYS": f"{folder}/keys"}
            arguments = [sys.executable, "-W", "ignore", "-c", HEAD + CRASH, "mlnb", folder, "1", "0"]
            process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            words = process.stdout.readline()
            time.sleep(choose.random())
            process.send_signal(signal.SIGKILL)
            words = ([line for line in process.stdout.read().splitlines() if line.count(" ") == 1] or [words])[-1]
            process.wait()
            name, number = words.split()
            try:
                python(CHECK, "mlnb", Path(folder), ID=name, N=number)
            except SystemExit as error:
                bad += 1
                print(str(error)[-500:])
    return bad


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", nargs="*", default=[], choices=[*SESSIONS, []])
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--gigabyte", action="store_true", help="a changed array of 1 GiB")
    parser.add_argument("--kills", type=int, default=0, help="kill -9 at so many random moments")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for session in given.sessions or ([] if given.gigabyte or given.kills else SESSIONS):
        compare(session, given.scale, given.think)
    if given.gigabyte:
        with tempfile.TemporaryDirectory() as folder:
            for line in python(GIGABYTE, "mlnb", Path(folder), think=given.think).splitlines():
                one = json.loads(line)
                print(f"1 GiB changed: pause {1000 * one['pause']:.0f} ms, on disk after {one['on_disk']:.2f} s")
    if given.kills:
        bad = kill(given.kills, given.seed)
        print(f"killed {given.kills} times: {given.kills - bad} whole, {bad} not")
        sys.exit(bool(bad))


if __name__ == "__main__":
    main()
