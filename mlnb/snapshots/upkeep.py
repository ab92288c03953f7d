"""Keeping house among snapshots: what is kept, what is cleared away, what was purged, how much disk it takes, copies in a remote store."""

from __future__ import annotations

import copy
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from mlnb.core.clock import Clock, utc_now
from mlnb.core.content import blob_path
from mlnb.core.errors import BadInput, MlnbError
from mlnb.core.events import Event, EventSink
from mlnb.core.files import locked
from mlnb.core.secrets import mask
from mlnb.core.user import user_name
from mlnb.snapshots.keeping import Cleaned, DiskUsage, Purged, Trace
from mlnb.snapshots.plugins import checking, labels, purging, texts
from mlnb.snapshots.plugins.collecting import References, clear
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.holding import GRACE_S, take_away
from mlnb.snapshots.plugins.limits import Limits
from mlnb.snapshots.plugins.notebook_parts import parts_with
from mlnb.snapshots.plugins.remote import RemotePacks
from mlnb.snapshots.plugins.sizes import disk_usage
from mlnb.snapshots.ports import LiveKernel
from mlnb.snapshots.rules.purging import tombstone
from mlnb.snapshots.rules.retention import Record, Retention, Verdict, judge
from mlnb.snapshots.types import Verified

_EVERY_S = 600.0
_DAY_S = 86400.0
_NO_NOTEBOOK = ""


class Upkeep:
    """Keeps house among the snapshots of this user.

    Args:
        files: the snapshots.
        events: told what happened.
        retention: how much history is kept.
        limits: how much disk it may take.
        linked: ids of the snapshots that jobs and runs point to.
        index: puts snapshots into the index again, and drops others.
        live_kernels: the kernels that run now.
        remote: the copies elsewhere; None: there is no remote store.
        drop_local_days: local copies of what is there go after so many days; 0: never.
        log: told what went wrong where there is nobody to raise to.
        clock: the present moment.
    """

    def __init__(
        self,
        files: SnapshotFiles,
        events: EventSink,
        retention: Retention,
        limits: Limits,
        linked: Callable[[], Collection[str]],
        index: Callable[[Iterable[str], Iterable[str]], object],
        live_kernels: Callable[[], Sequence[LiveKernel]] = lambda: (),
        remote: Callable[[SnapshotFiles], RemotePacks] | None = None,
        drop_local_days: float = 0.0,
        log: Callable[[str], object] = lambda _text: None,
        clock: Clock = utc_now,
    ) -> None:
        self._files = files
        self._events = events
        self._retention = retention
        self._limits = limits
        self._linked = linked
        self._index = index
        self._live_kernels = live_kernels
        self._remote = remote
        self._drop_local_days = drop_local_days
        self._log = log
        self._clock = clock
        self._running: threading.Thread | None = None

    def clean(self, *, is_dry_run: bool = False) -> Cleaned:
        """Remove snapshots that the rules do not keep and bytes that none refers to; copy what is new to the remote store, if there is one.

        Raises:
            Damaged: a manifest cannot be read, so that it is not known what it refers to; nothing was removed.
            StoreUnavailable: the disk refused.
        """
        references, linked, verdict = References(self._files), self._linked(), Verdict()

        def choose(found: References) -> Collection[str]:
            nonlocal verdict
            verdict = judge(self._records(found), self._retention, self._clock(), linked)
            return verdict.removed

        done = clear(references, choose, is_dry_run=is_dry_run)
        uploaded = dropped = 0
        note = ""
        if not is_dry_run:
            references.refresh()
            if done.snapshots:
                self._index((), done.snapshots)
                self._events.publish(Event("snapshots_removed", "", {"count": len(done.snapshots)}, self._clock()))
            try:
                uploaded, dropped = self._sync(references)
            except MlnbError as error:  # what is here is whole; it is copied the next time
                note = f"The remote store could not be brought up to date: {error.message}"
        kept = Counter(verdict.kept.values())
        return Cleaned(is_dry_run, done.snapshots, kept, done.files, done.size_bytes, uploaded, dropped, note)

    def purge(self, name: str, snapshot_id: str | None = None, notebook: Path | None = None, why: str = "") -> Purged:
        """Take the value of one variable out of a snapshot, or of all, for good. Other variables stay as they are.

        Args:
            name: the variable.
            snapshot_id: only there; None: everywhere.
            notebook: only in snapshots of this notebook; None: of all.
            why: kept beside who and when in the snapshots.

        Raises:
            SnapshotNotFound: there is none of that id.
            BadInput: no snapshot that is asked for holds the variable.
            Damaged: something cannot be read; what was to be purged may still be there.
            StoreUnavailable: a disk or the remote store refused: purge again.
        """
        references = References(self._files)
        references.refresh()
        if snapshot_id is not None:
            self._files.read_any(snapshot_id)
        chosen = [
            one
            for one, manifest in references.manifests.items()
            if (snapshot_id is None or one == snapshot_id) and name in manifest.variables
            if notebook is None or manifest.notebook == str(notebook.absolute())
        ]
        if not chosen:
            where = snapshot_id or (f"any snapshot of {notebook}" if notebook else "any snapshot")
            raise BadInput(f"there is no variable {name!r} in {where}", "See `mlnb snapshot show ID`.")
        self.fetch()
        mark = tombstone(user_name(), self._clock(), mask(why))
        done = purging.purge(self._files, name, chosen, mark)
        if self._remote is not None:
            self._remote(self._files).delete(done.removed)
        for store in _stores_of_jobs(self._files.root):
            there = purging.purge(store, name, None if snapshot_id is None and notebook is None else chosen, mark)
            done.texts |= there.texts
        self._index(done.snapshots, ())
        self._events.publish(
            Event(
                "snapshots_purged", snapshot_id or "", {"name": name, "snapshots": len(done.snapshots)}, self._clock()
            )
        )
        return self._purged(name, done, notebook)

    def usage(self) -> DiskUsage:
        """How much disk the snapshots take, in all and for each notebook.

        Raises:
            Damaged: a manifest cannot be read.
        """
        references = References(self._files)
        references.refresh()
        away = self._remote(self._files).ids() if self._remote is not None else set()
        return disk_usage(references, self._groups(references), self._limits, away)

    def verify(self, snapshot_id: str | None = None) -> Verified:
        """Read every stored byte again, of one snapshot or of all, here and in the remote store.

        Raises:
            SnapshotNotFound: there is none of that id.
        """
        elsewhere = None
        if self._remote is not None:
            remote = self._remote(self._files)
            there = remote.ids()
            elsewhere = lambda pack: remote.check(pack) if pack in there else None  # noqa: E731
        return checking.verify(self._files, self._files.ids() if snapshot_id is None else [snapshot_id], elsewhere)

    def fetch(self, snapshot_id: str | None = None) -> int:
        """Bring what lies in the remote store only back to this machine, for one snapshot or all; returns how many files.

        Raises:
            SnapshotNotFound: there is none of that id.
            StoreUnavailable: the remote store does not answer.
            Damaged: what is there does not match.
        """
        if self._remote is None:
            return 0
        if snapshot_id is not None:
            return self._remote(self._files).fetch(checking.packs_of(self._files, snapshot_id))
        references = References(self._files)
        references.refresh()
        return self._remote(self._files).fetch(references.all_packs())

    def soon(self) -> None:
        """Clean up in a thread, when nobody on this machine has for ten minutes. It returns at once and never raises."""
        if self._running is None or not self._running.is_alive():
            here = copy.copy(self)  # the home of now, wherever MLNB_HOME points to later
            here._files = SnapshotFiles(self._files.root)
            self._running = threading.Thread(target=here.if_due, name="mlnb-upkeep", daemon=True)
            self._running.start()

    def if_due(self, every_s: float = _EVERY_S) -> bool:
        """Clean up, when nobody on this machine has for `every_s` seconds; returns whether it did. It never raises."""
        stamp = self._files.folder / ".upkeep"
        try:
            if not self._files.folder.exists() or _age_s(stamp) < every_s:
                return False
            with locked(self._files.folder / ".upkeep-lock", blocking=False) as is_held:
                if not is_held or _age_s(stamp) < every_s:
                    return False
                stamp.touch()
                done = self.clean()
                if done.note:
                    self._log(done.note)
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            self._log(f"snapshots were not cleaned up: {mask(str(error))}")
            return False
        return True

    def _records(self, references: References) -> list[Record]:
        groups = self._groups(references)
        files = self._files
        return [
            Record(one, groups[one], found.created_at, labels.reason_of(files, found), files.read_any(one)[1])
            for one, found in references.manifests.items()
        ]

    def _groups(self, references: References) -> dict[str, str]:
        """For each snapshot what is the same for all of one notebook, wherever it lay when they were taken."""
        at_path = {document.notebook: document.notebook_id for _, document in sorted(references.documents.items())}
        groups = {}
        for one, manifest in references.manifests.items():
            document = references.documents.get(one)
            found = (document.notebook_id if document else None) or at_path.get(manifest.notebook or "")
            groups[one] = found or manifest.notebook or _NO_NOTEBOOK
        return groups

    def _sync(self, references: References) -> tuple[int, int]:
        if self._remote is None:
            return 0, 0
        remote = self._remote(self._files)
        used = references.all_packs()
        uploaded = remote.upload(used)
        remote.delete(remote.ids() - used)
        return uploaded, self._drop(references, remote.ids() & used)

    def _drop(self, references: References, there: Collection[str]) -> int:
        if not self._drop_local_days:
            return 0
        now = self._clock()
        recent = {
            pack
            for one, manifest in references.manifests.items()
            if (now - manifest.created_at).total_seconds() < self._drop_local_days * _DAY_S
            for pack in references.packs(one)
        }
        dropped = 0
        with locked(self._files.lock):
            for pack in sorted(set(there) - recent):
                path = self._files.blobs / blob_path(pack)
                if path.exists() and _age_s(path) > GRACE_S and take_away(path, GRACE_S):
                    dropped += 1
        return dropped

    def _purged(self, name: str, done: purging.Purging, notebook: Path | None) -> Purged:
        forms = texts.forms_of(done.texts)
        found: list[Trace] = []
        if forms:
            for store in (self._files, *_stores_of_jobs(self._files.root)):
                found += [Trace(*one) for one in purging.traces(store, forms, parts_with)]
            skip = self._files.blobs
            others = texts.files_with(self._files.root, forms, lambda path: skip in path.parents)
            found += [Trace(str(path), "a file") for path in others]
        live = [
            str(kernel.notebook or f"the kernel of process {kernel.pid}")
            for kernel in self._live_kernels()
            if notebook is None or kernel.notebook == str(notebook.absolute())
        ]
        notes = ["A purge cannot be undone."]
        if done.left:
            notes.append(f"{len(done.left)} snapshots of others were written anew and now bear nobody's signature.")
        if not forms:
            notes.append("The value holds no text to look for: outputs and other files were not searched.")
        return Purged(
            name, tuple(done.snapshots), done.along, len(done.removed), done.freed_bytes, tuple(found), len(done.texts),
            tuple(live), tuple(notes),
        )  # fmt: skip


def _stores_of_jobs(root: Path) -> list[SnapshotFiles]:
    """Stores of snapshots that jobs have left below their folders."""
    found = sorted((root / "jobs").glob("**/snapshots"))
    return [SnapshotFiles(path.parent) for path in found if any(path.glob("snap-*/manifest.json"))]


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
