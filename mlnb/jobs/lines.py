"""The lines a runner writes to its standard output: events as JSON, everything else is text. The same on every executor.

::

    {"mlnb": 1, "at": "...", "event": "started", "pid": 7, "run_id": "...", "total": 5}
    {"mlnb": 1, "at": "...", "event": "cell_started", "index": 2, "id": "c3", "number": 3}
    {"mlnb": 1, "at": "...", "event": "output", "index": 2, "stream": "stdout", "text": "..."}
    {"mlnb": 1, "at": "...", "event": "cell_ended", "index": 2, "id": "c3", "number": 3, "state": "failed", "error": "..."}
    {"mlnb": 1, "at": "...", "event": "cell_kept", "index": 4, "id": "c5", "state": "skipped"}
    {"mlnb": 1, "at": "...", "event": "ended", "exit_code": 1, "error": "..."}

What a cell prints travels inside an event, so a notebook that prints JSON is not taken for the runner.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from mlnb.core.clock import datetime_from_iso, iso_from_datetime, utc_now
from mlnb.core.secrets import mask
from mlnb.jobs.types import CellProgress, CellState

_HEAD = '{"mlnb": 1, '
Event = dict[str, Any]
KEPT_STATES = ("skipped", "frozen")
"""States of cells that their tag keeps from running: they are shown, and count neither as done nor in the total."""


def event_line(event: str, **fields: object) -> str:
    """One event as a line, without its end."""
    return json.dumps({"mlnb": 1, "at": iso_from_datetime(utc_now()), "event": event, **fields}, ensure_ascii=False)


def event_from_line(line: str) -> Event | None:
    """The event that `line` carries, or None when it is text."""
    if not line.startswith(_HEAD):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("event"), str) else None


def apart(line: str) -> list[str]:
    """`line`, or its two parts where an event stands behind text without an end: other processes write to the same place."""
    at = line.find(_HEAD)  # never inside of an event: quotes are escaped there
    return [line[:at], line[at:]] if at > 0 and event_from_line(line[at:]) is not None else [line]


def text_from_event(event: Event) -> list[str]:
    """What a person reads of `event` in the log, masked; no lines for events that only a program wants."""
    kind = event["event"]
    if kind == "cell_started":
        return [f"── cell {event.get('number')} of {event.get('total')}"]
    if kind == "output":
        return mask(str(event.get("text", ""))).splitlines()
    if kind == "cell_ended" and event.get("error"):
        return mask(str(event.get("traceback") or event["error"])).splitlines()
    if kind == "cell_kept":
        return [f"── cell {int(event.get('index', 0)) + 1} of the notebook is {event.get('state')}, as its tag says"]
    if kind == "ended" and event.get("error"):
        return [f"── {mask(str(event['error']))}"]
    return []


def progress_from_events(events: Iterable[Event]) -> CellProgress:
    """How far the notebook is after `events`."""
    cells: dict[object, CellState] = {}
    total = 0
    for event in events:
        total = int(event.get("total", total))
        if event["event"] == "cell_started":
            cells[event["number"]] = CellState(event["index"], event["id"], "running", datetime_from_iso(event["at"]))
        elif event["event"] == "cell_kept":
            cells["kept", event["index"]] = CellState(event["index"], event["id"], event["state"])
        elif event["event"] == "cell_ended" and event["number"] in cells:
            cells[event["number"]] = dataclasses.replace(
                cells[event["number"]],
                state=event["state"],
                ended_at=datetime_from_iso(event["at"]),
                error=mask(event.get("error", "")),
            )
    done = sum(cell.state not in ("running", *KEPT_STATES) for cell in cells.values())
    return CellProgress(list(cells.values()), done, total)
