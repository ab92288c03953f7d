"""Taking a snapshot with a copy of the process: the cell waits for the copy to be made, which captures, checks and writes in its own time.

Each copy waits for those before it and reads from their manifests what is stored by then; so they look at and write one after the other
what the kernel was at one moment after the other, however fast the cells follow.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.core.errors import Damaged, MlnbError, StoreUnavailable
from mlnb.snapshots.errors import StoreChanged
from mlnb.snapshots.plugins import copies
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.holding import hold
from mlnb.snapshots.plugins.huge_pages import HugePages
from mlnb.snapshots.plugins.storing import Codecs, Known, Layout, lay_out, store
from mlnb.snapshots.plugins.taking import Found, Job, Taking, found_from_captured, with_variables
from mlnb.snapshots.plugins.warming import warm_up
from mlnb.snapshots.types import Manifest

if TYPE_CHECKING:
    from mlnb.snapshots.plugins.around import Gathered
    from mlnb.snapshots.plugins.capture import Capture

_MOST_COPIES = 32
_MOST_ANEW = 3
_LEAST_FREE_SHARE = 0.2
_REST_S = 0.3


@dataclasses.dataclass(frozen=True)
class _Outstanding:
    id: str
    copy: copies.Copy
    taking: Taking


class CopyTaker:
    """Captures in copies of the process; a thread listens to them, in order.

    Args:
        files: where to.
        known: what is stored; learns what the copies wrote.
        log: told what could not be written.
    """

    def __init__(self, files: SnapshotFiles, known: Known, log: Callable[[str], object]) -> None:
        self._files = files
        self._known = known
        self._log = log
        self._outstanding: deque[_Outstanding] = deque()
        self._queue: queue.SimpleQueue[_Outstanding] = queue.SimpleQueue()
        self._listener: tuple[int, threading.Thread] | None = None
        self._pages = HugePages()
        self._lock = threading.Lock()  # copies are made and given back one at a time
        self.is_broken = False

    @property
    def is_idle(self) -> bool:
        """Whether every copy has ended."""
        return not self._outstanding

    def take(self, job: Job) -> None:
        """Make a copy.

        Raises:
            OSError: the operating system has no room for one.
        """
        self._wait_for_room()
        with self._lock:
            before = tuple(self._outstanding)
            made = _Outstanding(job.id, copies.Copy(), job.taking)
            is_heard = self._is_listening
            if is_heard:  # a listener that is yet to come would import, for which the copy would wait
                self._queue.put(made)
            self._outstanding.append(made)
            try:
                made.copy.start(
                    lambda say: self._work(job, before, say), [one.copy for one in before], is_awaited=job.is_awaited
                )
            finally:
                if not is_heard:
                    self._listen(made, job)

    def _work(self, job: Job, before: tuple[_Outstanding, ...], say: copies.Say) -> None:
        """What the copy does."""
        try:
            say(self._save(job, before, say))
        except MlnbError as error:
            say(error)
        except BaseException as error:  # noqa: BLE001 - it is told to the process that waits
            say(StoreUnavailable(f"it failed: {type(error).__name__}: {error}", "See `mlnb doctor`."))

    def _save(self, job: Job, before: tuple[_Outstanding, ...], say: copies.Say) -> Manifest:
        from mlnb.snapshots.plugins.around import latest, with_gathered
        from mlnb.snapshots.plugins.capture import Capture  # cloudpickle, on first use
        from mlnb.snapshots.plugins.codecs import codecs

        self._catch_up(before)  # first of all: many copies at work at once would take the processors from the cells
        gathering, previous = job.gather(), latest(self._known, self._files.blobs)
        around = _aside(lambda: gathering.finish(previous))  # git is asked, which takes its time
        names = job.names()
        capture = Capture(job.namespace, codecs() if names else (), {}, copies.keep_on)
        capture.look(names, job.process())
        layout, found = self._lay_out(capture, job)
        say(found)
        copies.keep_on()
        manifest = with_variables(job.describe(), found)
        manifest = dataclasses.replace(manifest, git=around.result().commit)
        for _ in range(_MOST_ANEW):
            try:
                whole = with_gathered(layout, around.result(), self._known, self._files.blobs)
                return store(self._files, manifest, whole, self._known.chunks)
            except (
                Damaged,
                StoreChanged,
            ):  # packs were cleared away, or written anew without a purged value, meanwhile
                self._known.forget()
                layout, _ = self._lay_out(capture, job)
        whole = with_gathered(layout, around.result(), self._known, self._files.blobs)
        return store(self._files, manifest, whole, self._known.chunks)

    def _lay_out(self, capture: Capture, job: Job) -> tuple[Layout, Found]:
        """What is to be stored, given what is stored already and has not been cleared away."""
        while True:
            capture.known = Codecs(self._known.parts)
            captured = capture.save()
            found = found_from_captured(captured, self._files, job.notebook)
            layout = lay_out(captured, self._known.parts, self._known.chunks)
            gone = hold(self._files.blobs, self._known.packs_of(layout.used))
            if not gone:
                return layout, found
            self._known.drop(gone)

    def _catch_up(self, before: tuple[_Outstanding, ...]) -> None:
        for one in before:
            copies.wait_for(one.copy)
        for one in reversed(before):  # a later one knows what the earlier ones wrote
            with contextlib.suppress(MlnbError):
                self._known.learn(self._files.read(one.id))
                return

    def _wait_for_room(self) -> None:
        if self._outstanding and (len(self._outstanding) >= _MOST_COPIES or _is_memory_short()):
            oldest = self._outstanding[0].taking.written
            with contextlib.suppress(Exception):
                oldest.result()

    @property
    def _is_listening(self) -> bool:
        return self._listener is not None and self._listener[0] == os.getpid()  # threads do not survive a fork

    def _listen(self, made: _Outstanding, job: Job) -> None:
        thread = threading.Thread(
            target=self._hear_all, args=[job.prepare, job.is_awaited], name="mlnb-snapshots", daemon=True
        )
        self._listener = (os.getpid(), thread)
        self._queue.put(made)
        thread.start()

    def _hear_all(self, prepare: Callable[[], object], is_awaited: bool) -> None:
        if is_awaited:  # by a restore, which needs the processor itself
            self._hear(self._queue.get())
        warm_up(prepare)
        is_rested = False
        while True:
            try:
                made = self._queue.get(timeout=None if is_rested else _REST_S)
            except queue.Empty:  # the user reads: the next copy is made easier
                is_rested = True
                if not self._outstanding:
                    self._pages.collapse()
                continue
            is_rested = False
            self._hear(made)

    def _hear(self, made: _Outstanding) -> None:
        last: object = None
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                last = pickle.load(made.copy.words)  # noqa: S301 - from a copy of this very process
                if isinstance(last, Found):
                    made.taking.found.set_result(last)
        if made.copy.pid is None and last is None:
            self._give_back(made)  # none could be made; it is taken without
            return
        status = made.copy.reap()
        if isinstance(last, Manifest):
            self._known.learn(last)
        self._give_back(made)
        if isinstance(last, Manifest):
            made.taking.written.set_result(last)
            return
        error = last if isinstance(last, MlnbError) else self._ended_early(status)
        self._known.forget()
        self._log(f"the snapshot {made.id} was not written: {error}")
        made.taking.fail(error)

    def _give_back(self, made: _Outstanding) -> None:
        with self._lock:
            made.copy.close()
            self._outstanding.remove(made)

    def _ended_early(self, status: int | None) -> StoreUnavailable:
        self.is_broken = True
        how = f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
        return StoreUnavailable(
            f"the process that wrote it ended early ({how})", "Take it again: it will be taken without a copy."
        )


def _aside(work: Callable[[], Gathered]) -> Future[Gathered]:
    """What `work` gives, from a thread; a pool of threads would refuse it in a copy that is made while the process ends."""
    given: Future[Gathered] = Future()

    def do() -> None:
        try:
            given.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
            given.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return given


def _is_memory_short() -> bool:
    """Whether copies should end before more are made: each keeps the memory that has changed since."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[:3])}
        if sizes["MemAvailable"] < _LEAST_FREE_SHARE * sizes["MemTotal"]:
            return True
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit == "max":
            return False
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        return int(limit) - used < _LEAST_FREE_SHARE * int(limit)
    except (OSError, ValueError, KeyError):
        return False
