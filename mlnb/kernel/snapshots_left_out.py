"""Variables that the user does not want in snapshots: remembered for each notebook in one file beside the snapshots.

They stand there under the notebook's own id, so that they go with it when it is renamed or moved; under its path as long as it has none.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from mlnb.core.errors import BadInput, StoreUnavailable
from mlnb.core.files import locked, write_atomically
from mlnb.core.notebook_file import id_of
from mlnb.snapshots.plugins.files import SnapshotFiles


class LeftOut:
    """What the user left out of the snapshots of one notebook. Nothing is read before it is asked for.

    Args:
        files: where snapshots are kept.
        notebook: the notebook's path; without one it is remembered as long as the kernel lives.
    """

    def __init__(self, files: SnapshotFiles, notebook: Callable[[], Path | None]) -> None:
        self._files = files
        self._notebook = notebook
        self._names: frozenset[str] | None = None
        self._id: str | None = None
        self._looked_at: tuple[str, int] | None = None  # the file as it was when it had no id

    @property
    def names(self) -> frozenset[str]:
        """Of these variables no snapshot holds a value."""
        notebook = self._notebook()
        if notebook is not None and (self._names or (self._names is None and self._path.exists())):
            self._look_for_id(notebook)
        if self._names is None:
            book = self._read()
            of_id = book.get(self._id) if self._id else None
            under_path = book.get(str(notebook)) if notebook else None
            self._names = frozenset(under_path or () if of_id is None else of_id)
        return self._names

    def _look_for_id(self, notebook: Path) -> None:
        """The notebook's id, once it has one; what stands under its path goes under the id then."""
        if self._id is not None:
            return
        try:
            seen = (str(notebook), notebook.stat().st_mtime_ns)
            if seen == self._looked_at:
                return
            self._looked_at = seen
            self._id = id_of(json.loads(notebook.read_bytes()))
        except (OSError, ValueError, RecursionError):
            return  # it is not there yet, or just being written
        book = self._read()
        if self._id is not None and self._id not in book and str(notebook) in book:
            with contextlib.suppress(StoreUnavailable):  # it is tried again when something is left out or taken in
                self._write(frozenset(book[str(notebook)]))

    def change(self, names: Iterable[str], *, is_out: bool) -> tuple[str, ...]:
        """Leave `names` out from now on, or take them in again; all that are out then, sorted.

        Raises:
            BadInput: one of `names` is no name of a variable.
            StoreUnavailable: the disk refused.
        """
        wanted = frozenset(names)
        wrong = next((name for name in sorted(wanted) if not name.isidentifier()), None)
        if wrong is not None:
            raise BadInput(f"{wrong!r} is no name of a variable", 'Write it as in the code: exclude("big").')
        notebook = self._notebook()
        if notebook is not None:
            self._look_for_id(notebook)
        found = self.names | wanted if is_out else self.names - wanted
        if found != self.names:
            self._write(found)
            self._names = found
        return tuple(sorted(found))

    @property
    def _path(self) -> Path:
        return self._files.folder / "left_out.json"

    def _read(self) -> dict[str, list[str]]:
        try:
            found = json.loads(self._path.read_bytes())
            return {str(path): [str(name) for name in names] for path, names in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}  # there is none, or somebody wrote something else there: everything is kept then

    def _write(self, names: frozenset[str]) -> None:
        notebook = self._notebook()
        if notebook is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._files.lock):
            book = self._read()
            if self._id is not None:
                book.pop(str(notebook), None)  # a notebook that comes to lie there is another one
            book[self._id or str(notebook)] = sorted(names)
            kept = {path: out for path, out in sorted(book.items()) if out}
            write_atomically(self._path, json.dumps(kept).encode(), mode=0o600)
