"""The nouns of order: cells and their states, findings of saved notebooks, verdicts of a fresh run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

CellState = Literal["fresh", "stale", "edited", "never_run", "unknown"]
Mode = Literal["off", "mark", "warn", "block", "linear"]
Verdict = Literal["identical", "tolerance", "noise", "different", "failed", "not_run"]
Severity = Literal["error", "warning", "info"]

MODES: tuple[Mode, ...] = ("off", "mark", "warn", "block", "linear")


@dataclass(frozen=True)
class DocumentCell:
    """A cell of the document as a front end or runner sends it; `index` counts all cells from 0."""

    id: str
    index: int
    source: str
    cell_type: str = "code"


@dataclass(frozen=True)
class CellStatus:
    """What is known of a code cell.

    Attributes:
        state: ``fresh`` its result is what a run from top to bottom gives; ``stale`` it is not; ``edited`` its code changed and
            has never run as it is now; ``never_run`` in this kernel; ``unknown`` mlnb cannot tell.
        reasons: why, in sentences; empty for a fresh cell, at least one for every other.
    """

    state: CellState
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OrderStatus:
    """The state of every code cell, by id, and the mode in use."""

    cells: dict[str, CellStatus]
    mode: Mode


@dataclass(frozen=True)
class CellCode:
    """What reading the code of a cell tells, before anything runs.

    Attributes:
        digest: names the code apart from comments and spacing; two cells of equal digest do the same thing.
        reads: names it reads before it has surely set them.
        binds: names it may set or delete.
        sure: names it has surely set when it ends without an error.
        deletes: names it deletes.
        guessed: those of `reads` that merely occur in the text of a magic or a shell line.
        uses: names it reads at all, before or after setting them.
        changes_by_operator: whether it has ``+=`` and the like on something other than a plain name.
        later: names that functions it defines read when they are called.
        at_risk: names whose value it may change in place.
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
    at_risk: frozenset[str] = frozenset()
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
    """The static findings of one saved notebook, in document order."""

    notebook: str
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class SavedOutput:
    """An output as saved in a notebook: its kind (nbformat's ``output_type``) and what it shows, by media type."""

    kind: str
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedCell:
    """A cell of a saved notebook with what it showed when it last ran."""

    id: str
    index: int
    source: str
    cell_type: str = "code"
    execution_count: int | None = None
    outputs: tuple[SavedOutput, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedNotebook:
    """A notebook file as order sees it. `kernel` is the name in its kernelspec, None when it names none."""

    path: str
    cells: tuple[SavedCell, ...]
    kernel: str | None
    language: str | None
    digest: str


@dataclass(frozen=True)
class CellVerdict:
    """How a code cell of a fresh run compares with what is saved; `detail` says what differs."""

    id: str
    index: int
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Verification:
    """A fresh run, compared cell by cell.

    Attributes:
        verdict: the worst of the cells.
        cells: code cells in document order.
        certificate: id of the signed certificate.
        notebook: path of the notebook.
    """

    verdict: Verdict
    cells: list[CellVerdict]
    certificate: str
    notebook: str = ""


@dataclass(frozen=True)
class Certificate:
    """What was verified, by whom and when; `signature` covers everything else.

    Attributes:
        id: its id.
        notebook: path at the time.
        notebook_digest: content address of the file's bytes.
        verdict: as in `Verification`.
        cells: as in `Verification`.
        parameters: values handed in, credentials masked.
        env_id: the environment that mlnb ran in.
        created_at: UTC.
        key_id: which key signed.
        signature: hex.
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
