"""`mlnb doctor`: what is installed, reachable and missing, and the way out of each."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import click

from mlnb.cli.output import emit, json_option
from mlnb.core.errors import MlnbError
from mlnb.core.home import home
from mlnb.core.secrets import mask
from mlnb.wiring import Wiring, build_services

SHOWN = (
    "jupyterlab",
    "notebook",
    "jupyter-server",
    "ipykernel",
    "papermill",
    "mlflow",
    "dbos",
    "docker",
    "pandas",
    "duckdb",
)
_MARKS = {"ok": "ok     ", "absent": "absent ", "missing": "missing"}


@dataclass(frozen=True)
class Check:
    """One line of the doctor.

    Attributes:
        name: what was looked at.
        state: ``ok``; ``absent``: not there, and only what needs it is not available; ``missing``: mlnb does not work without.
        text: what was found.
        hint: the way out; empty when all is well.
    """

    name: str
    state: Literal["ok", "absent", "missing"]
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Report:
    """All lines, and the versions they hold for. `ok` when nothing is missing."""

    ok: bool
    checks: list[Check]
    versions: dict[str, str]


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """What is installed, reachable and missing, and how to get it.

    Ends with 0 when all that mlnb needs is there, with 1 when something is missing.

    Example: mlnb doctor
    """
    services = build_services()
    checks = [check for look in LOOKS for check in _looked(look, services)]
    report = Report(not any(check.state == "missing" for check in checks), checks, _versions())
    emit(report, as_json, lambda: _words(report))
    return 0 if report.ok else 1


def _looked(look: Callable[[Wiring], Iterable[Check]], services: Wiring) -> list[Check]:
    """The lines of one look; what it raises is a line too."""
    name = look.__name__.strip("_").replace("_", " ")
    try:
        return list(look(services))
    except MlnbError as error:
        return [Check(name, "missing", mask(error.message), error.hint)]
    except Exception as error:  # noqa: BLE001 - the doctor reports what is broken; it does not break on it
        return [
            Check(
                name,
                "missing",
                mask(f"{type(error).__name__}: {error}"),
                "Install mlnb again: pip install --force-reinstall mlnb.",
            )
        ]


def _words(report: Report) -> str:
    width = max(len(check.name) for check in report.checks)
    lines = [", ".join(f"{name} {version}" for name, version in report.versions.items()), ""]
    for check in report.checks:
        lines.append(f"{_MARKS[check.state]}  {check.name.ljust(width)}  {check.text}")
        if check.hint:
            lines.append(f"{'':9}{'':{width}}  -> {check.hint}")
    lines += ["", "All that mlnb needs is there." if report.ok else "Something is missing; see the arrows above."]
    return "\n".join(lines)


def _versions() -> dict[str, str]:
    found = {"mlnb": metadata.version("mlnb"), "Python": platform.python_version()}
    for name in SHOWN:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


# ---- looks: each yields lines; what one raises becomes its line ------------------------------------------------------
def _home(_services: Wiring) -> Iterable[Check]:
    place = home()
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        yield Check("home", "missing", f"{place} cannot be written", "Point MLNB_HOME at a folder of yours.")
        return
    size_mib = sum(file.lstat().st_size for file in place.rglob("*") if file.is_file()) / 2**20 if place.exists() else 0
    yield Check("home", "ok", f"{place} ({size_mib:.1f} MiB)")


def _database(services: Wiring) -> Iterable[Check]:
    from mlnb.store.database import stored_revision

    revision = stored_revision(services.database.engine)
    where = mask(services.database.url.render_as_string())
    yield Check("database", "ok", f"{where} (revision {revision})")


def _blob_store(services: Wiring) -> Iterable[Check]:
    probe = b"mlnb doctor"
    digest = services.blobs.put(probe)
    services.blobs.get(digest)
    yield Check("blob store", "ok", mask(services.settings.blobs_url()))


def _model_store(services: Wiring) -> Iterable[Check]:
    import sqlalchemy as sa

    from mlnb.models.plugins.mlflow_open import check_uri, sqlite_file
    from mlnb.store.database import stored_revision

    uri = services.settings.tracking_uri()
    check_uri(uri)
    file = sqlite_file(uri)
    if file is not None and not file.exists():
        yield Check("model store", "ok", f"{mask(uri)} (made with the first run)")
        return
    engine = sa.create_engine(uri)
    try:
        yield Check("model store", "ok", f"{mask(uri)} (revision {stored_revision(engine)})")
    except sa.exc.SQLAlchemyError as error:
        reason = mask(str(getattr(error, "orig", None) or error)).splitlines()[0]
        hint = "Move it away, or start that database, or set MLNB_MODELS_TRACKING_URI to another."
        yield Check("model store", "missing", f"{mask(uri)} cannot be used: {reason}", hint)
    finally:
        engine.dispose()


def _worker(services: Wiring) -> Iterable[Check]:
    status = services.worker_process.status()
    if status.running:
        yield Check("worker", "ok", f"runs as process {status.pid}")
    else:
        yield Check("worker", "ok", "not running; the first job starts it")


def _executors(services: Wiring) -> Iterable[Check]:
    for executor in services.jobs.executors():
        name = f"executor {executor.name}"
        if executor.available:
            yield Check(name, "ok", "available")
        else:
            yield Check(name, "absent", executor.reason, f"Until then jobs that ask for {executor.name} are refused.")


def _kernel_half(_services: Wiring) -> Iterable[Check]:
    file = Path(sys.prefix, "etc", "ipython", "ipython_kernel_config.py")
    again = "Install mlnb again: pip install --force-reinstall --no-deps mlnb."
    if not file.exists():
        yield Check("kernel half", "missing", f"{file} is not there, so kernels do not load mlnb by themselves", again)
    elif '"mlnb"' not in file.read_text():
        hint = 'Add to that file: c.InteractiveShellApp.extensions.append("mlnb")'
        yield Check("kernel half", "missing", f"{file} belongs to another package and does not load mlnb", hint)
    elif os.environ.get("MLNB_KERNEL") == "0":
        yield Check("kernel half", "absent", "switched off by MLNB_KERNEL=0", "Unset MLNB_KERNEL.")
    else:
        yield Check("kernel half", "ok", "loads in every kernel of this environment")


def _server_extension(_services: Wiring) -> Iterable[Check]:
    file = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "mlnb.json")
    if file.exists():
        yield Check("server extension", "ok", "enabled")
    else:
        yield Check("server extension", "missing", f"{file} is not there", "Run: jupyter server extension enable mlnb.")


def _lab_extension(_services: Wiring) -> Iterable[Check]:
    folder = Path(sys.prefix, "share", "jupyter", "labextensions", "mlnb")
    if (folder / "package.json").exists():
        yield Check("lab extension", "ok", "installed")
    else:
        hint = "Install mlnb from a wheel (pip install mlnb), or run `make setup` in a checkout."
        yield Check("lab extension", "missing", f"{folder} is not there", hint)


LOOKS: tuple[Callable[[Wiring], Iterable[Check]], ...] = (
    _home,
    _database,
    _blob_store,
    _model_store,
    _worker,
    _executors,
    _kernel_half,
    _server_extension,
    _lab_extension,
)
