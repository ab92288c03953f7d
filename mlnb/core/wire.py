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
from collections.abc import Callable, Mapping
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
    return plain_dumps(to_wire(value), indent=indent)


def plain_dumps(value: Json, *, indent: int | None = None) -> str:
    """As `dumps`, of what is plain JSON values already.

    Raises:
        TypeError, ValueError: it is not.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent, allow_nan=False)


def from_wire(kind: type[T], data: Json) -> T:
    """An instance of `kind` from JSON values that ``to_wire`` made; unknown keys are ignored (written by a newer version).

    Raises:
        ValueError: `data` does not have the shape of `kind`.
    """
    try:
        return typing.cast("T", _reader(typing.cast("Any", kind))(data))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the JSON form of {getattr(kind, '__name__', kind)}: {error}") from error


_Reader = Callable[[Json], Any]


def _as_it_is(data: Json) -> Json:
    return data


@functools.cache
def _reader(kind: Any) -> _Reader:  # noqa: ANN401 - types are values here
    """What reads a value of the type `kind`; types are looked into once, as thousands of values may follow."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _union_reader(typing.get_args(kind))
    if origin is not None:
        return _generic_reader(origin, typing.get_args(kind))
    if dataclasses.is_dataclass(kind):
        return functools.partial(_read_dataclass, typing.cast("type", kind))
    if kind is datetime:
        return datetime_from_iso
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind
    if kind is float:
        return lambda data: float(data) if isinstance(data, int) else data
    return _as_it_is


def _union_reader(options: tuple[Any, ...]) -> _Reader:
    rest = [option for option in options if option is not type(None)]
    read = _reader(rest[0]) if len(rest) == 1 else _as_it_is
    return lambda data: None if data is None else read(data)


def _generic_reader(origin: Any, args: tuple[Any, ...]) -> _Reader:  # noqa: ANN401
    if origin is typing.Literal:
        return functools.partial(_read_literal, args)
    if issubclass(origin, Mapping):
        of_value = _reader(args[1])
        return lambda data: {key: of_value(item) for key, item in data.items()}
    if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
        readers = [_reader(arg) for arg in args]
        return lambda data: tuple(read(item) for read, item in zip(readers, data, strict=True))
    of_item = _reader(args[0])
    return lambda data: origin(data if of_item is _as_it_is else [of_item(item) for item in data])


def _read_literal(options: tuple[Any, ...], data: Json) -> Json:
    if data not in options:
        raise TypeError(f"{data!r} is none of {options}")
    return data


@functools.cache
def _fields(kind: type) -> list[tuple[str, _Reader]]:
    hints = typing.get_type_hints(kind)
    return [(one.name, _reader(hints[one.name])) for one in dataclasses.fields(kind) if one.init]


def _read_dataclass(kind: type, data: Json) -> Any:  # noqa: ANN401
    return kind(**{name: read(data[name]) for name, read in _fields(kind) if name in data})
