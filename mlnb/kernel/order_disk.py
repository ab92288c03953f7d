"""What runs find on disk and leave there, as keys of traces: files, folders that are listed, texts of the notebook's own modules."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel import order_content, order_files, order_reads, order_world
from mlnb.kernel.order_files import ABSENT, Watch
from mlnb.kernel.order_names import Reach
from mlnb.order.rules.traces import Fingerprint, Key, all_of, family_of
from mlnb.order.types import CellCode

_SIZES: Final = frozenset({"stat", "lstat", "st_size", "st_mtime", "getsize", "getmtime"})
_IN_PLACE: Final = frozenset({"mmap", "sqlite3", "_sqlite3", "shelve", "dbm"})
_WEIGHED_LIMIT: Final = 500


@dataclass(slots=True)
class DiskState:
    """Before a run: what may be read past the doors, the entries of folders that are not as at the start, and files that open
    values may change in place."""

    named: order_reads.Named = field(default_factory=order_reads.Named)
    entries: dict[Key, Fingerprint] = field(default_factory=dict)
    in_place: dict[str, Fingerprint] = field(default_factory=dict)


class Disk:
    """Remembers what lay on disk before the first run of this kernel changed it.

    Args:
        is_own: whether a module is the notebook's own.
        values_of: the values that code of this reach reads.
    """

    def __init__(self, is_own: Callable[[types.ModuleType], bool], values_of: Callable[[Reach], list[Any]]) -> None:
        self._is_own = is_own
        self._values_of = values_of
        self._written: dict[str, Fingerprint] = {}
        self._entries: dict[Key, Fingerprint] = {}
        self._loaded: dict[str, Fingerprint] = {}

    def start_of(self, key: Key) -> Fingerprint | None:
        """What was on disk for `key` before any run changed it; None for other keys."""
        kind, _, rest = key.partition(":")
        if kind == "@file":
            return self._written[rest] if rest in self._written else order_files.content(rest)
        if kind == "@there":
            return _there(self.start_of(f"@file:{rest}"))
        if kind == "@in":
            return _in(self.start_of(f"@file:{rest.replace('%7E', '~')}"))
        return self._names_in(rest) if kind == "@names" else None

    def moment(self) -> dict[str, Mapping[str, Fingerprint]]:
        """What lay on disk before any run so far changed it."""
        return {"written": dict(self._written), "entries": dict(self._entries), "loaded": dict(self._loaded)}

    def take_back(self, moment: Mapping[str, Mapping[str, Fingerprint]]) -> None:
        """Know what was known then: what only later runs changed counts as it is now, for no run that is known explains it."""
        self._written = dict(moment["written"])
        self._entries = dict(moment["entries"])
        self._loaded = dict(moment["loaded"])

    def before(self, code: CellCode, reach: Reach) -> DiskState:
        """What `code` may find."""
        values = self._values_of(reach)
        named = order_reads.look(code, reach.words, reach.packages, reach.texts, values, whole=reach.whole)
        in_place = {}
        if not reach.packages.isdisjoint(
            _IN_PLACE
        ):  # what is changed in mapped memory or a database goes through no door
            in_place = {path: order_files.content(path) for path in order_content.in_place()}
        return DiskState(
            named, {key: value for key, value in self._entries.items() if value != self.start_of(key)}, in_place
        )

    def after(
        self, before: DiskState, code: CellCode, reach: Reach, files: Watch
    ) -> tuple[dict[Key, Fingerprint], dict[Key, Fingerprint]]:
        """(inputs, outputs) of a run."""
        by_others = order_reads.written(before.named)
        if files.programs and before.named.tree is None:
            words = reach.words | {"subprocess"}
            late = order_reads.look(code, words, (), reach.texts, self._values_of(reach), whole=False)
            before.named.before = {**late.before, **before.named.before}
        inputs: dict[Key, Fingerprint] = {}
        outputs: dict[Key, Fingerprint] = {}
        for path, old in {**before.in_place, **by_others, **before.named.before, **files.before}.items():
            new = order_files.content(path)
            if old == new == ABSENT and path in files.written and order_files.is_scratch(path):
                continue  # made and gone within the run
            outputs |= self._left(path, old, new, files)
            is_anew = path in by_others and before.named.writes
            if self._is_read(path, before, files) and not (
                path not in files.read and (is_anew or (old != new and _is_redirected(path, code)))
            ):
                inputs |= self._found(path, old, before.entries, files)
        if not reach.words.isdisjoint(_SIZES):
            inputs |= _weighed(files)
        self._entries.update({key: value for key, value in outputs.items() if key.startswith("@in:")})
        return inputs | _missing_modules(code) | _overwritten(code, files) | self._own_modules(
            code, reach, files
        ), outputs

    def _left(self, path: str, old: Fingerprint, new: Fingerprint, files: Watch) -> dict[Key, Fingerprint]:
        left: dict[Key, Fingerprint] = {}
        if old != new:
            left[f"@file:{path}"] = new
            self._written.setdefault(path, old)
        if _there(old) != _there(new) or path in files.written:
            left[f"@there:{path}"] = _there(new)
            left[_entry(path)] = _in(new)
        return left

    @staticmethod
    def _is_read(path: str, before: DiskState, files: Watch) -> bool:
        return path in files.read or (path in before.named.before and path not in files.written)

    def _found(
        self, path: str, old: Fingerprint, entries: Mapping[Key, Fingerprint], files: Watch
    ) -> dict[Key, Fingerprint]:
        if not old.startswith("folder ") or path in files.written:
            return {f"@file:{path}": old}
        family = _entry(path.rstrip("/")) + "/"
        key, value = all_of(family, {entry: there for entry, there in entries.items() if family_of(entry) == family})
        return {f"@names:{path}": self._names_in(path), key: value}

    def _names_in(self, folder: str) -> Fingerprint:
        """The names in a folder but for those that cells made, and with those that they removed."""
        names = set(order_content.names_in(folder))
        for path, old in self._written.items():
            if path.rpartition("/")[0] == folder.rstrip("/"):
                (names.add if _there(old) == "yes" else names.discard)(path.rpartition("/")[2])
        return order_world.digest(sorted(names))

    def _own_modules(self, code: CellCode, reach: Reach, files: Watch) -> dict[Key, Fingerprint]:
        """The text of an own module counts as it was when the module was loaded."""
        found: dict[Key, Fingerprint] = {}
        for name in reach.modules | {name for name in code.modules if name in sys.modules}:
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if not isinstance(module, types.ModuleType) or not isinstance(file, str) or not self._is_own(module):
                continue
            if name not in self._loaded or file in files.read:
                self._loaded[name] = order_files.content(file)
            found[f"@file:{file}"] = self._loaded[name]
        return found


def _weighed(files: Watch) -> dict[Key, Fingerprint]:
    """Files in folders that were listed, for code that asks entries of folders for their size, which goes through no door."""
    found: dict[Key, Fingerprint] = {}
    folders = [path for path in files.read if files.before.get(path, "").startswith("folder ")]
    paths = [f"{folder.rstrip('/')}/{name}" for folder in folders for name in order_content.names_in(folder)]
    for path in paths[:_WEIGHED_LIMIT]:
        if path not in files.written and not order_files.is_quiet(path):
            text = files.before.get(path) or order_files.content(path)
            if not text.startswith("folder "):
                found[f"@file:{path}"] = text
    return found


def _overwritten(code: CellCode, files: Watch) -> dict[Key, Fingerprint]:
    """``%%writefile`` says whether there was a file before."""
    found = {}
    for name, line in code.magics:
        if name in ("writefile", "file") and line.split() and "-a" not in line.split():
            path = str(Path(line.split()[-1]).expanduser().absolute())
            if path in files.before:
                found[f"@there:{path}"] = _there(files.before[path])
    return found


def _missing_modules(code: CellCode) -> dict[Key, Fingerprint]:
    """Where a module that could not be imported would have to lie."""
    missing = {root for name in code.modules if (root := name.partition(".")[0]) not in sys.modules}
    found = {}
    for folder in sys.path if missing else ():
        for name in missing:
            for ending in (".py", "/__init__.py"):
                path = str(Path(folder or ".").absolute() / f"{name}{ending}")
                if not order_files.is_quiet(path) and order_files.content(path) == ABSENT:
                    found[f"@file:{path}"] = ABSENT
    return found


def _entry(path: str) -> Key:
    return f"@in:{path.replace('~', '%7E')}"


def _in(value: Fingerprint | None) -> Fingerprint:
    return "there" if _there(value) == "yes" else ABSENT


def _there(value: Fingerprint | None) -> Fingerprint:
    return "no" if value is None or value == ABSENT else "yes"


def _is_redirected(path: str, code: CellCode) -> bool:
    """Whether another program writes the file anew (``> name``, ``open("name", "w")``) and does not add to it."""
    name = re.escape(path.rsplit("/", 1)[-1])
    anew = re.compile(
        rf"(?<!>)>\s*(?:\S*{name}|[\"']?\$\w+[\"']?\s*$)|open\([\"']\S*{name}[\"'],\s*[\"']w", re.MULTILINE
    )
    return any(anew.search(text) for text in (" ".join(code.texts), *code.texts))
