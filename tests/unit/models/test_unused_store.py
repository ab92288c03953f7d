"""Who never logged a run pays nothing for the model store."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlnb.config import Settings
from mlnb.core.errors import BadInput, NotFound
from mlnb.core.home import home
from mlnb.kernel.runs import SpoolRun
from mlnb.wiring import Wiring


def test_an_unused_store_is_neither_made_nor_is_mlflow_imported():
    code = (
        "import sys; from mlnb.config import Settings; from mlnb.wiring import Wiring; s = Wiring(Settings()).models;"
        "assert s.list_runs().total == s.list_models().total == 0; assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdin=subprocess.DEVNULL)
    assert not (home() / "mlflow.db").exists()


def test_the_first_run_is_listed():
    SpoolRun.start("first").end("FINISHED")
    services = Wiring(Settings())
    assert [run.name for run in services.models.list_runs().runs] == ["first"]
    services.database.close()


def test_what_cannot_be_is_refused_without_a_store_too(monkeypatch):
    with pytest.raises(NotFound):
        Wiring(Settings()).models.list_runs(experiment="none")
    monkeypatch.setenv("MLNB_MODELS_TRACKING_URI", "http://localhost:5000")
    with pytest.raises(BadInput):
        Wiring(Settings()).models.list_runs()
