"""Fingerprints of numpy arrays and pandas frames, read from their own buffers. Neither library is ever imported here."""

from __future__ import annotations

import sys
from typing import Any

from mlnb.kernel.order_packing import packed
from mlnb.kernel.order_values import HANDLERS, Handler, TooLarge, Walk

ARRAY_LIMIT_BYTES = 1 << 30
_LAYOUT = 0x403  # order of the elements in memory and whether it may be written: numpy's own bits


def add_handlers() -> None:
    """Put the handlers for what the user has imported so far into the table of walks; cheap when there is nothing new."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and hasattr(numpy, "ndarray") and numpy.ndarray not in HANDLERS:
        HANDLERS[numpy.ndarray] = _visit_array
        HANDLERS[numpy.dtype] = _visit_words
        HANDLERS[numpy.ufunc] = _visit_ufunc
        for kind in {numpy.dtype(code).type for code in numpy.typecodes["All"]}:
            HANDLERS[kind] = _visit_scalar
        HANDLERS[numpy.random.Generator] = _visit_generator
        HANDLERS[numpy.random.RandomState] = _visit_state
    trees = sys.modules.get("sklearn.tree._tree")
    if trees is not None and hasattr(trees, "Tree") and trees.Tree not in HANDLERS:
        HANDLERS[trees.Tree] = _visit_tree
    if pandas is not None and hasattr(pandas, "DataFrame") and pandas.DataFrame not in HANDLERS:
        HANDLERS[pandas.DataFrame] = _visit_frame
        HANDLERS[pandas.Series] = _visit_series
        for kind in _index_types(pandas):
            HANDLERS[kind] = _visit_index
        for kind in (
            pandas.Timestamp,
            pandas.Timedelta,
            pandas.Period,
            pandas.Interval,
            type(pandas.NaT),
            type(pandas.NA),
        ):
            HANDLERS[kind] = _visit_words


def handler_by_base(value: object) -> Handler | None:
    """The handler for an instance of a class built on numpy's or pandas' own."""
    numpy, pandas = sys.modules["numpy"], sys.modules.get("pandas")
    if isinstance(value, numpy.ndarray):
        return _visit_array
    if isinstance(value, numpy.dtype):
        return _visit_words
    if pandas is not None and hasattr(pandas, "DataFrame"):
        if isinstance(value, pandas.DataFrame):
            return _visit_frame
        if isinstance(value, pandas.Series):
            return _visit_series
        if isinstance(value, pandas.api.extensions.ExtensionDtype):
            return _visit_words
    return None


def _index_types(pandas: Any) -> list[type]:  # noqa: ANN401 - untyped by its library
    names = (
        "Index",
        "RangeIndex",
        "MultiIndex",
        "DatetimeIndex",
        "TimedeltaIndex",
        "PeriodIndex",
        "CategoricalIndex",
        "IntervalIndex",
    )
    return [getattr(pandas, name) for name in names if hasattr(pandas, name)]


def _visit_array(walk: Walk, array: Any) -> None:  # noqa: ANN401 - untyped by its library
    owner, place = array, 0
    while type(owner.base) is type(array):
        owner = owner.base
    if owner is not array:
        begins = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        is_all = array.nbytes == owner.nbytes and array.flags.forc  # so lies what was read back, in bytes of its own
        place = 0 if is_all else hash((begins, array.strides, array.shape))
    elif array.base is not None:
        walk.visit(array.base)  # memory of a bytes, memoryview or mmap
    walk.changeable(owner, place)
    walk.tag(
        "array",
        array.dtype.str if array.dtype.names is None else array.dtype.descr,
        array.shape,
        array.flags.num & _LAYOUT,
    )
    if array.nbytes > ARRAY_LIMIT_BYTES:
        raise TooLarge
    if array.dtype.hasobject:
        _add_items(walk, array.ravel().tolist())
    else:
        _add_buffer(walk, array)


def _add_buffer(walk: Walk, array: Any) -> None:  # noqa: ANN401 - untyped by its library
    flat = array if array.flags.c_contiguous else array.copy("C")
    if flat.size:
        walk.put(flat.reshape(-1).view("u1") if flat.dtype.itemsize else b"")


def _add_items(walk: Walk, items: list[Any]) -> None:
    if (whole := packed(items)) is not None:
        walk.put(whole)
        return
    for item in items:
        walk.visit(item)


def _visit_scalar(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag("number", value.dtype.str)
    walk.put(value.tobytes())


def _visit_tree(walk: Walk, tree: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(tree)
    walk.tag("tree")
    walk.copy_of_state(list(tree.__reduce__()[1:]))


def _visit_words(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag(type(value).__qualname__, str(value))


def _visit_ufunc(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.tag("ufunc", value.__name__)


def _visit_generator(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value.bit_generator)
    walk.tag("Generator", type(value.bit_generator).__name__)
    walk.copy_of_state(value.bit_generator.state)


def _visit_state(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(value)
    walk.tag("RandomState")
    walk.copy_of_state(value.get_state(legacy=False))


def _visit_frame(walk: Walk, frame: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(frame)
    manager = frame._mgr
    walk.tag("frame", frame.shape)
    for axis in manager.axes:
        walk.visit(axis)
    columns: dict[int, tuple[Any, int | None]] = {}
    for block in manager.blocks:
        whole = block.values.ndim == 1
        for place, column in enumerate(block.mgr_locs.as_array.tolist()):
            columns[column] = (block.values, None if whole else place)
    for column in sorted(columns):
        values, row = columns[column]
        _add_column(walk, values if row is None else values[row])
    _add_attributes(walk, frame)


def _visit_series(walk: Walk, series: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(series)
    walk.tag("series", len(series))
    walk.visit(series.name)
    walk.visit(series.index)
    _add_column(walk, series._mgr.blocks[0].values)
    _add_attributes(walk, series)


def _add_attributes(walk: Walk, value: Any) -> None:  # noqa: ANN401 - untyped by its library
    if value.attrs:
        walk.visit(value.attrs)
    if not value.flags.allows_duplicate_labels:
        walk.tag("unique labels")


def _visit_index(walk: Walk, index: Any) -> None:  # noqa: ANN401 - untyped by its library
    walk.changeable(index)
    walk.tag(type(index).__name__, len(index))
    walk.visit(walk.temporary(list(index.names)))
    if type(index).__name__ == "RangeIndex":
        walk.tag(index.start, index.stop, index.step)
    elif type(index).__name__ == "MultiIndex":
        for level, codes in zip(index.levels, index.codes, strict=True):
            walk.visit(level)
            walk.visit(codes)
    else:
        _add_column(walk, index._data)
        if hasattr(index, "freqstr"):
            walk.tag(index.freqstr)


def _add_column(walk: Walk, values: Any) -> None:  # noqa: ANN401 - untyped by its library
    numpy = sys.modules["numpy"]
    if type(values) is numpy.ndarray:
        walk.nodes += 1
        walk.tag(values.dtype.str, values.shape)
        if values.nbytes > ARRAY_LIMIT_BYTES:
            raise TooLarge
        if values.dtype.hasobject:
            _add_items(walk, values.tolist())
        else:
            _add_buffer(walk, values)
        return
    walk.tag(type(values).__name__, str(values.dtype))
    if _add_arrow(walk, getattr(values, "_pa_array", None)):
        return
    for name in ("_ndarray", "_codes", "_data", "_mask", "_left", "_right"):
        inner = getattr(values, name, None)
        if type(inner) is numpy.ndarray:
            _add_column(walk, inner)
    if hasattr(values, "categories"):
        walk.visit(values.categories)
    elif not any(type(getattr(values, name, None)) is numpy.ndarray for name in ("_ndarray", "_data", "_left")):
        _add_items(walk, [None if item is values.dtype.na_value else item for item in values.astype(object).tolist()])


_ARROW_NUMBERS = frozenset(
    f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)
) | {"halffloat", "float", "double"}  # fmt: skip
_ARROW_TEXTS = {"string": "i4", "large_string": "i8", "binary": "i4", "large_binary": "i8"}


def _add_arrow(walk: Walk, chunks: Any) -> bool:  # noqa: ANN401 - untyped by its library
    """Add a column that lies in Arrow's memory; False when it is none, or of a kind that is better read item by item."""
    kind = str(getattr(chunks, "type", ""))
    if kind not in _ARROW_NUMBERS and kind not in _ARROW_TEXTS:
        return False
    # in how many pieces it lies is how it was made, and no part of the value: what is written and read back lies in one
    whole = chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()
    pieces = getattr(whole, "chunks", [whole])  # of more than two gigabytes of text there are several all the same
    walk.tag("arrow", kind, len(pieces))
    for chunk in pieces:
        walk.tag(len(chunk), chunk.null_count)
        if chunk.null_count:
            _add_buffer(walk, chunk.is_null().to_numpy(zero_copy_only=False))
        buffers = chunk.buffers()
        if kind in _ARROW_TEXTS:
            _add_arrow_texts(walk, buffers[1], buffers[2], chunk.offset, len(chunk), _ARROW_TEXTS[kind])
        elif buffers[1] is not None:
            width = chunk.type.bit_width // 8
            walk.put(memoryview(buffers[1])[chunk.offset * width : (chunk.offset + len(chunk)) * width])
    return True


def _add_arrow_texts(walk: Walk, places: Any, texts: Any, offset: int, count: int, width: str) -> None:  # noqa: ANN401 - untyped by its library
    """Add texts that lie one after the other in `texts`; `places` tells where each begins."""
    if not count or places is None:
        return
    begins = sys.modules["numpy"].frombuffer(places, dtype=width, count=count + 1, offset=offset * int(width[1]))
    _add_buffer(walk, begins - begins[0])
    if texts is not None:
        walk.put(memoryview(texts)[int(begins[0]) : int(begins[-1])])
