"""Snapshots from inside the kernel: take, list, compare and restore the variables of this notebook."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mlnb.core.clock import utc_now
from mlnb.core.ids import new_id
from mlnb.core.secrets import mask
from mlnb.core.user import user_name
from mlnb.core.version import __version__
from mlnb.kernel.snapshots_about import link_runs, notebook_from_environment
from mlnb.kernel.snapshots_auto import AutoSnapshots
from mlnb.kernel.snapshots_cells import CellRecorder
from mlnb.kernel.snapshots_doors import doors
from mlnb.kernel.snapshots_left_out import LeftOut
from mlnb.kernel.snapshots_place import Place
from mlnb.kernel.snapshots_taken import TakenSnapshot
from mlnb.snapshots import rules
from mlnb.snapshots.differences import Diff
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.process import ProcessState
from mlnb.snapshots.plugins.taking import Job, Taking
from mlnb.snapshots.types import Manifest, Restored, Snapshot

if TYPE_CHECKING:
    from mlnb.kernel.snapshots_back import Restorer
    from mlnb.kernel.snapshots_since import Comparing
    from mlnb.snapshots.plugins.around import Gathering, Sources
    from mlnb.snapshots.plugins.writing import SnapshotWriter
    from mlnb.snapshots.previews import Preview

T = TypeVar("T")


class KernelSnapshots:
    """The snapshots of one shell. Making one costs nothing; the first `take` imports what it needs.

    Args:
        shell: IPython's shell; a bare `InteractiveShell` will do.
        env_id: names the environment; asked at each snapshot.
        notebook: the notebook's absolute path; asked at each snapshot.
        link: told the id of each snapshot taken, so that runs can name it.
        log: told what went wrong where there is nobody to raise to.
        files: where snapshots are kept.
        sources: who tells what a snapshot knows besides variables; asked at each snapshot.
    """

    def __init__(
        self,
        shell: Any,  # noqa: ANN401 - IPython is typed only in part
        env_id: Callable[[], str] | None = None,
        *,
        notebook: Callable[[], Path | None] | None = None,
        link: Callable[[str], object] | None = None,
        log: Callable[[str], object] | None = None,
        files: SnapshotFiles | None = None,
        sources: Callable[[], Sources] | None = None,
    ) -> None:
        self._shell = shell
        self._env_id, self._sources = env_id, sources
        self._notebook = notebook or notebook_from_environment
        self._has_told = False
        self._link = link or link_runs
        self._log = log or (lambda _text: None)
        self._files = files or SnapshotFiles()
        self._session = new_id("ses")
        self._auto = AutoSnapshots(self._take_auto, lambda: self._lazy_writer.waiting if self._lazy_writer else 0)
        self.place = Place(self._log)
        self._lazy_writer: SnapshotWriter | None = None
        self._lazy_restorer: Restorer | None = None
        self._process = ProcessState()
        self.left_out = LeftOut(self._files, self._notebook)
        self._cells = CellRecorder(self._auto.before_run, self._auto.after_run)
        self._cells.attach(shell.events)

    def close(self) -> None:
        """Stop listening to the shell; what was taken is still written."""
        self._attempt("the last state was not taken", self._auto.finish)
        self._cells.detach(self._shell.events)

    @property
    def _writer(self) -> SnapshotWriter:
        if self._lazy_writer is None:
            from mlnb.snapshots.plugins.writing import SnapshotWriter  # noqa: PLC0415 - threads, on first use

            self._lazy_writer = SnapshotWriter(self._files, self._log)
        return self._lazy_writer

    def take(self, reason: str = "") -> TakenSnapshot:
        """Freeze the variables as they are now. It returns when the state is fixed, not when it is on disk (see `flush`).

        Args:
            reason: why, in the user's words.
        """
        with self._auto.turn:
            taken, job = self._begin(reason)
            runs = self._cells.runs
            stood = self.place.snapshot, self.place.runs
            self.place.took(taken, len(runs), runs[-1].cell_id if runs else None)
            self._attempt("runs were not linked", lambda: self._link(taken.id))
            try:
                self._writer.take(job)  # the last thing: see `copies.Copy`
            except BaseException:
                self.place.snapshot, self.place.runs = stood
                raise
            return taken

    def _take_before(self, snapshot_id: str, same: Manifest | None) -> TakenSnapshot:
        """Keep the state as it is before a restore of `snapshot_id`; `same`: of a snapshot that is known to be still the state."""
        taken, job = self._begin(f"before restore of {snapshot_id}", is_awaited=True)
        if not (same and self._writer.take_again(job, same)):
            self._writer.take(job)
        return taken

    def _begin(self, reason: str, *, is_awaited: bool = False) -> tuple[TakenSnapshot, Job]:
        snapshot_id, created_at, why = new_id("snap"), utc_now(), mask(reason)
        notebook, parent = self._notebook(), self.place.snapshot
        job = Job(
            id=snapshot_id,
            namespace=self._shell.user_ns,
            names=self._names,
            describe=lambda: self._describe(snapshot_id, created_at, why, notebook, parent),
            process=self._process.capture,
            notebook=str(notebook) if notebook else None,
            gather=lambda: self._gather(notebook),
            prepare=self._environment,
            is_awaited=is_awaited,
        )
        self._tell()
        self._auto.took()
        self.place.froze(snapshot_id)
        return TakenSnapshot(snapshot_id, created_at, why, job.taking), job

    def _names(self) -> Sequence[str]:
        found = rules.user_names(self._shell.user_ns, getattr(self._shell, "user_ns_hidden", {}))
        return rules.Names(found, self.left_out.names)

    def _gather(self, notebook: Path | None) -> Gathering:
        from mlnb.snapshots.plugins.around import Gathering, Sources  # noqa: PLC0415 - on first use

        folder = notebook.parent if notebook else Path.cwd()
        return Gathering(self._sources() if self._sources else Sources(), self._shell.user_ns, folder, notebook)

    def _tell(self) -> None:
        """Say once what an earlier snapshot had to leave out."""
        notice = self._writer.notice
        if notice and not self._has_told:
            self._has_told = True
            print(notice)

    def _describe(
        self, snapshot_id: str, created_at: datetime, reason: str, notebook: Path | None, parent: str | None
    ) -> Manifest:
        return Manifest(
            id=snapshot_id,
            created_at=created_at,
            reason=reason,
            notebook=str(notebook) if notebook else None,
            owner=user_name(),
            session=self._session,
            has_kernel=True,
            env_id=self._environment(),
            git=None,
            python=platform.python_version(),
            mlnb=__version__,
            cell_runs=tuple(self._cells.runs),
            parent=parent,
        )

    def flush(self, timeout_s: float | None = None) -> None:
        """Return when everything taken so far is durable.

        Raises:
            StoreUnavailable: something could not be written, or not within `timeout_s`.
        """
        self._writer.flush(timeout_s)

    def list(self) -> Sequence[Snapshot]:
        """The snapshots of this notebook (of kernels without a notebook, when this one has none), newest first.

        Snapshots that are damaged or somebody else's are left out; `mlnb snapshot verify` names them.
        """
        self._writer.settle()
        notebook = self._notebook()
        found = []
        for snapshot_id in self._files.ids():
            try:
                manifest = self._files.read(snapshot_id)
            except Exception as error:  # noqa: BLE001 - one bad file must not hide the others
                self._log(f"{snapshot_id} is not listed: {error}")
                continue
            if manifest.notebook == (str(notebook) if notebook else None):
                found.append(self._snapshot(manifest))
        return found

    def diff(self, a: str, b: str) -> Diff:
        """How snapshot `b` differs from snapshot `a`. See `mlnb.snapshots.diff`."""
        return self._comparing.diff(a, b)

    def changes(self, since: str) -> Diff:
        """How the notebook differs from an earlier state. See `mlnb.snapshots.changes`."""
        return self._comparing.changes(since)

    @property
    def _comparing(self) -> Comparing:
        from mlnb.kernel.snapshots_since import Comparing  # noqa: PLC0415 - on first use

        self._writer.settle()
        return Comparing(self._files, self._snapshot, self.list, self.take, self._notebook())

    def set_auto(self, mode: str) -> None:
        """When snapshots are taken by themselves.

        Args:
            mode: ``off``; ``each_run``: after each cell run, but for states that would be written too late (see `snapshots_auto`);
                ``on_failure``: after a cell that raised; ``every 5m``: after a cell run, when the last snapshot is that old.

        Raises:
            BadInput: it is none of these.
        """
        self._auto.set_mode(mode)
        if mode != "off":
            self._writer.warm_up(self._environment)

    def restore(
        self, snapshot_id: str, names: Sequence[str] | None = None, *, trust: bool = False, recompute: bool = False
    ) -> Restored:
        """Make the variables what they were: all of them, or only `names`. See `mlnb.snapshots.restore`."""
        self._auto.finish()
        return self._restorer.restore(snapshot_id, names, trust=trust, recompute=recompute)

    def undo(self) -> Restored:
        """Take the last restore of this kernel back. See `mlnb.snapshots.undo`."""
        self._auto.finish()
        return self._restorer.undo()

    def redo(self) -> Restored:
        """Do again what `undo` took back last. See `mlnb.snapshots.redo`."""
        self._auto.finish()
        return self._restorer.redo()

    def preview(self, snapshot_id: str) -> Preview:
        """What a restore would do. See `mlnb.snapshots.preview`."""
        return self._restorer.preview(snapshot_id)

    @property
    def _restorer(self) -> Restorer:
        if self._lazy_restorer is None:
            from mlnb.kernel.snapshots_back import Restorer  # noqa: PLC0415 - cloudpickle, on first use
            from mlnb.kernel.snapshots_restore import Kernel  # noqa: PLC0415
            from mlnb.snapshots.plugins.previewing import runs_of  # noqa: PLC0415

            kernel = Kernel(
                namespace=self._shell.user_ns,
                names=self._names,
                files=self._files,
                writer=self._writer,
                process=self._process,
                take_before=self._take_before,
                runs=lambda manifest: runs_of(self._files, manifest, self._cells.sources),
            )
            self._lazy_restorer = Restorer(
                kernel,
                linked=lambda id: self._attempt("runs were not linked", lambda: self._link(id)),
                hidden=lambda: getattr(self._shell, "user_ns_hidden", {}),
                env_id=self._environment,
                notebook=self._notebook,
                sources=self._cells.sources,
                went=lambda id: self.place.went(id, len(self._cells.runs)),
                back=self._went_back,
            )
        return self._lazy_restorer

    def _went_back(self, manifest: Manifest, restored: Restored) -> None:
        if manifest.session == self._session:  # of the runs since then nothing is left
            self._cells.runs[:] = manifest.cell_runs
        self.place.back(manifest, restored)

    def where(self) -> dict[str, object]:
        """Where this kernel stands in the history of its notebook. See `Place.where`."""
        return self.place.where(len(self._cells.runs), self._auto.mode, self._lazy_restorer)

    def settle(self) -> None:
        """Return when everything taken so far is on disk, or could not be written."""
        self._writer.settle()

    def door_functions(self) -> dict[str, Callable[..., Any]]:
        """What this offers to front ends and to the server. See `snapshots_doors`."""
        return doors(self)

    def _snapshot(self, manifest: Manifest) -> Snapshot:
        from mlnb.snapshots.plugins.listings import listing_of  # noqa: PLC0415 - on first use

        return listing_of(self._files, manifest)

    def _environment(self) -> str:
        try:
            return self._env_id() if self._env_id else ""
        except Exception as error:  # noqa: BLE001 - an unknown environment must not lose the snapshot
            self._log(f"the environment could not be captured: {error}")
            return ""

    def _take_auto(self, reason: str) -> Taking | None:
        taken = self._attempt("no automatic snapshot was taken", lambda: self.take(reason))
        return taken.taking if taken else None

    def _attempt(self, what: str, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except Exception as error:  # noqa: BLE001 - no exception of ours breaks a user's cell
            self._log(f"{what}: {error}")
            return None
