"""`mlnb snapshot diff` and `mlnb snapshot data`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table
from mlnb.core.errors import BadInput
from mlnb.core.wire import to_wire

if TYPE_CHECKING:
    from mlnb.snapshots.differences import CellChange, Change, DataChange, Diff, Fact
    from mlnb.snapshots.service import SnapshotsService
    from mlnb.snapshots.surroundings import DataFile, Surroundings


def _snapshots() -> SnapshotsService:
    found: SnapshotsService = service("snapshots")
    return found


@click.command()
@click.argument("states", metavar="A B", nargs=-1, required=True)
@click.option(
    "--since",
    metavar="commit|run|clean|yesterday",
    help="Instead of A B, name one notebook: what changed in it since its last commit, its last run, the last state in which no "
    "cell had failed, since before today, or since a snapshot.",
)
@click.option("--no-details", is_flag=True, help="Compare variables by digest alone, load none.")
@json_option
def diff(states: tuple[str, ...], since: str | None, no_details: bool, as_json: bool) -> int:
    """How state B differs from state A: cells, outputs, variables, packages, parameters, data, git. Ends with 0 when they are the
    same, 3 when not.

    Example: mlnb snapshot diff --since commit analysis.ipynb
    """
    from mlnb.snapshots.rules.diff_states import differs

    if since is None and len(states) != 2:
        named = ", ".join(states)
        raise BadInput(
            f"two snapshots are compared, not {named}",
            "mlnb snapshot diff A B, or mlnb snapshot diff --since commit NB.",
        )
    if since is not None and len(states) != 1:
        raise BadInput("--since goes with one notebook", "mlnb snapshot diff --since yesterday analysis.ipynb")
    if since is None:
        found = _snapshots().diff(*states, has_details=not no_details)
    else:
        found = _snapshots().diff_since(Path(states[0]), since, is_now_taken=True, has_details=not no_details)
    emit(found, as_json, lambda: "\n".join(_diff_lines(found)))
    return 3 if differs(found) else 0


def _diff_lines(found: Diff) -> Iterator[str]:
    from mlnb.snapshots.rules.diff_states import differs

    yield f"{found.a} -> {found.b}"
    if not differs(found):
        yield "Nothing that was compared differs."
    if found.cells:
        yield f"\nCells (compared by {found.cells_by})"
        yield from (line for cell in found.cells for line in _cell_lines(cell))
    if found.changes:
        yield f"\nVariables ({len(found.unchanged)} unchanged)"
        yield from (line for change in found.changes for line in _change_lines(change))
    for title, facts in (("Packages", found.environment), ("Parameters", found.parameters), ("Git", found.git)):
        if facts:
            yield f"\n{title}"
            yield from map(_fact_line, facts)
    if found.environment_changed and not found.environment:
        yield "\nThe environments differ."
    if found.data:
        yield "\nData"
        yield from map(_data_line, found.data)
    yield from (f"\nnote: {note}" for note in found.notes)


def _cell_lines(cell: CellChange) -> Iterator[str]:
    before, after = ("-" if one is None else str(one + 1) for one in (cell.index_before, cell.index_after))
    moved = ", moved" if cell.is_moved and cell.kind != "moved" else ""
    yield f"  {cell.kind}{moved}: cell {before if before == after else f'{before} -> {after}'} ({cell.cell_type})"
    for title, text in (("", cell.source), ("    outputs:", cell.outputs)):
        if text:
            yield from [title] * bool(title)
            yield from (f"    {line}" for line in text.splitlines())


def _change_lines(change: Change) -> Iterator[str]:
    types = dict.fromkeys(one.rpartition(".")[2] for one in (change.type_before, change.type_after) if one)
    details = change.details
    shapes = dict.fromkeys(one for one in (details.shape_before, details.shape_after) if one) if details else {}
    yield f"  {change.kind}: {change.name}  {' -> '.join(types)}" + (f"  {' -> '.join(shapes)}" if shapes else "")
    if details is None:
        return
    if change.kind != "changed":
        yield f"    {details.summary_before or details.summary_after}"
    for place in details.places:
        yield f"    {place.where}: {_shown(place.before)} -> {_shown(place.after)}"
    more = (details.total or 0) - len(details.places)
    if more > 0:
        yield f"    … {more} more"


def _fact_line(fact: Fact) -> str:
    if fact.kind == "changed":
        return f"  changed: {fact.name}  {fact.before} -> {fact.after}"
    return f"  {fact.kind}: {fact.name}  {fact.before or fact.after}"


def _data_line(change: DataChange) -> str:
    one = change.after or change.before
    what = f"  {change.kind}: {_named(one)}" if one else f"  {change.kind}: {change.path}"
    held = [_held(side) for side in (change.before, change.after) if side is not None]
    return f"{what}  {' -> '.join(held)}"


def _named(file: DataFile) -> str:
    return f"{file.path}: {file.query}" if file.query else file.path


def _shown(text: str | None) -> str:
    return "(nothing)" if text is None else text


def _held(file: DataFile) -> str:
    size = "" if file.size_bytes is None else f"{file.size_bytes} bytes"
    rows = "" if file.rows is None else f"{file.rows} row{'s' * (file.rows != 1)}"
    return ", ".join(part for part in (rows, size, file.version or file.digest[:12], file.note) if part)


@click.command()
@click.argument("snapshot_id", metavar="ID")
@click.option("--patch", is_flag=True, help="Print the diff to the git commit instead.")
@click.option("--to", metavar="FOLDER", type=click.Path(path_type=Path), help="Write the files that are kept into it.")
@json_option
def data(snapshot_id: str, patch: bool, to: Path | None, as_json: bool) -> None:
    """What a snapshot knows of the data files that cells read, of parameters, packages and git.

    Example: mlnb snapshot data snap-06gzx1vwkf957cmmbc3qg7 --to kept
    """
    compared = _snapshots().comparisons
    if patch:
        text = compared.patch(snapshot_id)
        emit({"id": snapshot_id, "patch": text}, as_json, lambda: text or "Nothing differed from the commit.")
        return
    found = compared.surroundings(snapshot_id)
    written = [str(path) for path in compared.write_data(snapshot_id, to)] if to is not None else []
    shown = {**to_wire(found), "id": snapshot_id, "written": written}
    emit(shown, as_json, lambda: _data_text(found, written))


def _data_text(found: Surroundings, written: list[str]) -> str:
    rows = [
        (_named(one), one.kind, "" if one.size_bytes is None else one.size_bytes, one.version or one.digest[:12],
         "kept" if one.kept is not None else "" if one.rows is None else f"{one.rows} rows", one.note)
        for one in found.data or ()
    ]  # fmt: skip
    empty = "Nobody watched what was read." if found.data is None else "No cell has read a file."
    lines = [table(("read", "what", "bytes", "content", "", "note"), rows, empty)]
    if found.parameters:
        lines += ["", "Parameters", *(f"  {name} = {value}" for name, value in found.parameters.items())]
    if found.git is not None:
        changed = ", ".join(found.git.changed) or "nothing"
        lines += ["", f"Git: branch {found.git.branch or '(none)'}, not committed: {changed}"]
    lines += ["", f"{len(found.packages)} packages"] if found.packages else []
    return "\n".join([*lines, *(f"written: {path}" for path in written), *(f"note: {note}" for note in found.notes)])
