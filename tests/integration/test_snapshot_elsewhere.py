"""A snapshot that is handed on: into a container with another user, name, home and path, and through a remote store into another home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from mlnb.testing.executor_suite import write_notebook

pytestmark = [pytest.mark.kernel]
MAIN = "from mlnb.cli.main import main; main()"
CELLS = (
    "import collections, numpy as np, pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
    "rows = np.arange(12.0).reshape(4, 3)\npart = rows[1:, ::2]\nframe = pd.DataFrame(rows, columns=list('abc'))\n"
    "model = LogisticRegression().fit(rows, [0, 0, 1, 1])",
    "class Point:\n    def __init__(self, x):\n        self.x = x\n    def twice(self):\n        return Point(self.x * FACTOR)\n"
    "FACTOR = 2\npoint = Point(21)\nshared = [point]\n"
    "def counter():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n        return n\n    return step\n"
    "step = counter()\nstep()\nprint('made', point.twice().x)",
)
TELL = """
import json
part[0, 0] += 100
told = {
    "rows": rows.tolist(), "frame": frame.to_dict("list"), "probabilities": model.predict_proba(rows - part.sum()).round(12).tolist(),
    "point": point.twice().x, "same": shared[0] is point, "step": step(), "kind": type(point).__qualname__,
}
print("TOLD", json.dumps(told, sort_keys=True))
"""
IN_CONTAINER = """
set -e
mlnb() { python3 -c 'MAIN' "$@"; }
mlnb snapshot import /handed/state.mlnbsnap --json > imported.json
mlnb snapshot show ID --json > shown.json
mlnb snapshot restore ID --dry-run --json > preview.json
mlnb snapshot restore ID --to again.ipynb > /dev/null
mlnb snapshot verify --json > verified.json
python3 kernel.py
whoami 2>/dev/null || true
hostname; echo "$HOME"; pwd
"""
KERNEL = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(extra_arguments=["--ext=mlnb"])
def run(source):
    told = []
    reply = client.execute_interactive(source, timeout=120, output_hook=lambda m: told.append(m["content"].get("text", "")))
    return reply["content"], "".join(told)
try:
    refused, _ = run("import mlnb\\nmlnb.snapshots.restore('ID')")
    _, before = run("print(sorted({'rows', 'model', 'point'} & set(globals())))")
    restored, _ = run("done = mlnb.snapshots.restore('ID', trust=True)")
    _, what = run("import json; print(json.dumps(dict(done.not_restored)))")
    _, told = run(TELL)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
json.dump({"refused": refused, "before": before, "restored": restored, "not_restored": what, "told": told}, open("kernel.json", "w"))
"""


def mlnb(*arguments, home=None, cwd, code=0):
    """The command line with `home` (this test's when None); its JSON."""
    env = {**os.environ, **({"MLNB_HOME": str(home), "MLNB_KEYS": str(home / "keys")} if home else {})}
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, arguments), "--json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=cwd, env=env, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    return json.loads(done.stdout)


class Kernel:
    """A kernel with mlnb for the notebook."""

    def __init__(self, notebook, home=None):
        env = {**os.environ, "JPY_SESSION_NAME": str(notebook)}
        env.update({"MLNB_HOME": str(home), "MLNB_KEYS": str(home / "keys")} if home else {})
        self.manager, self.client = start_new_kernel(extra_arguments=["--ext=mlnb"], env=env, cwd=str(notebook.parent))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, source, *, fails=False):
        told = []
        reply = self.client.execute_interactive(
            source, timeout=120, output_hook=lambda message: told.append(message["content"].get("text", ""))
        )
        assert (reply["content"]["status"] == "error") is fails, reply["content"]
        return reply["content"] if fails else "".join(told)


def move_to_store(home, cwd):
    """Leave the packs of `home` in the remote store alone, as they are after some days."""
    packs = list((home / "blobs").glob("??/*"))
    for pack in packs:
        os.utime(pack, (1, 1))
    done = mlnb("snapshot", "gc", home=home, cwd=cwd)
    assert done["dropped"] == len(packs) > 0, done
    assert not list((home / "blobs").glob("??/*"))


@pytest.fixture
def taken(tmp_path):
    """A snapshot of a notebook with its variables, and what they tell."""
    folder = tmp_path / "here"
    folder.mkdir()
    notebook = write_notebook(folder / "shapes.ipynb", *CELLS)
    with Kernel(notebook) as kernel:
        for cell in CELLS:
            kernel.run(cell)
        snapshot = mlnb("snapshot", "take", notebook, "--reason", "hand on", cwd=folder)
        told = kernel.run(TELL)
    return notebook, snapshot["id"], json.loads(told.partition("TOLD")[2])


@pytest.mark.docker
def test_it_comes_back_in_a_container_with_another_user_name_home_and_path(taken, docker_image, tmp_path, repository):
    notebook, snapshot_id, told = taken
    handed, place = tmp_path / "handed", tmp_path / "place"
    handed.mkdir()
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    mlnb("snapshot", "export", snapshot_id, handed / "state.mlnbsnap", cwd=tmp_path)
    (handed / "state.mlnbsnap").chmod(0o644)
    (place / "kernel.py").write_text(KERNEL.replace("TELL", repr(TELL)).replace("ID", snapshot_id))
    script = IN_CONTAINER.replace("MAIN", MAIN).replace("ID", snapshot_id)
    done = subprocess.run(
        ["docker", "run", "--rm", "--network=none", "--user=10007:10007", "--hostname=elsewhere", "--workdir=/place",
         "--env=HOME=/place/home-of-ana", "--env=PYTHONPATH=/opt/mlnb:/opt/packages", "--env=MLNB_KEYS=/place/keys",
         f"--volume={repository / 'mlnb'}:/opt/mlnb/mlnb:ro", f"--volume={sysconfig.get_paths()['purelib']}:/opt/packages:ro",
         f"--volume={handed}:/handed:ro", f"--volume={place}:/place", docker_image, "bash", "-c", script],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert done.stdout.split()[-3:] == ["elsewhere", "/place/home-of-ana", "/place"]

    def said(name):
        return json.loads((place / name).read_text())

    assert said("shown.json")["is_trusted"] is False
    assert said("preview.json")["needs_consent"] is True
    assert said("verified.json")["is_ok"] is True
    mine = json.loads(notebook.read_text())["cells"]
    theirs = json.loads((place / "again.ipynb").read_text())["cells"]
    assert [cell["source"] for cell in theirs] == [cell["source"] for cell in mine]  # the document, before any consent
    kernel = said("kernel.json")
    assert kernel["refused"]["ename"] == "NotTrusted"
    assert kernel["before"].strip() == "[]"
    assert (kernel["restored"]["status"], json.loads(kernel["not_restored"])) == ("ok", {})
    assert json.loads(kernel["told"].partition("TOLD")[2]) == told


def test_it_comes_back_in_another_home_with_another_key_through_a_remote_store(taken, tmp_path, monkeypatch):
    _, snapshot_id, told = taken
    monkeypatch.setenv("MLNB_STORE_BLOBS_URL", f"file://{tmp_path}/far")
    monkeypatch.setenv("MLNB_SNAPSHOTS_DROP_LOCAL_DAYS", "0.000001")
    move_to_store(Path(os.environ["MLNB_HOME"]), tmp_path)
    mlnb("snapshot", "export", snapshot_id, tmp_path / "state.mlnbsnap", cwd=tmp_path)
    there = tmp_path / "home-of-ana"
    shown = mlnb("snapshot", "import", tmp_path / "state.mlnbsnap", home=there, cwd=tmp_path)
    assert shown["is_trusted"] is False
    move_to_store(there, tmp_path)
    mlnb("snapshot", "restore", snapshot_id, "--to", tmp_path / "again.ipynb", home=there, cwd=tmp_path)
    assert len(list((tmp_path / "far" / "snapshots").glob("home-*"))) == 2
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy = elsewhere / "again.ipynb"
    (tmp_path / "again.ipynb").rename(copy)
    with Kernel(copy, home=there) as kernel:
        pid = kernel.run("import os; print(os.getpid())").strip()
        error = mlnb("snapshot", "restore", snapshot_id, "--kernel", pid, home=there, cwd=tmp_path, code=3)["error"]
        assert error["code"] == "not_trusted"
        done = mlnb("snapshot", "restore", snapshot_id, "--kernel", pid, "--trust", home=there, cwd=tmp_path)
        assert done["not_restored"] == {}
        assert json.loads(kernel.run(TELL).partition("TOLD")[2]) == told
