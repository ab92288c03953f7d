"""What snapshots need from outside: codecs (how values are saved), live kernels, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mlnb.core.records import dataclass, field


@dataclass(frozen=True)
class Encoded:
    """Values as bytes.

    Attributes:
        stream: the codec's own form.
        buffers: large blocks of memory that the stream refers to, in order. They may be the memory of live objects: whoever keeps
            them longer than the call copies them.
        row_bytes: for each buffer how long its rows are, 0 when it has none; it is cut between them, so that a column that did not
            change is found again when others came or went. Empty: none has rows.
        note: why the values count as recomputed rather than kept; empty: they are kept.
    """

    stream: bytes
    buffers: Sequence[memoryview]
    row_bytes: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True)
class Saving:
    """What a codec may know while it saves.

    Attributes:
        namespace: the notebook's namespace; functions of the notebook have it as their globals.
        unshared: identities of arrays that only look shared.
        owners: what owns the memory of arrays, by its address.
        version_of: digest of a class of the notebook and all it holds.
        bare: classes whose instances are saved as their attributes, because their own way of pickling loses or refuses something.
        note: told a type and why variables that hold it are recomputed rather than kept.
    """

    namespace: dict[str, Any]
    unshared: set[int]
    version_of: Any  # Callable[[type], str]; a plain attribute of a frozen dataclass, typed where it is called
    bare: frozenset[type] = frozenset()
    note: Callable[[type, str], None] = lambda _kind, _reason: None
    owners: Mapping[int, object] = field(default_factory=dict)


class Codec(Protocol):
    """How values are saved and loaded (entry point group ``mlnb.codecs``). Names are stored: keep them for ever."""

    name: str

    def can_save(self, value: object) -> bool:
        """Whether this codec is the one for `value`; it is used for a group of variables when it is for each of them."""

    def save(self, values: Mapping[str, object], saving: Saving) -> Encoded:
        """`values` as bytes. What two of them share, they share again after `load`.

        Raises:
            CannotSave: one of them cannot be saved; the message is the reason shown to the user.
        """

    def load(self, stream: bytes | bytearray, buffers: Sequence[memoryview]) -> dict[str, Any]:
        """The values again. It may raise anything: the caller names the variables as not restored."""


class LiveKernel(Protocol):
    """A running kernel that has mlnb loaded."""

    @property
    def pid(self) -> int:
        """Its process."""

    @property
    def connection_file(self) -> str:
        """Path of its connection file."""

    @property
    def notebook(self) -> str | None:
        """Absolute path of its notebook, when known."""


class KernelDoor(Protocol):
    """Calls functions that the kernel half offers, from another process."""

    def call(self, connection_file: Path, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:  # noqa: ANN401 - JSON
        """The result of `name` in the kernel.

        Raises:
            KernelBusy: no answer within `timeout_s`.
            MlnbError: what the kernel half answered.
        """


class Blobs(Protocol):
    """Bytes named by their digest, in a remote store; what is read is verified."""

    def put(self, data: bytes) -> str:
        """Store `data` and return its digest."""

    def get(self, digest: str) -> bytes:
        """The bytes of `digest`, verified.

        Raises:
            NotFound: there are none.
            Damaged: what is stored does not match.
        """

    def delete(self, digest: str) -> None:
        """Remove the bytes; nothing happens when there are none."""
