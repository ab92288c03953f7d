"""Comparing, asked for in the kernel itself: two snapshots, or the notebook as it is now with an earlier state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mlnb.core.clock import utc_now
from mlnb.core.errors import BadInput
from mlnb.core.records import dataclass, replace
from mlnb.kernel.snapshots_taken import TakenSnapshot
from mlnb.snapshots.compare import Comparisons
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.plugins import documents
from mlnb.snapshots.plugins.documents import read_notebook
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.types import Manifest, Snapshot, SnapshotPage, Taken


@dataclass(frozen=True)
class Comparing:
    """What comparing needs of a kernel.

    Attributes:
        files: where its snapshots are.
        listing: a snapshot as it is listed.
        listed: those of this notebook, newest first.
        take: freezes the variables as they are now.
        notebook: its absolute path, or None.
    """

    files: SnapshotFiles
    listing: Callable[[Manifest], Snapshot]
    listed: Callable[[], Sequence[Snapshot]]
    take: Callable[[str], TakenSnapshot]
    notebook: Path | None

    def diff(self, a: str, b: str) -> Diff:
        """See `mlnb.snapshots.diff`."""
        return self._comparisons().diff(a, b)

    def changes(self, since: str) -> Diff:
        """See `mlnb.snapshots.changes`.

        Raises:
            BadInput: the kernel belongs to no notebook, or `since` is no state that mlnb knows.
            NotFound: there is no such state.
        """
        if self.notebook is None:
            raise BadInput(
                "this kernel belongs to no notebook that mlnb knows", "Name two snapshots: mlnb.snapshots.diff(a, b)."
            )
        return self._comparisons().since(self.notebook, since, is_now_taken=True)

    def _comparisons(self) -> Comparisons:
        return Comparisons(self.files, self._get, self._page, self._take, utc_now)

    def _get(self, snapshot_id: str) -> Snapshot:
        return self.listing(self.files.read(snapshot_id))

    def _page(self, _notebook: Path, _limit: int, _cursor: str | None) -> SnapshotPage:
        found = tuple(self.listed())
        return SnapshotPage(found, len(found))

    def _take(self, notebook: Path, reason: str, _pid: int | None, _timeout_s: float) -> Taken:
        """A snapshot of now with the document as it is saved: a kernel does not see what is typed."""
        snapshot = self.take(reason).wait()
        data, notebook_id = read_notebook(notebook)
        documents.attach(self.files, documents.Whose(snapshot.id, str(notebook), notebook_id, utc_now()), data)
        return Taken(replace(snapshot, has_document=True), "kernel_and_document")
