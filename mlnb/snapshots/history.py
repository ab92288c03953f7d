"""The history of a notebook from outside a kernel: how it hangs together, documents as they were, names, and being rid of a state."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from mlnb.core.clock import Clock
from mlnb.core.errors import BadInput, Conflict, Damaged, MlnbError
from mlnb.core.events import Event, EventSink
from mlnb.core.notebook_file import id_of
from mlnb.core.secrets import mask
from mlnb.core.user import user_name
from mlnb.snapshots.errors import not_found
from mlnb.snapshots.plugins import documents, labels
from mlnb.snapshots.plugins.around import Gathering, Sources, alone
from mlnb.snapshots.plugins.documents import manifest_of_document
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.notebook_json import bytes_from_document, digest_of_notebook
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.rules import timeline
from mlnb.snapshots.rules.retention import AUTOSAVE
from mlnb.snapshots.timelines import Label, Timeline
from mlnb.snapshots.types import Document, Snapshot, SnapshotPage

_MOST = 5000
"""Older ones are not shown. They are asked for at once: each question looks at every file first."""


class Lister(Protocol):
    """Lists snapshots; see `SnapshotsService.list`."""

    def __call__(self, notebook: Path | None, limit: int, cursor: str | None) -> SnapshotPage:
        """A page of them, newest first."""


class History:
    """The history of notebooks.

    Args:
        files: the snapshots.
        events: told what happened.
        listed: lists snapshots, newest first.
        put: brings the index up to a snapshot, and returns it.
        forget: drops snapshots from the index.
        env_id: names the environment of a snapshot without a kernel.
        fetch: brings what a snapshot needs here from the remote store.
        linked: ids of the snapshots that jobs and runs point to.
        clock: the present moment.
    """

    def __init__(
        self,
        files: SnapshotFiles,
        events: EventSink,
        listed: Lister,
        put: Callable[[str], Snapshot],
        forget: Callable[[Collection[str]], object],
        env_id: Callable[[], str],
        fetch: Callable[[str], object],
        linked: Callable[[], Collection[str]],
        clock: Clock,
    ) -> None:
        self._files = files
        self._events = events
        self._listed = listed
        self._put = put
        self._forget = forget
        self._env_id = env_id
        self._fetch = fetch
        self._linked = linked
        self._clock = clock

    def timeline(self, notebook: Path, which: str = "all", limit: int = 100, cursor: str | None = None) -> Timeline:
        """A page of the history of `notebook`, newest first, each entry with the one that it follows.

        Args:
            notebook: the file.
            which: ``all``, ``named`` or ``jobs``.
            limit: at most so many entries.
            cursor: that of the page before.

        Raises:
            BadInput: `limit` is not at least 1, or `cursor` is none.
        """
        check_page(limit, cursor)
        return timeline.timeline(self._listed(notebook, _MOST, None).snapshots, which, limit, cursor)

    def document(self, snapshot_id: str) -> dict[str, Any]:
        """The notebook with its outputs, as it was, as JSON values.

        Raises:
            SnapshotNotFound: there is none of that id.
            NotFound: it has no document.
            Damaged: the document was changed.
        """
        self._files.examine(snapshot_id)
        document = self._files.document(snapshot_id)
        self._fetch(snapshot_id)
        try:
            found = json.loads(self._read(document))
        except (ValueError, RecursionError) as error:
            raise Damaged(f"the document of {snapshot_id} is no notebook", "See `mlnb snapshot verify`.") from error
        if not isinstance(found, dict):
            raise Damaged(f"the document of {snapshot_id} is no notebook", "See `mlnb snapshot verify`.")
        return found

    def attach(self, snapshot_id: str, notebook: Path, content: dict[str, Any], *, is_clean: bool | None) -> Snapshot:
        """Make `content`, as a front end shows it, the document of a snapshot; one that has a document keeps it.

        Args:
            snapshot_id: which.
            notebook: the file that it belongs to.
            content: the notebook's JSON.
            is_clean: whether no cell was stale or edited then, as order said; None: it was not asked.

        Raises:
            SnapshotNotFound: there is none of that id.
            BadInput: `content` is no notebook.
            StoreUnavailable: the disk refused.
        """
        self._files.examine(snapshot_id)
        data = bytes_from_document(content)
        if not self._files.has_document(snapshot_id):
            try:
                self._attach(snapshot_id, notebook, data, id_of(content), is_clean)
            except Conflict:  # another window of the same notebook was quicker
                return self._put(snapshot_id)
            self._tell(snapshot_id, notebook)
        return self._put(snapshot_id)

    def keep_document(self, notebook: Path, content: dict[str, Any], parent: str | None = None) -> Snapshot | None:
        """Keep the document of `notebook` as it is on the screen, saved or not; None when the history has it already.

        Args:
            notebook: the file.
            content: the notebook's JSON.
            parent: the snapshot at which its kernel stands.

        Raises:
            BadInput: `content` is no notebook.
            StoreUnavailable: the disk refused.
        """
        data = bytes_from_document(content)
        path = notebook.absolute()
        if digest_of_notebook(data) == self._latest_document(path):
            return None
        around = alone(Gathering(Sources(), {}, path.parent, path).finish())
        manifest = manifest_of_document(path, AUTOSAVE, self._env_id(), self._clock())
        manifest = replace(manifest, components=around.components, parent=parent)
        snapshot_id = self._files.write(manifest, {}, around.pieces, around.used).id
        self._attach(snapshot_id, path, data, id_of(content), None)
        self._tell(snapshot_id, path)
        return self._put(snapshot_id)

    def name(self, snapshot_id: str, name: str) -> Snapshot:
        """Call a snapshot `name`, so that it stays for ever; an empty name takes that back.

        Raises:
            SnapshotNotFound: there is none of that id.
            BadInput: the name is too long.
            StoreUnavailable: the disk refused.
        """
        text = mask(" ".join(name.split()))
        if len(text) > labels.LONGEST_NAME:
            raise BadInput(f"the name has {len(text)} characters", f"At most {labels.LONGEST_NAME} will do.")
        labels.write(self._files, Label(snapshot_id, text, user_name(), self._clock()))
        snapshot = self._put(snapshot_id)
        self._tell(snapshot_id, Path(snapshot.notebook) if snapshot.notebook else None)
        return snapshot

    def delete(self, snapshot_id: str) -> None:
        """Forget a snapshot for good. Bytes that no other one refers to go with the next clearing away.

        Raises:
            SnapshotNotFound: there is none of that id.
            Conflict: a job or a run points to it.
            StoreUnavailable: the disk refused.
        """
        self.check_removable([snapshot_id])
        self._files.discard(snapshot_id)
        self._forget([snapshot_id])
        self._events.publish(Event("snapshots_removed", "", {"count": 1}, self._clock()))

    def check_removable(self, ids: Collection[str]) -> None:
        """Whether `delete` would forget each of `ids`.

        Raises:
            SnapshotNotFound: there is none of an id.
            Conflict: a job or a run points to one.
        """
        missing = [one for one in ids if not self._files.holds(one)]
        if missing:
            raise not_found(", ".join(missing))
        linked = next((one for one in sorted(self._linked()) if one in ids), None)
        if linked is not None:
            raise Conflict(f"a job or a run points to {linked}", "Delete that one first; then it may go.")

    def free_name(self, folder: Path, stem: str, ending: str) -> Path:
        """A file in `folder` that is not there yet: ``stem.ending``, else with a number."""
        numbers = itertools.chain(("",), (f"-{number}" for number in itertools.count(2)))
        return next(path for number in numbers if not (path := folder / f"{stem}{number}{ending}").exists())

    def _latest_document(self, path: Path) -> str | None:
        """The digest of the newest document in the history of the notebook at `path`; None: there is none."""
        for snapshot in self._listed(path, 20, None).snapshots:
            if snapshot.has_document:
                try:
                    return digest_of_notebook(self._read(self._files.document(snapshot.id)))
                except MlnbError:
                    return None  # it is away, or damaged: one more does no harm
        return None

    def _read(self, document: Document) -> bytes:
        with PackReader(self._files.blobs) as reader:
            return documents.read(reader, document)

    def _attach(
        self, snapshot_id: str, path: Path, data: bytes, notebook_id: str | None, is_clean: bool | None
    ) -> None:
        whose = documents.Whose(snapshot_id, str(path.absolute()), notebook_id, self._clock(), is_clean)
        documents.attach(self._files, whose, data)

    def _tell(self, snapshot_id: str, notebook: Path | None) -> None:
        data: Mapping[str, Any] = {"notebook": str(notebook) if notebook else None}
        self._events.publish(Event("snapshot_taken", snapshot_id, dict(data), self._clock()))


def check_page(limit: int, cursor: str | None) -> None:
    """Accept the size of a page of snapshots, and where it begins.

    Raises:
        BadInput: `limit` is not at least 1, or `cursor` is none.
    """
    if limit < 1:
        raise BadInput(f"the limit {limit} is not at least 1", "Ask for 1 or more.")
    if cursor is not None and not cursor.startswith("snap-"):
        raise BadInput(f"{cursor!r} is not a cursor", "Take the one that the page before ended with.")
