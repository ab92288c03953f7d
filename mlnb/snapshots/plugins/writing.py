"""The snapshots of one kernel on their way to the disk: who takes them, and waiting for them."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from mlnb.core.errors import MlnbError, StoreUnavailable
from mlnb.snapshots.plugins import copies
from mlnb.snapshots.plugins.by_copy import CopyTaker
from mlnb.snapshots.plugins.by_thread import ThreadTaker
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.storing import Known
from mlnb.snapshots.plugins.taking import Job, Taking
from mlnb.snapshots.plugins.warming import warm_up
from mlnb.snapshots.types import Manifest


class SnapshotWriter:
    """Takes and writes the snapshots of one kernel: by a copy of its process where one can be made, else by the process itself.

    Args:
        files: where to.
        log: told what could not be written.
    """

    def __init__(self, files: SnapshotFiles, log: Callable[[str], object]) -> None:
        self._files = files
        self._log = log
        self.known = Known()
        self._copies = CopyTaker(files, self.known, log)
        self._threads = ThreadTaker(files, self.known, log)
        self._pending: list[Future[Manifest]] = []
        self._takings: deque[Taking] = deque(maxlen=8)

    @property
    def notice(self) -> str:
        """What a snapshot had to leave out, once it is known; empty: nothing."""
        for taking in self._takings:
            if taking.found.done() and taking.found.exception() is None and taking.found.result().notice:
                return taking.found.result().notice
        return ""

    @property
    def waiting(self) -> int:
        """How many snapshots are not on disk yet."""
        return sum(not future.done() for future in self._pending)

    def warm_up(self, prepare: Callable[[], object]) -> None:
        """Import what the first snapshot needs and `prepare` (see `Job`), behind the cells' backs."""
        threading.Thread(target=warm_up, args=[prepare], name="mlnb-snapshots-begin", daemon=True).start()

    @property
    def latest(self) -> Manifest | None:
        """The last snapshot that was taken, once it is on disk."""
        if not self._takings:
            return None
        written = self._takings[-1].written
        return written.result() if written.done() and written.exception() is None else None

    def take_again(self, job: Job, manifest: Manifest) -> bool:
        """As `take`, where the state is still that of `manifest`; False when that is not known to be stored."""
        from mlnb.snapshots.plugins import again

        self.settle()
        is_taken = again.take_again(self._files, self.known, job, manifest, self._log)
        if is_taken:
            self._follow(job)
        return is_taken

    def take(self, job: Job) -> None:
        """Fix the state as it is now; what follows happens behind the cell's back, and `job.taking` tells of it."""
        earlier = self._follow(job)  # before, not after: see `copies.Copy`
        try:
            self._take(job, earlier)
        except BaseException:
            self._pending = earlier
            self._takings.pop()
            raise

    def _follow(self, job: Job) -> list[Future[Manifest]]:
        """The snapshots before this one that are not on disk, or could not be written."""
        earlier = [future for future in self._pending if not future.done() or future.exception()]
        self._pending = [*earlier, job.taking.written]
        self._takings.append(job.taking)
        return earlier

    def _take(self, job: Job, earlier: Sequence[Future[Manifest]]) -> None:
        if not self._copies.is_broken and not copies.why_not():
            try:
                self._copies.take(job)
                return
            except OSError as error:
                self._log(f"no copy of the process could be made: {error}")
        if not self._copies.is_idle:  # what they write, this one refers to
            wait(earlier)
        self._threads.take(job)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until everything so far is on disk.

        Raises:
            StoreUnavailable: something could not be written, or not within `timeout_s`.
        """
        futures = list(self._pending)
        _, late = wait(futures, timeout_s)
        if late:
            raise StoreUnavailable(f"{len(late)} snapshots are not on disk after {timeout_s} s", "Wait longer.")
        self._pending.clear()
        for future in futures:
            future.result()

    def settle(self) -> None:
        """Wait for everything so far, whatever became of it."""
        with contextlib.suppress(MlnbError):
            self.flush()
