"""Comparing states: two snapshots, or what changed since the last commit, the last run, the last clean state, yesterday."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from mlnb.core.clock import Clock
from mlnb.core.errors import Conflict, NotFound
from mlnb.core.files import write_atomically
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.errors import KernelBusy
from mlnb.snapshots.plugins.around import block_of, surroundings_of
from mlnb.snapshots.plugins.comparing import compare, compare_with_commit
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.git import committed
from mlnb.snapshots.rules import diff_since
from mlnb.snapshots.surroundings import Surroundings
from mlnb.snapshots.types import Snapshot, SnapshotPage, Taken

_PAGE = 200
_PATIENCE_S = 10.0
_WORDS = {"yesterday": "yesterday", "clean": "the last clean state", None: "another snapshot"}


@dataclass(frozen=True)
class Comparisons:
    """Compares snapshots.

    Attributes:
        files: where they are.
        get: a snapshot by id.
        page: snapshots of a notebook, newest first: at most so many, behind a cursor.
        take: freezes a notebook, for a reason, with the kernel of a process, waiting at most so many seconds for one that is busy.
        clock: the present moment.
    """

    files: SnapshotFiles
    get: Callable[[str], Snapshot]
    page: Callable[[Path, int, str | None], SnapshotPage]
    take: Callable[[Path, str, int | None, float], Taken]
    clock: Clock

    def diff(self, a: str, b: str, *, has_details: bool = True, has_pictures: bool = False) -> Diff:
        """How snapshot `b` differs from snapshot `a`.

        Args:
            a: an id.
            b: likewise.
            has_details: load the values of variables that differ, in a process of its own.
            has_pictures: give the bytes of pictures in outputs that differ.

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: something of them was changed on disk.
        """
        return compare(self.files, self.get(a), self.get(b), has_details=has_details, has_pictures=has_pictures)

    def since(
        self, notebook: Path, what: str, *, is_now_taken: bool, has_details: bool = True, has_pictures: bool = False
    ) -> Diff:
        """How `notebook` differs from what it was at the last commit, at the end of its last run, when it was last clean, or before today.

        Args:
            notebook: the file.
            what: ``commit``, ``run``, ``clean`` (see `rules.diff_since.is_clean`), ``yesterday``, or the id of a snapshot.
            is_now_taken: take a snapshot of the present state; else the newest one counts, and where a kernel is busy, too.
            has_details: as in `diff`.
            has_pictures: as in `diff`.

        Raises:
            BadInput: `what` is none of these, or it is no notebook.
            NotFound: there is no such file, or no state of then.
            SnapshotNotFound: there is no snapshot of that id.
            Damaged: something was changed on disk.
        """
        path, since = notebook.absolute(), diff_since.since_from_text(what)
        before = self._before(path, since, is_now_taken=is_now_taken) if since else self.get(what)
        now, note = self._now(path, since, is_now_taken=is_now_taken)
        if isinstance(before, Snapshot):
            found = compare(self.files, before, now, has_details=has_details, has_pictures=has_pictures)
        else:
            found = compare_with_commit(self.files, *before, now, has_pictures=has_pictures)
        return replace(found, notes=(note, *found.notes)) if note else found

    def surroundings(self, snapshot_id: str) -> Surroundings:
        """What a snapshot knows besides variables and document.

        Raises:
            SnapshotNotFound: there is none of that id.
            NotFound: it was taken before this was recorded.
            Damaged: it was changed on disk.
        """
        manifest, _ = self.files.read_any(snapshot_id)
        found = surroundings_of(manifest, self.files.blobs)
        if found is None:
            raise NotFound(f"{snapshot_id} does not record data files, parameters and packages", "Newer snapshots do.")
        return found

    def patch(self, snapshot_id: str) -> str:
        """The diff to the commit, credentials masked; empty when nothing differed.

        Raises:
            SnapshotNotFound, NotFound, Damaged: as `surroundings`.
        """
        git = self.surroundings(snapshot_id).git
        if git is None or git.patch is None:
            return ""
        manifest, _ = self.files.read_any(snapshot_id)
        return block_of(manifest, self.files.blobs, git.patch).decode(errors="replace")

    def write_data(self, snapshot_id: str, to: Path) -> list[Path]:
        """Write the data files that a snapshot keeps into the new folder `to`; those of one name get numbers.

        Raises:
            SnapshotNotFound, NotFound, Damaged: as `surroundings`.
            Conflict: `to` exists.
            StoreUnavailable: the disk refused.
        """
        kept = [one for one in self.surroundings(snapshot_id).data or () if one.kept is not None]
        if to.exists():
            raise Conflict(f"{to} exists", "Choose another name; nothing is overwritten.")
        manifest, _ = self.files.read_any(snapshot_id)
        written: list[Path] = []
        for one in kept:
            name = Path(one.path).name
            target = to / name
            for number in range(2, len(kept) + 2):
                if target not in written:
                    break
                target = to / f"{Path(name).stem}-{number}{Path(name).suffix}"
            write_atomically(target.absolute(), block_of(manifest, self.files.blobs, one.kept or 0))
            written.append(target)
        return written

    def _before(self, path: Path, since: diff_since.Since, *, is_now_taken: bool) -> Snapshot | tuple[str, bytes]:
        if since == "clean":
            earlier = self._all(path) if is_now_taken else islice(self._all(path), 1, None)
            return diff_since.last_clean(earlier)
        if since == "run":
            return diff_since.last_of_run(self._all(path))
        if since == "yesterday":
            today = self.clock().astimezone()
            return diff_since.last_before(self._all(path), datetime(today.year, today.month, today.day).astimezone())
        found = committed(path)
        if found is None:
            raise NotFound(f"git has no committed {path.name}", "Commit it, or name two snapshots.")
        return diff_since.first_of_commit(self._all(path), found[0]) or found

    def _now(self, path: Path, since: str | None, *, is_now_taken: bool) -> tuple[Snapshot, str]:
        note = ""
        if is_now_taken:
            try:
                then = _WORDS.get(since, f"the last {since}")
                taken = self.take(path, f"to compare with {then}", None, _PATIENCE_S)
            except KernelBusy:
                note = "The kernel is running a cell: its newest snapshot is compared, not what it holds now."
            else:
                return taken.snapshot, ""
        newest = next(self._all(path), None)
        if newest is None:
            raise NotFound(f"there is no snapshot of {path.name}", "Take one: `mlnb snapshot take NB`.")
        return newest, note

    def _all(self, path: Path) -> Iterator[Snapshot]:
        cursor: str | None = None
        while True:
            page = self.page(path, _PAGE, cursor)
            yield from page.snapshots
            cursor = page.cursor
            if cursor is None:
                return
