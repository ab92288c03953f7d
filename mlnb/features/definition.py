"""Defining a feature view: a decorator on a plain pandas function. Standard library only, so that it works wherever the code runs.

The decorated function stays the function it was; what was said about it hangs on it as ``.feature_view``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from mlnb.features.errors import DefinitionInvalid

Function = TypeVar("Function", bound=Callable[..., object])

CREATED = "created"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass(frozen=True)
class FeatureDefinition:
    """What the author says about a feature view.

    Attributes:
        name: of the view: letters, digits and underscores.
        entity: the key column or columns of the result.
        source: what is read: a path relative to the defining file's folder, or ``scheme:...`` of a source plug-in.
        timestamp: the result's column that says when a row became true; None: values that hold at any time.
        created: the result's column that says when a row was written, if it has one: a row is never read for a time before it.
        ttl_s: how long a row stays valid, in seconds; None: until the next one.
        owner: who answers for it; empty: whoever registers it first.
        description: what it means.
        tags: free labels.
        schedule: when it should be computed anew, as a cron expression; None: when its source changes.
    """

    name: str
    entity: tuple[str, ...]
    source: str
    timestamp: str | None = None
    created: str | None = CREATED
    ttl_s: float | None = None
    owner: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    schedule: str | None = None


def feature_view(
    *misused: object,
    entity: str | Sequence[str] = (),
    source: str = "",
    timestamp: str | None = None,
    ttl: str | float | timedelta | None = None,
    owner: str = "",
    description: str = "",
    tags: Mapping[str, str] | None = None,
    schedule: str | None = None,
    created: str | None = CREATED,
    name: str = "",
) -> Callable[[Function], Function]:
    """Say that a function makes features: it takes the source as a pandas frame and returns one with keys, times and features.

    Args:
        entity: the key column of the result, or several.
        source: what the function gets: a Parquet or CSV file, relative to the folder of the defining file.
        timestamp: column of the result that says when a row became true; None: values that hold at any time.
        ttl: how long a row stays valid: ``"90d"`` (s, m, h, d, w), a timedelta, or seconds; None: until the next one.
        owner: who answers for it; empty: whoever registers it first.
        description: what it means; empty: the function's docstring.
        tags: free labels.
        schedule: cron expression of when it should be computed anew; None: when its source changes.
        created: column of the result that says when a row was written; when the result has it, a row is never read for a
            moment before it was written.
        name: of the view; empty: the function's name.

    Returns:
        A decorator that returns the function itself, with the definition as its attribute ``feature_view``.

    Raises:
        DefinitionInvalid: entity or source is missing, or a value has the wrong form.
    """
    if misused or not entity or not source:
        raise DefinitionInvalid(
            "a feature view needs an entity and a source",
            'Write @mlnb.feature_view(entity="customer_id", source="events.parquet") above the function.',
        )
    keys = (entity,) if isinstance(entity, str) else tuple(entity)

    def decorate(function: Function) -> Function:
        definition = FeatureDefinition(
            name=_checked_name(name or getattr(function, "__name__", "")),
            entity=keys,
            source=str(source),
            timestamp=timestamp,
            created=created,
            ttl_s=None if ttl is None else seconds_from_duration(ttl),
            owner=owner,
            description=(description or _dedented(function.__doc__ or "")).strip(),
            tags={str(key): str(value) for key, value in (tags or {}).items()},
            schedule=schedule,
        )
        function.feature_view = definition  # type: ignore[attr-defined] # a function carries what it defines
        return function

    return decorate


def definition_of(function: object) -> FeatureDefinition | None:
    """What `feature_view` said about `function`, or None when it was not decorated."""
    definition = getattr(function, "feature_view", None)
    return definition if isinstance(definition, FeatureDefinition) else None


def seconds_from_duration(duration: str | float | timedelta) -> float:
    """A duration such as ``"90d"``, a timedelta or a number of seconds, in seconds.

    Raises:
        DefinitionInvalid: it is none of these, or not positive.
    """
    if isinstance(duration, timedelta):
        seconds = duration.total_seconds()
    elif isinstance(duration, str):
        match = _DURATION.fullmatch(duration.strip().lower())
        seconds = float(match[1]) * _SECONDS[match[2]] if match else 0
    else:
        seconds = float(duration)
    if seconds <= 0:
        raise DefinitionInvalid(
            f"{duration!r} is not a duration", 'Write a number and a unit (s, m, h, d, w), such as "90d".'
        )
    return seconds


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise DefinitionInvalid(
            f"{name!r} is not a name for a feature view", "Use letters, digits and underscores: name='spend'."
        )
    return name


def _dedented(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(line.strip() for line in lines)
