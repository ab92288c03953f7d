"""Time as a dependency: services take a `Clock`, tests hand in a fixed one. Times are timezone-aware and UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def iso_from_datetime(moment: datetime) -> str:
    """`moment` as it goes over the wire: UTC, ISO 8601, microseconds, ``Z``.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone cannot go over the wire")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def datetime_from_iso(text: str) -> datetime:
    """The moment written as `text` (ISO 8601; without a zone it is taken as UTC).

    Raises:
        ValueError: `text` is not ISO 8601.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
