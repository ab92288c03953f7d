"""What may change values in place while no cell runs: widgets' callbacks, silent requests, threads, tasks, a debugger.

Names that are set are seen by a look at the namespace. An object changed in place is not, and looking at every value before each answer
would cost too much, so that is done only where something of the user's may have run since the last look. That something did is told
by IPython's event before any code and any message to a comm, and by threads and tasks that are at work.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any, Final

_PAUSE_S: Final = 0.3
_TOLD: Final = ("comm_open", "comm_close")  # messages of which IPython tells nobody
_OF_THE_KERNEL: Final = (
    "ipykernel", "IPython", "tornado", "zmq", "asyncio", "anyio", "jupyter_client", "mlnb", "tqdm", "debugpy", "pydevd",
)  # fmt: skip
_POOLS: Final = (
    "threading",
    "queue",
    "selectors",
    "concurrent.futures.thread",
    "multiprocessing.pool",
    "multiprocessing.connection",
)


class Between:
    """Tells whether something of the user's may have run since the last look at all values.

    Args:
        shell: an IPython InteractiveShell.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._kernel = getattr(shell, "kernel", None)
        self._shell = shell
        self._unexplained = 0
        self._was_at_work = False
        self._of_the_kernel = weakref.WeakSet(threading.enumerate())
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._on_news: Callable[[], None] = lambda: None
        self._is_telling = False

    def register(self, on_news: Callable[[], None]) -> None:
        """Begin to listen; `on_news` is called a moment after code that is no cell ran, once for all that ran meanwhile."""
        self._on_news = on_news
        self._shell.events.register("pre_execute", self.note)
        self._shell.events.register("post_execute", self._tell)
        handlers = getattr(self._kernel, "shell_handlers", {})
        for name in _TOLD:
            if name in handlers:
                self._handlers[name] = handlers[name]
                handlers[name] = _with_note(handlers[name], self.note)

    def unregister(self) -> None:
        """Stop listening."""
        self._shell.events.unregister("pre_execute", self.note)
        self._shell.events.unregister("post_execute", self._tell)
        getattr(self._kernel, "shell_handlers", {}).update(self._handlers)
        self._handlers.clear()

    def note(self) -> None:
        """Some code is about to run: a cell's, a silent request's, a comm's."""
        self._unexplained += 1

    def _tell(self) -> None:
        if self._unexplained and not self._is_telling:
            loop = _running_loop()
            if loop is not None:
                loop.call_later(_PAUSE_S, self._tell_now)
                self._is_telling = True

    def _tell_now(self) -> None:
        self._is_telling = False
        self._on_news()

    def explain(self) -> None:
        """The code told of last is a cell that is watched, or mlnb's own."""
        self._unexplained = max(0, self._unexplained - 1)

    def rest(self) -> None:
        """A cell has ended: what it left at work may be done before the next look."""
        self._was_at_work = self._was_at_work or self._is_at_work()

    def take(self) -> bool:
        """Whether values may have changed in place since the last call, other than by watched cells."""
        is_at_work = self._is_at_work()
        found = self._unexplained > 0 or self._was_at_work or is_at_work
        self._unexplained, self._was_at_work = 0, is_at_work
        return found

    def _is_at_work(self) -> bool:
        """Whether something of the user's runs, or will run, beside the cells."""
        return self._is_debugged() or self._has_busy_thread() or self._has_task()

    def _is_debugged(self) -> bool:
        """Whether a debugger, or the event loop of windows, runs code while no cell does."""
        is_started = getattr(getattr(self._kernel, "debugger", None), "is_started", False)
        return bool(is_started or getattr(self._kernel, "eventloop", None) is not None)

    def _has_busy_thread(self) -> bool:
        here = threading.get_ident()
        known = self._of_the_kernel
        others = [thread for thread in threading.enumerate() if thread not in known and thread.ident != here]
        if not others:
            return False
        packages = _files_of(_OF_THE_KERNEL)
        known.update([thread for thread in others if _is_of(_code_of(thread), packages)])
        frames, pools = sys._current_frames(), _files_of(_POOLS)
        return any(
            thread not in known and not _is_waiting_for_work(frames.get(thread.ident or 0), pools) for thread in others
        )

    @staticmethod
    def _has_task() -> bool:
        loop = _running_loop()
        if loop is None:
            return False
        packages = _files_of(_OF_THE_KERNEL)
        if any(not _is_of(_code_of(task.get_coro()), packages) for task in sys.modules["asyncio"].all_tasks(loop)):
            return True
        waiting = [handle._callback for handle in list(getattr(loop, "_scheduled", ())) if not handle.cancelled()]
        codes = [code for callback in waiting if (code := _code_of(callback)) is not None]
        return any(not _is_of(code, packages) for code in codes)


def _running_loop() -> Any:  # noqa: ANN401 - asyncio's, which is dear to import and may not be there
    return sys.modules["asyncio"]._get_running_loop() if "asyncio" in sys.modules else None


def _with_note(handler: Callable[..., Any], note: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def noting(*args: Any, **given: Any) -> Any:  # noqa: ANN401 - whatever the kernel hands over
        note()
        return handler(*args, **given)

    return noting


def _code_of(what: Any) -> CodeType | None:  # noqa: ANN401 - threads, coroutines, callbacks
    """The code that `what` runs, as far as it is Python."""
    for _ in range(10):
        kind = type(what)
        if isinstance(what, threading.Thread):
            own_run = getattr(kind.run, "__code__", None)
            target = getattr(what, "_target", None)
            if kind.run is not threading.Thread.run or target is None:
                return own_run
            what = target
        elif isinstance(what, functools.partial):
            what = what.func
        elif (
            inner := getattr(getattr(what, "__self__", None), "callback", None)
        ) is not None and kind.__name__ == "method":
            what = inner  # tornado's PeriodicCallback
        else:
            break
    for name in ("__code__", "cr_code", "gi_code", "ag_code"):
        found = getattr(what, name, None) or getattr(getattr(what, "__func__", None), name, None)
        if isinstance(found, CodeType):
            return found
    return None


def _files_of(modules: Iterable[str]) -> tuple[str, ...]:
    """Where the code of `modules` lies, as far as they are loaded: a folder for a package, a file for a module."""
    found = [getattr(sys.modules.get(name), "__file__", None) for name in modules]
    return tuple(file.removesuffix("__init__.py") for file in found if isinstance(file, str))


def _is_of(code: CodeType | None, files: tuple[str, ...]) -> bool:
    return code is not None and code.co_filename.startswith(files)


def _is_waiting_for_work(frame: FrameType | None, pools: tuple[str, ...]) -> bool:
    """Whether a thread of a pool has nothing to do: it is in its pool's own code, down to where it began."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(pools):
            return False
        frame = frame.f_back
    return True
