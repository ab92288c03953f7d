"""Taking a snapshot where no copy of the process can be made: what is new is copied while the cell waits, and written behind its back."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.holding import hold
from mlnb.snapshots.plugins.storing import Codecs, Known, Layout, lay_out, store
from mlnb.snapshots.plugins.taking import Job, Taking, found_from_captured, with_variables
from mlnb.snapshots.types import Manifest

if TYPE_CHECKING:
    from mlnb.snapshots.plugins.around import Gathering
    from mlnb.snapshots.plugins.storing import StoredPart

_MOST_PENDING_BYTES = 1 << 30


class ThreadTaker:
    """Captures in the process itself; one thread writes, in order.

    Args:
        files: where to.
        known: what is stored; learns what this writes.
        log: told what could not be written.
    """

    def __init__(self, files: SnapshotFiles, known: Known, log: Callable[[str], object]) -> None:
        self._files = files
        self._known = known
        self._log = log
        self._parts: dict[str, StoredPart] = {}  # on their way
        self._expected: set[str] = set()  # chunks on their way
        self._pending: list[tuple[Future[Manifest], int]] = []
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def take(self, job: Job) -> None:
        """Capture now and write later. Live memory is not looked at after this returns."""
        from mlnb.snapshots.plugins.capture import Capture  # cloudpickle, on first use
        from mlnb.snapshots.plugins.codecs import codecs

        self._wait_for_room(0)
        gathering = job.gather()
        while True:
            parts = {**self._known.parts, **self._parts}
            captured = Capture(job.namespace, codecs(), Codecs(parts)).run(job.names(), job.process())
            found = found_from_captured(captured, self._files, job.notebook)
            layout = lay_out(captured, parts, self._known.chunks.keys() | self._expected)
            gone = hold(self._files.blobs, self._known.packs_of(layout.used))
            if not gone:
                break
            self._known.drop(gone)  # cleared away meanwhile: it is saved anew
        for digest, piece in layout.pieces.items():
            layout.pieces[digest] = bytes(piece)
        self._wait_for_room(layout.size_bytes)
        self._parts.update(layout.parts)
        self._expected.update(layout.pieces)
        taking = job.taking
        taking.found.set_result(found)
        manifest = with_variables(job.describe(), found)
        self._pending.append((taking.written, layout.size_bytes))
        self._executor().submit(self._store, taking, manifest, layout, gathering)

    def _store(self, taking: Taking, manifest: Manifest, layout: Layout, gathering: Gathering) -> None:
        from mlnb.snapshots.plugins.around import latest, with_gathered

        try:
            around = gathering.finish(latest(self._known, self._files.blobs))
            layout = with_gathered(layout, around, self._known, self._files.blobs)
            whole = dataclasses.replace(manifest, git=around.commit)
            stored = store(self._files, whole, layout, self._known.chunks)
            self._known.learn(stored)
        except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
            self._expected.clear()  # what was to be written is not there: the next snapshot saves it anew
            self._parts.clear()
            self._known.forget()
            self._log(f"the snapshot {manifest.id} was not written: {error}")
            taking.fail(error)
        else:
            taking.written.set_result(stored)

    def _wait_for_room(self, size: int) -> None:
        self._pending = [(future, bytes_) for future, bytes_ in self._pending if not future.done()]
        if not self._pending:
            self._expected.clear()
            self._parts.clear()
        while size + sum(bytes_ for future, bytes_ in self._pending if not future.done()) > _MOST_PENDING_BYTES:
            running = [future for future, _ in self._pending if not future.done()]
            if not running:
                return
            wait(running[:1])

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None or self._pool[0] != os.getpid():  # threads do not survive a fork
            self._pool = (os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="mlnb-snapshots"))
        return self._pool[1]
