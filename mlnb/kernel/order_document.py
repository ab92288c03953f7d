"""The document a kernel works on: what a front end or runner sent, else the notebook's file, found by the session's path."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.errors import BadInput, MlnbError
from mlnb.core.refs import CodeCell
from mlnb.kernel.log import log_error
from mlnb.kernel.order_injected import INJECTED_COMMENT, injected_id, place_of_injected, with_injected
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.rules.kept import kept_of
from mlnb.order.types import Kept

DELETED = "a cell that has been deleted"


class Document:
    """The code cells of the notebook of one kernel, in order.

    Args:
        find: where the notebook's file lies, or None; asked as long as nobody has sent the document.
        digest: names the code of a cell apart from comments and spacing.
    """

    def __init__(self, find: Callable[[], Path | None], digest: Callable[[str], str]) -> None:
        self._find = find
        self._digest = digest
        self.cells: list[CodeCell] = []
        self._ids: dict[str, int] = {}
        self._seen: set[str] = set()
        self._is_sent = False
        self._stamp: tuple[str, int, int] | None = None
        self._gives_ids = False
        self._place = -1
        self._expected: list[str] = []
        self._injected: str | None = None

    def sync(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Take over what a front end sends: all cells in order, each with ``id``, ``source``, ``cell_type`` and ``tags``.

        Raises:
            BadInput: a cell is not of that form, or two have the same id.
        """
        if isinstance(cells, (str, bytes, Mapping)) or not isinstance(cells, Sequence):
            raise BadInput("the document is not a list of cells", "Send id, cell_type and source of each cell.")
        found: list[CodeCell] = []
        seen: set[str] = set()
        for index, cell in enumerate(cells):
            given_id = str(_field(cell, "id"))
            if given_id in seen:
                raise BadInput(f"two cells have the id {given_id!r}", "Give every cell an id of its own.")
            seen.add(given_id)
            text = _text(_field(cell, "source"), given_id)
            if cell.get("cell_type", "code") == "code":
                found.append(CodeCell(given_id, index, text, _tags(cell)))
        self._is_sent, self._injected = True, None
        self._take(found)

    def let_go(self) -> None:
        """Whoever sent the document is gone: from now on the file counts again, once it changes."""
        self._is_sent = False
        path = self._find()
        with contextlib.suppress(OSError):
            self._stamp = None if path is None else _stamp(path)

    def look(self) -> bool:
        """Read the notebook's file where nobody has sent the document and the file has changed; whether it was read. Never raises."""
        if self._is_sent:
            return False
        path = self._find()
        try:
            stamp = None if path is None else _stamp(path)
        except OSError:
            return False
        if path is None or stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            saved = read_notebook(path)
        except (MlnbError, OSError) as error:
            log_error(f"order: {path.name} cannot be read", error)
            return False
        self._take([
            CodeCell(cell.id, cell.index, cell.source, cell.tags) for cell in saved.cells if cell.cell_type == "code"
        ])  # fmt: skip
        return True

    def _take(self, cells: list[CodeCell]) -> None:
        self.cells = cells if self._injected is None else with_injected(cells, self._injected)
        self._ids = {cell.id: position for position, cell in enumerate(self.cells)}
        self._seen.update(self._ids)

    def __contains__(self, cell_id: object) -> bool:
        return cell_id in self._ids

    def numbers(self) -> dict[str, int]:
        """The position of each code cell among all cells, from 1, as reasons name it."""
        return {cell.id: cell.index + 1 for cell in self.cells}

    def titles(self) -> dict[str, str]:
        """The first line of code of each code cell."""
        return {cell.id: cell.source.lstrip().split("\n", 1)[0].rstrip() for cell in self.cells}

    def deleted(self) -> dict[str, str]:
        """Cells that were in the document and are not any more, with how to call them."""
        return dict.fromkeys(self._seen.difference(self._ids), DELETED)

    def kept(self) -> dict[str, Kept]:
        """The cells that do not run, with their tag."""
        return {cell.id: kept for cell in self.cells if cell.tags and (kept := kept_of(cell.tags))}

    def expect(self, cell_ids: Sequence[str], ended: Sequence[str] = ()) -> None:
        """Hear from a front end which cells it is about to run on a way that does not say their ids.

        What comes without an id and is none of these comes from somewhere else from now on.

        Args:
            cell_ids: the cells in the order in which they will arrive; they come after those that are expected already.
            ended: cells that are not to be expected any more; it knows that they have run, or never will.

        Raises:
            BadInput: these are not lists of ids.
        """
        for ids in (cell_ids, ended):
            if not isinstance(ids, (list, tuple)) or not all(isinstance(cell_id, str) for cell_id in ids):
                raise BadInput("the cells that come next are not a list of ids", "Send the ids of cells, in order.")
        for cell_id in ended:
            if cell_id in self._expected:
                self._expected.remove(cell_id)
        self._expected += cell_ids
        self._gives_ids = self._gives_ids or bool(cell_ids)

    def _arrived(self, source: str) -> str | None:
        """The expected cell that a run of `source` without an id is; those before it will not come any more."""
        for place, cell_id in enumerate(self._expected):
            if cell_id in self._ids and self.cells[self._ids[cell_id]].source == source:
                del self._expected[: place + 1]
                return cell_id
        return None

    def cell_of(self, given: str | None, source: str) -> str | None:
        """The cell that is about to run, or None when that cannot be known.

        Clients that give no ids are matched by source and order of arrival: the next cell of that code after the one that
        ran last, else the first; but when a front end said which cells it runs (`expect`), it is the next of those that has
        that source. Matching by source ends once a client has given an id of this document, or said what it runs: what
        comes without one then comes from somewhere else, a console perhaps, and what it shows is not shown in the cell.
        """
        if given is not None:
            self._gives_ids = self._gives_ids or given in self._ids
            return given
        if (arrived := self._arrived(source)) is not None:
            return arrived
        if self._gives_ids or not self.cells:
            return None
        same = [position for position, cell in enumerate(self.cells) if cell.source == source]
        if not same:
            digest = self._digest(source)
            same = [position for position, cell in enumerate(self.cells) if self._digest(cell.source) == digest]
        if not same and not self._inject(source):
            return None
        same = same or [self._ids[injected_id(self.cells)]]
        self._place = next((position for position in same if position > self._place), same[0])
        return self.cells[self._place].id

    def _inject(self, source: str) -> bool:
        """Take over the cell that papermill puts into a run, which is not in the file: what it begins with and where it arrives
        tell. It counts as a cell at that place, for that is what this run of the notebook from top to bottom has.
        """
        if self._is_sent or self._injected is not None or not source.startswith(INJECTED_COMMENT):
            return False
        if self._place != place_of_injected(self.cells) - 1:
            return False
        self._injected = source
        self._take(self.cells)
        return True


def _stamp(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def _field(cell: Any, name: str) -> Any:  # noqa: ANN401 - from outside
    try:
        return cell[name]
    except (KeyError, TypeError, IndexError) as error:
        raise BadInput(
            "a cell of the document has no id or no source", "Send id, cell_type and source of each."
        ) from error


def _text(source: object, cell_id: str) -> str:
    """The source of a cell, as one text or, as in files, as lines; one that has none is empty."""
    if source is None:
        return ""
    if isinstance(source, str):
        return source
    if isinstance(source, (list, tuple)) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise BadInput(f"the source of cell {cell_id!r} is no text", "Send it as one text, or as a list of lines.")


def _tags(cell: Mapping[str, Any]) -> tuple[str, ...]:
    given = cell.get("tags")
    return tuple(tag for tag in given if isinstance(tag, str)) if isinstance(given, (list, tuple)) else ()
