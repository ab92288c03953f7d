"""Watches cell runs in a shell: fingerprints at the borders of each cell become traces. Nothing is traced inside a cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel import order_files, order_loading, order_objects, order_world
from mlnb.kernel.order_between import Between
from mlnb.kernel.order_memory import Memory
from mlnb.kernel.order_names import HISTORY, Names, Reach
from mlnb.kernel.order_origins import forget_dead, look_at_all, name_origins
from mlnb.kernel.order_outside import Outside, OutsideState
from mlnb.kernel.order_sharing import sharing_of
from mlnb.kernel.order_slots import Slots
from mlnb.kernel.order_values import Print, print_of
from mlnb.order.ports import Analyzer
from mlnb.order.rules.traces import ABSENT, AT_START, CellRun, Fingerprint, Key, Knowledge, Seen, Trace
from mlnb.order.types import CellCode

# What functions ask for, by a word that means nothing else; for the cell's own code see ``python_effects``.
_VARYING: Final = {
    **dict.fromkeys(["__subclasses__", "get_objects", "get_referrers", "getrefcount"], "what else is in memory"),
    **dict.fromkeys(["time.time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "utcnow"], "the clock"),
    **dict.fromkeys(["uuid1", "uuid4"], "a random id"),
    **dict.fromkeys(["urandom", "token_hex", "token_bytes", "token_urlsafe"], "random bytes"),
}
_SURROUNDINGS: Final = frozenset({"@folder", "@path", "@transforms"})  # in themselves they make nothing
_TYPED_LAST: Final = {"_i": 1, "_ii": 2, "_iii": 3}
"""Names of the code that was typed last: how many runs back."""


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
    overwritten: dict[str, tuple[str, Fingerprint]] = field(default_factory=dict)


class Tracker:
    """Keeps the traces of one shell.

    Args:
        shell: an IPython InteractiveShell.
        analyzer: reads the code of cells.
        between: tells what ran beside the cells.
    """

    def __init__(self, shell: Any, analyzer: Analyzer, between: Between) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._analyzer = analyzer
        self._between = between
        self.names = Names(shell)
        order_objects.add_handlers()
        self.memory = Memory()
        self.outside = Outside(self.names, shell)
        self._slots = Slots(self.names)
        self.names.refresh()
        self.start: dict[str, Fingerprint] = {name: known.digest for name, known in self.names.prints.items()}
        self.displaced: set[Key] = set()  # see `Knowledge`, as the next two
        self.noted: Mapping[str, tuple[Seen, ...]] = {}
        self.noted_at = 0
        self.replaced: set[str] = (
            set()
        )  # names that the running cell had set by a restore, and that were looked at since
        self.start_shared = {name: known.objects for name, known in self.names.prints.items()}

    @property
    def runs(self) -> list[CellRun]:
        """The runs that are remembered, oldest first."""
        return self.memory.runs

    # ---- the borders of a run

    def begin(self, cell_id: str | None, source: str) -> Begun:
        """Look at what the code about to run can reach, and start watching files."""
        code = self._analyzer.analyze(source)
        self._note_changes_between_runs()
        reach = self.names.reach(code, look=True)
        looked_at = self.names.with_partners(reach.names)
        if code.history:  # earlier results may be those of any name
            looked_at |= {name for name, known in self.names.prints.items() if known.objects}
        for name in looked_at - reach.names:
            self.names.look(name)
        prints, outside, overwritten = (
            self.names.prints.copy(),
            self.outside.take(code, reach),
            self._slots.look(code, reach),
        )
        begun = Begun(cell_id, code, reach, looked_at, prints, outside, order_files.Watch(), overwritten)
        order_files.start(begun.files, self._shell)
        order_loading.start(outside.loading)
        return begun

    def end(self, begun: Begun, shown: str, *, failed: bool) -> CellRun:
        """Look again, and keep the run."""
        order_files.stop()
        order_loading.stop()
        if failed:
            begun.files.read |= begun.files.searched
        code, reach = begun.code, begun.reach
        changed = self.names.refresh() | self.replaced
        self.replaced = set()
        for name in (begun.looked_at | code.binds) - changed:  # a new value may lie where the old one was
            self.names.look(name)
        later = self.names.reach(code, look=False, extra=code.binds & code.uses)
        for name in later.names - begun.looked_at - changed:
            self.names.look(name)
        reach.names |= later.names - code.binds
        reach.whole = reach.whole or later.whole
        inputs = self._inputs(begun, failed=failed)
        overwritten = {} if failed else self._slots.look_again(code, reach, begun.overwritten)
        looked_at = begun.looked_at | changed | later.names
        outside_inputs, outside_outputs = self.outside.compare(begun.outside, code, reach, later, begun.files)
        inputs |= outside_inputs
        named = code.texts if code.opaque else ()  # user_ns["_"]
        historic = {name for name in (*reach.names, *named) if HISTORY.match(name)}
        if historic and historic <= _TYPED_LAST.keys() and not (code.magics or code.opaque):
            back = max(_TYPED_LAST[name] for name in historic)
            inputs[f"@history text:{back}"] = self.memory.typed(back)
        elif code.history or historic:
            inputs["@history"] = self.memory.history()
            if code.magics or code.opaque or any(name.startswith(("_i", "In")) for name in reach.names):
                inputs["@history text"] = self.memory.typed()
        self._trace_origins(begun, looked_at, inputs)
        outputs = self._outputs(begun, looked_at, changed, failed=failed)
        outputs.update({name: self.names.digest(name) for name in overwritten})
        for name in set(outputs) - set(inputs) - code.sure - changed:
            inputs[name] = self._before(begun, name)
        shared_before, mutated, shared_after = sharing_of(begun, self.names.prints, outputs)
        blind = [name for name in inputs if name in begun.prints and self._is_unsure(begun.prints[name])]
        kept = [
            name
            for name, value in outputs.items()
            if self._is_same_object(begun, name) and value == self._before(begun, name)
        ]
        left_alone = {
            name for name, known in begun.prints.items() if known.objects and name in looked_at - outputs.keys()
        }
        trace = Trace(
            code.digest, inputs, {**outputs, **outside_outputs}, reach.whole, shared_before, mutated, shared_after, shown,
            tuple(dict.fromkeys((*code.varying, *self.outside.varying, *self._varying(reach)))), frozenset(blind), frozenset(kept),
            dict(self.outside.continued), code.text, overwritten, frozenset(left_alone),
        )  # fmt: skip
        return self._keep(begun.cell_id, trace)

    def note_empty(self, cell_id: str | None) -> None:
        """A cell without code was run: what it did before, with code, is no longer what it shows."""
        self._keep(cell_id, Trace(self._analyzer.analyze("").digest, {}, {}))

    def _keep(self, cell_id: str | None, trace: Trace) -> CellRun:
        if trace.digest:
            self.displaced.difference_update(trace.outputs)
        after: dict[Key, Fingerprint] = {name: known.digest for name, known in self.names.prints.items()}
        after.update(self.outside.now)
        return self.memory.keep(cell_id, trace, after)

    # ---- what others ask

    def distrust(self) -> None:
        """Take what is there for nobody's: cells that were not watched ran in this kernel before, and may have set it."""
        left, self.start, self.start_shared = self.start, {}, {}
        if left:
            self._keep(None, Trace("", {}, left))

    def note(self, values: Mapping[str, Fingerprint], doubtful: Collection[str] = ()) -> None:
        """Names have these values, or perhaps do, and no cell gave them."""
        self._keep(None, Trace("", {}, values, unsure=frozenset(doubtful)))

    def has_news(self) -> bool:
        """Whether names were set or removed since the last look, while no cell ran; they are noted."""
        before = self.memory.number
        self._note_changes_between_runs()
        return self.memory.number > before

    def knowledge(self, *, is_running: bool = False) -> Knowledge:
        """Everything seen so far, for the rules; while a cell is running, as it was before."""
        if not is_running:
            self._note_changes_between_runs()
        start = dict(self.start)
        for key in self.memory.outside:
            value = self.outside.start_of(key)
            if value is not None:
                start[key] = value
        live: dict[Key, Fingerprint] = {name: known.digest for name, known in self.names.prints.items()}
        live.update(self.outside.now)
        shared = {name: known.objects for name, known in self.names.prints.items() if known.objects}
        return Knowledge(
            self.memory.runs, start, live, start_shared=self.start_shared, live_shared=shared, besides=self._slots.besides,
            forgotten=self.memory.forgotten, displaced=frozenset(self.displaced), noted=self.noted, noted_at=self.noted_at,
        )  # fmt: skip

    def is_changeable(self, name: str) -> bool:
        """Whether the value of `name` can be changed in place."""
        known = self.names.prints.get(name)
        return known is not None and bool(known.objects or known.blind)

    def digest_of(self, value: object) -> Fingerprint:
        """The fingerprint of any value."""
        return print_of(value, self.names.context).digest

    # ---- at the border of a run

    def _note_changes_between_runs(self) -> None:
        """Widgets, debuggers and the like can set and change names while no cell runs: such changes have no cell."""
        before = self.names.prints.copy()
        changed = self.names.refresh()
        doubtful: set[str] = set()
        if self._between.take():
            beside, doubtful = look_at_all(self.names, changed, self.memory.number)
            changed |= beside
        outputs = {
            name: now
            for name in changed
            if (now := self.names.digest(name)) != (before[name].digest if name in before else ABSENT)
        }
        if outputs:
            self.note(outputs, doubtful)

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
        return {name: self._before(begun, name) for name in wanted if not HISTORY.match(name)}

    @staticmethod
    def _varying(reach: Reach) -> list[str]:
        return sorted({_VARYING[word] for word in reach.words & _VARYING.keys()})

    def _is_same_object(self, begun: Begun, name: str) -> bool:
        """Whether the run did not set `name`, as far as can be seen: then its old value is still there and counts."""
        before, now = begun.prints.get(name), self.names.prints.get(name)
        if before is None or now is None:
            return before is None and now is None
        return before.root == now.root

    def _outputs(self, begun: Begun, looked_at: set[str], changed: set[str], *, failed: bool) -> dict[Key, Fingerprint]:
        # another object that looks the same was set, too: it is shared with other names than the one before
        found = {
            name: self.names.digest(name)
            for name in looked_at
            if name in changed or self.names.digest(name) != self._before(begun, name)
        }
        if not failed:
            found.update({name: self.names.digest(name) for name in begun.code.sure if not HISTORY.match(name)})
        return {name: value for name, value in found.items() if not HISTORY.match(name)}

    def _trace_origins(self, begun: Begun, looked_at: set[str], inputs: dict[Key, Fingerprint]) -> None:
        """Name objects that cannot be looked into by the runs that made and may have changed them."""
        blind = sorted(name for name in looked_at if name in self.names.prints and self.names.prints[name].blind)
        if not blind:
            return
        before = [begun.prints[name] for name in begun.looked_at if name in begun.prints]
        risky = begun.code.at_risk | begun.reach.late
        at_risk = [
            known
            for name, known in begun.prints.items()
            if name in begun.looked_at and (begun.reach.whole or name in risky)
        ]
        decisive = sorted(
            (key, value) for key, value in inputs.items() if key not in _SURROUNDINGS and value != AT_START
        )
        seed = order_world.digest((begun.code.digest, decisive))
        name_origins(
            self.names.context.lineage, seed, {name: self.names.prints[name] for name in blind}, before, at_risk
        )
        for name in blind:
            self.names.look(name)
        forget_dead(self.names.context.lineage, self.names.prints.values())

    @staticmethod
    def _is_unsure(known: Print) -> bool:
        return any(not count for _, count in known.blind)
