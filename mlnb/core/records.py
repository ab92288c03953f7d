"""Dataclasses that cost little to declare: `dataclass` as the standard library's, but its methods are written when they are first called.

The standard library compiles six methods for each frozen class when its module is imported, 0.4 ms a class; of the hundred classes that a
kernel imports, it uses a few. The type checker sees the standard library's own.
"""

# Methods of any class: what they take and give is anything.
# ruff: noqa: ANN401
from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields, replace
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: Any = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
        """As `dataclasses.dataclass`. A class with ``__post_init__`` is made by that."""
        if cls is None:
            return lambda one: dataclass(one, frozen=frozen, slots=slots)
        if hasattr(cls, "__post_init__"):
            return dataclasses.dataclass(cls, frozen=frozen, slots=slots)
        return _declared(cls, frozen, slots)


def _declared(cls: type, is_frozen: bool, has_slots: bool) -> Any:
    own = frozenset(name for name, value in vars(cls).items() if value is not None)
    if not cls.__doc__:
        cls.__doc__ = cls.__name__  # else the signature would be worked out for it
    is_heir = any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:])
    declare = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=has_slots, frozen=is_frozen and is_heir
    )  # it looks whether the heir of a frozen class is frozen too
    made: Any = declare(cls)
    made.__dataclass_params__.frozen = is_frozen
    methods = {"__init__": _first_init(made), "__repr__": _first_repr(made), "__eq__": _first_eq(made)}
    if is_frozen:
        methods |= {
            "__hash__": _first_hash(made),
            "__setattr__": _refuse_to_set(made),
            "__delattr__": _refuse_to_delete(made),
        }
    elif "__hash__" not in own:
        made.__hash__ = None
    if is_frozen and has_slots:
        methods |= {"__getstate__": _state, "__setstate__": _set_state}
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _first_init(cls: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        _written(cls, "__init__", *_init_text(cls))(self, *args, **kwargs)

    return __init__


def _init_text(cls: Any) -> tuple[str, dict[str, Any]]:
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    arguments, by_name, lines = ["self"], ["*"], []
    for one in fields(cls):
        name, value, has_factory = one.name, one.name, one.default_factory is not MISSING
        known[f"_of_{name}"] = one.default_factory if has_factory else one.default
        if has_factory:
            value = f"_of_{name}() if {name} is _missing else {name}" if one.init else f"_of_{name}()"
        elif not one.init:
            continue  # the class's own attribute is its value
        if one.init:
            is_optional = has_factory or one.default is not MISSING
            target = by_name if one.kw_only else arguments
            target.append(f"{name}={'_missing' if has_factory else f'_of_{name}'}" if is_optional else name)
        is_frozen = cls.__dataclass_params__.frozen
        lines.append(f" _set(self, {name!r}, {value})" if is_frozen else f" self.{name} = {value}")
    arguments += by_name if len(by_name) > 1 else []
    return f"def __init__({', '.join(arguments)}):\n" + ("\n".join(lines) or " pass"), known


def _first_eq(cls: Any) -> Any:
    def __eq__(self: Any, other: object) -> Any:
        names = [one.name for one in fields(cls) if one.compare]
        text = (
            "def __eq__(self, other):\n if other.__class__ is self.__class__:\n"
            f"  return {_tuple('self', names)} == {_tuple('other', names)}\n return NotImplemented"
        )
        return _written(cls, "__eq__", text, {})(self, other)

    return __eq__


def _first_hash(cls: Any) -> Any:
    def __hash__(self: Any) -> int:
        names = [one.name for one in fields(cls) if _is_hashed(one)]
        return int(_written(cls, "__hash__", f"def __hash__(self):\n return hash({_tuple('self', names)})", {})(self))

    return __hash__


def _is_hashed(one: Field[Any]) -> bool:
    return one.compare if one.hash is None else one.hash


def _tuple(of: str, names: list[str]) -> str:
    return f"({''.join(f'{of}.{name},' for name in names)})"


def _first_repr(cls: Any) -> Any:
    @recursive_repr("...")
    def __repr__(self: Any) -> str:
        shown = [one.name for one in fields(cls) if one.repr]
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return __repr__


def _refuse_to_set(cls: Any) -> Any:
    def __setattr__(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in cls.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    return __setattr__


def _refuse_to_delete(cls: Any) -> Any:
    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in cls.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __delattr__


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


def _written(cls: type, name: str, text: str, known: dict[str, Any]) -> Any:
    """The method `name` of `cls`, compiled from `text`; `cls` has it from now on."""
    exec(text, known)  # noqa: S102 - the text is made here, of the names of the class's fields
    method = known[name]
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    method.__module__ = cls.__module__
    setattr(cls, name, method)
    return method
