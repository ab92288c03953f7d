"""A copy of this process (``fork``) that looks at the memory as it is now, while this process goes on and changes its own.

The operating system copies a page only when one of the two writes to it, so making a copy costs milliseconds whatever the size of the data.
The copy works in the order of the copies before it, says what it found through a pipe, and ends without running anything that the process
registered for its own end. It outlives the process that made it: what was begun is finished also when a kernel is stopped right after.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import pickle
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_STEP_S = 60
_NICE = 5
_IMPORT_S = 0.3
_NO_COPY_WITH = {  # libraries with threads of their own that a copy does not have and would wait for
    "jax": "JAX",
    "polars": "Polars",
    "grpc": "gRPC",
    "tensorflow": "TensorFlow",
    "cupy": "CuPy",
}
Say = Callable[[object], None]
importing = threading.Lock()
"""Held by threads of ours that import: a copy made meanwhile would wait for the end of that import for ever."""


class Copy:
    """A copy: first not made yet, then at work, then ended. All that it needs in this process is made before it is.

    What this process writes to once a copy is made, the operating system has to copy page by page (a few microseconds each, and a line of
    Python touches several), so nothing is left to be done after `start`.

    Attributes:
        pid: its process; None while there is none.
        words: what it says, pickled, one after the other; ends when it does.
        end: readable once it has ended; the next copy waits for that.

    Raises:
        OSError: this process has too many open files.
    """

    def __init__(self) -> None:
        self.pid: int | None = None
        self._words_in, self._words_out = os.pipe()
        self.words = os.fdopen(self._words_in, "rb")
        try:
            self.end, self._end_out = os.pipe()
        except OSError:
            os.close(self._words_out)
            self.words.close()
            raise

    def start(self, work: Callable[[Say], None], before: Iterable[Copy], *, is_awaited: bool = False) -> None:
        """Make the copy, which runs `work`. It returns at once, in this process only.

        Args:
            work: run in the copy, which ends with it; what it says can be read from `words`.
            before: the copies that are still at work, oldest first; `work` begins at once, `wait_for` waits for one of them. None is given
                back (`close`) before this returns.
            is_awaited: somebody waits for it, so that it need not leave the processor to others.

        Raises:
            OSError: the operating system has no room for a copy. `words` ends without one.
        """
        foreign = [self._words_in, self.end, *(copy._words_in for copy in before)]
        state = random.getstate()  # Python seeds it anew in a copy
        nice = 0 if is_awaited else _NICE
        try:
            with importing, _without_warning(), _unhurried():
                pid = os.fork()
                if pid == 0:
                    _be_a_copy(work, state, self._words_out, foreign, nice)
                self.pid = pid
        finally:
            os.close(self._words_out)
            os.close(self._end_out)

    def reap(self) -> int | None:
        """Wait for its end; its exit status (negative: the signal that ended it), None when somebody else asked for it first."""
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) if self.pid else None
        except ChildProcessError:
            return None

    def close(self) -> None:
        """Give back what it takes in this process. No copy may be made meanwhile: it would close what it takes for these."""
        os.close(self.end)
        self.words.close()


def why_not() -> str:
    """Why this process must not be copied, in words that follow "because"; empty when it may."""
    if not sys.platform.startswith("linux"):
        return "copies are made on Linux only"
    for module, name in _NO_COPY_WITH.items():
        if module in sys.modules:
            return f"{name} is loaded, whose threads do not survive in a copy"
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        return "a GPU is in use, which a copy cannot reach"
    if not _no_import_at_work():
        return "a library is being imported, and a copy would wait for that for ever"
    return ""


def _no_import_at_work() -> bool:
    """Whether no thread imports a module, or soon none does. Locks of single modules are the ones that Python does not free in a copy."""
    locks: dict[str, object] = getattr(importlib._bootstrap, "_module_locks", {})
    end = time.monotonic() + _IMPORT_S
    while locks and time.monotonic() < end:
        time.sleep(0.001)
    return not locks


@contextlib.contextmanager
def _unhurried() -> Iterator[None]:
    """A process made inside the block does not push this one aside when it begins to run."""
    policy, usual = os.sched_getscheduler(0), os.sched_param(0)
    if policy != os.SCHED_OTHER:
        yield
        return
    os.sched_setscheduler(0, os.SCHED_BATCH, usual)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, usual)


def _without_warning() -> contextlib.AbstractContextManager[object]:
    """Python says since 3.12 that threads are there when a copy is made; see `why_not`."""
    return (
        warnings.catch_warnings(action="ignore", category=DeprecationWarning)
        if sys.version_info >= (3, 12)
        else contextlib.nullcontext()
    )


def wait_for(copy: Copy) -> None:
    """In a later copy: wait until `copy` has ended."""
    signal.alarm(0)
    with contextlib.suppress(OSError):
        os.read(copy.end, 1)
    keep_on()


def keep_on() -> None:
    """In a copy: a step is done. One that does none for a minute is stuck and is ended by the operating system."""
    if _in_copy:
        signal.alarm(_STEP_S)


_in_copy = False
_streams_before: dict[str, object] = {}
_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")


def standard_streams() -> dict[int, str]:
    """Names of the standard streams by identity; in a copy also of those that the notebook has."""
    now = {id(getattr(sys, name)): name for name in _STREAMS if getattr(sys, name) is not None}
    return {**now, **{id(stream): name for name, stream in _streams_before.items()}}


def _be_a_copy(work: Callable[[Say], None], state: object, words: int, foreign: list[int], nice: int) -> None:
    code = 1
    try:
        _settle_in(state, foreign, nice)
        work(lambda word: _say(words, word))
        code = 0
    finally:
        os._exit(code)  # without buffers, exit handlers and destructors, which are the other process's


def _settle_in(state: object, foreign: list[int], nice: int) -> None:
    global _in_copy  # it is a fact about the process
    _in_copy = True
    gc.disable()
    os.setsid()  # neither an interrupt nor the end of the kernel's group is meant for it
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    keep_on()
    with contextlib.suppress(OSError):
        os.nice(nice)
    for handle in foreign:
        os.close(handle)
    _leave_sockets()
    _streams_before.update({name: getattr(sys, name) for name in _STREAMS if getattr(sys, name) is not None})
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nowhere, handle)
    sys.stdin = sys.stdout = sys.stderr = os.fdopen(
        nowhere, "r+"
    )  # not a kernel's own streams, which belong to threads
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    random.setstate(state)  # type: ignore[arg-type]


def _leave_sockets() -> None:
    """A kernel that is started again needs the ports of the old one."""
    for link in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):
            if str(link.readlink()).startswith("socket:"):
                os.close(int(link.name))


def _say(handle: int, word: object) -> None:
    data = memoryview(pickle.dumps(word, protocol=5))
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more; the work goes on
        while data:
            data = data[os.write(handle, data) :]
