"""Variables that the user does not want in snapshots: remembered for each notebook in one file beside the snapshots."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from mlnb.core.errors import BadInput
from mlnb.core.files import locked, write_atomically
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

    @property
    def names(self) -> frozenset[str]:
        """Of these variables no snapshot holds a value."""
        if self._names is None:
            notebook = self._notebook()
            self._names = frozenset(self._read().get(str(notebook), ()) if notebook else ())
        return self._names

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
            book = {**self._read(), str(notebook): sorted(names)}
            kept = {path: out for path, out in sorted(book.items()) if out}
            write_atomically(self._path, json.dumps(kept).encode(), mode=0o600)
