"""The main job of mlnb from end to end, on real data, through its public commands: `make demo`.

    python examples/demo.py [--image IMAGE] [--folder FOLDER]

Works on copies in FOLDER (examples/demo) and keeps its state under MLNB_HOME (.state/demo), so that `make lab` shows what it left.
Ends with 1 as soon as something is not what it says.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import start_new_kernel

EXAMPLES = Path(__file__).resolve().parent
FILES = ("train.ipynb", "order.ipynb", "snapshot.ipynb", "features.ipynb", "tumour_features.py")
MLNB = [sys.executable, "-c", "from mlnb.cli.main import main; main()"]


class NotAsClaimed(Exception):
    """A step found something else than it says."""


# ---- telling ---------------------------------------------------------------------------------------------------------
def title(number: int, text: str, question: str) -> None:
    """The head of a step."""
    print(f"\n{number}  {text}\n   {question}")


def tell(text: str) -> None:
    """A fact that was found."""
    print(f"   - {text}", flush=True)


def claim(holds: object, text: str) -> None:
    """A fact that must hold for the demo to go on."""
    if not holds:
        raise NotAsClaimed(text)
    print(f"   ✓ {text}", flush=True)


def mlnb(*arguments: str, codes: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """What `mlnb ... --json` answers."""
    done = subprocess.run([*MLNB, *arguments, "--json"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode not in codes:
        raise NotAsClaimed(
            f"mlnb {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# ---- a notebook that somebody works in -------------------------------------------------------------------------------
class Session:
    """A notebook open in a real kernel, as JupyterLab has it: cells are run by id, outputs are kept in the document."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document = nbformat.read(path, as_version=4)
        env = {**os.environ, "JPY_SESSION_NAME": str(path)}
        self._manager, self._client = start_new_kernel(
            startup_timeout=120, cwd=str(path.parent), env=env, stderr=subprocess.DEVNULL
        )

    @property
    def code_cells(self) -> list[Any]:
        """The code cells, in document order."""
        return [cell for cell in self.document.cells if cell.cell_type == "code"]

    def cell(self, ident: str) -> Any:  # a notebook node
        """The cell called `ident`."""
        return next(cell for cell in self.document.cells if cell.id == ident)

    def run(self, ident: str) -> None:
        """Run a cell and keep its outputs in the document."""
        cell = self.cell(ident)
        cell.outputs, cell.execution_count = self._execute(cell.source, {"cellId": ident})

    def ask(self, expression: str) -> Any:  # whatever JSON the expression gives
        """The value of a Python expression in the kernel, which must have a JSON form. Leaves no trace in the history."""
        reply = self._client.execute(
            "", silent=True, store_history=False, reply=True, timeout=300,
            user_expressions={"answer": f"__import__('json').dumps({expression})"},
        )["content"]["user_expressions"]["answer"]  # fmt: skip
        if reply["status"] != "ok":
            raise NotAsClaimed(f"{expression}: {reply['ename']}: {reply['evalue']}")
        return json.loads(eval(reply["data"]["text/plain"]))

    def do(self, code: str) -> None:
        """Run code that is no cell of the notebook."""
        self._execute(code, {})

    def tell_order(self) -> None:
        """Tell mlnb what the document is now, as JupyterLab's extension does at every change."""
        cells = [{"id": c.id, "cell_type": c.cell_type, "source": c.source} for c in self.document.cells]
        self.do(f"import mlnb as _mlnb; _mlnb.order.sync({cells!r})")

    def order(self) -> dict[str, dict[str, Any]]:
        """State and reasons of every cell."""
        self.tell_order()
        status = (
            "{i: {'state': s.state, 'reasons': list(s.reasons)} for i, s in __import__('mlnb').order.status().items()}"
        )
        answer: dict[str, dict[str, Any]] = self.ask(status)
        return {cell.id: answer[cell.id] for cell in self.code_cells}

    def save(self) -> None:
        """Write the document with its outputs, as Ctrl+S does. What mlnb wrote into it since stays (its id)."""
        on_disk = nbformat.read(self.path, as_version=4)
        self.document.metadata.update(on_disk.metadata)
        nbformat.write(self.document, self.path)

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel()

    def _execute(self, code: str, metadata: dict[str, str]) -> tuple[list[Any], int]:
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        outputs: list[Any] = []
        while True:
            said = self._client.get_iopub_msg(timeout=300)
            if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind = said["msg_type"]
            if kind == "status" and said["content"]["execution_state"] == "idle":
                break
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(said))
        while True:
            answer = self._client.get_shell_msg(timeout=300)
            if answer["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        reply = answer["content"]
        if reply["status"] != "ok":
            raise NotAsClaimed(f"a cell failed: {reply.get('ename')}: {reply.get('evalue')}")
        return outputs, reply["execution_count"]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Session]:
    """A notebook in a kernel of its own until the end of the block."""
    session = Session(path)
    try:
        yield session
    finally:
        session.close()


# ---- the five steps --------------------------------------------------------------------------------------------------
def order(session: Session) -> None:
    """Stale cells with their reason, then a clean order again."""
    title(1, "Order", "Does what the notebook shows follow from what was run?")
    found = mlnb("check", str(session.path))
    claim(found["findings"] == 0, "the saved notebook has no order problem")
    for cell in session.code_cells:
        session.run(cell.id)
    claim_fresh(session, "run from top to bottom, every cell is fresh")

    parameters = session.cell("parameters")
    parameters.source = parameters.source.replace("seed = 7", "seed = 8")
    session.run("parameters")
    tell("now the seed is changed and only that cell is run again:")
    states = session.order()
    for ident, status in states.items():
        reason = f" because {status['reasons'][0]}" if status["reasons"] and status["state"] != "fresh" else ""
        print(f"       {ident:<12} {status['state']}{reason}")
    stale = {ident for ident, status in states.items() if status["state"] == "stale"}
    claim(
        stale == {"split", "train", "importance"},
        "exactly the cells that depend on the seed are stale, each with its reason",
    )
    plan = session.ask("__import__('mlnb').order.plan()")
    claim(plan == ["split", "train", "importance"], f"the way back is planned: run {', '.join(plan)}")
    for ident in plan:
        session.run(ident)
    claim_fresh(session, "after it every cell is fresh again")
    session.save()
    verified = mlnb("verify", str(session.path), codes=(0, 3))
    verdicts = ", ".join(sorted({cell["verdict"] for cell in verified["cells"]}))
    claim(
        verified["certificate"] and verified["verdict"] in ("identical", "tolerance", "noise"),
        f"a fresh run gives the same in every cell ({verdicts}): certified clean",
    )


def claim_fresh(session: Session, text: str) -> None:
    """That every cell is fresh."""
    others = {ident: status for ident, status in session.order().items() if status["state"] != "fresh"}
    claim(not others, text + (f" (but {others})" if others else ""))


def snapshot(session: Session) -> str:
    """Freeze, destroy, restore, compare. Returns the snapshot's id."""
    title(2, "Snapshot", "Can I get back to where I was?")
    value = "[len(features), round(float(features.to_numpy().sum()), 6), model.predict_proba(x_test)[:, 1].tolist()]"
    before = session.ask(value)
    taken = mlnb("snapshot", "take", str(session.path))
    variables = taken["variables"]
    saved = [name for name, variable in variables.items() if variable["state"] == "saved"]
    claim(
        {"features", "model", "x_test"} <= set(saved),
        f"{len(saved)} variables, document and outputs are frozen ({taken['size_bytes'] >> 10} KiB)",
    )
    for name, variable in variables.items():
        if variable["state"] != "saved":
            tell(f"{name} is {variable['state'].replace('_', ' ')}: {variable['reason']}")
    session.do("features = features.head(0); del model")
    claim(session.ask("['model' in globals(), len(features)]") == [False, 0], "the model is deleted, the table emptied")
    session.do(f"import mlnb as _mlnb; _mlnb.snapshots.restore({taken['id']!r})")
    claim(
        session.ask(value) == before,
        "restored: the table and every prediction of the model are equal to what they were",
    )
    return str(taken["id"])


def runs(snapshot_id: str) -> None:
    """The run in the model store, and the registered model."""
    title(3, "Runs and models", "Which run made this model, from what?")
    mlnb("runs", "flush")
    found = mlnb("runs", "list")["runs"]
    claim(len(found) >= 2, f"{len(found)} runs are in the model store, written by plain MLflow")
    run = next((r for r in found if r["tags"].get("mlnb.snapshot") == snapshot_id), None)
    claim(run is not None, f"the last one names the snapshot it came from: {snapshot_id}")
    assert run is not None
    metrics = ", ".join(f"{name} {value:.3f}" for name, value in run["metrics"].items())
    claim(
        run["params"]["n_estimators"] == "200" and run["metrics"]["auc"] > 0.9,
        f"it has its parameters and metrics: {metrics}",
    )
    mlnb("models", "register", run["run_id"], "--name", "tumour")
    models = mlnb("models", "list")["models"]
    claim([m["name"] for m in models] == ["tumour"], "its model is registered as tumour, version 1")


def features(folder: Path) -> None:
    """The catalogue's entry of the features that the notebook used."""
    title(4, "Features", "What features are there, what do they mean, whose are they?")
    subprocess.run(
        [sys.executable, str(folder / "tumour_features.py")], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    mlnb("features", "apply", str(folder / "tumour_features.py"))
    (listed,) = mlnb("features", "list")["views"]
    detail = mlnb("features", "show", listed["name"])
    view, preview = detail["view"], detail["preview"]
    claim(view["owner"] == "ana", f"the catalogue has {view['name']}, owned by {view['owner']}: {view['description']}")
    claim(view["freshness"], f"its data is fresh as of {view['freshness']['at'][:16].replace('T', ' ')} UTC")
    claim(len(view["fields"]) == 4 and preview["rows"], "its features, with type and the first values:")
    for field in view["fields"]:
        at = preview["columns"].index(field["name"])
        values = ", ".join(f"{row[at]:.4g}" for row in preview["rows"][:4])
        print(f"       {field['name']:<18} {field['type']:<9} {values} ...")


def job(notebook: Path, *options: str) -> None:
    """Submit the notebook with other parameters, follow it cell by cell, look at what came back."""
    command = [*MLNB, "jobs", "submit", str(notebook), "-p", "n_estimators=50", "--wait", "--json", *options]
    begun = time.monotonic()
    waiting = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert waiting.stdout is not None
    assert waiting.stderr is not None
    for line in waiting.stderr:
        print(f"       {line.rstrip()}", flush=True)
    done = json.loads(waiting.stdout.read())
    waiting.wait()
    claim(
        done.get("state") == "succeeded", f"it succeeded on {done.get('executor')} in {time.monotonic() - begun:.0f} s"
    )
    output = nbformat.read(done["output"], as_version=4)
    claim(
        any(cell.get("outputs") for cell in output.cells), f"the output notebook came back: {Path(done['output']).name}"
    )
    run = mlnb("runs", "show", done["run_id"])
    claim(
        run["params"]["n_estimators"] == "50",
        f"so did its run, with n_estimators=50 and auc {run['metrics']['auc']:.3f}",
    )
    mlnb("models", "register", done["run_id"], "--name", "tumour")
    tell("and its model, now another version of tumour")


def jobs(notebook: Path, image: str | None) -> None:
    """The same notebook as a job here and, where there is an engine, in a container."""
    title(5, "Jobs", "Can it run elsewhere, with other parameters, while I do something else?")
    job(notebook, "--executor", "local")
    if image is None:
        tell("no Docker engine answers here, so the container part is left out")
        return
    tell("the same in a container with one processor and 1 GiB of memory:")
    job(notebook, "--executor", "docker", "--image", image, "--cpus", "1", "--memory", "1g")


def prepare(folder: Path) -> None:
    """Fresh copies and an empty home, so that the demo says the same each time."""
    home = Path(os.environ["MLNB_HOME"])
    if home.exists():
        subprocess.run([*MLNB, "worker", "stop"], capture_output=True, stdin=subprocess.DEVNULL)
        shutil.rmtree(home)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(EXAMPLES / name, folder / name)


def main() -> int:
    """The road. Returns the exit code."""
    options = argparse.ArgumentParser(description="The main job of mlnb from end to end.")
    options.add_argument("--image", help="image for the container part; left out without one")
    options.add_argument("--folder", type=Path, default=EXAMPLES / "demo", help="where the working copies go")
    given = options.parse_args()
    os.environ.setdefault("MLNB_HOME", str(EXAMPLES.parent / ".state" / "demo"))
    os.environ.setdefault("MLNB_KEYS", str(Path(os.environ["MLNB_HOME"]) / "keys"))
    begun = time.monotonic()
    print("mlnb in five steps, on scikit-learn's breast cancer data (569 tumours, nothing is downloaded).")
    print(f"Notebook: {given.folder / 'train.ipynb'}\nState:    {os.environ['MLNB_HOME']}")
    try:
        prepare(given.folder)
        with opened(given.folder / "train.ipynb") as session:
            order(session)
            snapshot_id = snapshot(session)
        runs(snapshot_id)
        features(given.folder)
        jobs(given.folder / "train.ipynb", given.image)
    except NotAsClaimed as reason:
        print(f"   ✗ not as claimed: {reason}", file=sys.stderr)
        return 1
    finally:
        subprocess.run([*MLNB, "worker", "stop"], capture_output=True, stdin=subprocess.DEVNULL)
    print(f"\nAll five hold ({time.monotonic() - begun:.0f} s). To look around in JupyterLab: make lab")
    return 0


if __name__ == "__main__":
    sys.exit(main())
