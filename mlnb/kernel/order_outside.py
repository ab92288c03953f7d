"""The outside of a cell run: what of folder, environment, random state, settings, modules and files it depended on and changed."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel import order_content, order_loading, order_reads, order_remote, order_world
from mlnb.kernel.order_disk import Disk, DiskState
from mlnb.kernel.order_files import ABSENT, Watch
from mlnb.kernel.order_names import Names, Reach
from mlnb.kernel.order_settings import Settings
from mlnb.order.rules.traces import Fingerprint, Key, all_of
from mlnb.order.types import CellCode

_FOLDER_WORDS: Final = order_reads.ASKING | {"getcwd", "cwd", "abspath", "resolve", "absolute", "realpath", "samefile"}
_ENVIRONMENT_WORDS: Final = frozenset(["environ", "environb", "getenv", "expandvars", "expanduser", "load_dotenv"])
_READS_ENVIRONMENT: Final = frozenset(
    ["home", "getuser", "gettempdir", "gettempprefix", "user_cache_dir", "user_data_dir", "getpreferredencoding"]
)
_STATE_WORDS: Final = frozenset(["getstate", "get_state"])
_DRAWS: Final = re.compile(r"random|sample|shuffle|_split|fit")
_SEED_WORDS: Final = frozenset(["seed", "setstate", "set_state", "manual_seed"])
_ADDING: Final = frozenset({"insert", "append", "extend", "remove", "pop"})
_FOLDER_MAGICS: Final = frozenset(
    {"pwd", "ls", "ll", "lk", "cd", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "run", "writefile", "file"}
)


@dataclass(slots=True)
class OutsideState:
    """The outside at one border of a run: simple values by key, the environment, what libraries keep that is not as at the
    start, what may be read past the doors and, for code that only imports, the modules that are loaded."""

    values: dict[Key, Fingerprint] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[Key, Fingerprint] = field(default_factory=dict)
    disk: DiskState = field(default_factory=DiskState)
    loaded: frozenset[str] = frozenset()
    loading: order_loading.Loading = field(default_factory=lambda: order_loading.Loading(CellCode("")))


class Outside:
    """Compares the outside before and after runs, and remembers what a fresh kernel would start from.

    Args:
        names: the names of the shell.
        shell: an IPython InteractiveShell.
    """

    def __init__(self, names: Names, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._names = names
        self._is_own = names.is_own
        self._shell = shell
        self._settings = Settings(names, shell)
        self._environment = order_world.environment()
        self.start: dict[
            Key, Fingerprint
        ] = {}  # as before the first run: a kernel moves to its folder after it has begun
        self.now: dict[Key, Fingerprint] = {}
        self.continued: dict[Key, Fingerprint] = {}  # of the last run: see `Trace.continued`
        self.varying: tuple[str, ...] = ()  # of the last run: what it took from elsewhere
        self._disk = Disk(names.is_own, self._values_of)

    def start_of(self, key: Key) -> Fingerprint | None:
        """What a fresh kernel would find for `key`; None for what is not outside or never was looked at."""
        if key.startswith("@env:"):
            return self._environment.get(key[5:], ABSENT)
        if key.startswith("@library:"):
            return self._settings.start_of(key)
        found = self._disk.start_of(key)
        return self.start.get(key) if found is None else found

    def disk_before(self) -> dict[str, Mapping[str, Fingerprint]]:
        """What lay on disk before any run so far changed it; for `take_back`."""
        return self._disk.moment()

    def take_back(self, disk: Mapping[str, Mapping[str, Fingerprint]]) -> None:
        """Know of the disk what was known then."""
        self._disk.take_back(disk)

    def look(self, keys: Collection[Key]) -> dict[Key, Fingerprint]:
        """What `keys` are now, as far as that can be told without a run; it is taken over."""
        found = self._settings.look([key for key in keys if key.startswith("@library:")])
        for key in keys:
            if not key.startswith("@library:") and (now := self._look(key)) is not None:
                found[key] = now
        self.now.update(found)
        return found

    def _look(self, key: Key) -> Fingerprint | None:
        kind, _, rest = key.partition(":")
        if kind == "@file":
            found: Fingerprint | None = order_content.content(rest)
        elif kind == "@env":
            found = order_world.environment().get(rest, ABSENT)
        elif kind == "@own":
            module = sys.modules.get(rest)
            found = order_world.module_surface(module) if isinstance(module, types.ModuleType) else None
        else:
            found = self._values(CellCode("")).get(key)
        return found

    def take(self, code: CellCode, reach: Reach) -> OutsideState:
        """The outside as it is now, as far as `code` can tell it apart."""
        state = OutsideState(self._values(code), order_world.environment(), loading=order_loading.Loading(code))
        for key, value in state.values.items():
            self.start.setdefault(key, value)
            self.now[key] = value
        state.settings = self._settings.before(code, reach)
        if code.imports_only or state.loading.is_needed:
            state.loaded = frozenset(sys.modules)
        state.disk = self._disk.before(code, reach)
        return state

    def _values_of(self, reach: Reach) -> list[Any]:
        namespace = self._shell.user_ns
        return [namespace[name] for name in reach.names if name in namespace]

    def _values(self, code: CellCode) -> dict[Key, Fingerprint]:
        values: dict[Key, Fingerprint] = {
            "@folder": order_world.folder(),
            "@path": order_world.digest(sys.path),
            "@random": order_world.random_state(),
            "@recursion": str(sys.getrecursionlimit()),
            "@transforms": self._settings.transforms(),
        }
        numpy_state = order_world.numpy_random_state()
        if numpy_state is not None:
            values["@numpy random"] = numpy_state
        for name in code.modules:
            module = sys.modules.get(name)
            if isinstance(module, types.ModuleType) and self._is_own(module):
                values[f"@own:{name}"] = order_world.module_surface(module)
        return values

    def compare(
        self, before: OutsideState, code: CellCode, reach: Reach, later: Reach, files: Watch
    ) -> tuple[dict[Key, Fingerprint], dict[Key, Fingerprint]]:
        """(inputs, outputs) of the run that lies between `before` and now."""
        reach.packages |= later.packages
        reach.libraries |= later.libraries
        reach.modules |= later.modules
        after = self._values(code)
        inputs: dict[Key, Fingerprint] = {}
        outputs: dict[Key, Fingerprint] = {}
        self.continued = {}
        for key, value in after.items():
            old = before.values.get(key)
            if key.startswith("@own:"):
                self.start.setdefault(key, value)  # as it was when it was first loaded
            if (old is not None and old != value) or (old is None and key.startswith("@own:")):
                outputs[key] = value
            elif old is None:
                self.start.setdefault(key, value)
                continue
            by_loading = old is not None and old != value and self._only_loads(code, before, key, old, value)
            if self._depends(key, code, reach, changed=old is not None and old != value and not by_loading):
                inputs[key] = old if old is not None else value
            elif by_loading and old is not None and not code.seeds:
                self.continued[key] = old
        if files.relative or files.programs or any(name in _FOLDER_MAGICS for name, _ in code.magics):
            inputs["@folder"] = before.values["@folder"]
        self._environment_keys(before, code, reach, files, inputs, outputs)
        found, left = self._disk.after(before.disk, code, reach, files)
        inputs |= found
        outputs |= left
        read, set_ = self._settings.after(code, reach, before.settings, files)
        inputs |= read
        outputs |= set_
        self.now.update(outputs)
        self.now.update((key, self._settings.whole(key)) for key in read)
        values = self._values_of(reach)
        texts = [*code.remote, *reach.texts, *order_reads.texts_in(values)] if reach.packages or code.magics else []
        self.varying = order_remote.sources(code, reach.packages, reach.words, texts, values, files.hosts)
        if "hash" in code.words and any(map(self._hashes_by_place, reach.names)):
            self.varying += ("where a value lies in memory",)
        return inputs, outputs

    def _hashes_by_place(self, name: str) -> bool:
        known = self._names.prints.get(name)
        return known is not None and known.root in known.personal

    def _depends(self, key: Key, code: CellCode, reach: Reach, *, changed: bool) -> bool:
        words = reach.words
        if key in ("@random", "@numpy random"):
            if words & _STATE_WORDS:
                return True
            return changed and not (code.seeds or words & _SEED_WORDS)
        if key == "@transforms":
            return True
        if key == "@folder":
            return (
                self._imports_own(code)
                or bool(words & _FOLDER_WORDS)
                or code.asks_for_files
                or (changed and not self._is_absolute(code))
            )
        if key == "@recursion":
            return bool(reach.late) or "RecursionError" in words
        if key == "@path":
            if "sys" in words and "path" in words:
                return not changed or code.changes_by_operator or not words.isdisjoint(_ADDING)
            return self._imports_own(code)
        return True  # @own

    def _imports_own(self, code: CellCode) -> bool:
        """Whether the code imports a module of the notebook's own, or one that is not there."""
        modules = [sys.modules.get(name.partition(".")[0]) for name in code.modules]
        return any(
            module is None or (isinstance(module, types.ModuleType) and self._is_own(module)) for module in modules
        )

    def _only_loads(
        self, code: CellCode, before: OutsideState, key: Key, old: Fingerprint, new_state: Fingerprint
    ) -> bool:
        """Whether a random generator was changed by imports alone, and none of the notebook's own modules could keep what it drew
        while it was loaded: many a library draws while it is imported, and what it then offers does not depend on that.
        """
        if key not in ("@random", "@numpy random"):
            return False
        if not code.imports_only and not before.loading.explains(key, old, new_state):
            return False
        new = [sys.modules[name] for name in set(sys.modules) - before.loaded]
        own = [module for module in new if isinstance(module, types.ModuleType) and self._is_own(module)]
        return not any(_DRAWS.search(_text_of(module)) for module in own)

    @staticmethod
    def _is_absolute(code: CellCode) -> bool:
        return any(text.startswith(("/", "~")) for text in code.texts)

    def _environment_keys(
        self, before: OutsideState, code: CellCode, reach: Reach, files: Watch,
        inputs: dict[Key, Fingerprint], outputs: dict[Key, Fingerprint],
    ) -> None:  # fmt: skip
        now = order_world.environment()
        changed = set()
        if before.environment is not now and before.environment != now:
            for name in set(before.environment) | set(now):
                value = now.get(name, ABSENT)
                if before.environment.get(name, ABSENT) != value:
                    outputs[f"@env:{name}"] = value
                    changed.add(f"@env:{name}")
        reads = code.environment_reads
        if reads is not None:
            inputs.update({f"@env:{name}": before.environment.get(name, ABSENT) for name in reads})
        late = bool(reach.words & _READS_ENVIRONMENT)
        late = late or bool(reach.words & _ENVIRONMENT_WORDS and not code.words & _ENVIRONMENT_WORDS)
        if reads is None or late or reach.whole or files.programs or before.disk.named.programs:
            moved = {
                f"@env:{name}": before.environment.get(name, ABSENT)
                for name in set(before.environment) | set(self._environment)
                if before.environment.get(name) != self._environment.get(name)
            }
            blind = changed if reads is None and not code.changes_by_operator and not files.programs else ()
            key, value = all_of("@env:", moved, without=blind)
            inputs[key] = value


def _text_of(module: types.ModuleType) -> str:
    try:
        return Path(str(module.__file__)).read_text("utf-8", "replace")
    except OSError:
        return "random"  # who knows
