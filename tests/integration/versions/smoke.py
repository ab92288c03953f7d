"""The main job through public doors, run by the Python of an environment that a user could have; prints one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path.cwd()
VIEWS = '''
import mlnb


@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="events.parquet", owner="ana")
def spend(events):
    """What a customer spent."""
    return events.assign(doubled=events["amount"] * 2)
'''
CELLS = {
    "import": "import mlflow, mlflow.sklearn\nimport numpy as np, pandas as pd\nfrom sklearn.linear_model import LinearRegression",
    "read": "frame = pd.DataFrame({'x': [1, 2, 3], 'y': [2.0, 4.0, 6.0], 's': ['a', None, 'c']})\n"
    "frame['t'] = pd.to_datetime(['2026-01-01', '2026-01-02', None], utc=True)",
    "array": "array = frame[['x', 'y']].to_numpy().copy(); view = array[1:]",
    "fit": "model = LinearRegression().fit(frame[['x']], frame['y'])",
    "log": "with mlflow.start_run() as run:\n    mlflow.log_param('a', 1); mlflow.log_metric('m', 0.5)\n"
    "    mlflow.sklearn.log_model(model, name='model')",
}


def shell_with_mlnb():
    """What `%load_ext mlnb` gives in a bare shell."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "mlnb")
    return shell


def order_and_snapshots() -> dict[str, object]:
    import mlnb

    shell = shell_with_mlnb()

    def sync():
        mlnb.order.sync([{"id": i, "cell_type": "code", "source": source} for i, source in CELLS.items()])

    def run(cell_id):
        result = shell.run_cell(CELLS[cell_id], store_history=True, cell_id=cell_id)
        assert result.success, result

    def states():
        return {cell_id: one.state for cell_id, one in mlnb.order.status().items()}

    sync()
    for cell_id in CELLS:
        run(cell_id)
    fresh = states()
    CELLS["read"] = CELLS["read"].replace("6.0]", "7.0]")
    sync()
    run("read")
    stale = mlnb.order.status()["fit"]
    for cell_id in mlnb.order.plan():
        run(cell_id)

    after = states()

    snapshot = mlnb.snapshots.take("before")
    mlnb.snapshots.flush()
    before = {name: shell.user_ns[name] for name in ("frame", "array", "view", "model")}
    expected = before["frame"].copy(), before["array"].copy(), before["model"].predict(before["frame"][["x"]])
    shell.run_cell("del frame, array, view, model")
    restored = mlnb.snapshots.restore(snapshot.id)
    now = shell.user_ns
    pd.testing.assert_frame_equal(now["frame"], expected[0])
    np.testing.assert_array_equal(now["array"], expected[1])
    np.testing.assert_array_equal(now["model"].predict(now["frame"][["x"]]), expected[2])
    now["view"][0, 0] = 99
    return {
        "first": fresh,
        "stale": [stale.state, *stale.reasons],
        "after": after,
        "not_restored": dict(restored.not_restored),
        "shared": float(now["array"][1, 0]),
        "run_id": now["run"].info.run_id,
    }


def features() -> list[float]:
    import mlnb

    times = pd.to_datetime(["2026-01-01", "2026-01-10"], utc=True)
    pd.DataFrame({"customer_id": [1, 2], "event_time": times, "amount": [1.0, 5.0]}).to_parquet(
        FOLDER / "events.parquet"
    )
    (FOLDER / "views.py").write_text(VIEWS)
    mlnb_command("features", "apply", "views.py")
    asked = pd.DataFrame({"customer_id": [2, 1], "at": pd.to_datetime(["2026-01-10", "2026-01-02"], utc=True)})
    return [float(one) for one in mlnb.features.get(asked, ["spend:doubled"], "at")["doubled"]]


def job() -> dict[str, object]:
    def cell(source, tags=()):
        return {"cell_type": "code", "id": f"c{len(source)}", "source": source, "metadata": {"tags": list(tags)}, "outputs": [],
                "execution_count": None}  # fmt: skip

    cells = [cell("n = 0", ["parameters"]), cell("print('n is', n)\nassert n == 3")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (FOLDER / "n.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    )
    try:
        return mlnb_command("jobs", "submit", "n.ipynb", "-p", "n=3", "--wait")
    finally:
        mlnb_command("worker", "stop")


def mlnb_command(*arguments):
    """What the command prints with ``--json``."""
    program = Path(sys.executable).with_name("mlnb")
    done = subprocess.run(
        [program, *arguments, "--json"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return json.loads(done.stdout)


def main() -> None:
    import importlib.metadata as metadata

    import mlnb

    os.environ.setdefault("MLNB_JOBS_POLL_S", "0.05")
    found = order_and_snapshots()
    found["features"] = features()
    found["env_id"] = mlnb.envs.take().env_id
    found["job"] = job()["state"]
    found["runs"] = [one["run_id"] for one in mlnb_command("runs", "list")["runs"]]  # delivers what plain MLflow logged
    found["versions"] = {
        name: metadata.version(name) for name in ("pandas", "jupyterlab", "numpy", "mlflow", "ipython")
    }
    Path(FOLDER / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
