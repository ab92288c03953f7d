"""What a runner wrote, kept in the attempt's folder: events in one file, masked text in another. Taking a line twice is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlnb.core.secrets import mask
from mlnb.jobs import folder as files
from mlnb.jobs.lines import Event, apart, event_from_line, progress_from_events, text_from_event
from mlnb.jobs.types import CellProgress

_PROGRESS = frozenset({"prepared", "cell_started", "cell_ended"})


@dataclass(frozen=True)
class News:
    """What a batch of lines told.

    Attributes:
        has_started: the notebook's runner is at work.
        has_progress: a cell began or ended.
        run_id: the tracked run, when it was told.
    """

    has_started: bool
    has_progress: bool
    run_id: str | None


class Journal:
    """Sorts a runner's lines into ``events.ndjson`` and ``log.txt``.

    A worker that takes over reads the runner's lines from the first again; what the files have already is not written twice.

    Args:
        folder: the attempt's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._events_path = folder / files.EVENTS
        self._log_path = folder / files.LOG
        self._events_known = _count_lines(self._events_path)
        self._log_known = _count_lines(self._log_path)
        self._events: list[Event] = []

    @property
    def progress(self) -> CellProgress:
        """How far the notebook is."""
        return progress_from_events(self._events)

    def take(self, lines: Sequence[str]) -> News:
        """Keep `lines`."""
        raw, text, news = [], [], []
        for line in (part for whole in lines for part in apart(whole)):
            event = event_from_line(line)
            if event is None:
                text.append(mask(line))
                continue
            text += text_from_event(event)
            if event["event"] != "output":
                raw.append(line)
                news.append(event)
        self._events += news
        self._events_known = _append(self._events_path, raw, self._events_known)
        self._log_known = _append(self._log_path, text, self._log_known)
        return News(
            has_started=any(event["event"] == "started" for event in news),
            has_progress=any(event["event"] in _PROGRESS for event in news),
            run_id=next((str(event["run_id"]) for event in news if event.get("run_id")), None),
        )


def read_events(folder: Path) -> list[Event]:
    """The events kept so far."""
    return [event for line in _lines(folder / files.EVENTS) if (event := event_from_line(line)) is not None]


def read_log(folder: Path, after: int) -> list[str]:
    """The text kept so far, from line number `after` (from 0) on."""
    return _lines(folder / files.LOG)[after:]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.split("\n")[:-1]  # a line counts once its end is there


def _count_lines(path: Path) -> int:
    return len(_lines(path))


def _append(path: Path, lines: list[str], known: int) -> int:
    """Write the lines that are not there yet; returns how many of the lines to come are."""
    fresh = lines[known:]
    if fresh:
        with path.open("ab") as file:
            file.write("".join(f"{line}\n" for line in fresh).encode())
    return max(0, known - len(lines))
