"""How enums are made anew whose members the notebook's own ``__new__`` or ``__init__`` made: without running these again.

Streams on disk name these functions, as those of `rebuild`: they stay for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlnb.snapshots.plugins import rebuild

_BASES = (int, float, complex, str, bytes, tuple, frozenset)


@dataclass(frozen=True)
class _Given:
    """What a member is made of: its value, and its content where it is an int, a text, ..."""

    value: Any
    content: Any


def enum_class(
    bases: tuple[type, ...],
    name: str,
    qualname: str,
    members: Mapping[str, tuple[Any, Any]],
    module_name: str,
    _id: object = None,
    _extra: object = None,
) -> Any:  # noqa: ANN401
    """An enum with its members, which have their values only; `fill_enum` gives them the rest.

    Args:
        bases: as in ``__bases__``.
        name: of the class.
        qualname: likewise.
        members: of each, other names included, its value and its content (None where it is based on no built-in type).
        module_name: where it was defined.
    """
    made_by: Any = type(bases[-1])
    first = made_by.__prepare__(name, bases)
    first["__new__"], first["__init__"] = _new_member, _leave
    for one, (value, content) in members.items():
        first[one] = _Given(value, content)
    made = made_by.__new__(made_by, name, bases, first)
    type.__delattr__(made, "__init__")
    made.__module__, made.__qualname__ = module_name, qualname
    return made


def fill_enum(cls: Any, state: tuple[dict[str, Any], dict[str, dict[str, Any]]]) -> Any:  # noqa: ANN401
    """Methods of the class and attributes of its members; a class that was alive is left as it is."""
    attributes, members = state
    if rebuild.is_kept(cls):
        return cls
    if "__new_member__" not in attributes and "__new_member__" in vars(cls):
        type.__delattr__(cls, "__new_member__")
    rebuild.fill_class(cls, (attributes, {}))
    for name, own in members.items():
        vars(cls.__members__[name]).update(own)
    return cls


def _new_member(cls: Any, given: _Given) -> Any:  # noqa: ANN401
    base: Any = next((one for one in cls.__mro__ if one in _BASES), object)
    made = base.__new__(cls) if base is object else base.__new__(cls, given.content)
    made._value_ = given.value
    return made


def _leave(_member: object, _given: object) -> None:
    """The member is as it was already."""
