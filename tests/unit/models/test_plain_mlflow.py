"""Plain MLflow in a notebook: its ordinary calls, then the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

NOTEBOOK = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from mlnb.kernel import runs
runs.prepare()
shell = InteractiveShell.instance()

CELLS = ['''
import mlflow, mlflow.sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
data = load_breast_cancer(as_frame=True)
''', '''
mlflow.set_experiment("tumours")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_params({"C": 1.0, "api_token": "abcd-not-for-eyes"})
    for step in range(3):
        mlflow.log_metric("auc", 0.5 + step / 10, step=step)
    mlflow.set_tag("who", "ana")
    mlflow.log_input(mlflow.data.from_pandas(data.frame.head(50), name="tumours"), context="training")
    mlflow.log_text("hello", "notes/a.txt")
    model = LogisticRegression(max_iter=5000).fit(data.data.head(100), data.target.head(100))
    info = mlflow.sklearn.log_model(model, name="model", registered_model_name="tumour")
''', '''
import os
os.environ["MLFLOW_RUN_ID"] = run.info.run_id        # as the runner of a job does
with mlflow.start_run() as again:
    mlflow.log_metric("late", 1.0)
''', '''
class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input

with mlflow.start_run(run_name="second") as second:
    mlflow.log_metric("auc", 0.9)
    mlflow.pyfunc.log_model(name="echo", python_model=Echo(), pip_requirements=["numpy"])
''', '''
client = mlflow.MlflowClient()
client.set_registered_model_alias("tumour", "prod", 1)
with mlflow.start_run(run_name="auto"):
    mlflow.sklearn.autolog(log_models=False)
    LogisticRegression(max_iter=5000).fit(data.data.head(60), data.target.head(60))
    mlflow.sklearn.autolog(disable=True)
found = {
    "run": run.info.run_id,
    "resumed": again.info.run_id,
    "params": mlflow.get_run(run.info.run_id).data.params,
    "history": [point.value for point in client.get_metric_history(run.info.run_id, "auc")],
    "order": [r.info.run_name for r in client.search_runs([run.info.experiment_id], order_by=["metrics.auc DESC"])],
    "filter": [r.info.run_name for r in client.search_runs([run.info.experiment_id], "tags.who = 'ana'")],
    "loaded": [int(x) for x in mlflow.pyfunc.load_model("models:/tumour@prod").predict(data.data.head(2))],
    "same": bool((mlflow.sklearn.load_model(info.model_uri).coef_ == model.coef_).all()),
    "requirements": open(mlflow.artifacts.download_artifacts(info.model_uri) + "/requirements.txt").read().split(),
    "children": children,
}
try:
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_param("C", 2.0)
except mlflow.MlflowException as error:
    found["refused"] = str(error)
''']
children = []
sys.addaudithook(lambda name, arguments: children.append(str(arguments[1])) if name == "subprocess.Popen" else None)
shell.user_ns["children"] = children
for cell in CELLS:
    shell.run_cell(cell).raise_error()
print(json.dumps(shell.user_ns["found"]))
"""


@pytest.fixture(scope="module")
def notebook_home(tmp_path_factory):
    return tmp_path_factory.mktemp("notebook-home")


@pytest.fixture(scope="module")
def told(notebook_home):
    """What the notebook found out; its runs wait in the spool under `notebook_home`."""
    environment = {**os.environ, "MLNB_HOME": str(notebook_home), "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NOTEBOOK],
        env=environment,
        cwd=notebook_home,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_a_notebook_reads_back_what_it_logged(told):
    assert told["resumed"] == told["run"]
    assert told["params"]["C"] == "1.0"
    assert told["history"] == [0.5, 0.6, 0.7]
    assert told["order"][:2] == ["second", "first"]
    assert told["filter"] == ["first"]
    assert told["same"]
    assert len(told["loaded"]) == 2
    assert "Changing param values is not allowed" in told["refused"]


def test_a_models_requirements_are_known_without_loading_it_in_a_child_process(told):
    assert any(line.startswith("scikit-learn==") for line in told["requirements"])
    assert not [child for child in told["children"] if "_capture" in child]


def test_all_of_it_arrives_in_the_store(told, notebook_home, made_store, monkeypatch):
    from mlnb.wiring import build_services

    monkeypatch.setenv("MLNB_HOME", str(notebook_home))
    (notebook_home / "mlflow.db").write_bytes(made_store.read_bytes())
    models = build_services(folder=notebook_home).models
    page = models.list_runs("tumours", order_by="auc")
    assert [run.name for run in page.runs] == ["second", "first", "auto"]
    run = models.get_run(told["run"])
    assert run.metrics == {"auc": 0.7, "late": 1.0}
    assert run.status == "FAILED"  # the last thing that happened in it was the refused parameter
    assert run.params == {"C": "1.0", "api_token": "••••••"}
    assert "abcd-not-for-eyes" not in repr(page)
    version = models.get_model("tumour@prod").versions[0]
    assert version.run_id == told["run"]
    assert version.digest == run.models[0].digest is not None
    auto = next(run for run in page.runs if run.name == "auto")
    assert "max_iter" in auto.params
    assert [path.name for path in notebook_home.glob(f"artifacts/*/{told['run']}/artifacts/notes/*")] == ["a.txt"]
    second = models.register(page.runs[0].run_id, "echo")
    assert (second.name, second.version) == ("echo", 1)
