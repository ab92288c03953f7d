"""What a cell run left behind, as the rules see it: fingerprints of what went in and what came out.

Keys of inputs and outputs are names of the notebook, or begin with ``@`` for what lies outside the names:

- ``@folder`` the working directory; ``@path`` the import path; ``@transforms`` what IPython does to code before it runs;
- ``@history`` the code that ran so far; ``@history text`` that code as it was typed (``:2`` the last two);
- ``@random``, ``@numpy random`` states of the global generators; ``@recursion`` the recursion limit;
- ``@env:NAME`` an environment variable;
- ``@library:PACKAGE/ITEM`` a setting or patch of a library, or something else that it keeps for the whole process (``process``:
  what may decide the result of any call, such as the locale; ``IPython``: how results are shown);
- ``@own:MODULE`` the attributes of a module beside the notebook; its text is a file;
- ``@file:PATH`` what lies at a path: the text of a file, the names in a folder; ``@there:PATH`` whether anything does;
- ``@in:FOLDER/NAME`` whether a name is in a folder that is listed; ``@names:FOLDER`` the names in it that no cell has made or removed.

``@all:PREFIX`` is an input only: everything whose key begins with PREFIX, as far as it is not as in a fresh kernel (``@all:@env:``,
``@all:@library:pandas/``), but for the items that follow, each after a ``~``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import xxhash

from mlnb.core.records import dataclass, field

Key = str
Fingerprint = str
Seen = tuple[int, int]

ABSENT: Final[Fingerprint] = "absent"
AT_START: Final[Fingerprint] = "as at the start"


def family_of(key: Key) -> Key:
    """The PREFIX under which ``@all:PREFIX`` counts `key`, or empty."""
    if key.startswith("@env:"):
        return "@env:"
    if key.startswith("@in:"):
        return key.rpartition("/")[0] + "/"
    return key.partition("/")[0] + "/" if key.startswith("@library:") else ""


def all_of(family: Key, values: Mapping[Key, Fingerprint], without: Iterable[Key] = ()) -> tuple[Key, Fingerprint]:
    """The ``@all:`` key of `family` and its fingerprint.

    Args:
        family: a prefix, as of `family_of`.
        values: the members that are not as in a fresh kernel.
        without: members that do not count.
    """
    excluded = sorted(without)
    key = "~".join([f"@all:{family}", *(member[len(family) :] for member in excluded)])
    counted = {member: value for member, value in values.items() if member not in excluded}
    return key, _digest(counted)


@functools.lru_cache(maxsize=4096)
def members_of(key: Key) -> tuple[Key, frozenset[Key]]:
    """The family that an ``@all:`` key counts, and those of its members that it does not."""
    family, *excluded = key.removeprefix("@all:").split("~")
    return family, frozenset(f"{family}{member}" for member in excluded)


def _digest(values: Mapping[Key, Fingerprint]) -> Fingerprint:
    return (
        xxhash.xxh3_128_hexdigest(repr(sorted(values.items())).encode("utf-8", "surrogatepass")) if values else AT_START
    )


def is_name(key: Key) -> bool:
    """Whether `key` is a name of the notebook."""
    return not key.startswith("@")


@dataclass(frozen=True, slots=True)
class Trace:
    """One run of one piece of code.

    Attributes:
        digest: of the code.
        inputs: what it depended on, before.
        outputs: what it set or changed, after (`ABSENT` for what it removed).
        whole: whether it could have read any name, so that it depends on there being no others.
        shared_before: changeable objects by name, before, of the names whose sharing decides what else the run changed.
        mutated: those of the objects in `shared_before` that the run may have changed in place.
        shared_after: changeable objects by name, after, of the names among the outputs.
        shown: digest of what it displayed, its result and its error.
        varying: what in it differs from run to run, in words.
        kept: names among the outputs that held the very same object before, unchanged (``x = x``).
        unsure: names among the inputs that are known only by where they come from, not by content; of a trace of no code, names
            among the outputs that may have changed, of which no more is known.
        continued: what outputs were before of which the run only continued the state, without its names depending on it (an
            import that draws a random number).
        text: digest of the code as it was typed.
        overwritten: for names of which the run replaced parts and used nothing: which parts, and the value before without them.
        left_alone: names that held something changeable and that the run left as they were.
    """

    digest: str
    inputs: Mapping[Key, Fingerprint]
    outputs: Mapping[Key, Fingerprint]
    whole: bool = False
    shared_before: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    mutated: frozenset[int] = frozenset()
    shared_after: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    shown: str = ""
    varying: tuple[str, ...] = ()
    unsure: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    continued: Mapping[Key, Fingerprint] = field(default_factory=dict)
    text: str = ""
    overwritten: Mapping[Key, tuple[str, Fingerprint]] = field(default_factory=dict)
    left_alone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CellRun:
    """A run in this kernel: its number (1, 2, ...), which cell (None for code that is no cell), its trace, all values after."""

    number: int
    cell_id: str | None
    trace: Trace
    after: Mapping[Key, Fingerprint]


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell of the document, in the eyes of the rules.

    Attributes:
        id: its id.
        number: its position for people, from 1, among all cells.
        digest: of its code.
        reads: names it reads, with those that functions it calls read.
        binds: names it may set.
        sure: names it surely sets.
        at_risk: names it may change in place, judging by the code and the kinds of the live values.
        opaque: why it may touch any name, or empty.
        broken: whether its code cannot be parsed, so that it does nothing but fail.
        empty: whether it has no code at all.
        text: digest of its code as it is typed.
        touches: names it may change in place, should their values be changeable.
        handed_on: names of whose value something may be held by another name after it.
        aliased: those of them that it gives another name, or a place in another value, as its code says.
    """

    id: str
    number: int
    digest: str
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()
    at_risk: frozenset[str] = frozenset()
    opaque: str = ""
    broken: bool = False
    empty: bool = False
    text: str = ""
    touches: frozenset[str] = frozenset()
    handed_on: frozenset[str] = frozenset()
    aliased: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Knowledge:
    """Everything this kernel knows.

    Attributes:
        runs: every run so far, oldest first.
        start: what a fresh kernel has before its first cell; a key that is missing is `ABSENT`.
        live: every key as it is now.
        varying_start: keys whose value at the start differs from kernel to kernel (random state).
        start_shared: changeable objects of the names that a fresh kernel has.
        live_shared: changeable objects of the names as they are now.
        besides: of some values, by parts and fingerprint, the fingerprint without these parts.
        forgotten: what runs that are no longer known set or changed, by digest of their code.
        displaced: what is not as the last run left it, since a restore did not bring it back: names that share objects otherwise, and
            things outside the names.
        noted: changeable objects of names that a restore brought back, as runs before it had left them.
        noted_at: the number of the last run before that restore.
    """

    runs: Sequence[CellRun]
    start: Mapping[Key, Fingerprint]
    live: Mapping[str, Fingerprint]
    varying_start: frozenset[Key] = frozenset({"@random", "@numpy random"})
    start_shared: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    live_shared: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    besides: Mapping[tuple[str, Fingerprint], Fingerprint] = field(default_factory=dict)
    forgotten: Mapping[str, set[Key]] = field(default_factory=dict)
    displaced: frozenset[Key] = frozenset()
    noted: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    noted_at: int = 0

    def traces(self) -> dict[str, list[CellRun]]:
        """The runs by digest of their code, latest first."""
        found: dict[str, list[CellRun]] = {}
        for run in reversed(self.runs):
            found.setdefault(run.trace.digest, []).append(run)
        return found

    def shared_as_noted(self) -> dict[str, tuple[Seen, ...]]:
        """Changeable objects by name as the last run that set or changed the name left them.

        What libraries change in their objects without changing the value (caches) is not in it, as it is not in what is expected.
        """
        found = {name: self.noted.get(name, seen) for name, seen in self.live_shared.items()}
        noted: set[Key] = set()
        for run in reversed(self.runs):
            if run.number <= self.noted_at:
                break  # its objects are gone, others stand for them
            for key in run.trace.outputs:
                if key in noted or not is_name(key):
                    continue
                noted.add(key)
                if run.trace.digest and key in found:
                    found[key] = run.trace.shared_after.get(key, ())
        return found

    def last(self) -> dict[str, CellRun]:
        """The last run of each cell."""
        return {run.cell_id: run for run in self.runs if run.cell_id is not None}


def history_digest(digests: Iterable[str]) -> Fingerprint:
    """The fingerprint of ``@history``: the code that ran, in order."""
    return xxhash.xxh3_128_hexdigest(" ".join(digests).encode())


def difference(one: Trace, other: Trace) -> Key | None:
    """A name that both runs set and left different, or empty where what they showed differs; None where nothing does."""
    common: Iterable[Key] = set(one.outputs) & set(other.outputs)
    names = sorted(key for key in common if is_name(key) and one.outputs[key] != other.outputs[key])
    if names:
        return names[0]
    return "" if one.shown != other.shown else None


def only_names(values: Mapping[Key, Fingerprint]) -> dict[str, Fingerprint]:
    """The part of `values` that is about names of the notebook."""
    return {key: value for key, value in values.items() if is_name(key)}
