"""The outside of a cell run: what of folder, environment, random state, settings, modules and files it depended on and changed."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlnb.kernel import order_files, order_world
from mlnb.kernel.order_files import ABSENT, Watch
from mlnb.order.rules.traces import Fingerprint, Key
from mlnb.order.types import CellCode

if TYPE_CHECKING:
    from mlnb.kernel.order_names import Reach

_FOLDER_WORDS: Final = frozenset(
    [
        "getcwd",
        "cwd",
        "abspath",
        "resolve",
        "absolute",
        "realpath",
        "exists",
        "isfile",
        "isdir",
        "is_file",
        "glob",
        "listdir",
        "iterdir",
    ]
)
_ENVIRONMENT_WORDS: Final = frozenset(["environ", "getenv", "expandvars", "load_dotenv"])
_STATE_WORDS: Final = frozenset(["getstate", "get_state"])
_DRAWS: Final = re.compile(r"random|sample|shuffle|_split|fit")
_SEED_WORDS: Final = frozenset(["seed", "setstate", "set_state", "manual_seed"])


@dataclass(slots=True)
class OutsideState:
    """The outside at one border of a run: simple values by key, the environment, files that the code names and, for
    code that only imports, the modules that are loaded."""

    values: dict[Key, Fingerprint] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    named: dict[str, Fingerprint] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()


class Outside:
    """Compares the outside before and after runs, and remembers what a fresh kernel would start from.

    Args:
        is_own: whether a module is the notebook's own.
    """

    def __init__(self, is_own: Callable[[types.ModuleType], bool]) -> None:
        self._is_own = is_own
        self._environment = order_world.environment()
        self.start: dict[Key, Fingerprint] = {"@folder": order_world.folder(), "@path": order_world.digest(sys.path)}
        self.now: dict[Key, Fingerprint] = {}
        self.continued: dict[Key, Fingerprint] = {}  # of the last run: see `Trace.continued`
        self._written: dict[str, Fingerprint] = {}
        self._loaded: dict[str, Fingerprint] = {}

    def start_of(self, key: Key) -> Fingerprint | None:
        """What a fresh kernel would find for `key`; None for what is not outside or never was looked at."""
        if key.startswith("@file:"):
            path = key[6:]
            return self._written[path] if path in self._written else order_files.content(path)
        if key == "@env":
            return order_world.digest(sorted(self._environment.items()))
        if key.startswith("@env:"):
            return self._environment.get(key[5:], ABSENT)
        return self.start.get(key)

    def take(self, code: CellCode, reach: Reach) -> OutsideState:
        """The outside as it is now, as far as `code` can tell it apart."""
        state = OutsideState(self._values(code, reach), order_world.environment())
        for key, value in state.values.items():
            self.start.setdefault(key, value)
            self.now[key] = value
        if code.imports_only:
            state.loaded = frozenset(sys.modules)
        if code.asks_for_files or code.runs_programs or reach.whole:
            state.named = {path: order_files.content(path) for path in order_files.named_in(frozenset(reach.texts))}
        return state

    def _values(self, code: CellCode, reach: Reach) -> dict[Key, Fingerprint]:
        values: dict[Key, Fingerprint] = {
            "@folder": order_world.folder(),
            "@path": order_world.digest(sys.path),
            "@random": order_world.random_state(),
        }
        numpy_state = order_world.numpy_random_state()
        if numpy_state is not None:
            values["@numpy random"] = numpy_state
        for name, value in order_world.registries(reach.packages).items():
            values[f"@setting:{name}"] = value
        for name in reach.libraries:
            module = sys.modules.get(name)
            if isinstance(module, types.ModuleType):
                values[f"@module:{name}"] = order_world.module_surface(module)
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
        after = self.take(code, reach)
        inputs: dict[Key, Fingerprint] = {}
        outputs: dict[Key, Fingerprint] = {}
        self.continued = {}
        for key, value in after.values.items():
            old = before.values.get(key)
            if key.startswith("@own:"):
                self.start.setdefault(key, ABSENT)
                inputs[key] = ABSENT if old is None else old
            if (old is not None and old != value) or (old is None and key.startswith("@own:")):
                outputs[key] = value
            elif old is None:
                continue
            if self._depends(key, code, reach, before, changed=old is not None and old != value):
                inputs[key] = old if old is not None else value
            elif key in outputs and old is not None and code.imports_only and not code.seeds:
                self.continued[key] = old
        if files.relative or files.programs:
            inputs["@folder"] = before.values["@folder"]
        self._environment_keys(before, after, code, reach, inputs, outputs)
        self._file_keys(before, code, reach, files, inputs, outputs)
        self._own_modules(code, reach, files, inputs)
        self.now.update(outputs)
        return inputs, outputs

    def _depends(self, key: Key, code: CellCode, reach: Reach, before: OutsideState, *, changed: bool) -> bool:
        words = reach.words
        if key in ("@random", "@numpy random"):
            # many a library draws while it is imported; what it then offers does not depend on that
            if words & _STATE_WORDS:
                return True
            return changed and not (code.seeds or words & _SEED_WORDS or self._only_loads(code, before.loaded))
        if key == "@folder":
            return bool(words & _FOLDER_WORDS) or code.asks_for_files or (changed and not self._is_absolute(code))
        if key == "@path":
            return (
                "sys" in words
                and "path" in words
                and not (changed and not code.changes_by_operator and "insert" not in words)
            )
        if key.startswith("@own:"):
            return True
        return not changed or code.changes_by_operator  # what a run has itself set is taken not to decide what it set

    def _only_loads(self, code: CellCode, before: frozenset[str]) -> bool:
        """Whether the code only imports, and none of the notebook's own modules could keep what it drew while it was loaded."""
        if not code.imports_only:
            return False
        new = [sys.modules[name] for name in set(sys.modules) - before]
        own = [module for module in new if isinstance(module, types.ModuleType) and self._is_own(module)]
        return not any(_DRAWS.search(_text_of(module)) for module in own)

    @staticmethod
    def _is_absolute(code: CellCode) -> bool:
        return any(text.startswith(("/", "~")) for text in code.texts)

    def _environment_keys(
        self, before: OutsideState, after: OutsideState, code: CellCode, reach: Reach,
        inputs: dict[Key, Fingerprint], outputs: dict[Key, Fingerprint],
    ) -> None:  # fmt: skip
        if before.environment is not after.environment and before.environment != after.environment:
            for name in set(before.environment) | set(after.environment):
                value = after.environment.get(name, ABSENT)
                if before.environment.get(name, ABSENT) != value:
                    outputs[f"@env:{name}"] = value
            outputs["@env"] = order_world.digest(sorted(after.environment.items()))
        reads = code.environment_reads
        if reads is not None:
            inputs.update({f"@env:{name}": before.environment.get(name, ABSENT) for name in reads})
        late = reach.words & _ENVIRONMENT_WORDS and not code.words & _ENVIRONMENT_WORDS
        if reads is None or late or reach.whole:
            inputs["@env"] = order_world.digest(sorted(before.environment.items()))

    def _file_keys(
        self, before: OutsideState, code: CellCode, reach: Reach, files: Watch,
        inputs: dict[Key, Fingerprint], outputs: dict[Key, Fingerprint],
    ) -> None:  # fmt: skip
        touched = {**before.named, **files.before}
        if files.programs and not before.named:
            touched.update(
                {
                    path: "?"
                    for path in order_files.named_in(frozenset(reach.texts))
                    if order_files.content(path) != ABSENT
                }
            )
        for path, old in touched.items():
            new = order_files.content(path)
            if old == new == ABSENT and path in files.written and order_files.is_scratch(path):
                continue  # made and gone within the run
            key = f"@file:{path}"
            if old != new:
                outputs[key] = new
                self._written.setdefault(path, old)
            is_read = path in files.read or (path in before.named and path not in files.written)
            by_redirect = path not in files.read and old != new and _is_redirected(path, code)
            if is_read and not by_redirect and old != "?":
                inputs[key] = old

    def _own_modules(self, code: CellCode, reach: Reach, files: Watch, inputs: dict[Key, Fingerprint]) -> None:
        """The text of an own module counts as it was when the module was loaded."""
        for name in reach.modules | {name for name in code.modules if name in sys.modules}:
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if not isinstance(module, types.ModuleType) or not isinstance(file, str) or not self._is_own(module):
                continue
            if name not in self._loaded or file in files.read:
                self._loaded[name] = order_files.content(file)
            inputs[f"@file:{file}"] = self._loaded[name]


def _text_of(module: types.ModuleType) -> str:
    try:
        return Path(str(module.__file__)).read_text("utf-8", "replace")
    except OSError:
        return "random"  # who knows


def _is_redirected(path: str, code: CellCode) -> bool:
    """Whether a shell line writes the file anew (``> name``) and does not add to it."""
    name = re.escape(path.rsplit("/", 1)[-1])
    return any(re.search(rf"(?<!>)>\s*\S*{name}", text) for text in (" ".join(code.texts), *code.texts))
