"""`mlnb features`: the feature catalogue from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table

if TYPE_CHECKING:
    import pandas as pd

    from mlnb.features.service import FeaturesService
    from mlnb.features.types import FeatureView, FeatureViewDetail, FeatureViewPage, Preview

_SHOWN_ROWS = 20
_EMPTY = "no feature views yet: decorate a function with @mlnb.feature_view, then `mlnb features apply FILE`"
_limit = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="Views on a page.")
_cursor = click.option("--cursor", help="Go on where the page before ended.")
_rows = click.option("--rows", type=click.IntRange(1, 100), help="Rows of the preview. Default: features.preview_rows.")


def _features() -> FeaturesService:
    features: FeaturesService = service("features")
    return features


@click.group()
def features() -> None:
    """Browse, apply and read features."""


@features.command("list")
@_limit
@_cursor
@json_option
def list_(limit: int, cursor: str | None, as_json: bool) -> None:
    """The feature views of the catalogue, in their newest versions.

    Example: mlnb features list
    """
    page = _features().list("", limit, cursor)
    emit(page, as_json, lambda: _page_in_words(page, _EMPTY))


@features.command()
@click.argument("text")
@_limit
@_cursor
@json_option
def search(text: str, limit: int, cursor: str | None, as_json: bool) -> None:
    """Find feature views by words in their names, features, descriptions, owners, entities, sources and tags.

    Example: mlnb features search "spend 7d"
    """
    page = _features().list(text, limit, cursor)
    emit(page, as_json, lambda: _page_in_words(page, f"no feature view matches {text!r}"))


@features.command()
@click.argument("view")
@_rows
@click.option("--version", type=int, help="An older version. Default: the newest.")
@json_option
def show(view: str, rows: int | None, version: int | None, as_json: bool) -> None:
    """A feature view: features with types, owner, freshness, code, versions and a preview.

    Example: mlnb features show spend
    """
    detail = _features().show(view, rows, version)
    emit(detail, as_json, lambda: _detail_in_words(detail))


@features.command()
@click.argument("view")
@_rows
@json_option
def preview(view: str, rows: int | None, as_json: bool) -> None:
    """The first rows of a feature view.

    Example: mlnb features preview spend --rows 3
    """
    found = _features().preview(view, rows)
    emit(found, as_json, lambda: _preview_in_words(found))


@features.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def apply(file: Path, as_json: bool) -> None:
    """Register the feature views that a Python file defines. A changed definition becomes a new version.

    Example: mlnb features apply features.py
    """
    applied = _features().apply(file)
    rows = [(one.name, one.version, applied.changes[one.name].replace("_", " "), _fields(one)) for one in applied.views]
    emit(applied, as_json, lambda: table(("view", "version", "change", "features"), rows, ""))


@features.command()
@click.argument("view")
@json_option
def materialize(view: str, as_json: bool) -> None:
    """Compute a feature view on its whole source and store it.

    Example: mlnb features materialize spend
    """
    done = _features().materialize(view)
    newest = f", newest event {done.newest_event_at:%Y-%m-%d %H:%M} UTC" if done.newest_event_at else ""
    doubles = f", {done.duplicates} of them for a key and time that another row has too" if done.duplicates else ""
    emit(
        done,
        as_json,
        lambda: f"{view} version {done.version}: {done.rows} rows{doubles}{newest}\nstored in {done.path}",
    )


@features.command()
@click.argument("entities", type=click.Path(path_type=Path))
@click.option(
    "-f", "--feature", "wanted", metavar="VIEW:FEATURE", multiple=True, required=True, help="May be repeated."
)
@click.option(
    "--timestamp", metavar="COLUMN", help="Column of ENTITIES with the moment to look back from. Default: now."
)
@click.option(
    "-o", "output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write .parquet or .csv."
)
@json_option
def get(entities: Path, wanted: tuple[str, ...], timestamp: str | None, output: Path | None, as_json: bool) -> None:
    """Read features for the rows of a CSV or Parquet file, as they were known at each row's time.

    Example: mlnb features get customers.csv -f spend:total_7d --timestamp asked_at -o training.parquet
    """
    frame = _features().get_from_file(entities, wanted, timestamp)
    if output is not None:
        from mlnb.features.tables import write_table

        write_table(frame, output)
    emit(_as_json(frame, output), as_json, lambda: _frame_in_words(frame, output))


def _as_json(frame: pd.DataFrame, output: Path | None) -> dict[str, object]:
    shape: dict[str, object] = {
        "columns": [*frame.columns],
        "total": len(frame),
        "features": frame.attrs["mlnb_features"],
    }
    if output is not None:
        return {**shape, "output": str(output.absolute())}
    from mlnb.features.showing import rows_of

    return {**shape, "rows": rows_of(frame)}


def _frame_in_words(frame: pd.DataFrame, output: Path | None) -> str:
    if output is not None:
        return f"{len(frame)} rows written to {output}"
    more = f"\n... {len(frame) - _SHOWN_ROWS} more rows; -o FILE writes them all" if len(frame) > _SHOWN_ROWS else ""
    return frame.head(_SHOWN_ROWS).to_string(index=False) + more


def _page_in_words(page: FeatureViewPage, empty: str) -> str:
    rows = [(one.name, one.version, one.entity.name, one.owner, _freshness(one), _fields(one)) for one in page.views]
    text = table(("view", "version", "entity", "owner", "fresh as of", "features"), rows, empty)
    return text if page.cursor is None else f"{text}\n{page.total} in all; next: --cursor {page.cursor}"


def _fields(view: FeatureView) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in view.fields)


def _freshness(view: FeatureView) -> str:
    if view.freshness is None:
        return "source is gone"
    what = (
        "newest event"
        if view.freshness.basis == "event_time"
        else view.freshness.of.replace("materialized", "computed")
    )
    return f"{view.freshness.at:%Y-%m-%d %H:%M} UTC ({what})"


def _detail_in_words(detail: FeatureViewDetail) -> str:
    view = detail.view
    tags = ", ".join(f"{key}={value}" for key, value in view.tags.items())
    lines = [
        f"{view.name}  version {view.version} of {len(detail.versions)}",
        *([view.description, ""] if view.description else [""]),
        f"owner      {view.owner}",
        f"entity     {view.entity.name}",
        f"source     {view.source}",
        f"times      {view.timestamp or 'none: values hold at any time'}",
        f"fresh as of {_freshness(view)}",
        *([f"tags       {tags}"] if tags else []),
        *([f"file       {view.file}"] if view.file else []),
        "",
        table(("feature", "type"), [(field.name, field.type) for field in view.fields], ""),
        "",
        view.code,
    ]
    if detail.preview is not None:
        lines += ["", _preview_in_words(detail.preview)]
    return "\n".join(lines)


def _preview_in_words(preview: Preview) -> str:
    of = "stored features" if preview.of == "materialized" else "computed from the first rows of the source"
    return f"({of})\n" + table(preview.columns, preview.rows, "no rows")
