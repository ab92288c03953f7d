"""Reading the spool for delivery: all files of a root in the order of time, whatever state their writers left them in."""

from __future__ import annotations

import heapq
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlnb.core import spool
from mlnb.core.errors import Damaged

TOPIC = "runs"
_FINAL = frozenset({"FINISHED", "FAILED", "KILLED"})


@dataclass(frozen=True)
class Spooled:
    """A record to deliver: its data, the file it stands in and the offset behind it; `data` is None for a damaged line.

    `at_us` is when it was written, in microseconds since the epoch.
    """

    file: Path
    end: int
    at_us: int
    data: Mapping[str, Any] | None


def in_order(starts: Mapping[Path, int]) -> Iterator[Spooled]:
    """The records behind `starts` (file -> offset in bytes), merged by the time they were written.

    A job's run is begun by the runner, logged to by the kernel and ended by the runner, in two files: only the order of time
    tells how it ended.
    """
    return heapq.merge(*(_records(file, start) for file, start in starts.items()), key=lambda record: record.at_us)


def _records(file: Path, start: int) -> Iterator[Spooled]:
    position, latest_us = start, 0
    while True:
        try:
            for record in spool.read(file, position):
                position = record.end
                latest_us = max(
                    latest_us, int(record.at.timestamp() * 1_000_000)
                )  # a clock set back does not reorder a file
                yield Spooled(file, position, latest_us, record.data)
            return
        except FileNotFoundError:
            return
        except Damaged:
            behind = _behind_damage(file, position)
            if behind is None:
                return
            position = behind
            yield Spooled(file, position, latest_us, None)


def _behind_damage(file: Path, position: int) -> int | None:
    """The offset behind the damaged line at `position`; None when it is not damaged but written by a newer mlnb: that one may read it."""
    with file.open("rb") as lines:
        lines.seek(position)
        line = lines.readline()
    try:
        version = json.loads(line)["v"]
    except (ValueError, KeyError, TypeError):
        version = None
    return None if isinstance(version, int) and version > spool.VERSION else position + len(line)


def is_writer_gone(file: Path, now_s: float, idle_s: float) -> bool:
    """Whether the process that wrote `file` has ended: its number is free here and it has been silent for `idle_s` seconds.

    The silence is asked for because a writer in a container has a number that means nothing here.
    """
    match = re.search(r"-(\d+)\.ndjson$", file.name)
    try:
        if match is None or now_s - file.stat().st_mtime < idle_s:
            return False
        os.kill(int(match[1]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # not ours to signal: it lives
        return False
    return False


def open_runs(files: Iterable[Path], gone: frozenset[Path]) -> dict[str, int]:
    """Runs that no record ends and whose last word came from a writer that is gone -> when that was, ms since the epoch."""
    last: dict[str, tuple[Path, int]] = {}
    for record in in_order(dict.fromkeys(files, 0)):
        data = record.data or {}
        run_id, kind = data.get("run_id"), data.get("kind")
        if not run_id or kind == "model_started":
            continue
        if kind == "run_changed" and data.get("status") in _FINAL:
            last.pop(run_id, None)
        elif kind == "run_started" or run_id in last or (kind == "run_changed" and data.get("status") == "RUNNING"):
            last[run_id] = (record.file, record.at_us // 1000)
    return {run_id: at_ms for run_id, (file, at_ms) in last.items() if file in gone}


def remove_delivered(file: Path, delivered_bytes: int) -> bool:
    """Remove `file` when all of it was delivered, up to a torn last line that nobody will finish; whether it was removed.

    It is renamed first: a writer that lives after all begins a new file, and what it added a moment ago is not lost.
    """
    aside = file.with_name(f".{file.name}.delivered")
    file.rename(aside)
    with aside.open("rb") as lines:
        lines.seek(delivered_bytes)
        has_more = lines.readline().endswith(b"\n")
    if has_more:
        aside.rename(file)
    else:
        aside.unlink()
    return not has_more
