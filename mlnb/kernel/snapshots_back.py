"""Going back in a kernel: preview, restore, undo and redo, one at a time."""

from __future__ import annotations

import json
import platform
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.core.clock import utc_now
from mlnb.core.errors import BadInput, Conflict, NotTrusted, Refused
from mlnb.kernel.snapshots_restore import Kernel, Wish, restore
from mlnb.kernel.snapshots_shelf import free_bytes
from mlnb.kernel.snapshots_undo import Step, Steps
from mlnb.snapshots import rules
from mlnb.snapshots.errors import SnapshotNotFound
from mlnb.snapshots.plugins.haste import without_collecting
from mlnb.snapshots.plugins.previewing import preview_of
from mlnb.snapshots.previews import Preview
from mlnb.snapshots.rules import trust as trust_rules
from mlnb.snapshots.rules.preview import Live
from mlnb.snapshots.types import Manifest, Restored

if TYPE_CHECKING:
    from mlnb.snapshots.rules.trust import Standing

_MOST_FOREIGN_SHARE = 0.5


class Restorer:
    """The restores of one kernel.

    Args:
        kernel: what they work with.
        linked: told the id of the snapshot of the state before each restore.
        hidden: IPython's own names; asked at each preview.
        env_id: names the environment; asked at each preview.
        notebook: the notebook's path; asked at each preview.
        sources: sources of the cells that ran here, by digest.
        went: told at which snapshot the kernel stands afterwards.
        back: told when all variables of a snapshot were brought back.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        linked: Callable[[str], object],
        hidden: Callable[[], Mapping[str, object]],
        env_id: Callable[[], str],
        notebook: Callable[[], Path | None],
        sources: Mapping[str, str],
        went: Callable[[str], object] = lambda _id: None,
        back: Callable[[Manifest, Restored], object] = lambda _manifest, _restored: None,
    ) -> None:
        self._kernel = kernel
        self._linked = linked
        self._hidden = hidden
        self._env_id = env_id
        self._notebook = notebook
        self._sources = sources
        self._went = went
        self._back = back
        self._steps = Steps(self._go)
        self._busy = threading.Lock()

    def restore(
        self, snapshot_id: str, names: Sequence[str] | None = None, *, trust: bool = False, recompute: bool = False
    ) -> Restored:
        """See `mlnb.snapshots.restore`.

        Raises:
            SnapshotNotFound: there is none of that id.
            BadInput: it has no variable of a name in `names`.
            Conflict: a restore is going on already.
            NotTrusted, Refused: it is foreign; nothing of it was loaded.
            Damaged: something of it was changed on disk; nothing of it was loaded.
            StoreUnavailable: the state before could not be kept; nothing was changed.
        """
        with self._alone():
            manifest, standing = self._kernel.files.read_standing(snapshot_id)
            unknown = sorted(set(names or ()) - set(manifest.variables))
            if unknown:
                raise BadInput(
                    f"{snapshot_id} has no variable {', '.join(unknown)}", f"See `mlnb snapshot show {snapshot_id}`."
                )
            is_cautious = self._is_cautious(manifest, standing, names, trust)
            done = restore(self._kernel, manifest, Wish(names, is_cautious, recompute))
            self._steps.note(Step(str(done.restored.undo), done.lost, done.same))
            self._linked(str(done.restored.undo))
            if names is None:
                self._back(manifest, done.restored)
            self._went(snapshot_id if names is None else str(done.restored.undo))  # some variables make no other state
            return done.restored

    @property
    def can_undo(self) -> bool:
        """Whether there is a restore to take back."""
        return self._steps.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return self._steps.can_redo

    def undo(self) -> Restored:
        """See `mlnb.snapshots.undo`."""
        with self._alone():
            return self._steps.undo()

    def redo(self) -> Restored:
        """See `mlnb.snapshots.redo`."""
        with self._alone():
            return self._steps.redo()

    def preview(self, snapshot_id: str) -> Preview:
        """See `mlnb.snapshots.preview`."""
        from mlnb.snapshots.plugins.fingerprint import Session, fingerprint  # noqa: PLC0415 - on first use

        self._kernel.writer.settle()
        namespace = self._kernel.namespace
        session = Session(namespace)
        names = rules.user_names(namespace, self._hidden())
        digests = {name: fingerprint(namespace[name], session).digest for name in names}
        live = Live(digests, self._env_id(), platform.python_version(), json.loads(self._kernel.process.capture()))
        return preview_of(self._kernel.files, snapshot_id, live, notebook=self._notebook(), sources=dict(self._sources))

    def _is_cautious(
        self, manifest: Manifest, standing: Standing, names: Sequence[str] | None, is_trusted_now: bool
    ) -> bool:
        """Whether values are read as data only. The user's word is kept, for exactly this snapshot.

        Raises:
            NotTrusted: everything is wanted of a snapshot that nobody trusts.
            Refused: it names more memory than anybody would without consent.
        """
        if standing.is_trusted:
            return False
        if is_trusted_now:
            self._kernel.files.consent(manifest.id, utc_now())
            return False
        if names is None:
            raise NotTrusted(*trust_rules.why_not_trusted(manifest.id, standing))
        wanted = [component for component in manifest.components if set(names) & set(component.names)]
        size = sum(buffer.size_bytes for component in wanted for buffer in component.buffers)
        if size > _MOST_FOREIGN_SHARE * free_bytes():
            raise Refused(f"{manifest.id} is foreign and wants {size >> 20} MiB of memory", "Restore fewer variables.")
        return True

    def _go(self, step: Step) -> tuple[Restored, Step]:
        manifest = self._read(step)
        done = restore(self._kernel, manifest, Wish(held=step.held))
        self._linked(str(done.restored.undo))
        self._back(manifest, done.restored)
        self._went(step.snapshot)
        return done.restored, Step(str(done.restored.undo), done.lost, done.same)

    def _read(self, step: Step) -> Manifest:
        try:
            return self._kernel.files.read(step.snapshot)
        except SnapshotNotFound:
            if not step.same:
                raise
            return self._kernel.files.read(step.same)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise Conflict("a restore is going on in this kernel already", "Wait until it has ended.")
        try:
            self._kernel.writer.settle()
            with without_collecting():
                yield
        finally:
            self._busy.release()
