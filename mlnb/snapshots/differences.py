"""The nouns of comparing two states: what differs in cells, outputs, variables, packages, parameters, data files and git."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mlnb.core.records import dataclass
from mlnb.snapshots.surroundings import DataFile

Kind = Literal["added", "removed", "changed"]
Part = Literal["cells", "variables", "environment", "parameters", "data", "git"]


@dataclass(frozen=True)
class ComparedState:
    """What one of the two states is.

    Attributes:
        title: why it was taken, or which commit it is; empty when no reason was given.
        created_at: UTC; None for a commit.
    """

    title: str
    created_at: datetime | None


@dataclass(frozen=True)
class Place:
    """One place inside a value where two states differ.

    Attributes:
        where: as one would write it: ``['a'][3]``, ``.alpha``, ``row 7, column 'x'``.
        before: the value there, short; None: there was none.
        after: likewise.
    """

    where: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Details:
    """What the two values of a variable are like and where they differ.

    Attributes:
        shape_before: such as ``3 x 4`` or ``12 items``; empty for what has none, and where the variable did not exist.
        shape_after: likewise.
        summary_before: the value in one line.
        summary_after: likewise.
        places: the first places that differ.
        total: how many differ; None: not counted to the end.
    """

    shape_before: str = ""
    shape_after: str = ""
    summary_before: str = ""
    summary_after: str = ""
    places: tuple[Place, ...] = ()
    total: int | None = None


@dataclass(frozen=True)
class Change:
    """How one variable differs: its types and sizes before and after (None where it did not exist).

    Attributes:
        details: None where the values were not loaded; `Diff.notes` says why.
    """

    name: str
    kind: Kind
    type_before: str | None
    type_after: str | None
    size_before_bytes: int | None
    size_after_bytes: int | None
    details: Details | None = None


@dataclass(frozen=True)
class Picture:
    """A picture that a cell shows.

    Attributes:
        kind: its MIME type, such as ``image/png``.
        digest: the beginning of the BLAKE3 of what the document holds of it.
        data: its bytes in base64; empty when pictures were not asked for, or this one is too large.
    """

    kind: str
    digest: str
    data: str = ""


@dataclass(frozen=True)
class CellChange:
    """How one cell of the document differs.

    Attributes:
        kind: ``moved``: the same cell in another order; one that is ``changed`` may have moved as well.
        cell_id: its id, or None when it has none.
        index_before: its position among all cells, from 0; None where it did not exist.
        index_after: likewise.
        is_moved: whether its order among the others changed.
        source: a unified diff of its source; empty when that is the same.
        outputs: a unified diff of what its outputs show as text; empty when that is the same.
        pictures_before: where the outputs differ, the pictures among them.
        pictures_after: likewise.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    cell_id: str | None
    cell_type: str
    index_before: int | None
    index_after: int | None
    is_moved: bool = False
    source: str = ""
    outputs: str = ""
    pictures_before: tuple[Picture, ...] = ()
    pictures_after: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Fact:
    """Something with a name that differs: a package by version, a parameter by value; None where it was not there."""

    name: str
    kind: Kind
    before: str | None
    after: str | None


@dataclass(frozen=True)
class DataChange:
    """How something that was read differs: a file, a folder, a database, an object in a store."""

    path: str
    kind: Kind
    before: DataFile | None
    after: DataFile | None


@dataclass(frozen=True)
class Diff:
    """How state `b` differs from state `a`.

    Attributes:
        a: id of a snapshot, or the commit whose document it is.
        b: id of a snapshot.
        added: names that only `b` has.
        removed: names that only `a` has.
        changed: names whose value differs.
        unchanged: names whose value is the same.
        changes: a row per name of the first three, sorted by name.
        cells_run: cell runs of `b` that `a` had not seen (of the same kernel session, else all of `b`).
        environment_changed: whether the environments differ (None: not known for one of them).
        cells: of the documents, in the order of `b`, removed ones where they were.
        cells_by: who told which cell is which: ``nbdime`` or ``mlnb``; empty when one state has no document.
        environment: packages, and Python itself.
        parameters: of cells tagged ``parameters`` and ``injected-parameters``.
        data: what was read.
        git: commit, branch, and what was not committed.
        notes: what could not be compared, and why, in sentences.
        before: what state `a` is.
        after: what state `b` is.
        compared: the parts that both states know, so that what is empty here is the same there.
        cells_unchanged: how many cells are as they were, and where they were.
    """

    a: str
    b: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    changes: tuple[Change, ...]
    cells_run: int
    environment_changed: bool | None
    cells: tuple[CellChange, ...] = ()
    cells_by: str = ""
    environment: tuple[Fact, ...] = ()
    parameters: tuple[Fact, ...] = ()
    data: tuple[DataChange, ...] = ()
    git: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    before: ComparedState | None = None
    after: ComparedState | None = None
    compared: tuple[Part, ...] = ()
    cells_unchanged: int = 0
