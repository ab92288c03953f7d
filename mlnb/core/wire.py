"""Between the frozen dataclasses of the areas and plain JSON values.

The wire types are declared once, as dataclasses in each area's ``types.py``. ``to_wire`` is used by everybody who writes
JSON (server, command line, spool, manifests, database columns); ``from_wire`` reads what mlnb itself wrote. What comes from
outside is validated by pydantic in ``mlnb.server``, from the same dataclasses.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any, TypeVar

from mlnb.core.clock import datetime_from_iso, iso_from_datetime

T = TypeVar("T")
Json = (
    Any  # None, bool, int, float, str, list[Json] or dict[str, Json]; mypy has no recursive alias that stays readable
)


def to_wire(value: object) -> Json:
    """`value` as plain JSON values: dataclasses become objects, times UTC ISO 8601 with microseconds, NaN and infinity null.

    Raises:
        TypeError: a part of `value` has no JSON form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_wire(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [to_wire(item) for item in items]
    return _scalar_to_wire(value)


def _scalar_to_wire(value: object) -> Json:
    if isinstance(value, datetime):
        return iso_from_datetime(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def dumps(value: object, *, indent: int | None = None) -> str:
    """`value` as JSON text: keys sorted, non-ASCII text as it is, so that equal values give equal text."""
    return json.dumps(to_wire(value), ensure_ascii=False, sort_keys=True, indent=indent, allow_nan=False)


def from_wire(kind: type[T], data: Json) -> T:
    """An instance of `kind` from JSON values that ``to_wire`` made; unknown keys are ignored (written by a newer version).

    Raises:
        ValueError: `data` does not have the shape of `kind`.
    """
    try:
        return typing.cast("T", _read(kind, data))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the JSON form of {getattr(kind, '__name__', kind)}: {error}") from error


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Any, data: Json) -> Any:  # noqa: ANN401 - types are values here
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(kind), data)
    if origin is not None:
        return _read_generic(origin, typing.get_args(kind), data)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(typing.cast("type", kind), data)
    if kind is datetime:
        return datetime_from_iso(data)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(data)
    if kind is float and isinstance(data, int):
        return float(data)
    return data


def _read_union(options: tuple[Any, ...], data: Json) -> Any:  # noqa: ANN401
    if data is None:
        return None
    rest = [option for option in options if option is not type(None)]
    return _read(rest[0], data) if len(rest) == 1 else data


def _read_generic(origin: Any, args: tuple[Any, ...], data: Json) -> Any:  # noqa: ANN401
    if origin is typing.Literal:
        if data not in args:
            raise TypeError(f"{data!r} is none of {args}")
        return data
    if issubclass(origin, Mapping):
        return {key: _read(args[1], item) for key, item in data.items()}
    if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
        return tuple(_read(arg, item) for arg, item in zip(args, data, strict=True))
    items = [_read(args[0], item) for item in data]
    return items if origin is list else origin(items)


def _read_dataclass(kind: type, data: Json) -> Any:  # noqa: ANN401
    hints = _hints(kind)
    given = {
        field.name: _read(hints[field.name], data[field.name])
        for field in dataclasses.fields(kind)
        if field.init and field.name in data
    }
    return kind(**given)
