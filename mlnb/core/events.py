"""Facts that happened, told after they are stored: ids and states only, never content or secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from mlnb.core.clock import utc_now
from mlnb.core.records import dataclass, field


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        name: ``<noun>_<past verb>``, such as ``job_changed``.
        subject: id of the thing it happened to.
        data: a few plain values that a screen needs to decide whether to refresh.
        at: when, UTC.
    """

    name: str
    subject: str
    data: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    at: datetime = field(default_factory=utc_now)


class EventSink(Protocol):
    """Where services tell their events. The built-in one is the outbox table that every server tails to its screens."""

    def publish(self, event: Event) -> None:
        """Make `event` known. Never raises for a reason that lies with the listener."""
