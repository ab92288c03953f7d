"""Which files a cell run opens, lists, makes and removes, and what they held. Nothing is watched unless a cell runs."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
import sys
import types
from collections.abc import Callable
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel import order_content
from mlnb.kernel.order_content import ABSENT, CONTENT_LIMIT_BYTES, content, is_quiet, is_scratch, named_in
from mlnb.kernel.order_doors import Doors, KnownCalls, Note, real_of, without_stand_ins

__all__ = [
    "ABSENT", "CONTENT_LIMIT_BYTES", "Watch", "content", "is_quiet", "is_scratch", "leave", "named_in", "start", "stop",
]  # fmt: skip

_SEARCH: Final = re.compile(
    r"<frozen (?:importlib|zipimport)|/(?:importlib|importlib_metadata|pkg_resources)/|/pkgutil\.py$"
)
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass
class Watch:
    """What one cell run did with files.

    Attributes:
        before: by absolute path, what each touched file held when it was first touched.
        read: those opened for reading, or for changing what is there.
        written: those opened for writing, made, removed or renamed.
        searched: folders that Python looked through for modules and installed packages.
        relative: whether any was named relative to the working directory.
        programs: whether another program was started.
        hosts: other computers whose address was asked for.
        told: what was set that nobody can ask for: arguments by family and function.
        put: environment variables that were set for other programs, perhaps past ``os.environ``.
    """

    before: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    searched: set[str] = field(default_factory=set)
    relative: bool = False
    programs: bool = False
    hosts: set[str] = field(default_factory=set)
    told: dict[str, tuple[object, ...]] = field(default_factory=dict)
    put: dict[str, str] = field(default_factory=dict)


_active: Watch | None = None
_shell: Any = None
_known: Final = KnownCalls()  # calls of `open` that tell nothing new in this run
_NONE_KNOWN: Final = KnownCalls()
_doors: Final = Doors()


def start(watch: Watch, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
    """Note into `watch` what code in `shell` opens from now on."""
    global _active, _shell
    stop()
    order_content.look_for_own_state(str(getattr(getattr(shell, "history_manager", None), "hist_file", "")))
    _add_doors()
    _active, _shell = watch, shell
    _doors.watch(shell.user_ns)
    tell = shell._get_exc_info

    def without_our_frames(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - untyped by its library
        found = tell(*given, **named)
        without_stand_ins(found[1])
        return found

    shell._get_exc_info = without_our_frames


def stop() -> None:
    """Note nothing any more."""
    global _active, _shell
    if _shell is not None:
        _doors.unwatch(_shell.user_ns)
        _shell.__dict__.pop("_get_exc_info", None)
    _active = _shell = None
    _known.clear()


def leave() -> None:
    """Take out of this process all that `start` has put in."""
    stop()
    _doors.remove()


# ---- what goes through the doors

Noted = Callable[[Watch, tuple[Any, ...], dict[str, Any]], None]


def _add_doors() -> None:
    """Watch every function there is by now."""
    missing = _WATCHED.keys() - _added
    for module, name in [place for place in missing if place[0] in sys.modules]:
        _added.add((module, name))
        real, note = real_of(getattr(sys.modules[module], name, None)), _WATCHED[module, name]
        if isinstance(real, types.BuiltinFunctionType):  # what somebody has replaced already is theirs
            _doors.add(real, _noting(note), _known if (module, name) == ("io", "open") else _NONE_KNOWN)


def _noting(note: Noted) -> Note:
    def told(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        if _active is not None:
            with contextlib.suppress(Exception):  # what is wrong with the call, the function itself will say
                note(_active, arguments, named)

    return told


def _started(watch: Watch, _arguments: tuple[Any, ...], _named: dict[str, Any]) -> None:
    watch.programs = True


def _looked_up(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    host = arguments[0] if arguments else named.get("host")
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not _is_about_the_notebook():
        watch.hosts.add(str(host or "this computer"))


_NAMES_THE_NOTEBOOK: Final = "mlflow.tracking.context.jupyter_notebook_context"  # asks Jupyter for a tag of the run


def _is_about_the_notebook() -> bool:
    """Whether a library asks Jupyter which notebook this is, to note it down: no value of the user's comes of that."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == _NAMES_THE_NOTEBOOK:
            return True
        frame = frame.f_back
    return False


def _moved(_watch: Watch, _arguments: tuple[Any, ...], _named: dict[str, Any]) -> None:
    _known.clear()  # the same names mean other files from now on


def _opened(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    given = arguments[0] if arguments else named["file"]
    mode = arguments[1] if len(arguments) > 1 else named.get("mode", "r")
    path = _path(watch, given)
    if path is not None:
        _note_open(
            watch, path, reads=not set(mode) & set("wx"), writes=bool(set(mode) & set("wax+")), in_place="+" in mode
        )
    if type(given) is str and all(type(argument) is str for argument in arguments[:2]) and "mode" not in named:
        _known.add(arguments)


def _opened_low(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    given = arguments[0] if arguments else named["path"]
    flags = arguments[1] if len(arguments) > 1 else named["flags"]
    path = _path(watch, given, named.get("dir_fd"))
    if path is not None:
        _note_open(watch, path, reads=True, writes=bool(flags & _WRITING), in_place=bool(flags & os.O_RDWR))


def _note_open(watch: Watch, path: str, *, reads: bool, writes: bool, in_place: bool) -> None:
    if in_place and not is_scratch(path):
        order_content.never_settled(path)
    _touch(watch, path, writes=writes)
    if reads:
        watch.read.add(path)


def _listed(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    path = _path(watch, arguments[0] if arguments else named.get("path"))
    if path is None:
        return
    _touch(watch, path, writes=False)
    searches = _SEARCH.search(sys._getframe(3).f_code.co_filename)  # told, the stand-in, who called it
    (watch.searched if searches else watch.read).add(path)


def _made(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    path = _path(watch, arguments[0] if arguments else named["path"], named.get("dir_fd"))
    if path is not None:
        _touch(watch, path, writes=True)


def _changed(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    path = _path(watch, arguments[0] if arguments else named["path"], named.get("dir_fd"))
    if path is not None:
        _touch(watch, path, writes=True)
        watch.read.add(path)


def _renamed(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    ends = [*arguments, *(named[name] for name in ("src", "dst") if name in named)]
    for given, folder in zip(ends, (named.get("src_dir_fd"), named.get("dst_dir_fd")), strict=False):
        path = _path(watch, given, folder)
        if path is not None:
            _touch(watch, path, writes=True)
            if given is ends[0]:
                watch.read.add(path)


def _connected(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    path = _path(watch, arguments[0] if arguments else named["database"])
    if path is not None:
        _note_open(watch, path, reads=True, writes=True, in_place=True)


def _telling(family: str, what: str) -> Noted:
    """Notes calls of a function of which the effect cannot be read: the last one with the same first argument counts."""

    def told(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        watch.told[f"{family}/{what} {arguments[0]!r:.80}"] = (*arguments, *sorted(named.items()))

    return told


def _registered(watch: Watch, arguments: tuple[Any, ...], _named: dict[str, Any]) -> None:
    family, sub = arguments
    if sub.__module__ == "__main__":  # libraries do that, too, while they are loaded
        watch.told[f"{family.__module__.partition('.')[0]}/{family.__qualname__} takes {sub.__qualname__}"] = arguments


def _marked(watch: Watch, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    path = _path(watch, arguments[0] if arguments else named["path"], named.get("dir_fd"))
    if path is not None:  # the content is as it was: times and permissions are no part of it
        watch.told[f"os/what is noted of {path}"] = (*arguments[1:], *sorted(named.items()))


def _put(watch: Watch, arguments: tuple[Any, ...], _named: dict[str, Any]) -> None:
    watch.put[os.fsdecode(arguments[0])] = os.fsdecode(arguments[1]) if len(arguments) > 1 else ABSENT


_WATCHED: Final[dict[tuple[str, str], Noted]] = {
    ("io", "open"): _opened, ("io", "open_code"): _opened, ("os", "open"): _opened_low,
    ("os", "listdir"): _listed, ("os", "scandir"): _listed, ("os", "mkdir"): _made, ("os", "remove"): _changed,
    ("os", "unlink"): _changed, ("os", "rmdir"): _changed, ("os", "truncate"): _changed, ("os", "rename"): _renamed,
    ("os", "replace"): _renamed, ("os", "link"): _renamed, ("os", "symlink"): _renamed,
    ("os", "chdir"): _moved, ("os", "fchdir"): _moved, ("_sqlite3", "connect"): _connected, ("_socket", "getaddrinfo"): _looked_up,
    ("_posixsubprocess", "fork_exec"): _started, ("os", "system"): _started, ("os", "posix_spawn"): _started,
    ("os", "posix_spawnp"): _started, ("os", "forkpty"): _started, ("_winapi", "CreateProcess"): _started,
    ("os", "chmod"): _marked, ("os", "utime"): _marked, ("os", "putenv"): _put, ("os", "unsetenv"): _put,
    ("_abc", "_abc_register"): _registered,
    ("_codecs", "register"): _telling("process", "codecs by"), ("_codecs", "register_error"): _telling("process", "errors of codecs"),
    ("_sqlite3", "register_adapter"): _telling("sqlite3", "adapter of"),
    ("_sqlite3", "register_converter"): _telling("sqlite3", "converter of"),
}  # fmt: skip
_added: Final[set[tuple[str, str]]] = set()


def _path(watch: Watch, given: object, folder: int | None = None) -> str | None:
    """The absolute path that a call was given; None for what is no file of the notebook's."""
    named = _as_path(given)
    if named is not None and folder is not None:
        named = _below(folder, named)
    if named is None:
        return None
    path = os.path.abspath(named)  # noqa: PTH100 - hot path, plain text wanted
    if is_quiet(path):
        return None
    watch.relative = watch.relative or not os.path.isabs(named)  # noqa: PTH117 - hot path, plain text wanted
    return path


def _as_path(given: object) -> str | None:
    """The path that a call was given; None for a descriptor, a database in memory or a URL."""
    if given is None:
        return "."
    if isinstance(given, os.PathLike):
        given = os.fspath(given)
    if isinstance(given, bytes):
        given = os.fsdecode(given)
    return given if isinstance(given, str) and given != ":memory:" and not given.startswith("file:") else None


def _below(folder: int, given: str) -> str | None:
    """`given` in the folder that is open as the descriptor `folder`; None where the system does not tell its path."""
    for known in (f"/proc/self/fd/{folder}", f"/dev/fd/{folder}"):
        try:
            return os.path.join(os.readlink(known), given)  # noqa: PTH115, PTH118 - hot path, plain text wanted
        except OSError:
            continue
    return None


def _touch(watch: Watch, path: str, *, writes: bool) -> None:
    if path not in watch.before:
        watch.before[path] = content(path)
    if writes:
        watch.written.add(path)
        parent = os.path.dirname(path)  # noqa: PTH120 - hot path, plain text wanted
        if watch.before[path] == ABSENT and parent not in watch.before and not is_scratch(path):
            watch.before[parent] = content(parent)
