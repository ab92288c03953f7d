"""Two stored states compared whole: what is recorded of them by rules, their documents, and the values of variables that differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlnb.snapshots.differences import ComparedState, Diff
from mlnb.snapshots.plugins import details_process, documents
from mlnb.snapshots.plugins.around import surroundings_of
from mlnb.snapshots.plugins.diff_documents import compare_documents
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.rules.diff_states import diff, with_surroundings
from mlnb.snapshots.surroundings import Surroundings
from mlnb.snapshots.types import Manifest, Snapshot

_MOST_DETAILED = 200


def compare(
    files: SnapshotFiles, a: Snapshot, b: Snapshot, *, has_details: bool = True, has_pictures: bool = False
) -> Diff:
    """How `b` differs from `a`.

    Args:
        files: where both are.
        a: as listed.
        b: likewise.
        has_details: load the values of variables that differ, in a process of its own, where this user signed both.
        has_pictures: give the bytes of pictures in outputs that differ.

    Raises:
        SnapshotNotFound: one of them is gone.
        Damaged: something of them was changed on disk.
    """
    manifest_a, manifest_b = files.read_any(a.id)[0], files.read_any(b.id)[0]
    found = _variables(a, b)
    found = with_surroundings(found, a, b, _around(files, manifest_a), _around(files, manifest_b))
    found = _with_cells(found, _document(files, a.id), _document(files, b.id), has_pictures=has_pictures)
    return _with_details(files, found, a, b) if has_details and found.changes else found


def compare_with_commit(
    files: SnapshotFiles, commit: str, document: bytes, b: Snapshot, *, has_pictures: bool = False
) -> Diff:
    """How the document of `b` differs from the `document` that was committed; a commit holds nothing else of a state.

    Raises:
        SnapshotNotFound: it is gone.
        Damaged: something of it was changed on disk.
    """
    name = f"commit {commit[:12]}"
    note = f"{name} holds the document alone: variables, packages and data files are not compared."
    before, after = ComparedState(name, None), ComparedState(b.reason, b.created_at)
    found = Diff(name, b.id, (), (), (), (), (), b.cell_runs, None, notes=(note,), before=before, after=after)
    return _with_cells(found, document, _document(files, b.id), has_pictures=has_pictures)


def _variables(a: Snapshot, b: Snapshot) -> Diff:
    """The variables; where one state has no kernel they did not go away, they are not known."""
    found = diff(a, b)
    if a.has_kernel == b.has_kernel:
        return found
    alone = b.id if a.has_kernel else a.id
    note = f"{alone} is the document alone: variables are not compared."
    return replace(
        found, added=(), removed=(), changed=(), unchanged=(), changes=(), cells_run=0, notes=(note,), compared=()
    )


def _around(files: SnapshotFiles, manifest: Manifest) -> Surroundings | None:
    return surroundings_of(manifest, files.blobs)


def _document(files: SnapshotFiles, snapshot_id: str) -> bytes | None:
    if not files.has_document(snapshot_id):
        return None
    with PackReader(files.blobs) as reader:
        return documents.read(reader, files.document(snapshot_id))


def _with_cells(found: Diff, before: bytes | None, after: bytes | None, *, has_pictures: bool) -> Diff:
    missing = [name for name, data in ((found.a, before), (found.b, after)) if data is None]
    notes = [f"{name} has no document: cells are not compared." for name in missing]
    if before is None or after is None:
        return replace(found, notes=(*found.notes, *notes))
    try:
        cells, by, unchanged = compare_documents(before, after, has_pictures=has_pictures)
    except ValueError as error:
        return replace(found, notes=(*found.notes, f"The documents cannot be compared: {error}."))
    return replace(found, cells=cells, cells_by=by, cells_unchanged=unchanged, compared=("cells", *found.compared))


def _with_details(files: SnapshotFiles, found: Diff, a: Snapshot, b: Snapshot) -> Diff:
    foreign = [one.id for one in (a, b) if not one.is_trusted]
    if foreign:
        note = f"Not signed by you: {' and '.join(foreign)}. Variables are compared by their digests alone; nothing is loaded."
        return replace(found, notes=(*found.notes, note))
    names = tuple(
        change.name
        for change in found.changes
        if any(change.name in one.variables and one.variables[change.name].state == "saved" for one in (a, b))
    )
    folders = tuple(dict.fromkeys(str(Path(one.notebook).parent) for one in (a, b) if one.notebook))
    request = details_process.Request(str(files.root), a.id, b.id, names[:_MOST_DETAILED], folders)
    answered = details_process.ask(request) if names else details_process.Answer()
    notes = [*found.notes, *answered.notes]
    notes += [f"{len(names) - _MOST_DETAILED} more variables are compared by their digests alone."] * (
        len(names) > _MOST_DETAILED
    )
    changes = tuple(replace(one, details=answered.details.get(one.name)) for one in found.changes)
    return replace(found, changes=changes, notes=tuple(notes))
