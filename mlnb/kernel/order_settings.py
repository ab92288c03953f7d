"""What a run finds set for the whole process, by package, and what it sets: in module dictionaries, in the process, or out of sight.

Three sources, none of them a list of settings: what shows in the dictionaries of modules (`order_libraries`), what the process tells when
asked (`order_process`, `order_asked`), and statements that may set something of a library (`CellCode.effects`), which count by their code
and inputs because many libraries keep their settings in C, where nobody can look.
"""

from __future__ import annotations

import os
import re
import sys
import types
from collections.abc import Iterable
from typing import Any, Final

from mlnb.kernel import order_asked, order_process
from mlnb.kernel.order_code import SETS
from mlnb.kernel.order_files import Watch
from mlnb.kernel.order_libraries import Libraries
from mlnb.kernel.order_names import Names, Reach
from mlnb.kernel.order_objects import is_transparent
from mlnb.kernel.order_process import PROCESS
from mlnb.kernel.order_values import print_of
from mlnb.kernel.order_world import digest
from mlnb.order.plugins.python_library import ADDS, SETTING, SQL
from mlnb.order.rules.traces import ABSENT, Fingerprint, Key, all_of, members_of
from mlnb.order.types import CellCode, LibraryEffect

_OF_THE_PROCESS: Final = frozenset(
    {"codecs", "_codecs", "locale", "_locale", "signal", "_signal", "time", "os", "posix", "faulthandler", "atexit"}
)
_FIGURE_WORDS: Final = frozenset(
    {"gcf", "gca", "figure", "get_fignums", "fignum_exists", "savefig", "axes", "get_figlabels"}
)
_LOOKED_INTO: Final = frozenset(
    {"builtins", "numpy", "pandas", "collections", "__main__", "functools", "types", "array", "datetime"}
)
_CHANGING: Final = frozenset(
    {"append", "extend", "insert", "update", "clear", "remove", "discard", "setdefault", "__setattr__", "setattr", "rc"}
)
_GROWING: Final = frozenset(
    {"append", "extend", "insert", "remove", "pop", "discard", "add"}
    | {f"{verb}{what}" for verb in ("add", "remove") for what in ("Handler", "Filter")}
)
_ASKS_ARGUMENTS: Final = frozenset(
    {"argparse", "optparse", "click", "typer", "fire", "absl", "docopt", "getopt", "fileinput"}
)
_REGISTERS: Final = re.compile(r"^(?:un)?(?:register|add[A-Z_]|install|declare|define)")
_NOT_PACKAGES: Final = frozenset({"", "__main__", "mlnb", "posix", "_io", "_thread"})


class Settings:
    """Watches what is set for the whole process.

    Args:
        names: the names of the shell.
        shell: an IPython InteractiveShell.
    """

    def __init__(self, names: Names, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._names = names
        self._shell = shell
        self._libraries = Libraries(names.is_own, self._digest_of)
        self._whole = order_process.Whole(shell, self._digest_of)
        self._asked: dict[str, dict[str, str]] = {}  # by family, as the process told last
        self._current: dict[Key, Fingerprint] | None = {}
        self._start: dict[Key, Fingerprint] = {}
        self._read: dict[Key, Fingerprint] = {}
        self._read_families: set[str] = set()
        self._said: dict[Key, Fingerprint] = {}  # by statements: what they set lies out of sight
        self._sets: dict[str, set[Key]] = {}  # what each statement was seen to set

    def transforms(self) -> Fingerprint:
        """What the user makes IPython do to code before it runs."""
        return self._whole.transforms()

    def start_of(self, key: Key) -> Fingerprint:
        """What a fresh kernel would find for `key`."""
        package, _, item = key.removeprefix("@library:").partition("/")
        found = self._start.get(key)
        return found if found is not None else self._libraries.start_of(package, item)

    def look(self, keys: Iterable[Key]) -> dict[Key, Fingerprint]:
        """What `keys` are now."""
        items = {key.removeprefix("@library:") for key in keys}
        families = {item.partition("/")[0] for item in items}
        seen = self._libraries.look(families)
        self._libraries.absorb(seen.keys() - items)
        self._ask_process(families)
        self._current = None
        now = self._now()
        return {key: now.get(key, self.start_of(key)) for key in keys}

    def whole(self, key: Key) -> Fingerprint:
        """The fingerprint of an ``@all:`` key as things are now."""
        family, excluded = members_of(key)
        values = {member: value for member, value in self._now().items() if member.startswith(family)}
        return all_of(family, values, excluded)[1]

    def before(self, code: CellCode, reach: Reach) -> dict[Key, Fingerprint]:
        """What is not as at the start, as far as `code` can tell."""
        families = self._families(code, reach)
        self._libraries.watch(families)
        self._ask_process(families)
        return self._now()

    def after(
        self, code: CellCode, reach: Reach, before: dict[Key, Fingerprint], files: Watch
    ) -> tuple[dict[Key, Fingerprint], dict[Key, Fingerprint]]:
        """(inputs, outputs) of a run: the settings of the packages it uses, and those it set."""
        families = self._families(code, reach)
        if not families and not code.effects and not files.told:
            return {}, {}
        self._libraries.watch(families)
        sets = bool(code.effects or any(SETTING.match(word) or word in _CHANGING for word in reach.words))
        sets = sets or SETS in reach.words
        seen = self._libraries.look(None if sets else families, tables=any(map(_REGISTERS.match, reach.words)))
        if not sets:
            kept = {item for item in seen if item.partition("/")[0] in code.words and self._libraries.is_setting(item)}
            self._libraries.absorb(seen.keys() - kept)
            seen = {item: value for item, value in seen.items() if item in kept}
        if seen:
            self._current = None
        moved = {f"@library:{item}" for item in seen}
        self._ask_process(families)
        own = self._hear(code.effects) | self._hear_calls(files)
        now = self._now()
        set_ = {
            key: now[key] if key in now else self.start_of(key)
            for key in {*before, *now} | moved
            if now.get(key) != before.get(key)
        }
        if len(code.effects) == 1:
            self._sets.setdefault(code.effects[0].digest, set()).update(set_.keys() - own)
        for effect in code.effects:
            own |= self._sets.get(effect.digest, set())
        set_ |= {key: now[key] if key in now else self.start_of(key) for key in own}
        drawn = {key: before.get(key, self.start_of(key)) for key in set_ if key.startswith("@library:pyplot/")}
        blind = own if code.changes_by_operator else own | {key for key in set_ if "/figure " not in key}
        adds = any(effect.slot.startswith(ADDS) for effect in code.effects)
        if adds or not _GROWING.isdisjoint(reach.words):  # what is added to is what was there before
            blind = {key for key in blind if not adds and not self._is_row(key)}
        if not code.only_sets:
            blind -= {f"@library:{order_asked.RESET_BY_ASKING}"}
        read = {}
        for family in () if code.only_sets and not adds and _GROWING.isdisjoint(reach.words) else families:
            prefix = f"@library:{family}/"
            members = {key: value for key, value in before.items() if key.startswith(prefix)}
            key, value = all_of(prefix, members, [key for key in blind if key.startswith(prefix)])
            read[key] = value
        return read | drawn, set_

    # ---- which packages

    def _families(self, code: CellCode, reach: Reach) -> set[str]:
        found = {name for name in reach.packages if name in sys.modules} - _NOT_PACKAGES
        found |= {name.partition(".")[0] for name in code.modules}
        found |= {package for name in reach.libraries for package in self._parts(name, code)}
        found -= {name for name in found if self._is_own(name)}
        if "matplotlib" in found and reach.words & _FIGURE_WORDS:
            found.add("pyplot")
        if code.displays or code.opaque or code.magics:
            found.add("IPython")
        if any(
            sys.modules.get(name) is not None and not isinstance(sys.modules[name], types.ModuleType)
            for name in code.modules
        ):
            found.add("sys")  # somebody has put a thing of their own in the place of a module
        if not _ASKS_ARGUMENTS.isdisjoint(found):
            found.add("sys")
        if "pathlib" in found:
            found.add("os")
        if any("memory://" in text for text in (*code.texts, *reach.texts)):
            found.add("fsspec")
        namespace = self._shell.user_ns
        if found or reach.late or any(name not in namespace for name in code.reads):
            found |= {PROCESS, "builtins"}
        return found

    @staticmethod
    def _parts(name: str, code: CellCode) -> Iterable[str]:
        """Packages of modules that the code reaches as attributes: ``os.path`` is the module ``posixpath``."""
        held = vars(sys.modules[name]) if isinstance(sys.modules.get(name), types.ModuleType) else {}
        for word in code.words & held.keys():
            if isinstance(held[word], types.ModuleType):
                yield held[word].__name__.partition(".")[0]

    def _is_own(self, name: str) -> bool:
        module = sys.modules.get(name)
        return isinstance(module, types.ModuleType) and self._names.is_own(module)

    def _is_row(self, key: Key) -> bool:
        """Whether it is a row of values, to which statements add."""
        item = key.removeprefix("@library:")
        return item.startswith(order_asked.GROWING) or self._libraries.is_row(item)

    # ---- looking

    def _digest_of(self, value: Any) -> Fingerprint:  # noqa: ANN401 - any value
        return print_of(value, self._names.context).digest

    def _ask_process(self, families: set[str]) -> None:
        for family in [*families, *(["pyplot"] if "matplotlib" in families else [])]:
            if family == PROCESS:
                found = self._whole.process()
            elif family == "IPython":
                found = self._whole.shell()
            else:
                found = order_asked.items_of(family, self._digest_of)
            if found is not self._asked.get(family) and found != self._asked.get(family, {}):
                self._take_over(family, found)

    def _take_over(self, family: str, found: dict[str, str]) -> None:
        is_new = family not in self._asked and family not in order_asked.EMPTY_AT_START
        for item in self._asked.get(family, {}):
            self._read.pop(f"@library:{item}", None)
        self._asked[family] = found
        for item, value in found.items():
            key = f"@library:{item}"
            self._read[key] = value
            self._start.setdefault(key, value if is_new else ABSENT)  # as it was when the package was first met
        self._current = None

    def _now(self) -> dict[Key, Fingerprint]:
        """What is not as at the start; not to be changed."""
        if self._current is None:
            found = {key: value for key, value in {**self._read, **self._said}.items() if value != self._start[key]}
            for key, start in self._start.items():
                if start != ABSENT and key not in self._read and key not in self._said:
                    found[key] = ABSENT
            found |= {f"@library:{item}": value for item, value in self._libraries.changed().items()}
            self._current = found
        return self._current

    # ---- statements

    def _hear(self, effects: tuple[LibraryEffect, ...]) -> set[Key]:
        keys = set()
        for effect in effects:
            package = self._package_of(effect)
            if not package:
                continue
            slot = effect.slot.replace("~", "-")
            key = f"@library:{package}/{slot.removeprefix(ADDS)}"
            self._start.setdefault(key, ABSENT)
            self._current = None
            before = self._said.get(key) if slot.startswith(ADDS) else None
            self._said[key] = digest(
                (effect.digest, [self._names.digest(name) for name in sorted(effect.names)], before)
            )
            keys.add(key)
        return keys

    def _hear_calls(self, files: Watch) -> set[Key]:
        put = {name: value for name, value in files.put.items() if os.environ.get(name, ABSENT) != value}
        calls = {f"{PROCESS}/variable {name}": (value,) for name, value in put.items()} | files.told
        keys = {f"@library:{item.replace('~', '-')}": digest(self._digest_of(given)) for item, given in calls.items()}
        for key, value in keys.items():
            self._start.setdefault(key, ABSENT)
            self._current = None
            self._said[key] = value
        return set(keys)

    @staticmethod
    def _is_out_of_sight(value: object) -> bool:
        """Whether it is an object of a library written in C, which may keep what nobody can look at."""
        kind = type(value)
        return kind.__module__.partition(".")[0] not in _LOOKED_INTO and not is_transparent(kind)

    def _package_of(self, effect: LibraryEffect) -> str:
        """The package of which the statement sets something; empty for things of the notebook's own."""
        value = self._shell.user_ns.get(effect.root, getattr(sys.modules["builtins"], effect.root, None))
        for word in effect.path:
            inner = vars(value).get(word.removesuffix("()")) if isinstance(value, types.ModuleType) else None
            if word.endswith("()") and isinstance(inner, type):
                return ""  # a new object, which somebody else keeps
            if not isinstance(inner, types.ModuleType):
                break
            value = inner
        if isinstance(value, types.ModuleType):
            name = value.__name__
        elif isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
            name = str(getattr(value, "__module__", "") or "")
        elif self._is_out_of_sight(value) and not SQL.intersection(
            effect.path[-1:]
        ):  # a connection is known as a value
            name = type(value).__module__
        else:
            return ""
        module = sys.modules.get(name)
        if name == "__main__" or (isinstance(module, types.ModuleType) and self._names.is_own(module)):
            return ""
        root = name.partition(".")[0]
        return PROCESS if root in _OF_THE_PROCESS else root
