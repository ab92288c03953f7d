"""The spool: records that a kernel or a job leaves in files, for a server or worker to deliver into the stores.

A kernel or container holds no token and knows no database; it appends here and goes on. Layout, version 1 (golden files in
``tests/golden/spool``; older versions are read for ever)::

    <root>/<topic>/<writer>.ndjson      one file per writing process; a line is a record
    {"v": 1, "id": "rec-...", "at": "2026-01-31T12:00:00.000000Z", "data": {...}}

A line counts once its newline is there: a reader stops before a torn last line and sees it whole the next time.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from mlnb.core.clock import datetime_from_iso, utc_now
from mlnb.core.errors import Damaged
from mlnb.core.files import store_error
from mlnb.core.home import home
from mlnb.core.ids import new_id
from mlnb.core.records import dataclass
from mlnb.core.wire import dumps

VERSION = 1


@dataclass(frozen=True)
class Record:
    """One line of the spool.

    Attributes:
        id: unique; a deliverer that sees it twice does nothing the second time.
        at: when it was written, UTC.
        data: what the topic defines.
        file: the file it stands in.
        end: offset in bytes just behind it: the cursor to go on from.
    """

    id: str
    at: datetime
    data: dict[str, Any]
    file: Path
    end: int


def default_root() -> Path:
    """The spool to write to: ``MLNB_SPOOL`` (the runner sets it in jobs), else the user's own under ``MLNB_HOME``."""
    given = os.environ.get("MLNB_SPOOL")
    return Path(given) if given else home() / "spool"


class SpoolWriter:
    """Appends records of one topic. Safe between threads and after a fork (the child gets a file of its own)."""

    def __init__(self, topic: str, root: Path | None = None) -> None:
        self._folder = (root or default_root()) / topic
        self._lock = threading.Lock()
        self._pid = -1
        self._path = Path()

    def append(self, data: dict[str, Any], *, durable: bool = False) -> str:
        """Append a record and return its id.

        Args:
            data: JSON values.
            durable: also wait until it is on disk; without it the record survives the process, not a power cut.

        Raises:
            StoreUnavailable: the disk refused; nothing that counts was written.
        """
        record_id = new_id("rec")
        line = dumps({"v": VERSION, "id": record_id, "at": utc_now(), "data": data}).encode() + b"\n"
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._path = os.getpid(), self._folder / f"{new_id('w')}-{os.getpid()}.ndjson"
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab", buffering=0) as file:
                    file.write(line)
                    if durable:
                        os.fsync(file.fileno())
            except OSError as error:
                raise store_error(self._path, error) from error
        return record_id


def files(root: Path, topic: str) -> list[Path]:
    """The spool files of `topic` under `root`, oldest first."""
    return sorted((root / topic).glob("*.ndjson"))


def read(file: Path, start: int = 0) -> Iterator[Record]:
    """The records of `file` from byte offset `start` on, up to the last whole line.

    Raises:
        Damaged: a whole line is not a record; the message names file and offset.
    """
    offset = start
    with file.open("rb") as lines:
        lines.seek(start)
        for line in lines:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            try:
                raw = json.loads(line)
                if raw["v"] > VERSION:
                    raise Damaged(f"{file} was written by a newer mlnb", "Upgrade mlnb on this machine.")
                record = Record(raw["id"], datetime_from_iso(raw["at"]), raw["data"], file, offset)
            except (ValueError, KeyError, TypeError) as error:
                raise Damaged(
                    f"{file}: the line that ends at byte {offset} is not a record", "Move the file away."
                ) from error
            yield record
