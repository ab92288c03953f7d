"""Watches cell runs in a shell: fingerprints at the borders of each cell become traces. Nothing is traced inside a cell."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mlnb.kernel import order_files, order_objects, order_world
from mlnb.kernel.order_origins import forget_dead, name_origins
from mlnb.kernel.order_outside import Outside, OutsideState
from mlnb.kernel.order_values import Context, Print, print_of
from mlnb.order.ports import Analyzer
from mlnb.order.rules.traces import ABSENT, CellRun, Fingerprint, Key, Knowledge, Trace, history_digest
from mlnb.order.types import CellCode

_HISTORY: Final = re.compile(r"^(?:_{1,3}|_\d+|_i{1,3}|_i\d+|_ih|_oh|_dh|In|Out)$")
_MACHINERY: Final = frozenset({"__warningregistry__", "__annotations__"})  # Python itself sets them, once in a while
_ANY_NAME: Final = frozenset({"globals", "locals", "vars", "exec", "eval", "get_ipython", "__import__"})


@dataclass(slots=True)
class Reach:
    """What code can reach from the names it reads: names, and facts about the functions and libraries in their values."""

    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    whole: bool = False
    late: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Begun:
    """A cell run between its borders."""

    cell_id: str | None
    code: CellCode
    reach: Reach
    looked_at: set[str]
    prints: dict[str, Print]
    outside: OutsideState
    files: order_files.Watch


class Tracker:
    """Keeps the traces of one shell.

    Args:
        shell: an IPython InteractiveShell.
        analyzer: reads the code of cells.
    """

    def __init__(self, shell: Any, analyzer: Analyzer) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._analyzer = analyzer
        order_objects.add_handlers()
        self._context = Context(shell.user_ns, self._is_own)
        self._own: dict[str, bool] = {}
        self.prints: dict[str, Print] = {}
        self.runs: list[CellRun] = []
        self.outside = Outside(self._is_own)
        self._number = 0
        self._refresh()
        self.start: dict[str, Fingerprint] = {name: known.digest for name, known in self.prints.items()}
        self.start_shared = {name: known.objects for name, known in self.prints.items()}

    # ---- the borders of a run

    def begin(self, cell_id: str | None, source: str) -> Begun:
        """Look at what the code about to run can reach, and start watching files."""
        code = self._analyzer.analyze(source)
        self._note_changes_between_runs()
        reach = self.reach(code, look=True)
        looked_at = self._with_partners(reach.names)
        for name in looked_at - reach.names:
            self._look(name)
        watch = order_files.Watch()
        begun = Begun(cell_id, code, reach, looked_at, dict(self.prints), OutsideState(), watch)
        begun.outside = self.outside.take(code, reach)
        order_files.start(watch)
        return begun

    def end(self, begun: Begun, shown: str, *, failed: bool) -> CellRun:
        """Look again, and keep the run."""
        order_files.stop()
        code, reach = begun.code, begun.reach
        changed = self._refresh()
        for name in begun.looked_at - changed:
            self._look(name)
        later = self.reach(code, look=False, extra=code.binds & code.uses)
        for name in later.names - begun.looked_at - changed:
            self._look(name)
        reach.names |= later.names - code.binds
        reach.whole = reach.whole or later.whole
        inputs = self._inputs(begun, failed=failed)
        looked_at = begun.looked_at | changed | later.names
        outside_inputs, outside_outputs = self.outside.compare(begun.outside, code, reach, later, begun.files)
        inputs |= outside_inputs
        if code.history or any(_HISTORY.match(name) for name in reach.names):
            inputs["@history"] = self._history()
        self._trace_origins(begun, looked_at, inputs)
        outputs = self._outputs(begun, looked_at, failed=failed)
        for name in set(outputs) - set(inputs) - code.sure - changed:
            inputs[name] = self._before(begun, name)
        shared_before, mutated, shared_after = self._sharing(begun, outputs)
        trace = Trace(
            code.digest, inputs, {**outputs, **outside_outputs}, reach.whole, shared_before, mutated, shared_after, shown,
            code.varying, frozenset(name for name in inputs if name in begun.prints and self._is_unsure(begun.prints[name])),
            frozenset(name for name in outputs if self._is_same_object(begun, name) and outputs[name] == self._before(begun, name)),
        )  # fmt: skip
        return self._keep(begun.cell_id, trace)

    def _keep(self, cell_id: str | None, trace: Trace) -> CellRun:
        self._number += 1
        after: dict[Key, Fingerprint] = {name: known.digest for name, known in self.prints.items()}
        after.update(self.outside.now)
        run = CellRun(self._number, cell_id, trace, after)
        self.runs.append(run)
        return run

    # ---- what others ask

    def knowledge(self) -> Knowledge:
        """Everything seen so far, for the rules."""
        self._note_changes_between_runs()
        keys = {key for run in self.runs for key in (*run.trace.inputs, *run.trace.outputs) if key.startswith("@")}
        start = dict(self.start)
        for key in keys:
            value = self.outside.start_of(key)
            if value is not None:
                start[key] = value
        live: dict[Key, Fingerprint] = {name: known.digest for name, known in self.prints.items()}
        live.update(self.outside.now)
        return Knowledge(self.runs, start, live, start_shared=self.start_shared)

    def is_changeable(self, name: str) -> bool:
        """Whether the value of `name` can be changed in place."""
        known = self.prints.get(name)
        return known is not None and bool(known.objects or known.blind)

    def digest_of(self, value: object) -> Fingerprint:
        """The fingerprint of any value."""
        return print_of(value, self._context).digest

    # ---- what code can reach

    def reach(self, code: CellCode, *, look: bool, extra: Iterable[str] = ()) -> Reach:
        """The names `code` reads, with those that the functions in their values read, and so on.

        Args:
            code: the analysed cell.
            look: take fresh prints of the values on the way.
            extra: names to count as read.
        """
        found = Reach(
            words=set(code.words), texts=set(code.texts), packages={name.split(".")[0] for name in code.modules}
        )
        todo = [*code.reads, *extra]
        if code.opaque:
            found.whole = True
            todo += list(self.prints)
        while todo:
            name = todo.pop()
            if name in found.names:
                continue
            found.names.add(name)
            known = self._look(name) if look else self.prints.get(name)
            if known is None:
                continue
            found.words |= known.words
            found.texts.update(known.texts)
            found.packages |= known.packages
            found.libraries |= known.libraries
            found.modules |= known.modules
            found.late |= known.names
            todo += known.names
            if not found.whole and known.names & _ANY_NAME:
                found.whole = True
                todo += list(self.prints)
        return found

    def _with_partners(self, names: set[str]) -> set[str]:
        """`names` with every name that shares a changeable object with one of them."""
        found = {name for name in names if name in self.prints}
        reached = {identity for name in found for identity in self.prints[name].object_ids}
        others = {name: known for name, known in self.prints.items() if name not in found and known.object_ids}
        grown = True
        while grown and reached:
            grown = False
            for name, known in list(others.items()):
                if not known.object_ids.isdisjoint(reached):
                    found.add(name)
                    reached |= known.object_ids
                    del others[name]
                    grown = True
        return found | names

    def _look(self, name: str) -> Print | None:
        namespace = self._shell.user_ns
        if name not in namespace or not self._is_tracked(name, namespace[name]):
            self.prints.pop(name, None)
            return None
        known = self.prints[name] = print_of(namespace[name], self._context)
        return known

    def _is_tracked(self, name: str, value: object) -> bool:
        hidden = self._shell.user_ns_hidden
        return not _HISTORY.match(name) and not (
            name in hidden and (not isinstance(hidden, dict) or hidden[name] is value)
        )

    def _refresh(self) -> set[str]:
        """Take prints of names that hold another object than before; the names that were set or removed."""
        changed = set()
        namespace = self._shell.user_ns
        for name, value in list(namespace.items()):
            known = self.prints.get(name)
            if known is not None and known.root == id(value):
                continue
            if type(name) is str and self._is_tracked(name, value):
                changed.add(name)
                self._look(name)
        for name in [name for name in self.prints if name not in namespace]:
            del self.prints[name]
            changed.add(name)
        return changed

    def _note_changes_between_runs(self) -> None:
        """Widgets, debuggers and the like can set names while no cell runs: such changes have no cell."""
        before = {name: known.digest for name, known in self.prints.items()}
        changed = self._refresh()
        outputs = {name: self._digest(name) for name in changed if self._digest(name) != before.get(name, ABSENT)}
        if outputs:
            self._keep(None, Trace("", {}, outputs))

    def _digest(self, name: str) -> Fingerprint:
        known = self.prints.get(name)
        return ABSENT if known is None else known.digest

    @staticmethod
    def _before(begun: Begun, name: str) -> Fingerprint:
        known = begun.prints.get(name)
        return ABSENT if known is None else known.digest

    # ---- what went in and came out

    def _inputs(self, begun: Begun, *, failed: bool) -> dict[Key, Fingerprint]:
        code, reach = begun.code, begun.reach
        unsure = code.binds if failed else code.binds - code.sure
        kept_from_before = {name for name in unsure if self._is_same_object(begun, name)}
        wanted = reach.names | kept_from_before
        if reach.whole:
            wanted |= set(begun.prints)
        return {name: self._before(begun, name) for name in wanted if not _HISTORY.match(name)}

    def _is_same_object(self, begun: Begun, name: str) -> bool:
        """Whether the run did not set `name`, as far as can be seen: then its old value is still there and counts."""
        before, now = begun.prints.get(name), self.prints.get(name)
        if before is None or now is None:
            return before is None and now is None
        return before.root == now.root

    def _outputs(self, begun: Begun, looked_at: set[str], *, failed: bool) -> dict[Key, Fingerprint]:
        found = {name: self._digest(name) for name in looked_at if self._digest(name) != self._before(begun, name)}
        if not failed:
            found.update({name: self._digest(name) for name in begun.code.sure if not _HISTORY.match(name)})
        return {name: value for name, value in found.items() if not _HISTORY.match(name)}

    def _sharing(
        self, begun: Begun, outputs: dict[Key, Fingerprint]
    ) -> tuple[dict[str, Any], frozenset[int], dict[str, Any]]:
        """Which names shared changeable objects before, as far as it decides what the run changed or handed on."""
        code, before = begun.code, begun.prints
        mutated: set[int] = set()
        for name in begun.looked_at:
            known = before.get(name)
            if known is None or not known.objects:
                continue
            now = self.prints.get(name)
            moved = name in outputs and name not in code.sure and (now is None or now.root == known.root)
            if moved or (name in code.binds and name in code.at_risk and name in begun.reach.names):
                own_definition = {known.root} & known.definitions
                mutated |= (known.object_ids - known.definitions) | own_definition
        after = {
            name: self.prints[name].objects for name in outputs if name in self.prints and self.prints[name].objects
        }
        handed_on = {identity for name in after for identity in self.prints[name].object_ids}
        shared = {
            name: known.objects
            for name, known in before.items()
            if known.objects
            and (
                not known.object_ids.isdisjoint(mutated)
                or (name in begun.reach.names and not known.object_ids.isdisjoint(handed_on))
            )
        }
        return shared, frozenset(mutated), after

    def _trace_origins(self, begun: Begun, looked_at: set[str], inputs: dict[Key, Fingerprint]) -> None:
        """Name objects that cannot be looked into by the runs that made and may have changed them."""
        blind = sorted(name for name in looked_at if name in self.prints and self.prints[name].blind)
        if not blind:
            return
        before = [begun.prints[name] for name in begun.looked_at if name in begun.prints]
        risky = begun.code.at_risk | begun.reach.late
        at_risk = [
            known
            for name, known in begun.prints.items()
            if name in begun.looked_at and (begun.reach.whole or name in risky)
        ]
        seed = order_world.digest((begun.code.digest, sorted(inputs.items())))
        name_origins(self._context.lineage, seed, {name: self.prints[name] for name in blind}, before, at_risk)
        for name in blind:
            self._look(name)
        forget_dead(self._context.lineage, self.prints.values())

    @staticmethod
    def _is_unsure(known: Print) -> bool:
        return any(not count for _, count in known.blind)

    def _history(self) -> Fingerprint:
        return history_digest(run.trace.digest for run in self.runs if run.trace.digest)

    # ---- modules

    def _is_own(self, module: types.ModuleType) -> bool:
        """Whether `module` is the notebook's own: a file that belongs to no installed library."""
        name = module.__name__
        if name not in self._own:
            file = getattr(module, "__file__", None)
            root = name.split(".")[0]
            self._own[name] = (
                isinstance(file, str)
                and file.endswith(".py")
                and root not in ("__main__", "mlnb", "IPython", "ipykernel")
                and root not in sys.stdlib_module_names
                and not order_files.is_quiet(str(Path(file).absolute()))
            )
        return self._own[name]
