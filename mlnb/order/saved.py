"""More nouns of saved notebooks: what the text of a cell shows beside names, what was mended, what a certificate is worth now."""

from __future__ import annotations

from collections.abc import Mapping

from mlnb.core.records import dataclass, field
from mlnb.order.types import Certificate, Finding, Verdict

KEPT_TAGS = ("skip", "frozen")
"""Tags of cells that do not run: ``skip`` leaves a cell out, ``frozen`` uses its saved result."""
GOOD: tuple[Verdict, ...] = ("identical", "noise", "tolerance")
"""Verdicts that certify."""


@dataclass(frozen=True)
class ImportLine:
    """An import statement at the top level of a cell.

    Attributes:
        text: the statement as written.
        names: what it binds.
        first: its first line in the cell, from 0.
        last: its last line.
        is_alone: whether nothing else stands on these lines.
    """

    text: str
    names: frozenset[str]
    first: int
    last: int
    is_alone: bool = True


@dataclass(frozen=True)
class FunctionOutline:
    """What a function surely does when it is called: global names that it `reads`, and functions that it `calls` by a global name."""

    reads: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CellOutline:
    """What reading a cell's text tells beside its names.

    Attributes:
        imports: its import statements at the top level, in order.
        imported: names that it binds by imports alone.
        star_imports: modules of which it imports everything.
        passing: names that it binds only as loop variables, in ``with``, ``except`` and the like.
        released: names that it only sets to None.
        dropped: names that it has surely deleted when it ends.
        global_names: names that its functions may set (``global``).
        deferred: names that it reads only in lambdas and decorated functions, which something may or may not call at once.
        annotations: names that stand only in annotations.
        is_lazy: whether annotations are not evaluated from here on (``from __future__ import annotations``).
        is_silent: whether it cannot show anything, whatever its names stand for.
        ends_with_value: whether its last statement is an expression, so that there may be a result.
        sets_display: whether it changes which results IPython shows.
        prints: all that it writes to standard output, where the text alone says so; else None.
        commands: programs of the operating system that it needs, as written.
        own_paths: absolute paths in somebody's home folder.
        magic: the cell as a line magic, where it is one that is written without its percent sign; else empty.
        calls: functions, by name, that it surely calls.
        functions: functions that it surely defines, once and without decorators.
        changes_imports: whether it may change what an import finds or does (paths, environment, installers, backends).
    """

    imports: tuple[ImportLine, ...] = ()
    imported: frozenset[str] = frozenset()
    star_imports: tuple[str, ...] = ()
    passing: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    global_names: frozenset[str] = frozenset()
    deferred: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    is_lazy: bool = False
    is_silent: bool = False
    ends_with_value: bool = True
    sets_display: bool = False
    prints: str | None = None
    commands: tuple[str, ...] = ()
    own_paths: tuple[str, ...] = ()
    magic: str = ""
    changes_imports: bool = False
    calls: frozenset[str] = frozenset()
    functions: Mapping[str, FunctionOutline] = field(default_factory=dict)


@dataclass(frozen=True)
class Fix:
    """One thing that `mlnb check --fix` mends; `cell_id` is None for the notebook as a whole."""

    code: str
    message: str
    cell_id: str | None = None


@dataclass(frozen=True)
class FixReport:
    """What was mended in one notebook, or would be.

    Attributes:
        notebook: its path.
        fixes: what was mended, in the order in which it was done.
        diff: the difference as a unified diff of the file; empty when nothing was to be mended.
        is_written: False when it was only asked what would change.
        findings: what is left afterwards.
    """

    notebook: str
    fixes: list[Fix] = field(default_factory=list)
    diff: str = ""
    is_written: bool = False
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class CertificateStatus:
    """A certificate and what it is worth for a notebook as it is now.

    Attributes:
        certificate: the certificate.
        is_signed: whether this user's own key signed it as it is.
        is_valid: whether it says that the notebook as it is now, with the same parameters and in this environment, gives what is
            saved.
        reasons: why it is not valid, in sentences; empty when it is.
    """

    certificate: Certificate
    is_signed: bool
    is_valid: bool
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CertificateList:
    """The certificates of a notebook, the latest first."""

    notebook: str
    certificates: list[CertificateStatus] = field(default_factory=list)


@dataclass(frozen=True)
class Certification:
    """Whether a notebook with some parameters is certified.

    Attributes:
        notebook: its path.
        is_certified: whether a valid certificate says so.
        certificate: the id of that certificate, or of the latest one that is not valid; None when there is none at all.
        reason: why it is not certified, in words; empty when it is.
        way_out: the command that certifies it; empty when it is certified.
    """

    notebook: str
    is_certified: bool
    certificate: str | None = None
    reason: str = ""
    way_out: str = ""
