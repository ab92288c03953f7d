"""One new MLflow database per session: making it takes seconds, copying it none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden" / "spool" / "runs-v1.ndjson"


@pytest.fixture(scope="session")
def made_store(tmp_path_factory):
    """An MLflow database with all its tables and nothing in them."""
    from mlnb.models.plugins import mlflow_open

    folder = tmp_path_factory.mktemp("mlflow-store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLNB_HOME", str(folder))
        mlflow_open.silence()
        mlflow_open.ensure(f"sqlite:///{folder / 'mlflow.db'}")
    return folder / "mlflow.db"


@pytest.fixture
def home(mlnb_home, made_store):
    """The test's MLNB_HOME, with a new model store in it."""
    shutil.copy(made_store, mlnb_home / "mlflow.db")
    return mlnb_home


@pytest.fixture
def models(home):
    """The service, wired as the command line has it."""
    from mlnb.wiring import build_services

    return build_services(folder=home).models


@pytest.fixture
def golden_spool(tmp_path):
    """A spool with the golden file in it, as a job would leave it."""
    (tmp_path / "spool" / "runs").mkdir(parents=True)
    shutil.copy(GOLDEN, tmp_path / "spool" / "runs" / "w-golden-1.ndjson")
    return tmp_path / "spool"
