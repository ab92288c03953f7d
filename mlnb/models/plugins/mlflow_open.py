"""Opening MLflow's database: made and upgraded by one process at a time, quietly, and never left half-made."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlnb.core.errors import BadInput, NotFound, StoreUnavailable
from mlnb.core.files import locked, store_error
from mlnb.core.home import home
from mlnb.core.secrets import mask
from mlnb.store.disk import check_local_disk


def silence() -> None:
    """No telemetry, and none of MLflow's or Alembic's lines on the screen. Before the first import of MLflow."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    for name in ("alembic", "mlflow.store.model_registry"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("mlflow.store.db.utils").setLevel(
        logging.CRITICAL
    )  # logs a traceback for an error that it raises too


@contextlib.contextmanager
def translated(what: str = "the model store") -> Iterator[None]:
    """MLflow's and the database's errors as ours.

    Raises:
        StoreUnavailable: the store is away, locked, full or read-only.
        NotFound: there is no such thing.
        BadInput: MLflow does not accept a value.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except MlflowException as error:
        text = mask(str(error.message)).strip().splitlines()[0]
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            raise NotFound(text, "See `mlnb runs list` and `mlnb models list`.") from error
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS", "INVALID_STATE"):
            raise BadInput(text) from error
        raise _unavailable(what, text) from error
    except SQLAlchemyError as error:
        raise _unavailable(what, mask(str(error)).splitlines()[0]) from error
    except OSError as error:
        raise store_error(error.filename or what, error) from error


def _unavailable(what: str, reason: str) -> StoreUnavailable:
    hint = "Is it running and reachable? See `mlnb doctor`."
    if "locked" in reason:
        hint = "Another program has held it for a long time: end that program, or try again."
    elif "full" in reason or "disk I/O" in reason:
        hint = "Free some disk space, or point MLNB_HOME at another disk."
    elif "not a database" in reason or "malformed" in reason:
        hint = "It is damaged or something else: move mlflow.db away, or point MLNB_HOME at another folder."
    elif "readonly" in reason:
        hint = "Make it writable for you, or point MLNB_HOME at a writable folder."
    return StoreUnavailable(f"{what} cannot be used: {reason}", hint)


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite URL, or None for another store."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def check_uri(uri: str) -> None:
    """Accept `uri` as the place of the model store.

    Raises:
        BadInput: it is not a database.
    """
    if "://" not in uri or uri.startswith(("http://", "https://", "file://")):
        raise BadInput(
            f"{mask(uri)} cannot be mlnb's model store: only a database can",
            "Set MLNB_MODELS_TRACKING_URI to sqlite:///... or postgresql://..., or unset it for the default.",
        )


def ensure(uri: str) -> None:
    """Make the database at `uri`, or bring it to the schema of this MLflow.

    Raises:
        StoreUnavailable: it cannot be made or reached, lies on a network disk, or a newer MLflow wrote it.
        BadInput: `uri` is not a database.
    """
    check_uri(uri)
    file = sqlite_file(uri)
    if file is not None:
        check_local_disk(file)
    from mlnb.store.migrations.upgrade import ALEMBIC_LOCK

    with ALEMBIC_LOCK, locked(home() / "locks" / "mlflow-store.lock"), translated():
        if file is not None and not file.exists():
            _make_whole(file)
        else:
            _upgrade(uri, file)


def _make_whole(file: Path) -> None:
    """A new SQLite file appears with all its tables or not at all: Alembic on SQLite cannot take half a migration back."""
    from mlflow.store.db import utils

    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)  # we hold the lock: what lies there is of somebody who died
    engine = utils.create_sqlalchemy_engine(f"sqlite:///{new}")
    try:
        utils._initialize_tables(engine)
        engine.dispose()
        new.replace(file)
    finally:
        engine.dispose()
        new.unlink(missing_ok=True)


def _upgrade(uri: str, file: Path | None) -> None:
    from mlflow.store.db import utils

    engine = utils.create_sqlalchemy_engine(uri)
    try:
        if utils._is_empty_database(engine):
            utils._initialize_tables(engine)
            return
        stored, latest = utils._get_schema_version(engine), utils._get_latest_schema_revision()
        if stored == latest:
            return
        if stored not in _known_revisions(utils):
            raise StoreUnavailable(
                f"the model store {mask(uri)} was written by a newer MLflow (revision {stored})",
                "Upgrade MLflow here, or point MLNB_MODELS_TRACKING_URI at another database. Nothing was changed.",
            )
        if file is not None:
            shutil.copy2(file, file.with_name(f"{file.name}.before-{latest}"))
        utils._upgrade_db(engine)
    finally:
        engine.dispose()


def _known_revisions(utils: Any) -> set[str | None]:  # noqa: ANN401 - a module of MLflow
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(utils._get_alembic_config(db_url=""))
    return {revision.revision for revision in script.walk_revisions()}
