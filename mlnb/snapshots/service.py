"""What one can do with snapshots from outside a kernel: take, list, compare, restore, check, carry away."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mlnb.core.clock import Clock, utc_now
from mlnb.core.content import digest_of
from mlnb.core.errors import Conflict, MlnbError
from mlnb.core.events import Event, EventSink
from mlnb.snapshots.compare import Comparisons
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.errors import NoLiveKernel
from mlnb.snapshots.history import History, check_page
from mlnb.snapshots.plugins import bundles, documents
from mlnb.snapshots.plugins.around import Gathering, Sources, alone
from mlnb.snapshots.plugins.documents import manifest_of_document, read_notebook
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.listings import listing_of
from mlnb.snapshots.ports import KernelDoor, LiveKernel
from mlnb.snapshots.repo import SnapshotRepo
from mlnb.snapshots.rules.trust import Origin
from mlnb.snapshots.types import (
    Snapshot,
    SnapshotPage,
    Taken,
)
from mlnb.snapshots.way_back import WayBack
from mlnb.store.identity import id_in

_TAKE_TIMEOUT_S = 600.0
_NO_KERNEL = "The notebook has no running kernel with mlnb, so the document alone was kept, without variables."


class SnapshotsService(WayBack):
    """Snapshots of all notebooks of this user.

    Args:
        repo: the index.
        files: the snapshots themselves.
        events: told what happened.
        live_kernels: the kernels that run now.
        door: how to call into one.
        env_id: names the environment of a snapshot without a kernel.
        identify: gives a notebook file its identity.
        clock: the present moment.
        fetch: brings what a snapshot needs here from the remote store.
        linked: ids of the snapshots that jobs and runs point to.
    """

    def __init__(
        self,
        repo: SnapshotRepo,
        files: SnapshotFiles,
        events: EventSink,
        live_kernels: Callable[[], Sequence[LiveKernel]],
        door: KernelDoor,
        env_id: Callable[[], str] = lambda: "",
        identify: Callable[[Path], object] = lambda _path: None,
        clock: Clock = utc_now,
        fetch: Callable[[str], object] = lambda _id: None,
        linked: Callable[[], Collection[str]] = lambda: (),
    ) -> None:
        self._repo = repo
        self._linked = linked
        self._live_kernels = live_kernels
        self._env_id = env_id
        self._identify = identify
        super().__init__(files, events, self._kernel_of, door, fetch, clock)

    def take(
        self, notebook: Path, reason: str = "", pid: int | None = None, timeout_s: float = _TAKE_TIMEOUT_S
    ) -> Taken:
        """Freeze a notebook: the variables of its live kernel, if there is one, and the saved document with its outputs.

        Args:
            notebook: the file.
            reason: why, in the user's words.
            pid: the kernel's process; found by the notebook when None.
            timeout_s: how long to wait for a kernel that runs a cell.

        Raises:
            NotFound: there is no such file.
            BadInput: it is not a notebook.
            NoLiveKernel: there is no kernel `pid`.
            KernelBusy: the kernel did not answer in time.
            StoreUnavailable: the disk refused; nothing that counts was written.
        """
        path = notebook.absolute()
        document = read_notebook(path)
        kernel = self._kernel_of(path, pid)
        if kernel is None:
            self._identify(path)  # nobody has it open with a kernel: the id may be written into the file
            document = read_notebook(path)
            snapshot_id = self._take_document(path, reason)
        else:
            answer = self._call(kernel, "snapshots.take", {"reason": reason}, timeout_s)
            snapshot_id = str(answer["id"])
        with contextlib.suppress(Conflict):  # the front end was faster: what it shows is newer than the file
            self._attach(snapshot_id, path, *document)
        snapshot = self._put(snapshot_id)
        self._events.publish(Event("snapshot_taken", snapshot_id, {"notebook": str(path)}, self._clock()))
        if kernel is None:
            return Taken(snapshot, "document", _NO_KERNEL)
        return Taken(snapshot, "kernel_and_document")

    def attach_document(self, snapshot_id: str, notebook: Path) -> Snapshot:
        """Make `notebook` the document of a snapshot whose kernel never saw the outputs. Doing it twice changes nothing.

        Raises:
            SnapshotNotFound: there is none of that id.
            NotFound, BadInput: there is no such file, or it is not a notebook.
            Conflict: another document is attached already.
            StoreUnavailable: the disk refused.
        """
        self._files.read_any(snapshot_id)
        data, notebook_id = read_notebook(notebook.absolute())
        if not self._files.has_document(snapshot_id):
            self._attach(snapshot_id, notebook.absolute(), data, notebook_id)
        elif self._files.document(snapshot_id).content.digest != digest_of(data):
            raise Conflict(f"{snapshot_id} has another document already", "Take a new snapshot.")
        return self._put(snapshot_id)

    def list(self, notebook: Path | None = None, limit: int = 50, cursor: str | None = None) -> SnapshotPage:
        """A page of snapshots, newest first: of `notebook`, wherever it lay when they were taken, or of all.

        Raises:
            BadInput: `limit` is not at least 1, or `cursor` is none.
        """
        check_page(limit, cursor)
        self.index()
        path = notebook.absolute() if notebook else None
        return self._repo.list(path, id_in(path) if path else None, limit, cursor)

    def get(self, snapshot_id: str) -> Snapshot:
        """A snapshot with its variables.

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: its manifest was changed.
        """
        return self._listing(snapshot_id)

    @cached_property
    def comparisons(self) -> Comparisons:
        """Compares states, and tells what they know besides variables."""
        return Comparisons(self._files, self.get, self.list, self.take, self._clock)

    @cached_property
    def history(self) -> History:
        """The history of notebooks: how it hangs together, documents as they were, names, and being rid of a state."""
        put = lambda one: self._put(one)  # noqa: E731
        forget = lambda gone: self._repo.change([], gone)  # noqa: E731
        needs = (self._env_id, self._fetch, self._linked, self._clock)
        return History(self._files, self._events, self.list, put, forget, *needs)

    def diff(self, a: str, b: str, *, has_details: bool = True, has_pictures: bool = False) -> Diff:
        """How snapshot `b` differs from snapshot `a`; see `Comparisons.diff`."""
        self._fetch(a)
        self._fetch(b)
        return self.comparisons.diff(a, b, has_details=has_details, has_pictures=has_pictures)

    def diff_since(
        self, notebook: Path, what: str, *, is_now_taken: bool, has_details: bool = True, has_pictures: bool = False
    ) -> Diff:
        """What changed in `notebook` since the last ``commit``, ``run``, ``clean`` state, ``yesterday``; see `Comparisons.since`."""
        return self.comparisons.since(
            notebook, what, is_now_taken=is_now_taken, has_details=has_details, has_pictures=has_pictures
        )

    def export(self, snapshot_id: str, to: Path, *, with_variables: bool = True) -> Path:
        """Write a snapshot to one file, with the values of its variables or without.

        Raises:
            SnapshotNotFound: there is none of that id.
            Conflict: `to` exists.
            StoreUnavailable: the disk refused.
        """
        self._fetch(snapshot_id)
        return bundles.export(self._files, snapshot_id, to, with_variables=with_variables)

    def import_bundle(self, file: Path) -> Snapshot:
        """Take over a snapshot from a file that `export` wrote. One that somebody else signed stays foreign.

        Raises:
            BadInput: it is no such file.
            Conflict: there is another snapshot of that id.
            Damaged: something in it was changed.
            StoreUnavailable: the disk refused.
        """
        snapshot = self._put(bundles.unpack(self._files, file, Origin("", "", "bundle", file.name, self._clock())))
        self._events.publish(Event("snapshot_taken", snapshot.id, {"notebook": snapshot.notebook}, self._clock()))
        return snapshot

    def adopt(self, home: Path) -> list[str]:  # type: ignore[valid-type]  # `list` is the method above
        """Take over the snapshots that a job left under `home`, verified. Idempotent.

        Those that a key of the job's own signed (it ran in a container) are foreign here until the user consents once.

        Raises:
            Damaged: something was changed on the way; snapshots before it are taken over.
            StoreUnavailable: the disk refused.
        """
        source = SnapshotFiles(home)
        ids = sorted(source.ids())
        for snapshot_id in ids:
            digest = source.examine(snapshot_id).digest
            self._files.adopt(source, snapshot_id, Origin(snapshot_id, digest, "job", home.parent.name, self._clock()))
            snapshot = self._put(snapshot_id)
            self._events.publish(Event("snapshot_taken", snapshot_id, {"notebook": snapshot.notebook}, self._clock()))
        return ids

    def reindex(self, changed: Iterable[str], gone: Iterable[str]) -> None:
        """Bring the index up to snapshots that were written anew, and drop those that are gone.

        Raises:
            SnapshotNotFound, Damaged: one of `changed` cannot be read.
        """
        self._repo.change([self._listing(snapshot_id) for snapshot_id in changed], gone)

    def index(self, *, from_scratch: bool = False) -> int:
        """Bring the index up to the files; returns how many snapshots were indexed anew. Damaged ones are left to `verify`.

        Args:
            from_scratch: read every manifest again, not only new ones.
        """
        stored = set(self._files.ids())
        known = self._repo.ids()
        found = []
        for snapshot_id in sorted(stored if from_scratch else stored - known):
            try:
                found.append(self._listing(snapshot_id))
            except MlnbError:
                continue
        gone = known if from_scratch else known - stored
        if found or gone:
            self._repo.change(found, gone)
        return len(found)

    def _listing(self, snapshot_id: str) -> Snapshot:
        manifest, is_trusted = self._files.read_any(snapshot_id)
        return listing_of(self._files, manifest, is_trusted=is_trusted)

    def _put(self, snapshot_id: str) -> Snapshot:
        """Bring the index up to a snapshot, and return it."""
        snapshot = self._listing(snapshot_id)
        self._repo.change([snapshot], [])
        return snapshot

    def _kernel_of(self, notebook: Path | None, pid: int | None) -> LiveKernel | None:
        kernels = self._live_kernels()
        if pid is not None:
            found = next((kernel for kernel in kernels if kernel.pid == pid), None)
            if found is None:
                raise NoLiveKernel(f"there is no kernel with mlnb in process {pid}", "See `mlnb doctor`.")
            return found
        here = notebook.resolve() if notebook else None
        return next((kernel for kernel in kernels if kernel.notebook and Path(kernel.notebook).resolve() == here), None)

    def _call(self, kernel: LiveKernel, name: str, arguments: dict[str, Any], timeout_s: float) -> Any:  # noqa: ANN401 - JSON
        return self._door.call(Path(kernel.connection_file), name, arguments, timeout_s)

    def _take_document(self, path: Path, reason: str) -> str:
        manifest = manifest_of_document(path, reason, self._env_id(), self._clock())
        around = alone(Gathering(Sources(), {}, path.parent, path).finish())
        return self._files.write(replace(manifest, components=around.components), {}, around.pieces, around.used).id

    def _attach(self, snapshot_id: str, path: Path, data: bytes, notebook_id: str | None) -> None:
        documents.attach(self._files, documents.Whose(snapshot_id, str(path), notebook_id, self._clock()), data)
