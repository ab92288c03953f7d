"""`mlnb snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli import snapshots_back, snapshots_keep, snapshots_name
from mlnb.cli.output import emit, json_option, service, table
from mlnb.cli.snapshots_diff import data, diff
from mlnb.core.errors import NotFound
from mlnb.core.wire import to_wire

if TYPE_CHECKING:
    from mlnb.snapshots.service import SnapshotsService
    from mlnb.snapshots.types import Snapshot, Taken

_FILE = click.Path(path_type=Path)


def _snapshots() -> SnapshotsService:
    found: SnapshotsService = service("snapshots")
    return found


@click.group()
def snapshot() -> None:
    """Take, list, compare and restore notebook states."""


for _command in (
    snapshots_back.restore,
    snapshots_back.undo,
    snapshots_back.redo,
    snapshots_back.export,
    snapshots_back.import_file,
    snapshots_name.name,
    snapshots_name.delete,
    snapshots_keep.verify,
    snapshots_keep.gc,
    snapshots_keep.du,
    snapshots_keep.purge,
    snapshots_keep.fetch,
):
    snapshot.add_command(_command)


@snapshot.command()
@click.argument("notebook", metavar="NB", type=_FILE)
@click.option("--reason", metavar="TEXT", default="", help="Why; shown in the list.")
@json_option
def take(notebook: Path, reason: str, as_json: bool) -> None:
    """Freeze a notebook: the variables of its live kernel, when there is one, and the saved document with its outputs.

    Example: mlnb snapshot take analysis.ipynb --reason "before the merge"
    """
    taken = _snapshots().take(notebook, reason)
    shown = {**to_wire(taken.snapshot), "part": taken.part, "note": taken.note}
    emit(shown, as_json, lambda: _taken_text(taken))


def _taken_text(taken: Taken) -> str:
    variables = taken.snapshot.variables
    lost = [f"  not kept: {name}: {v.reason}" for name, v in variables.items() if v.state == "not_restorable"]
    saved = len(variables) - len(lost)
    head = f"{taken.snapshot.id}: " + (taken.note or f"{saved} variables and the document are kept.")
    return "\n".join([head, *lost])


@snapshot.command("list")
@click.argument("notebook", metavar="[NB]", type=_FILE, required=False)
@click.option("--limit", metavar="N", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most N.")
@click.option("--cursor", metavar="TEXT", help="Where the last page ended (--json gives it).")
@json_option
def list_snapshots(notebook: Path | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """The snapshots, newest first: of one notebook, or of all.

    Example: mlnb snapshot list analysis.ipynb
    """
    from mlnb.snapshots.rules.wording import words_from_reason

    page = _snapshots().list(notebook, limit, cursor)
    if notebook is not None and not page.total and not notebook.exists():
        raise NotFound(f"there is no notebook {notebook}, and no snapshot of one", "See `mlnb snapshot list`.")
    rows = [
        (
            one.id,
            f"{one.created_at:%Y-%m-%d %H:%M}",
            _held(one),
            _size(one.size_bytes),
            one.notebook or "",
            one.name or words_from_reason(one.reason),
        )
        for one in page.snapshots
    ]
    head = ("snapshot", "taken (UTC)", "holds", "size", "notebook", "name or reason")

    def text() -> str:
        body = table(head, rows, "No snapshots yet: take one with `mlnb snapshot take NB`.")
        return body + (f"\n{len(rows)} of {page.total} snapshots" if page.total > len(rows) else "")

    emit(page, as_json, text)


def _held(one: Snapshot) -> str:
    saved = sum(variable.state == "saved" for variable in one.variables.values())
    parts = [f"{saved} variables"] if one.has_kernel else []
    return " + ".join([*parts, *(["document"] if one.has_document else [])]) + ("" if one.is_trusted else " (foreign)")


@snapshot.command()
@click.argument("snapshot_id", metavar="ID")
@json_option
def show(snapshot_id: str, as_json: bool) -> None:
    """A snapshot with its variables.

    Example: mlnb snapshot show snap-06gzx1vwkf957cmmbc3qg7
    """
    from mlnb.snapshots.rules.wording import words_from_reason

    one = _snapshots().get(snapshot_id)

    def text() -> str:
        rows = [(name, v.type, _size(v.size_bytes), v.state, v.reason) for name, v in one.variables.items()]
        facts = [
            ("notebook", one.notebook),
            ("taken", f"{one.created_at:%Y-%m-%d %H:%M:%S} UTC by {one.owner}"),
            ("name", one.name),
            ("reason", words_from_reason(one.reason)),
            ("holds", _held(one)),
            ("cell runs", one.cell_runs),
            ("environment", one.env_id),
            ("git", one.git_commit and one.git_commit[:12] + (" with changes" if one.git_dirty else "")),
            ("in the store", _size(one.size_bytes)),
        ]
        lines = [f"{name:13}{value}" for name, value in facts if value not in (None, "")]
        return "\n".join(
            [*lines, "", table(("variable", "type", "size", "state", "reason"), rows, "It holds no variables.")]
        )

    emit(one, as_json, text)


snapshot.add_command(diff)
snapshot.add_command(data)


def _size(size_bytes: int) -> str:
    size, units = float(size_bytes), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"
