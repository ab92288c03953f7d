"""`mlnb runs` and `mlnb models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table

if TYPE_CHECKING:
    from mlnb.models.service import ModelsService
    from mlnb.models.types import Difference, RegisteredModel, Run, RunComparison


def _models() -> ModelsService:
    found: ModelsService = service("models")
    return found


@click.group()
def runs() -> None:
    """List, show and compare runs."""


@runs.command("list")
@click.option("--experiment", metavar="E", help="Only the runs of this experiment.")
@click.option(
    "--order-by", metavar="METRIC", help="Highest first; 'METRIC asc' for the lowest first. Default: newest first."
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most N runs."
)
@click.option("--cursor", metavar="TEXT", help="Where the last page ended (--json gives it).")
@json_option
def list_runs(experiment: str | None, order_by: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """The runs in the model store.

    Example: mlnb runs list --order-by auc --limit 10
    """
    page = _models().list_runs(experiment, order_by, limit, cursor)
    metric = order_by.split()[0] if order_by else None
    head = ("run", "name", "experiment", "status", "started", metric or "metrics")
    rows = [
        (r.run_id, r.name, r.experiment, r.status, _when(r), _number(r.metrics.get(metric)) if metric else _metrics(r))
        for r in page.runs
    ]

    def text() -> str:
        body = table(head, rows, "No runs yet: log one in a notebook with mlflow.start_run(), or `mlnb run NB`.")
        return body + (f"\n{len(rows)} of {page.total} runs" if page.total > len(rows) else "")

    emit(page, as_json, text)


@runs.command("show")
@click.argument("run_id", metavar="RUN")
@json_option
def show_run(run_id: str, as_json: bool) -> None:
    """A run with its parameters, metrics, tags and models.

    Example: mlnb runs show 9f3c2b6e2f0b4c0d8a7a6b5c4d3e2f10
    """
    run = _models().get_run(run_id)
    emit(run, as_json, lambda: _run_text(run))


@runs.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@json_option
def compare(a: str, b: str, as_json: bool) -> None:
    """What two runs do not share.

    Example: mlnb runs compare 9f3c2b6e2f0b4c0d8a7a6b5c4d3e2f10 1b2c3d4e5f60718293a4b5c6d7e8f901
    """
    found = _models().compare(a, b)
    emit(found, as_json, lambda: _comparison_text(found))


@runs.command()
@click.option(
    "--timeout",
    metavar="S",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Go on trying for S seconds.",
)
@json_option
def flush(timeout: float, as_json: bool) -> None:
    """Wait until everything logged is in the store.

    Example: mlnb runs flush --timeout 60
    """
    done = _models().flush(timeout)
    emit(done, as_json, lambda: f"Everything logged is in the store; {len(done.runs)} runs had something new.")


@click.group()
def models() -> None:
    """Registered models, their versions and where they came from."""


@models.command("list")
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most N models."
)
@click.option("--cursor", metavar="TEXT", help="Where the last page ended (--json gives it).")
@json_option
def list_models(limit: int, cursor: str | None, as_json: bool) -> None:
    """The registered models.

    Example: mlnb models list
    """
    page = _models().list_models(limit, cursor)
    rows = [(m.name, m.latest_version, _aliases(m), m.description) for m in page.models]
    empty = "No models yet: register one with `mlnb models register RUN --name NAME`."
    emit(page, as_json, lambda: table(("model", "version", "aliases", "description"), rows, empty))


@models.command("show")
@click.argument("model", metavar="MODEL")
@json_option
def show_model(model: str, as_json: bool) -> None:
    """A registered model (NAME), or one version of it (NAME/3, NAME@alias).

    Example: mlnb models show churn@prod
    """
    found = _models().get_model(model)
    rows = [
        (
            v.version,
            v.run_id,
            f"{v.created_at:%Y-%m-%d %H:%M}" if v.created_at else None,
            ", ".join(v.aliases),
            (v.digest or "")[:12],
        )
        for v in found.versions
    ]
    head = ("version", "run", "registered (UTC)", "aliases", "digest")
    emit(found, as_json, lambda: f"{found.name}\n{table(head, rows, 'No versions.')}")


@models.command()
@click.argument("run_id", metavar="RUN")
@click.option("--name", metavar="N", required=True, help="Name of the registered model; made when it is new.")
@json_option
def register(run_id: str, name: str, as_json: bool) -> None:
    """Register the model that a run logged as a new version.

    Example: mlnb models register 9f3c2b6e2f0b4c0d8a7a6b5c4d3e2f10 --name churn
    """
    version = _models().register(run_id, name)
    emit(version, as_json, lambda: f"Registered {version.name} version {version.version}.")


def _when(run: Run) -> str:
    return f"{run.started_at:%Y-%m-%d %H:%M}" if run.started_at else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _metrics(run: Run) -> str:
    shown = [f"{name}={_number(value)}" for name, value in sorted(run.metrics.items())]
    return " ".join(shown[:3]) + (" ..." if len(shown) > 3 else "")


def _aliases(model: RegisteredModel) -> str:
    return ", ".join(f"{alias} -> {version}" for alias, version in sorted(model.aliases.items()))


def _run_text(run: Run) -> str:
    facts = [
        ("run", run.run_id),
        ("name", run.name),
        ("experiment", run.experiment),
        ("status", run.status),
        ("user", run.user),
        ("started (UTC)", _when(run)),
        ("notebook", run.notebook),
        ("snapshot", run.snapshot_id),
        ("job", run.job_id),
        *((f"param {name}", value) for name, value in sorted(run.params.items())),
        *((f"metric {name}", _number(value)) for name, value in sorted(run.metrics.items())),
        *((f"tag {name}", value) for name, value in sorted(run.tags.items()) if not name.startswith("mlflow.")),
        *((f"model {model.name}", f"{model.model_id} {model.status}") for model in run.models),
    ]
    known = [(name, value) for name, value in facts if value]
    width = max(len(name) for name, _ in known)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in known)


def _comparison_text(found: RunComparison) -> str:
    def rows(kind: str, differences: list[Difference]) -> list[tuple[str, object, object]]:
        return [(f"{kind} {one.name}", one.a, one.b) for one in differences]

    lines = [
        *rows("param", found.params),
        *rows("metric", found.metrics),
        *rows("tag", [one for one in found.tags if not one.name.startswith("mlflow.")]),
    ]
    return table(("", found.a.name, found.b.name), lines, "The two runs share every parameter, metric and tag.")
