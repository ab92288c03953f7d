"""Which notebook is which: a UUID at ``metadata.mlnb.id``; the path is only where it lies at present.

Whoever holds the document writes the id: the front end into the open notebook, the command line into the file. What the id is
to be is decided here, by one rule: a notebook keeps its id when it is moved; the same id at two paths that are both there means
that one is a copy, which gets an id of its own and remembers its parent.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlnb.core.errors import StoreUnavailable
from mlnb.core.files import write_atomically
from mlnb.core.notebook_file import id_of
from mlnb.store.core_tables import Notebooks


@dataclass(frozen=True)
class NotebookIdentity:
    """Who a notebook is.

    Attributes:
        id: its UUID.
        parent: the id of the notebook that it was copied from, or None.
    """

    id: str
    parent: str | None


def id_in(path: Path) -> str | None:
    """The id in the notebook file at `path`; None when it has none, is no notebook, or is not there."""
    try:
        return id_of(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None


class Identities:
    """Settles who a notebook is, and remembers where it was seen.

    Args:
        notebooks: what was seen before.
    """

    def __init__(self, notebooks: Notebooks) -> None:
        self._notebooks = notebooks

    def settle(self, path: Path, given: str | None) -> NotebookIdentity:
        """Who the notebook at `path` is, whose document has the id `given` (None: it has none yet).

        Raises:
            StoreUnavailable: the database cannot be used.
        """
        path = path.absolute()
        if given is None:
            return self._remember(path, NotebookIdentity(str(uuid.uuid4()), None))
        before = self._notebooks.path_of(given)
        is_copy = before is not None and before != path and id_in(before) == given
        return self._remember(
            path, NotebookIdentity(str(uuid.uuid4()), given) if is_copy else NotebookIdentity(given, None)
        )

    def identify(self, path: Path) -> NotebookIdentity | None:
        """Who the notebook file at `path` is; its id is written into the file when it is new.

        Returns None, and changes nothing, when the file is not a notebook or cannot be written: it then goes by its path.

        Raises:
            StoreUnavailable: the database cannot be used.
        """
        try:
            text = path.read_text(encoding="utf-8")
            document = json.loads(text)
        except (OSError, ValueError):
            return None
        if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
            return None
        given = id_of(document)
        identity = self.settle(path, given)
        if identity.id != given and not _write(path, text, document, identity):
            return None
        return identity

    def _remember(self, path: Path, identity: NotebookIdentity) -> NotebookIdentity:
        self._notebooks.seen(identity.id, path, identity.parent)
        return identity


def _write(path: Path, text: str, document: dict[str, Any], identity: NotebookIdentity) -> bool:
    """Put the id into the file, in the indentation it has; False when it may not be written."""
    ours = document["metadata"].get("mlnb")
    kept = dict(ours) if isinstance(ours, dict) else {}
    document["metadata"]["mlnb"] = {**kept, "id": identity.id} | (
        {"parent": identity.parent} if identity.parent else {}
    )
    second = text.split("\n", 2)[1] if "\n" in text.strip() else ""
    indent = len(second) - len(second.lstrip()) or None
    end = "\n" if text.endswith("\n") else ""
    written = json.dumps(document, ensure_ascii=False, indent=indent) + end
    try:
        mode = path.stat().st_mode & 0o777
        with path.open(
            "r+b"
        ):  # a file that its owner made read-only stays as it is, though its folder could be written
            pass
        write_atomically(path, written.encode(), mode=mode)
    except (OSError, StoreUnavailable):
        return False
    return True
