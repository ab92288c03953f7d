"""`mlnb snapshot verify|gc|du|purge|fetch`: keeping house."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table
from mlnb.core.errors import BadInput

if TYPE_CHECKING:
    from mlnb.snapshots.keeping import Cleaned, DiskUsage, Purged
    from mlnb.snapshots.types import Verified
    from mlnb.snapshots.upkeep import Upkeep


def _upkeep() -> Upkeep:
    found: Upkeep = service("snapshot_upkeep")
    return found


@click.command()
@click.argument("snapshot_id", metavar="[ID]", required=False)
@json_option
def verify(snapshot_id: str | None, as_json: bool) -> int:
    """Read every stored byte again, of one snapshot or of all. Ends with 0 when all is whole, 3 when not.

    Example: mlnb snapshot verify
    """
    found = _upkeep().verify(snapshot_id)
    emit(found, as_json, lambda: _verified_text(found))
    return 0 if found.is_ok else 3


def _verified_text(found: Verified) -> str:
    lines = [f"{one.snapshot}: {one.what}: {one.detail}" for one in found.problems]
    head = "All is whole" if found.is_ok else f"{len(lines)} problems"
    return "\n".join([f"{head}: {found.snapshots} snapshots, {found.blobs} blobs, {_size(found.size_bytes)}.", *lines])


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, remove nothing.")
@json_option
def gc(dry_run: bool, as_json: bool) -> None:
    """Remove snapshots that the rules do not keep (snapshots.keep_last, snapshots.keep_daily_days) and bytes that none refers to.

    Those with a reason of yours, of jobs and of runs stay for ever.

    Example: mlnb snapshot gc --dry-run
    """
    done = _upkeep().clean(is_dry_run=dry_run)
    emit(done, as_json, lambda: _cleaned_text(done))


def _cleaned_text(done: Cleaned) -> str:
    word = "would be" if done.is_dry_run else "are"
    kept = ", ".join(f"{count} {why}" for why, count in sorted(done.kept.items()))
    lines = [f"{len(done.snapshots)} snapshots and {done.files} files ({_size(done.size_bytes)}) {word} removed."]
    lines += [f"{sum(done.kept.values())} snapshots stay: {kept}."] if kept else []
    if done.uploaded or done.dropped:
        lines.append(f"{done.uploaded} files were copied to the remote store; {done.dropped} are now there only.")
    return "\n".join([*lines, *([done.note] if done.note else [])])


@click.command()
@json_option
def du(as_json: bool) -> None:
    """How much disk the snapshots take, for each notebook and in all.

    Example: mlnb snapshot du
    """
    used = _upkeep().usage()
    emit(used, as_json, lambda: _usage_text(used))


def _usage_text(used: DiskUsage) -> str:
    rows = [
        (one.notebook or "(kernels without a notebook)", one.snapshots, _size(one.size_bytes), _size(one.own_bytes))
        for one in used.notebooks
    ]
    text = (
        f"{used.snapshots} snapshots take {_size(used.size_bytes)} of at most {_size(used.cap_bytes)} in {used.home}; "
        f"{_size(used.unused_bytes)} are unused."
    )
    if used.away_bytes:
        text += f" {_size(used.away_bytes)} are in the remote store only."
    return table(("notebook", "snapshots", "size", "its own"), rows, "No snapshots yet.") + "\n" + text


@click.command()
@click.argument("snapshot_id", metavar="[ID]", required=False)
@click.option("--name", metavar="VAR", required=True, help="The variable whose value goes.")
@click.option(
    "--notebook", metavar="NB", type=click.Path(path_type=Path), help="Only in the snapshots of this notebook."
)
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the snapshots in place of the value.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def purge(snapshot_id: str | None, name: str, notebook: Path | None, reason: str, yes: bool, as_json: bool) -> None:
    """Take the value of one variable out of a snapshot, or without ID out of all, for good. It cannot be undone.

    Other variables stay, but those that share objects with it. The report says where else its text shows, such as outputs.

    Example: mlnb snapshot purge --name api_key --reason "leaked"
    """
    if not yes:
        where = snapshot_id or (f"every snapshot of {notebook}" if notebook else "every snapshot of every notebook")
        if not sys.stdin.isatty():
            raise BadInput("a purge cannot be undone and needs a yes", "Give --yes.")
        click.confirm(f"Remove the value of {name} from {where} for good?", abort=True, err=True)
    done = _upkeep().purge(name, snapshot_id, notebook, reason)
    emit(done, as_json, lambda: _purged_text(done))


def _purged_text(done: Purged) -> str:
    lines = [
        f"The value of {done.name} is gone from {len(done.snapshots)} snapshots; "
        f"{done.packs} files were replaced, {_size(max(0, done.size_bytes))} freed."
    ]
    lines += [f"  went along in {one}: {', '.join(names)}" for one, names in done.along.items()]
    lines += [f"  STILL SHOWS in {trace.where}: {trace.what}" for trace in done.traces]
    lines += [f"  a running kernel may still hold it and save it again: {one} (del {done.name})" for one in done.live]
    return "\n".join([*lines, *done.notes])


@click.command()
@click.argument("snapshot_id", metavar="[ID]", required=False)
@json_option
def fetch(snapshot_id: str | None, as_json: bool) -> None:
    """Bring values that lie in the remote store only back to this machine, for one snapshot or all.

    Example: mlnb snapshot fetch snap-06gzx1vwkf957cmmbc3qg7
    """
    count = _upkeep().fetch(snapshot_id)
    emit({"files": count}, as_json, lambda: f"{count} files were fetched.")


def _size(size_bytes: int) -> str:
    from mlnb.snapshots.plugins.limits import words_from_bytes

    return words_from_bytes(size_bytes)
