"""Fingerprints of what is made of code: functions, methods, modules and generators, with the global names they use."""

from __future__ import annotations

import sys
import types
from typing import Any

from mlnb.kernel.order_code import facts_of
from mlnb.kernel.order_values import HANDLERS, Handler, Walk


def _visit_code(walk: Walk, code: types.CodeType) -> None:
    """Add what `code` does, and note the global names it uses."""
    facts = facts_of(code)
    walk.put(facts.digest.encode())
    walk.names |= facts.names
    walk.words |= facts.words
    walk.texts += facts.texts


def _visit_function(walk: Walk, value: types.FunctionType) -> None:
    if value.__globals__ is not walk.context.namespace:
        module = _module_named(value.__module__)
        if module is None or not walk.context.is_own(module):
            walk.tag("library function", value.__module__, value.__qualname__)
            walk.packages.add((value.__module__ or "").split(".")[0])
            _visit_closure(walk, value)
            return
        walk.modules.add(module.__name__)
        names = set(walk.names)
        _visit_code(walk, value.__code__)
        walk.names = names  # its globals are its module's, not the notebook's
        walk.visit(module)
    else:
        _visit_code(walk, value.__code__)
    walk.definition(value)
    walk.tag("function", value.__qualname__)
    walk.visit(value.__defaults__)
    walk.visit(value.__kwdefaults__)
    _visit_closure(walk, value)
    if value.__dict__:
        walk.visit(value.__dict__)


def _visit_closure(walk: Walk, value: types.FunctionType) -> None:
    for cell in value.__closure__ or ():
        walk.changeable(cell)
        try:
            inside = cell.cell_contents
        except ValueError:
            walk.tag("empty cell")
            continue
        walk.visit(inside)


def _visit_builtin(walk: Walk, value: types.BuiltinFunctionType) -> None:
    owner = value.__self__
    walk.tag("builtin", value.__qualname__)
    if owner is None or isinstance(owner, (types.ModuleType, type)):
        walk.tag(getattr(owner, "__name__", ""))
    else:
        walk.visit(owner)


def _visit_method(walk: Walk, value: types.MethodType) -> None:
    walk.tag("method")
    walk.visit(value.__func__)
    walk.visit(value.__self__)


def _visit_wrapper(walk: Walk, value: staticmethod[..., Any] | classmethod[Any, ..., Any]) -> None:
    walk.tag(type(value).__name__)
    walk.visit(value.__func__)


def _visit_property(walk: Walk, value: property) -> None:
    walk.tag("property")
    for function in (value.fget, value.fset, value.fdel):
        walk.visit(function)


def _visit_module(walk: Walk, value: types.ModuleType) -> None:
    walk.tag("module", value.__name__)
    if not walk.context.is_own(value):
        walk.libraries.add(value.__name__)
        walk.packages.add(value.__name__.split(".")[0])
        return
    walk.modules.add(value.__name__)
    walk.definition(value)
    for name, item in sorted(vars(value).items()):
        if not name.startswith("__"):
            walk.tag(name)
            walk.visit(item)


def _visit_generator(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    prefix = {types.GeneratorType: "gi", types.CoroutineType: "cr"}.get(type(value), "ag")
    frame, code = getattr(value, f"{prefix}_frame"), getattr(value, f"{prefix}_code")
    walk.changeable(value)
    _visit_code(walk, code)
    walk.tag("generator", None if frame is None else frame.f_lasti)
    if frame is None:
        return
    if frame.f_globals is not walk.context.namespace:
        walk.cannot_see(value)
        return
    for name, item in sorted(dict(frame.f_locals).items()):
        walk.tag(name)
        walk.visit(item)
    if prefix == "gi" and value.gi_yieldfrom is not None:
        walk.visit(value.gi_yieldfrom)


def _module_named(name: str | None) -> types.ModuleType | None:
    module = sys.modules.get(name or "")
    return module if isinstance(module, types.ModuleType) else None


_HANDLERS: dict[type, Handler] = {
    types.FunctionType: _visit_function, types.BuiltinFunctionType: _visit_builtin, types.MethodType: _visit_method,
    staticmethod: _visit_wrapper, classmethod: _visit_wrapper, property: _visit_property, types.ModuleType: _visit_module,
    types.GeneratorType: _visit_generator, types.CoroutineType: _visit_generator, types.AsyncGeneratorType: _visit_generator,
    types.CodeType: _visit_code,
}  # fmt: skip


def add_handlers() -> None:
    """Put this module's handlers into the table of walks."""
    HANDLERS.update(_HANDLERS)
