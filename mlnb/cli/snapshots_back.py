"""`mlnb snapshot restore|undo|redo|export|import`: going back, and carrying a state away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table
from mlnb.core.errors import BadInput
from mlnb.core.user import user_name

if TYPE_CHECKING:
    from mlnb.snapshots.previews import Preview
    from mlnb.snapshots.service import SnapshotsService
    from mlnb.snapshots.types import Restored, Snapshot

_FILE = click.Path(path_type=Path)
_ACTIONS = {
    "keep": "kept",
    "load": "loaded",
    "consent": "wants consent",
    "recompute": "run again",
    "leave": "not restored",
}


def _snapshots() -> SnapshotsService:
    found: SnapshotsService = service("snapshots")
    return found


@click.command()
@click.argument("snapshot_id", metavar="ID")
@click.option("--name", "names", metavar="VAR", multiple=True, help="Only this variable (may be given again).")
@click.option("--to", metavar="PATH", type=_FILE, help="Write the notebook with its outputs to this new file instead.")
@click.option("--start", is_flag=True, help="With --to: a first cell brings the variables back into a fresh kernel.")
@click.option("--kernel", "pid", metavar="PID", type=int, help="Into the kernel of this process.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, change nothing.")
@click.option("--trust", is_flag=True, help="You trust who made it: load its variables, which may run code.")
@click.option("--recompute", is_flag=True, help="Run cells again for what was not saved, where they give the same.")
@json_option
def restore(
    snapshot_id: str,
    names: tuple[str, ...],
    to: Path | None,
    start: bool,
    pid: int | None,
    dry_run: bool,
    trust: bool,
    recompute: bool,
    as_json: bool,
) -> None:
    """Bring the variables back into the notebook's live kernel, or the document to a file.

    Example: mlnb snapshot restore snap-06gzx1vwkf957cmmbc3qg7 --to before.ipynb
    """
    if to is not None and (names or trust or recompute or dry_run or pid is not None):
        raise BadInput("--to goes with --start only", "A document has no variables.")
    if start and to is None:
        raise BadInput("--start goes with --to", "Without --to the variables go to the live kernel.")
    if to is not None:
        written = _snapshots().write_document(snapshot_id, to, with_start=start)
        emit({"id": snapshot_id, "output": str(written.absolute())}, as_json, lambda: f"Written to {written}.")
    elif dry_run:
        seen = _snapshots().preview(snapshot_id, pid)
        emit(seen, as_json, lambda: _preview_text(seen))
    else:
        done = _snapshots().restore(snapshot_id, names or None, pid, trust=trust, recompute=recompute, by=user_name())
        emit(done, as_json, lambda: _restored_text(done))


@click.command()
@click.argument("notebook", metavar="NB", type=_FILE)
@click.option("--kernel", "pid", metavar="PID", type=int, help="In the kernel of this process.")
@json_option
def undo(notebook: Path, pid: int | None, as_json: bool) -> None:
    """Take the last restore in the notebook's live kernel back.

    Example: mlnb snapshot undo analysis.ipynb
    """
    done = _snapshots().undo(notebook, pid, by=user_name())
    emit(done, as_json, lambda: _restored_text(done))


@click.command()
@click.argument("notebook", metavar="NB", type=_FILE)
@click.option("--kernel", "pid", metavar="PID", type=int, help="In the kernel of this process.")
@json_option
def redo(notebook: Path, pid: int | None, as_json: bool) -> None:
    """Do again what `undo` took back last.

    Example: mlnb snapshot redo analysis.ipynb
    """
    done = _snapshots().undo(notebook, pid, redo=True, by=user_name())
    emit(done, as_json, lambda: _restored_text(done))


def _restored_text(done: Restored) -> str:
    lines = [f"{len(done.restored)} variables are as they were."]
    lines += [f"  by running cells again: {', '.join(done.recomputed)}"] if done.recomputed else []
    lines += [f"  not restored: {name}: {reason}" for name, reason in done.not_restored.items()]
    lines += [f"  removed: {', '.join(done.removed)}"] if done.removed else []
    return "\n".join([*lines, f"To take this back: mlnb snapshot restore {done.undo}"])


def _preview_text(seen: Preview) -> str:
    rows = [
        (
            one.name,
            _ACTIONS[one.action],
            one.now if one.now != "unknown" else "",
            one.type,
            _size(one.size_bytes),
            one.reason,
        )
        for one in seen.variables
    ]
    head = ("variable", "would be", "is now", "type", "size", "reason")
    lines = [table(head, rows, "It holds no variables.")]
    lines += [f"removed: {', '.join(seen.removed)}"] if seen.removed else []
    lines += [f"also set back: {', '.join(seen.process)}"] if seen.process else []
    if seen.cells is not None:
        differ = ", ".join(f"{one.index + 1} {one.kind}" for one in seen.cells)
        lines.append(f"cells that differ now: {differ}" if seen.cells else "The cells are the same now.")
    drift = seen.environment
    if drift.is_same is False:
        lines.append(f"another environment: {drift.env_id_then} (Python {drift.python_then}), now {drift.env_id_now}")
    if not seen.has_kernel:
        lines.append("No live kernel was asked: what the variables are now is not known.")
    if seen.needs_consent:
        where = f" It came from {seen.origin}." if seen.origin else ""
        lines.append(f"You did not make this snapshot.{where} Its variables are loaded with --trust only.")
    return "\n".join([*lines, f"{_size(seen.load_bytes)} would be loaded; nothing was changed."])


@click.command()
@click.argument("snapshot_id", metavar="ID")
@click.argument("file", metavar="FILE", type=_FILE)
@click.option(
    "--variables/--document-only",
    "with_variables",
    default=True,
    show_default=True,
    help="With the values of the variables, or the document and its outputs only.",
)
@json_option
def export(snapshot_id: str, file: Path, with_variables: bool, as_json: bool) -> None:
    """Write a snapshot to one file.

    Example: mlnb snapshot export snap-06gzx1vwkf957cmmbc3qg7 state.mlnb.zip --document-only
    """
    written = _snapshots().export(snapshot_id, file, with_variables=with_variables)
    what = "with its variables" if with_variables else "without values"
    shown = {"id": snapshot_id, "output": str(written.absolute()), "with_variables": with_variables}
    emit(shown, as_json, lambda: f"Written to {written}, {what}.")


@click.command("import")
@click.argument("file", metavar="FILE", type=_FILE)
@json_option
def import_file(file: Path, as_json: bool) -> None:
    """Take over a snapshot from a file. One that somebody else made stays foreign: its variables are not loaded.

    Example: mlnb snapshot import state.mlnb.zip
    """
    one = _snapshots().import_bundle(file)
    emit(one, as_json, lambda: _imported_text(one))


def _imported_text(one: Snapshot) -> str:
    saved = sum(variable.state == "saved" for variable in one.variables.values())
    holds = [f"{saved} variables"] * one.has_kernel + ["document"] * one.has_document
    line = f"{one.id}: {' + '.join(holds)}"
    if one.is_trusted:
        return f"{line}."
    return f"{line} (foreign).\nLook at it: mlnb snapshot restore {one.id} --dry-run, or --to PATH for its document."


def _size(size_bytes: int) -> str:
    size, units = float(size_bytes), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"
