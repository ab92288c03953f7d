"""The nouns of order: cells and their states, findings of saved notebooks, verdicts of a fresh run."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mlnb.core.records import dataclass, field

CellState = Literal["fresh", "stale", "edited", "never_run", "unknown"]
Kept = Literal["", "skip", "frozen"]
Mode = Literal["off", "mark", "warn", "reactive", "block", "linear"]
Verdict = Literal["identical", "tolerance", "noise", "different", "failed", "not_run"]
Severity = Literal["error", "warning", "info"]

MODES: tuple[Mode, ...] = ("off", "mark", "warn", "reactive", "block", "linear")


@dataclass(frozen=True)
class DocumentCell:
    """A cell of the document as a front end or runner sends it; `index` counts all cells from 0."""

    id: str
    index: int
    source: str
    cell_type: str = "code"


@dataclass(frozen=True)
class OrderPolicy:
    """What holds for a notebook that chooses nothing.

    Attributes:
        mode: the user's setting.
        floor: the mildest mode that the team's policy allows; None without one.
    """

    mode: Mode
    floor: Mode | None


@dataclass(frozen=True)
class CellStatus:
    """What is known of a code cell.

    Attributes:
        state: ``fresh`` its result is what a run from top to bottom gives; ``stale`` it is not; ``edited`` its code changed and
            has never run as it is now; ``never_run`` in this kernel; ``unknown`` mlnb cannot tell.
        reasons: why, in sentences; empty for a cell that is fresh by itself, at least one for every other.
        vouched: whether it is ``fresh`` because a person vouched for it; until it runs again or what it reads changes.
        kept: ``skip`` or ``frozen`` for a cell of that tag: it does not run, and its state is about what its last run left.
    """

    state: CellState
    reasons: list[str] = field(default_factory=list)
    vouched: bool = False
    kept: Kept = ""


@dataclass(frozen=True)
class LibraryEffect:
    """A statement that may set what a library keeps for the whole process: ``pd.set_option(...)``, ``math.tau = 6``.

    Attributes:
        root: the name it begins with, of a module, class or function.
        path: the attributes that follow, those that are called with ``()``.
        slot: what it sets: two statements of equal slot set the same thing.
        digest: of the whole statement.
        names: names that decide what is set.
    """

    root: str
    path: tuple[str, ...]
    slot: str
    digest: str
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CellCode:
    """What reading the code of a cell tells, before anything runs.

    Attributes:
        digest: names the code apart from comments and spacing; two cells of equal digest do the same thing.
        reads: names it reads before it has surely set them.
        binds: names it may set or delete.
        sure: names it has surely set when it ends without an error.
        deletes: names it deletes.
        guessed: those of `reads` that merely occur in the text of a magic, a shell line or a statement of SQL.
        uses: names it reads at all, before or after setting them.
        changes_by_operator: whether it has ``+=`` and the like on something other than a plain name.
        later: names that functions it defines read when they are called.
        mentioned: names it reads only to hand their value on, so that functions in it are not called.
        at_risk: names whose value it may change in place.
        handed_on: names of whose value something may be held by another name after it.
        aliased: those of them that it gives another name, or a place in another value, with no call in between.
        overwrites: names it uses in no other way than to replace parts of their values, with these parts.
        words: every identifier and attribute in it.
        texts: its short text constants: names of files and of environment variables, perhaps.
        modules: modules it imports.
        environment_reads: environment variables it reads by name; None when it may read any.
        environment_writes: environment variables it sets by name.
        opaque: why its effect cannot be read off the code (it can reach any name), or empty.
        history: whether it uses earlier inputs and outputs (``_``, ``Out``, ``In``).
        runs_programs: whether it starts other programs.
        varying: what in it differs from run to run (the clock, random numbers without a seed), in words.
        seeds: whether it sets the state of a random generator.
        imports_only: whether it does nothing but import.
        asks_for_files: whether it looks at files without opening them.
        effects: statements that may set what a library keeps for the whole process.
        text: names the code as it was typed, comments and spacing included.
        only_sets: whether it has nothing but imports and such statements.
        displays: whether it may show the value of an expression.
        remote: what other computers and stores it names (URLs).
        magics: name and line of its magics.
        error: the syntax error, or empty.
    """

    digest: str
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    changes_by_operator: bool = False
    later: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    at_risk: frozenset[str] = frozenset()
    handed_on: frozenset[str] = frozenset()
    aliased: frozenset[str] = frozenset()
    overwrites: tuple[tuple[str, tuple[tuple[tuple[str, Any], ...], ...]], ...] = ()
    words: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()
    environment_reads: frozenset[str] | None = frozenset()
    environment_writes: frozenset[str] = frozenset()
    opaque: str = ""
    history: bool = False
    runs_programs: bool = False
    varying: tuple[str, ...] = ()
    seeds: bool = False
    imports_only: bool = False
    asks_for_files: bool = False
    effects: tuple[LibraryEffect, ...] = ()
    text: str = ""
    only_sets: bool = False
    displays: bool = False
    remote: tuple[str, ...] = ()
    magics: tuple[tuple[str, str], ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Finding:
    """Something a saved notebook shows that a run from top to bottom would trip over, or that says it was run otherwise.

    Attributes:
        code: stable name of the kind, such as ``used_before_defined``.
        message: one sentence.
        cell_id: the cell, or None for the notebook as a whole.
        index: position of the cell among all cells, from 0, or None.
        severity: ``error`` a clean run fails or differs; ``warning`` it may; ``info`` worth knowing.
    """

    code: str
    message: str
    cell_id: str | None = None
    index: int | None = None
    severity: Severity = "warning"


@dataclass(frozen=True)
class CheckReport:
    """The static findings of one saved notebook, in document order; `not_checked` says what could not be looked at, and why."""

    notebook: str
    findings: list[Finding] = field(default_factory=list)
    not_checked: str = ""


@dataclass(frozen=True)
class SavedOutput:
    """An output as saved in a notebook: its kind (nbformat's ``output_type``) and what it shows, by media type."""

    kind: str
    data: dict[str, str] = field(default_factory=dict)
    execution_count: int | None = field(default=None, compare=False)
    traceback: str = field(default="", compare=False)


@dataclass(frozen=True)
class SavedCell:
    """A cell of a saved notebook with what it showed when it last ran.

    `has_id` is False where the file has none and `id` was made up; `ran_at` is the time that the front end noted, or empty.
    """

    id: str
    index: int
    source: str
    cell_type: str = "code"
    execution_count: int | None = None
    outputs: tuple[SavedOutput, ...] = ()
    tags: tuple[str, ...] = ()
    has_id: bool = True
    ran_at: str = ""


@dataclass(frozen=True)
class SavedNotebook:
    """A notebook file as order sees it. `kernel` is the name in its kernelspec, None when it names none."""

    path: str
    cells: tuple[SavedCell, ...]
    kernel: str | None
    language: str | None
    digest: str
    format_minor: int = 5
    notebook_id: str | None = None


@dataclass(frozen=True)
class CellVerdict:
    """How a code cell of a fresh run compares with what is saved; `detail` says what differs.

    `kept` is ``skip`` or ``frozen`` for a cell that its tag keeps from running: it does not count in the verdict of the notebook.
    """

    id: str
    index: int
    verdict: Verdict
    detail: str = ""
    kept: str = ""


@dataclass(frozen=True)
class Verification:
    """A fresh run, compared cell by cell.

    Attributes:
        verdict: the worst of the cells.
        cells: code cells in document order.
        certificate: id of the signed certificate.
        notebook: path of the notebook.
        first_different: the first cell that is ``different`` or ``failed``; None when there is none.
        compared_with: ``saved`` outputs, or, of a notebook that was saved without any, a ``second_run``.
        written: files below the notebook's folder that the run made or changed, relative to it.
    """

    verdict: Verdict
    cells: list[CellVerdict]
    certificate: str
    notebook: str = ""
    first_different: CellVerdict | None = None
    compared_with: Literal["saved", "second_run"] = "saved"
    written: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Certificate:
    """What was verified, by whom and when; `signature` covers everything else.

    Attributes:
        id: its id.
        notebook: path at the time.
        notebook_digest: digest of the normalised sources of the code cells and of the tags that change what runs; not of outputs.
        verdict: as in `Verification`.
        cells: as in `Verification`.
        parameters: values handed in, credentials masked.
        env_id: the environment of the kernel that ran it.
        created_at: UTC.
        key_id: which key signed.
        signature: hex.
        notebook_id: the notebook's own identity, where it has one: it outlives a rename.
        parameters_digest: tells equal parameters, credentials included, without telling them.
        cell_digests: digest of each code cell's source, in document order.
        compared_with: as in `Verification`.
    """

    id: str
    notebook: str
    notebook_digest: str
    verdict: Verdict
    cells: list[CellVerdict]
    parameters: dict[str, str]
    env_id: str
    created_at: datetime
    key_id: str = ""
    signature: str = ""
    notebook_id: str | None = None
    parameters_digest: str = ""
    cell_digests: list[str] = field(default_factory=list)
    compared_with: Literal["saved", "second_run"] = "saved"
