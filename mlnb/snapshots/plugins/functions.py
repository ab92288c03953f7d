"""How the notebook's own functions and classes are taken apart.

They are saved by value and bound to the live namespace again: a restored function sees a global that is set later, two functions
that share a closure still share it, and loading an old instance never changes a class that is alive.
"""

from __future__ import annotations

import ctypes
import enum
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from cloudpickle import cloudpickle

from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import rebuild, rebuild_enums, rebuild_standard

_IMMUTABLE_TYPE = 1 << 8  # CPython's Py_TPFLAGS_IMMUTABLETYPE
C_FIELD = type(type("_Fields", (ctypes.Structure,), {"_fields_": [("a", ctypes.c_int)]}).a)  # type: ignore[attr-defined]  # it is made by then
"""What ctypes puts into a class for each of its fields; it comes from ``_fields_``."""
_SLOTS = ("__qualname__", "__annotations__", "__kwdefaults__", "__defaults__", "__module__", "__doc__")


_OF_EVERY_CLASS = frozenset(
    {"__module__", "__dict__", "__weakref__", "__doc__", "__slots__", "_abc_impl", "__firstlineno__"}
)
_OF_NAMED_TUPLE = ("__slots__",)


VALUE_BASES: tuple[type, ...] = (int, float, complex, str, bytes, tuple, frozenset)
"""Built-in types whose instances never change and that the notebook's classes may build on."""
_OF_EVERY_MEMBER = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_"})


def plain_of(item: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The built-in type below an instance of one of `VALUE_BASES`, and its value alone, whatever its own methods say."""
    base: Any = next(one for one in VALUE_BASES if isinstance(item, one))
    if base in (int, float, complex):
        return base, base.__pos__(item)
    return base, base(base.__iter__(item)) if base is frozenset else base.__getitem__(item, slice(None))


class Namespace:
    """Stands for the live namespace in a stream: it is never saved itself."""

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild.namespace, ()


class ModuleNamespace:
    """Stands for the globals of an importable module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild.module_namespace, (self._name,)


def is_by_value(value: Any) -> bool:  # noqa: ANN401 - a function or a class
    """Whether the function or class `value` was made in the notebook, so that importing cannot bring it back."""
    if isinstance(value, type) and value.__flags__ & _IMMUTABLE_TYPE:
        return False  # written in C; some, such as locks, are just not found under their name
    if not cloudpickle._should_pickle_by_reference(value):
        return True
    home = sys.modules.get(str(value.__module__))
    return home is not None and not is_importable(home)  # a module that was made at run time


def is_importable(module: types.ModuleType) -> bool:
    """Whether an import in a new process brings `module` back (one made at run time has no spec)."""
    name = module.__name__
    if name == "__main__" or name in sys.builtin_module_names:
        return True
    return getattr(module, "__spec__", None) is not None and sys.modules.get(name) is module


def reduce_module(module: types.ModuleType) -> Any:  # noqa: ANN401 - see arrays.Reduced
    """A module is imported again.

    Raises:
        CannotSave: it was made at run time.
    """
    if not is_importable(module):
        raise CannotSave(f"it is the module {module.__name__}, which was made at run time and cannot be imported")
    return rebuild.module, (module.__name__,)


def reduce_function(func: types.FunctionType, namespace: dict[str, Any], bases: dict[int, dict[str, Any]]) -> Any:  # noqa: ANN401
    """By reference where importing brings `func` back, else by value with its closure.

    Args:
        func: the function.
        namespace: the notebook's.
        bases: for functions with globals of their own: the dict that stands for them in this stream, by identity.
    """
    if not is_by_value(func):
        return NotImplemented
    home = sys.modules.get(str(func.__globals__.get("__name__")))
    own: dict[str, Any] = {}
    used = cloudpickle._extract_code_globals(func.__code__)
    referred = {name: func.__globals__[name] for name in used if name in func.__globals__}
    if func.__globals__ is namespace:
        globals_: object = Namespace()
    elif home is not None and func.__globals__ is home.__dict__ and is_importable(home):
        globals_ = ModuleNamespace(home.__name__)
    else:
        globals_ = bases.setdefault(id(func.__globals__), {"__name__": func.__globals__.get("__name__")})
        own = referred
    cells = tuple((cell, cell.cell_contents) for cell in func.__closure__ or () if not is_empty(cell))
    reached = [*referred.values(), *(contents for _, contents in cells)]
    imports = tuple(module.__name__ for module in cloudpickle._find_imported_submodules(func.__code__, reached))
    slots = {name: getattr(func, name) for name in _SLOTS}
    if getattr(func, "__type_params__", ()):
        slots["__type_params__"] = func.__type_params__  # type: ignore[attr-defined, unused-ignore]
    arguments = (func.__code__, globals_, func.__name__, func.__closure__)
    return (
        rebuild.function,
        arguments,
        (dict(func.__dict__), slots, cells, own, imports),
        None,
        None,
        rebuild.fill_function,
    )


def reduce_exception(error: BaseException) -> Any:  # noqa: ANN401
    """An exception whose class is the notebook's, or that has a cause; others pickle well by themselves."""
    kind = type(error)
    if kind.__reduce__ is not BaseException.__reduce__ or not (is_by_value(kind) or error.__cause__ is not None):
        return NotImplemented
    state = (dict(error.__dict__), error.__cause__, error.__suppress_context__)
    return rebuild.exception, (kind, error.args), state, None, None, rebuild.fill_exception


def is_empty(cell: types.CellType) -> bool:
    """Whether nothing was put into `cell` yet."""
    try:
        cell.cell_contents  # noqa: B018 - reading raises when it is empty
    except ValueError:
        return True
    return False


def reduce_class(cls: type, version_of: Callable[[type], str]) -> Any:  # noqa: ANN401
    """By reference where importing brings `cls` back, else by value.

    Args:
        cls: the class.
        version_of: digest of a class and all it holds; a class of the same version that is alive at restore is used instead.

    Raises:
        CannotSave: it is written in C and cannot be found under its name.
    """
    if cloudpickle._should_pickle_by_reference(cls):
        if is_by_value(cls):
            raise CannotSave(f"it holds the class {cls.__qualname__} of {cls.__module__}, a module made at run time")
        return NotImplemented
    reduced = cloudpickle._class_reduce(cls)
    if not (isinstance(reduced, tuple) and len(reduced) == 6 and reduced[5] is cloudpickle._class_setstate):
        return reduced  # the types of None, of code and the like
    if not is_by_value(cls):
        raise CannotSave(f"it holds the class {cls.__module__}.{cls.__qualname__}, which cannot be found by its name")
    make, arguments, state = reduced[:3]
    own = {**_as_inherited(cls), **state[0]}
    attributes = {name: value for name, value in own.items() if not _is_slot(value, cls)}
    if isinstance(cls, enum.EnumMeta):
        return _reduce_enum(cls, version_of(cls), reduced, attributes)
    if make is cloudpickle._make_skeleton_class:
        if typing.NamedTuple in getattr(cls, "__orig_bases__", ()):
            arguments = (*arguments[:2], cls.__bases__, *arguments[3:])
            attributes = {name: value for name, value in attributes.items() if name not in _OF_NAMED_TUPLE}
        if _runs_code_of_notebook(cls):
            make, arguments = rebuild_standard.quiet_class, (*arguments[:2], cls.__bases__, *arguments[3:])
        arguments[3]["__qualname__"] = cls.__qualname__
        if "__slots__" in vars(cls):  # cloudpickle forgets them, and instances would grow a __dict__
            arguments[3]["__slots__"] = vars(cls)["__slots__"]
            attributes.pop("__slots__", None)
    skeleton = (version_of(cls), make, tuple(arguments[:-2]))  # without cloudpickle's process-wide tracking of classes
    return rebuild.skeleton, skeleton, (attributes, state[1]), None, None, rebuild.fill_class


def _is_slot(value: object, cls: type) -> bool:
    return isinstance(value, C_FIELD) or (isinstance(value, types.MemberDescriptorType) and value.__objclass__ is cls)


def _as_inherited(cls: type) -> dict[str, Any]:
    """What `cls` has itself though a base has the very same, which cloudpickle leaves out."""
    return {
        name: value
        for name, value in vars(cls).items()
        if name not in _OF_EVERY_CLASS and any(vars(base).get(name, cls) is value for base in cls.__bases__)
    }


def _runs_code_of_notebook(cls: type) -> bool:
    """Whether making a class like `cls` runs code of the notebook, which may want what is not restored yet and leave traces twice."""
    if is_by_value(type(cls)):
        return True
    tells = (one for base in cls.__bases__ for one in base.__mro__ if "__init_subclass__" in vars(one))
    return any(is_by_value(one) for one in tells)


def _of_enum(
    cls: enum.EnumMeta, arguments: tuple[Any, ...], attributes: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """cloudpickle forgets other names of a member, and how the notebook gives values to members."""
    found: Mapping[str, Any] = cls.__members__
    members = {name: member.value for name, member in found.items()}
    kept = {name: value for name, value in attributes.items() if name not in members}
    own = vars(cls).get("_generate_next_value_")
    if is_by_value(getattr(own, "__func__", own)) if own is not None else False:
        kept["_generate_next_value_"] = own
    return (*arguments[:3], members, *arguments[4:]), kept


def _makes_members(cls: enum.EnumMeta) -> bool:
    """Whether the notebook's own ``__new__`` or ``__init__`` makes the members of `cls`, so that they are more than their values."""
    if cls._member_type_ is not object and cls._member_type_ not in VALUE_BASES:  # type: ignore[attr-defined]  # of every enum
        return False
    found = (vars(base).get(name) for base in cls.__mro__ for name in ("__init__", "_new_member_", "__new_member__"))
    makers = (getattr(one, "__func__", one) for one in found)
    return any(isinstance(one, types.FunctionType) and is_by_value(one) for one in makers)


def own_of_member(member: Any) -> dict[str, Any]:  # noqa: ANN401
    """What the member of an enum has beside its name and its value."""
    return {name: value for name, value in vars(member).items() if name not in _OF_EVERY_MEMBER}


def _reduce_enum(cls: enum.EnumMeta, version: str, reduced: Any, attributes: dict[str, Any]) -> Any:  # noqa: ANN401
    make, arguments, state = reduced[:3]
    arguments, attributes = _of_enum(cls, arguments, attributes)
    if not _makes_members(cls):
        skeleton = (version, make, tuple(arguments[:-2]))
        return rebuild.skeleton, skeleton, (attributes, state[1]), None, None, rebuild.fill_class
    found: Mapping[str, Any] = cls.__members__
    members = {
        name: (member.value, plain_of(member)[1] if isinstance(member, VALUE_BASES) else None)
        for name, member in found.items()
    }
    own = {name: own_of_member(member) for name, member in found.items()}
    skeleton = (version, rebuild_enums.enum_class, (*arguments[:3], members, arguments[4]))
    return rebuild.skeleton, skeleton, (attributes, own), None, None, rebuild_enums.fill_enum
