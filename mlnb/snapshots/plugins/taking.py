"""How a snapshot is taken: by a copy of the kernel's process, or by the process itself with a thread that writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from mlnb.core.records import dataclass, field
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.limits import Limits, leave_out
from mlnb.snapshots.types import Manifest, Variable

if TYPE_CHECKING:
    from mlnb.snapshots.plugins.around import Gathering
    from mlnb.snapshots.plugins.capture import Captured


@dataclass(frozen=True)
class Found:
    """What was found in the namespace: each variable with its verdict, and the digest of each part that is saved, with its names.

    `notice` is what the user should be told once; empty: nothing.
    """

    variables: Mapping[str, Variable]
    parts: Mapping[str, tuple[str, ...]]
    notice: str = ""


@dataclass(frozen=True)
class Taking:
    """A snapshot on its way: first it is known what was found, then it is on disk. Each may end in an error instead."""

    found: Future[Found] = field(default_factory=Future)
    written: Future[Manifest] = field(default_factory=Future)

    def fail(self, error: BaseException) -> None:
        """What is not known yet never will be."""
        for future in (self.found, self.written):
            if not future.done():
                future.set_exception(error)


@dataclass(frozen=True)
class Job:
    """A snapshot to take.

    Attributes:
        id: its id.
        namespace: the notebook's.
        names: tells which variables count; asked when the state is looked at.
        describe: the manifest without variables, components and chunks; asked when the state is looked at.
        process: tells the state of the process that no variable holds.
        notebook: its absolute path, or None.
        gather: begins to gather what the snapshot knows besides variables; asked when the state is looked at.
        prepare: finds out once, in a thread of the kernel, what each copy of it would have to find out anew.
        is_awaited: somebody waits for it to be on disk.
        taking: its way.
    """

    id: str
    namespace: dict[str, Any]
    names: Callable[[], Sequence[str]]
    describe: Callable[[], Manifest]
    process: Callable[[], bytes]
    notebook: str | None
    gather: Callable[[], Gathering]
    prepare: Callable[[], object] = lambda: None
    is_awaited: bool = False
    taking: Taking = field(default_factory=Taking)


def found_from_captured(captured: Captured, files: SnapshotFiles, notebook: str | None) -> Found:
    """What to tell about `captured`, from which the largest values are taken out when there is no room for them."""
    new = [part.encoded for part in captured.parts if part.encoded is not None]
    wanted = sum(len(one.stream) + sum(buffer.nbytes for buffer in one.buffers) for one in new)
    room = Limits.from_environment().room(files, notebook, wanted) if wanted else None
    notice = leave_out(captured, room) if room is not None else ""
    return Found(captured.variables, {part.digest: part.names for part in captured.parts}, notice)


class Taker(Protocol):
    """One way to take snapshots. The state is fixed when `take` returns."""

    def take(self, job: Job) -> None:
        """Begin what `job.taking` tells of."""


def with_variables(manifest: Manifest, found: Found) -> Manifest:
    """`manifest` with the variables that were found."""
    return dataclasses.replace(manifest, variables=dict(found.variables))
