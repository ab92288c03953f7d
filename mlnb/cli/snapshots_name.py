"""`mlnb snapshot name|delete`: what a state is called, and being rid of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service
from mlnb.core.errors import BadInput

if TYPE_CHECKING:
    from mlnb.snapshots.service import SnapshotsService


def _snapshots() -> SnapshotsService:
    found: SnapshotsService = service("snapshots")
    return found


@click.command()
@click.argument("snapshot_id", metavar="ID")
@click.argument("text", metavar="NAME")
@json_option
def name(snapshot_id: str, text: str, as_json: bool) -> None:
    """Call a snapshot NAME, so that it stays for ever. An empty NAME takes the name away.

    Example: mlnb snapshot name snap-06gzx1vwkf957cmmbc3qg7 "before the merge"
    """
    one = _snapshots().history.name(snapshot_id, text)
    said = f"{one.id} is called {one.name!r} and stays for ever." if one.name else f"{one.id} has no name any more."
    emit(one, as_json, lambda: said)


@click.command()
@click.argument("snapshot_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(snapshot_ids: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Forget snapshots for good. It cannot be undone. One that a job or a run points to stays.

    Example: mlnb snapshot delete snap-06gzx1vwkf957cmmbc3qg7
    """
    ids = tuple(dict.fromkeys(snapshot_ids))
    history = _snapshots().history
    history.check_removable(ids)  # all of them or none
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("a deletion cannot be undone and needs a yes", "Give --yes.")
        click.confirm(f"Delete {', '.join(ids)} for good?", abort=True, err=True)
    for one in ids:
        history.delete(one)
    freed = "What no other snapshot holds is freed with the next `mlnb snapshot gc`."
    gone = "1 snapshot is" if len(ids) == 1 else f"{len(ids)} snapshots are"
    emit({"deleted": ids}, as_json, lambda: f"{gone} deleted. {freed}")
