"""What the standard library and numpy keep for the whole process outside every module's dictionary, and tell when they are asked.

Each reader asks the C functions themselves, changes nothing and is called only for cells that reach its package.
"""

from __future__ import annotations

import gc
import io
import os
import re
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, Final

import xxhash

from mlnb.kernel.order_doors import real_of

Show = Callable[[Any], str]
Asked = Iterator[tuple[str, object]]

_open, _read, _close = os.open, os.read, os.close  # themselves: no stand-in is ever put in their place here
_PATTERN: Final = re.compile(r" at 0x[0-9a-f]+")
_DECIMAL_PARTS: Final = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
_DIALECT_PARTS: Final = (
    "delimiter", "quotechar", "escapechar", "doublequote", "skipinitialspace", "lineterminator", "quoting", "strict",
)  # fmt: skip
_LEVELS: Final = {0: "NOTSET", 10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
_LINES_OF_HISTORY: Final = 50
GROWING: Final = ("logging/handlers of", "logging/filters of", "gc/callbacks", "sys/finders")
"""Items that statements such as ``addHandler`` add to: what was there before is still there."""
EMPTY_AT_START: Final = frozenset({"pyplot", "fsspec"})
"""Families of which a fresh kernel has nothing, whenever they are first met: open figures, files in memory."""
RESET_BY_ASKING: Final = "threading/size of stacks"
"""The item that ``threading.stack_size()`` tells and sets back."""


def _decimal(_show: Show) -> Asked:
    decimal = sys.modules["decimal"]
    for name, context in (("context", decimal.getcontext()), ("default context", decimal.DefaultContext)):
        yield name, [getattr(context, part) for part in _DECIMAL_PARTS]
        yield f"traps of the {name}", sorted(kind.__name__ for kind, on in context.traps.items() if on)


def _numpy(show: Show) -> Asked:
    numpy: Any = sys.modules["numpy"]
    yield "error handling", numpy.geterr()
    yield "function that errors call", _shown(show, numpy.geterrcall())
    yield "size of buffers", numpy.getbufsize()
    yield "print options", {name: value for name, value in numpy.get_printoptions().items() if name != "formatter"}
    yield "formatters", _shown(show, numpy.get_printoptions().get("formatter"))


def _logging(show: Show) -> Asked:
    logging: Any = sys.modules["logging"]
    yield "disabled below", logging.root.manager.disable
    yield "names of levels", {level: name for level, name in logging._levelToName.items() if _LEVELS.get(level) != name}
    yield "kind of records", _shown(show, logging.getLogRecordFactory())
    for name, logger in [("root", logging.root), *logging.root.manager.loggerDict.items()]:
        handlers = getattr(logger, "handlers", None)
        if handlers is None:
            continue
        for what, value, usual in (
            ("level", logger.level, 30 if name == "root" else 0), ("propagation", logger.propagate, True),
            ("disabled", logger.disabled, False), ("filters", [_shown(show, part) for part in logger.filters], []),
            ("handlers", [_handler(show, handler) for handler in handlers], []),
        ):  # fmt: skip
            if value != usual:
                yield f"{what} of the logger {name}", value


def _handler(show: Show, handler: Any) -> tuple[object, ...]:  # noqa: ANN401 - untyped by its library
    formatter = handler.formatter
    written = (
        None
        if formatter is None
        else (_shown(show, type(formatter)), formatter._fmt, formatter.datefmt, type(formatter._style).__name__)
    )
    return (
        _shown(show, type(handler)), handler.level, written, [_shown(show, part) for part in handler.filters],
        getattr(handler, "baseFilename", ""), getattr(getattr(handler, "stream", None), "name", ""),
    )  # fmt: skip


def _csv(_show: Show) -> Asked:
    csv: Any = sys.modules["csv"]
    yield "field limit", csv.field_size_limit()
    for name in csv.list_dialects():
        dialect = csv.get_dialect(name)
        yield f"dialect {name}", [getattr(dialect, part, None) for part in _DIALECT_PARTS]


def _socket(_show: Show) -> Asked:
    yield "default timeout", sys.modules["_socket"].getdefaulttimeout()


def _gc(show: Show) -> Asked:
    yield "collection", (gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.get_freeze_count() > 0)
    if gc.callbacks:
        yield "callbacks", [_shown(show, one) for one in gc.callbacks]


def _sys(show: Show) -> Asked:
    yield "recursion limit", sys.getrecursionlimit()
    yield "switch interval", sys.getswitchinterval()
    yield "tracing", (sys.gettrace() is not None, sys.getprofile() is not None)
    yield "depth of origins of coroutines", sys.get_coroutine_origin_tracking_depth()
    yield "hooks of asynchronous generators", _shown(show, tuple(sys.get_asyncgen_hooks()))
    yield "flags of libraries", sys.getdlopenflags() if hasattr(sys, "getdlopenflags") else ""
    yield "arguments", list(sys.argv)
    theirs = [
        one for one in sys.meta_path if not type(one).__module__.startswith("mlnb.kernel.")
    ]  # ours stands there for a cell
    yield "finders", [[_named(show, one) for one in row] for row in (theirs, sys.path_hooks)]
    if isinstance(sys.stdin, io.StringIO):
        yield "standard input", (sys.stdin.getvalue(), sys.stdin.tell())


def _threading(show: Show) -> Asked:
    size = threading.stack_size()  # to ask is to set it to the default
    threading.stack_size(size)
    yield "size of stacks", size
    yield "name of this thread", threading.current_thread().name
    hooks = [getattr(threading, name, lambda: None)() for name in ("getprofile", "gettrace")]
    yield "hooks of new threads", [_shown(show, one) for one in hooks]


def _signal(_show: Show) -> Asked:
    if hasattr(signal, "setitimer"):
        timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
        yield "timers", [(left > 0, again) for left, again in map(signal.getitimer, timers)]
    if hasattr(signal, "pthread_sigmask"):
        yield "blocked signals", sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ())))


def _resource(_show: Show) -> Asked:
    resource: Any = sys.modules["resource"]
    for name in sorted(name for name in vars(resource) if name.startswith("RLIMIT_")):
        yield f"limit {name}", resource.getrlimit(getattr(resource, name))


def _os(_show: Show) -> Asked:
    mask = _umask()
    if mask:
        yield "mask of new files", mask
    for name, ask in (("priority", "getpriority"), ("processors", "sched_getaffinity")):
        if hasattr(os, ask):
            yield name, os.getpriority(os.PRIO_PROCESS, 0) if name == "priority" else sorted(os.sched_getaffinity(0))


def _umask() -> str:
    """The mask of new files where the system tells it without setting it."""
    try:
        descriptor = _open("/proc/self/status", 0)
    except OSError:
        return ""
    try:
        head = _read(descriptor, 400)
    finally:
        _close(descriptor)
    found = re.search(rb"^Umask:\s*(\d+)", head, re.MULTILINE)
    return found.group(1).decode() if found else ""


def _asyncio(show: Show) -> Asked:
    policy = getattr(sys.modules["asyncio.events"], "_event_loop_policy", None)
    if _is_users(type(policy)):
        yield "policy of event loops", _shown(show, policy)
    # the loop of this thread while it does not run: the kernel's own is none of the user's
    loop = getattr(getattr(policy, "_local", None), "_loop", None)
    if loop is not None:
        yield "event loop", (_named(show, loop), loop.get_debug(), loop.is_closed())


def _readline(_show: Show) -> Asked:
    readline: Any = sys.modules["readline"]
    last = readline.get_current_history_length()
    first = max(1, last - _LINES_OF_HISTORY + 1)
    yield "history", (readline.get_history_length(), [readline.get_history_item(n) for n in range(first, last + 1)])
    yield "completion", readline.get_completer_delims()


def _tracemalloc(_show: Show) -> Asked:
    module: Any = sys.modules["_tracemalloc"]
    yield "tracing", (module.is_tracing(), module.get_traceback_limit())


def _faulthandler(_show: Show) -> Asked:
    yield "on", sys.modules["faulthandler"].is_enabled()


def _multiprocessing(_show: Show) -> Asked:
    module: Any = sys.modules["multiprocessing"]
    yield "way of starting", module.get_start_method(allow_none=True)
    yield "name of this process", module.current_process().name


def _ctypes(_show: Show) -> Asked:
    yield "errno", sys.modules["_ctypes"].get_errno()


def _fsspec(_show: Show) -> Asked:
    """Files in memory, which no other process has."""
    store = sys.modules["fsspec.implementations.memory"].MemoryFileSystem.store
    for path, file in list(store.items()):
        yield f"file in memory {path}", xxhash.xxh3_128_hexdigest(file.getvalue())


def _figures(_show: Show) -> Asked:
    helpers: Any = sys.modules.get("matplotlib._pylab_helpers")
    for number, manager in helpers.Gcf.figs.items() if helpers is not None else ():
        axes = manager.canvas.figure.axes
        yield (
            f"figure {number}",
            [(len(one.lines), len(one.patches), len(one.collections), one.get_title()) for one in axes],
        )


_READERS: Final[dict[str, tuple[str, Callable[[Show], Asked]]]] = {
    "decimal": ("decimal", _decimal), "numpy": ("numpy", _numpy), "logging": ("logging", _logging), "csv": ("csv", _csv),
    "socket": ("_socket", _socket), "gc": ("gc", _gc), "sys": ("sys", _sys), "pyplot": ("matplotlib._pylab_helpers", _figures),
    "threading": ("threading", _threading), "signal": ("signal", _signal), "resource": ("resource", _resource), "os": ("os", _os),
    "asyncio": ("asyncio.events", _asyncio), "readline": ("readline", _readline), "tracemalloc": ("_tracemalloc", _tracemalloc),
    "faulthandler": ("faulthandler", _faulthandler), "multiprocessing": ("multiprocessing", _multiprocessing),
    "ctypes": ("_ctypes", _ctypes), "fsspec": ("fsspec.implementations.memory", _fsspec),
}  # fmt: skip
"""Family -> (module that must be loaded, how to read it)."""


def items_of(family: str, show: Show) -> dict[str, str]:
    """The state of the package `family` as text, by ``family/item``; empty where there is none to read.

    Args:
        family: a top-level package, or ``pyplot``.
        show: the fingerprint of a value that the user made.
    """
    module, read = _READERS.get(family, ("", None))
    if read is None or module not in sys.modules:
        return {}
    try:
        return {f"{family}/{item}": text_of(value) for item, value in read(show)}
    except Exception:  # noqa: BLE001 - what is missing is left out
        return {}


def text_of(value: object) -> str:
    """`value` in words that are equal for equal values of this kernel."""
    return _PATTERN.sub("", repr(real_of(value)))


def _named(show: Show, value: object) -> str:
    """A value by its own name, for places that hold objects of the system."""
    return _shown(show, value) if _is_users(value) or _is_users(type(value)) else text_of(value)


def _shown(show: Show, value: Any) -> str:  # noqa: ANN401 - any value
    """A value that the user may have made, by content; code of a library by its name."""
    if type(value) is dict:
        return repr({key: _shown(show, part) for key, part in value.items()})
    if type(value) in (tuple, list):
        return repr([_shown(show, part) for part in value])
    if _is_users(value) or _is_users(type(value)):
        return show(value)
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    return text_of(value)


def _is_users(value: object) -> bool:
    return getattr(value, "__module__", None) == "__main__"
