"""The user's own store, for reading what others logged. It may be away, locked, absent or of another version: then there is none."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, ErrorCode

from mlnb.core.home import home

PATIENCE_S = 5.0  # the first question also imports SQLAlchemy
_LEFT_ALONE_S = 30.0
_away_until: dict[str, float] = {}
_opened: dict[str, tuple[Any, Any]] = {}


def tracking_uri() -> str:
    """Where delivered runs are, as the kernel was told at its start."""
    return os.environ.get("MLNB_MODELS_TRACKING_URI") or f"sqlite:///{home() / 'mlflow.db'}"


def _stores() -> tuple[Any, Any]:
    uri = tracking_uri()
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        return None, None  # nothing was delivered yet, or the container cannot see it
    if uri not in _opened:
        try:
            _opened[uri] = _open(uri)
        except Exception:  # noqa: BLE001 - any reason at all: the kernel goes on with its own runs
            return None, None
    return _opened[uri]


def _open(uri: str) -> tuple[Any, Any]:
    if uri.startswith(("http://", "https://")):
        from mlflow.tracking._model_registry.utils import _get_store as get_registry  # noqa: PLC0415
        from mlflow.tracking._tracking_service.utils import _get_store as get_tracking  # noqa: PLC0415

        return get_tracking(uri), get_registry(uri)
    from mlflow.store.db import utils  # noqa: PLC0415 - needs SQLAlchemy, which mlflow-skinny lacks
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry  # noqa: PLC0415
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking  # noqa: PLC0415

    engine = Tracking._get_or_create_engine(uri)
    # A kernel never makes or migrates the store: eight kernels doing so at once destroy it, and this MLflow may be another one.
    if not utils._all_tables_exist(engine) or utils._get_schema_version(engine) != utils._get_latest_schema_revision():
        raise LookupError("the store is new, or of another version of MLflow")
    return Tracking(uri, str(home() / "artifacts")), Registry(uri)


def ask_tracking(name: str, *arguments: Any) -> Any:  # noqa: ANN401
    """What the tracking store's method `name` answers; None when there is no store, it does not answer, or has no such thing."""
    return _ask(0, name, arguments)


def ask_registry(name: str, *arguments: Any) -> Any:  # noqa: ANN401
    """As `ask_tracking`, of the model registry."""
    return _ask(1, name, arguments)


def _ask(which: int, name: str, arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401
    uri = tracking_uri()
    if time.monotonic() < _away_until.get(uri, 0.0):
        return None
    answer: list[Any] = []
    refused: list[MlflowException] = []

    def ask() -> None:
        try:
            store = _stores()[which]
            answer.append(getattr(store, name)(*arguments) if store is not None else None)
        except MlflowException as error:
            if error.error_code == ErrorCode.Name(INVALID_PARAMETER_VALUE):
                refused.append(error)  # a wrong filter is the caller's to know
        except Exception:  # noqa: BLE001, S110 - a connection that breaks in the middle: the store counts as away
            pass

    # A locked database would hold the user's cell for 20 s at every question: it is asked aside, and left alone for a while.
    asking = threading.Thread(target=ask, name="mlnb-home-store", daemon=True)
    with _quietly():
        asking.start()
        asking.join(PATIENCE_S)
    if asking.is_alive():
        _away_until[uri] = time.monotonic() + _LEFT_ALONE_S
        return None
    if refused:
        raise refused[0]
    return answer[0] if answer else None


@contextmanager
def _quietly() -> Iterator[None]:
    logger = logging.getLogger("mlflow.store.db.utils")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # a locked store is no news for the user's screen
    try:
        yield
    finally:
        logger.setLevel(level)


def not_here(what: str) -> MlflowException:
    """The error for what only the store itself can do; it says how."""
    return MlflowException(
        f"{what} is not possible through mlnb's spool; do it in the store itself: "
        "mlflow.set_tracking_uri(<models.tracking_uri of `mlnb config show`; by default sqlite:///<MLNB_HOME>/mlflow.db>).",
        INVALID_PARAMETER_VALUE,
    )
