"""Recipes for objects of libraries, met when the notebook has imported them; they are never imported from here."""

from __future__ import annotations

import functools
import gc
import importlib
import pickle
import sys
from collections.abc import Callable
from typing import Any

import xxhash

from mlnb.core.secrets import mask
from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import rebuild_runtime, rebuild_standard
from mlnb.snapshots.plugins.walk import Walk, type_name

Reduced = Any
Note = Callable[[type, str], None]


@functools.cache
def reducer_of(kind: Any) -> Callable[[Any, Note], Reduced] | None:  # noqa: ANN401 - see visit_of
    """The recipe for instances of exactly `kind`."""
    return _RECIPES.get(type_name(kind), (None, None))[0]


@functools.cache
def visit_of(kind: Any) -> Callable[[Walk, Any], None] | None:  # noqa: ANN401 - a class, which type checkers do not take for hashable
    """What a walk does at instances of exactly `kind`."""
    return _RECIPES.get(type_name(kind), (None, None))[1]


def _reduce_engine(engine: Any, note: Note) -> Reduced:  # noqa: ANN401
    if _is_in_memory(engine) and _is_used(engine.pool):
        raise CannotSave("it is the engine of a database in memory, which lives in this kernel only")
    note(type(engine), f"it is made anew for {mask(_address(engine, hides=True))}, without options of its own")
    return rebuild_standard.called, ("sqlalchemy", "create_engine", _address(engine, hides=False))


def _visit_engine(walk: Walk, engine: Any) -> None:  # noqa: ANN401
    walk.claim(engine)
    walk.push("engine", _address(engine, hides=False), bool(engine.echo))
    if _is_in_memory(engine) and _is_used(engine.pool):
        walk.opaque(engine)


def _address(engine: Any, *, hides: bool) -> str:  # noqa: ANN401
    return str(engine.url.render_as_string(hide_password=hides))


def _is_in_memory(engine: Any) -> bool:  # noqa: ANN401
    name = engine.url.database
    return engine.url.get_backend_name() in ("sqlite", "duckdb") and (not name or "memory" in name)


def _is_used(pool: Any) -> bool:  # noqa: ANN401
    """Whether a connection was ever made, and with it a database."""
    checked_in = getattr(pool, "checkedin", lambda: 0)()
    return bool(getattr(pool, "_all_conns", ()) or "connection" in vars(pool) or checked_in)


def _reduce_in_memory_dataset(dataset: Any, note: Note) -> Reduced:  # noqa: ANN401
    note(type(dataset), "it is made anew over the same rows")
    return rebuild_standard.called, ("pyarrow.dataset", "dataset", dataset.to_table())


def _visit_in_memory_dataset(walk: Walk, dataset: Any) -> None:  # noqa: ANN401
    walk.claim(dataset)
    walk.push("dataset", dataset.to_table())


def _reduce_bunch(bunch: Any, _note: Note) -> Reduced:  # noqa: ANN401
    content = dict(dict.items(bunch))  # its own way of pickling forgets its attributes
    return (
        rebuild_standard.bare_new,
        (type(bunch),),
        (dict(vars(bunch)), {}, content),
        None,
        None,
        rebuild_standard.fill_bare,
    )


def _visit_bunch(walk: Walk, bunch: Any) -> None:  # noqa: ANN401
    walk.claim(bunch)
    walk.push("bunch", dict(dict.items(bunch)), dict(vars(bunch)))


def _reduce_figure(figure: Any, _note: Note) -> Reduced:  # noqa: ANN401
    make, arguments, *_ = figure.__reduce__()
    return rebuild_standard.figure, (make, *arguments)


def _visit_figure(walk: Walk, figure: Any) -> None:  # noqa: ANN401
    walk.claim(figure)
    walk.push("figure", *figure.__reduce__()[1])


def _function_of(ufunc: Any) -> Any:  # noqa: ANN401
    """What ``numpy.frompyfunc`` made `ufunc` of; None: it is numpy's own, or a library's, which is found by its name."""
    if not str(ufunc.__name__).endswith(" (vectorized)"):
        return None
    return next((part for part in gc.get_referents(ufunc) if callable(part)), None)


def _reduce_ufunc(ufunc: Any, _note: Note) -> Reduced:  # noqa: ANN401
    func = _function_of(ufunc)
    if func is None:
        return NotImplemented
    identity = (ufunc.identity,) if ufunc.identity is not None else ()
    return rebuild_runtime.ufunc, (func, ufunc.nin, ufunc.nout, identity)


def _visit_ufunc(walk: Walk, ufunc: Any) -> None:  # noqa: ANN401
    func = _function_of(ufunc)
    walk.feed(b"u%s;" % str(ufunc.__name__).encode())
    if func is not None:
        walk.claim(ufunc)
        walk.push(func, ufunc.nin, ufunc.nout, ufunc.identity)


_RECIPES: dict[str, tuple[Callable[[Any, Note], Reduced] | None, Callable[[Walk, Any], None] | None]] = {
    "sqlalchemy.engine.base.Engine": (_reduce_engine, _visit_engine),
    "numpy.ufunc": (_reduce_ufunc, _visit_ufunc),
    "sklearn.utils._bunch.Bunch": (_reduce_bunch, _visit_bunch),
    "plotly.graph_objs._figure.Figure": (_reduce_figure, _visit_figure),
    "pyarrow._dataset.InMemoryDataset": (_reduce_in_memory_dataset, _visit_in_memory_dataset),
}


# ---- memory maps -----------------------------------------------------------------------------------------------------


KEPT_BYTES = 64 << 20
"""Up to this size what a mapped file holds is kept too."""


def reduce_memory_map(array: Any, note: Note) -> Reduced:  # noqa: ANN401
    """A whole mapped file, by its path and what it held. Mapping it again writes nothing.

    Raises:
        CannotSave: it has no path, is a part that cannot be told, or holds changes that its file does not.
    """
    numpy = importlib.import_module("numpy")
    shown = mask(str(array.filename))
    is_whole = array.flags.c_contiguous or array.flags.f_contiguous
    if array.filename is None or array.dtype.hasobject or not is_whole:
        raise CannotSave(f"it is a memory map of the file {shown}; the file itself is not kept")
    order = "C" if array.flags.c_contiguous else "F"
    plain = numpy.asarray(array)
    digest = xxhash.xxh3_128_hexdigest(plain.reshape(-1, order="A").view("u1"))
    where = (str(array.filename), mode_again(array), int(array.offset), array.dtype, array.shape, order, digest)
    if array.mode == "c" and array.nbytes > KEPT_BYTES:
        try:
            rebuild_standard.memory_map(*where)
        except Exception as error:
            raise CannotSave(f"it is a memory map of the file {shown}, which holds something else") from error
    if array.nbytes <= KEPT_BYTES:
        note(
            type(array),
            f"it maps the file {shown} again; where that has changed, it is private memory with what it held",
        )
        content = plain.reshape(-1, order="A").view("u1")
        return rebuild_runtime.memory_map_kept, (*where, pickle.PickleBuffer(content))
    note(type(array), f"it maps the file {shown} again, which is not kept itself")
    return rebuild_standard.memory_map, where


def mode_again(array: Any) -> str:  # noqa: ANN401
    """How the file is mapped again: never so that it is emptied."""
    return "r+" if array.mode == "w+" else str(array.mode)


def is_memory_map(value: object) -> bool:
    """Whether `value` is an array on a mapped file."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and hasattr(numpy, "memmap") and isinstance(value, numpy.memmap)
