"""Going back, from outside a kernel: preview, restore and undo in a live kernel, or the document as a new file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.clock import Clock
from mlnb.core.errors import Conflict, Damaged, NotTrusted
from mlnb.core.events import Event, EventSink
from mlnb.core.files import store_error
from mlnb.core.wire import from_wire
from mlnb.snapshots.errors import NoLiveKernel
from mlnb.snapshots.plugins import documents
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.plugins.previewing import preview_of
from mlnb.snapshots.ports import KernelDoor, LiveKernel
from mlnb.snapshots.previews import Preview
from mlnb.snapshots.rules.trust import why_not_trusted
from mlnb.snapshots.types import Manifest, Restored

_FIRST_CELL = "mlnb-start"
_TAKE_TIMEOUT_S = 600.0


class WayBack:
    """The part of the snapshots' service that brings them back.

    Args:
        files: the snapshots themselves.
        events: told what happened.
        kernel_of: the live kernel of a notebook, or of a process.
        door: how to call into one.
        fetch: makes sure that the bytes of a snapshot are here.
        clock: the present moment.
    """

    def __init__(
        self,
        files: SnapshotFiles,
        events: EventSink,
        kernel_of: Callable[[Path | None, int | None], LiveKernel | None],
        door: KernelDoor,
        fetch: Callable[[str], object],
        clock: Clock,
    ) -> None:
        self._files = files
        self._events = events
        self._find_kernel = kernel_of
        self._door = door
        self._fetch = fetch
        self._clock = clock

    def preview(
        self,
        snapshot_id: str,
        pid: int | None = None,
        timeout_s: float = _TAKE_TIMEOUT_S,
        *,
        notebook: Path | None = None,
    ) -> Preview:
        """What a restore would do, in the live kernel of the snapshot's notebook (or of `notebook`, or `pid`) when there is one.

        Nothing is changed.

        Raises:
            SnapshotNotFound: there is none of that id.
            Damaged: something of it was changed.
            NoLiveKernel: there is no kernel `pid`.
            KernelBusy: the kernel did not answer in time.
        """
        manifest, _ = self._files.read_any(snapshot_id)
        self._fetch(snapshot_id)
        kernel = self._find_kernel(notebook or _notebook_of(manifest), pid)
        if kernel is None or not manifest.has_kernel:
            return preview_of(self._files, snapshot_id)
        return from_wire(Preview, self._call(kernel, "snapshots.preview", {"id": snapshot_id}, timeout_s))

    def restore(
        self,
        snapshot_id: str,
        names: Sequence[str] | None = None,
        pid: int | None = None,
        timeout_s: float = _TAKE_TIMEOUT_S,
        *,
        trust: bool = False,
        recompute: bool = False,
        notebook: Path | None = None,
        by: str = "",
    ) -> Restored:
        """Bring variables (all, or `names`) back into the live kernel of the snapshot's notebook, or `pid`.

        Args:
            snapshot_id: which.
            names: which variables, None for all.
            pid: the kernel's process; found by the notebook when None.
            timeout_s: how long to wait for a kernel that runs a cell.
            trust: the user trusts who made it; loading it may run code. It is said once.
            recompute: run cells again for what was not saved, where they can only give the same.
            notebook: whose live kernel it is to be; where the snapshot was taken when None.
            by: who does it, for others who have the notebook open.

        Raises:
            SnapshotNotFound: there is none of that id.
            NotTrusted: somebody else signed it; nothing was loaded.
            Damaged: something of it was changed; nothing was loaded.
            Conflict: it holds no variables, or a restore is going on.
            NoLiveKernel: the notebook has no running kernel with mlnb.
            KernelBusy: the kernel did not answer in time.
        """
        manifest, standing = self._files.read_standing(snapshot_id)
        if not standing.is_trusted and not trust and names is None:
            raise NotTrusted(*why_not_trusted(snapshot_id, standing))
        if not manifest.has_kernel:
            raise Conflict(f"{snapshot_id} is the document alone; it holds no variables", "Restore it with --to PATH.")
        kernel = self._find_kernel(notebook or _notebook_of(manifest), pid)
        if kernel is None:
            where = notebook or manifest.notebook or "the notebook it was taken of"
            raise NoLiveKernel(
                f"{where} has no running kernel with mlnb loaded",
                f"Open it, or call mlnb.snapshots.restore({snapshot_id!r}) in the kernel you want.",
            )
        self._fetch(snapshot_id)
        arguments: dict[str, Any] = {"id": snapshot_id, "names": None if names is None else list(names)}
        arguments.update({"trust": trust} if trust else {}, **({"recompute": recompute} if recompute else {}))
        restored = from_wire(Restored, self._call(kernel, "snapshots.restore", arguments, timeout_s))
        if trust:
            self._put(snapshot_id)  # the list shall say so too
        self._tell(snapshot_id, restored, kernel, by)
        return restored

    def undo(self, notebook: Path, pid: int | None = None, *, redo: bool = False, by: str = "") -> Restored:
        """Take the last restore in the notebook's live kernel back, or with `redo` do again what was taken back.

        Args:
            notebook: whose kernel.
            pid: the kernel's process; found by the notebook when None.
            redo: forth, not back.
            by: as in `restore`.

        Raises:
            Conflict: there is nothing to take back, or to do again.
            NoLiveKernel: the notebook has no running kernel with mlnb.
            KernelBusy: the kernel did not answer in time.
        """
        kernel = self._find_kernel(notebook.absolute(), pid)
        if kernel is None:
            raise NoLiveKernel(f"{notebook} has no running kernel with mlnb loaded", "There is nothing to take back.")
        name = "snapshots.redo" if redo else "snapshots.undo"
        restored = from_wire(Restored, self._call(kernel, name, {}, _TAKE_TIMEOUT_S))
        self._tell(restored.id, restored, kernel, by)
        return restored

    def _tell(self, snapshot_id: str, restored: Restored, kernel: LiveKernel, by: str) -> None:
        """Whoever else has the notebook open hears what became of its kernel, and who did it."""
        data = {"undo": restored.undo, "notebook": kernel.notebook, "by": by}
        self._events.publish(Event("snapshot_restored", snapshot_id, data, self._clock()))

    def write_document(self, snapshot_id: str, to: Path, *, with_start: bool = False) -> Path:
        """Write the notebook with its outputs, as it was, to the new file `to`.

        Args:
            snapshot_id: which.
            to: the file.
            with_start: put a cell first that brings the variables back, so that a fresh kernel starts from there.

        Raises:
            SnapshotNotFound: there is none of that id.
            NotFound: it has no document.
            Conflict: `to` exists, or there are no variables to start with.
            Damaged: the document was changed.
            StoreUnavailable: the disk refused.
        """
        manifest, _ = self._files.read_any(snapshot_id)
        document = self._files.document(snapshot_id)
        if with_start and not manifest.has_kernel:
            raise Conflict(f"{snapshot_id} is the document alone; it holds no variables", "Leave out --start.")
        self._fetch(snapshot_id)
        with PackReader(self._files.blobs) as reader:
            data = documents.read(reader, document)
        return _write_new(to, _with_first_cell(data, snapshot_id) if with_start else data)

    def _put(self, snapshot_id: str) -> object:
        """Bring the index up to the snapshot's files; the service does."""
        raise NotImplementedError

    def _call(self, kernel: LiveKernel, name: str, arguments: dict[str, Any], timeout_s: float) -> Any:  # noqa: ANN401 - JSON
        return self._door.call(Path(kernel.connection_file), name, arguments, timeout_s)


def _notebook_of(manifest: Manifest) -> Path | None:
    return Path(manifest.notebook) if manifest.notebook else None


def _with_first_cell(data: bytes, snapshot_id: str) -> bytes:
    try:
        notebook = json.loads(data)
        has_ids = (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
        cells: list[Any] = notebook["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("the document is no notebook", "Write it without --start.") from error
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": f'import mlnb\n\nmlnb.snapshots.restore("{snapshot_id}")',
    }
    if has_ids:
        cell["id"] = _FIRST_CELL
    notebook["cells"] = [cell, *(one for one in cells if one.get("id") != _FIRST_CELL)]
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _write_new(to: Path, data: bytes) -> Path:
    """Write the file `to`, whole, or not at all when there is one."""
    target, temporary = to.absolute(), ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.link(temporary, target)  # unlike a rename it replaces nothing
    except FileExistsError:
        raise Conflict(f"{to} exists", "Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise store_error(to, error) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return to
