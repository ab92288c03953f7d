"""What a pandas object consists of, for its digest and for what it shares.

With copy-on-write (pandas 3, or 2 with the option on) two frames never see each other's writes though they stand on one memory: such
memory is not shared, and must not be made shared by a restore. Without it (pandas 2) a column is a view of its frame.
An array that looks into a frame (``frame.to_numpy()``) comes back with its values, under copy-on-write on memory of its own.
pandas is met when the notebook has imported it; it is never imported from here.
"""

from __future__ import annotations

import sys
from typing import Any

_SMALL_BYTES = 1 << 20
_OF_PANDAS = frozenset({"_mgr", "_item_cache", "_attrs", "_flags", "_name", "_is_copy", "_cacher", "_typ", "_metadata"})


def parts(value: Any, unshared: set[int]) -> list[object] | None:  # noqa: ANN401
    """The parts that make up the frame, series or index `value`; None when it is none of these.

    Args:
        value: any object.
        unshared: gets the identities of arrays that copy-on-write protects.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    if type(value) is pandas.DataFrame or type(value) is pandas.Series:
        return _parts_of_frame(pandas, value, unshared)
    if isinstance(value, pandas.DataFrame | pandas.Series) and type(value).__module__ == "__main__":
        return [type(value), *_of_subclass(value), *_parts_of_frame(pandas, value, unshared)]
    if isinstance(value, pandas.Index) and type(value).__module__.partition(".")[0] == "pandas":
        return _parts_of_index(pandas, value, unshared)
    return None


def is_small_index(value: Any) -> bool:  # noqa: ANN401
    """Whether `value` is an index (which never changes) of so few bytes that it is no loss to have it twice."""
    pandas = sys.modules["pandas"]
    return isinstance(value, pandas.Index) and value.nbytes <= _SMALL_BYTES


def is_value(value: Any) -> bool:  # noqa: ANN401
    """Whether `value` is of a type of pandas or Arrow whose values never change: a dtype, a point in time, a schema."""
    kind = type(value)
    library, _, _ = kind.__module__.partition(".")
    if library == "pandas":
        dtypes = sys.modules["pandas"].api.extensions.ExtensionDtype
        return isinstance(value, dtypes) or kind.__module__.startswith("pandas._libs.tslibs.")
    arrow: Any = sys.modules.get("pyarrow")
    return library == "pyarrow" and arrow is not None and isinstance(value, arrow.DataType | arrow.Field | arrow.Schema)


def is_buffer(value: Any) -> bool:  # noqa: ANN401
    """Whether `value` is a block of memory of Arrow."""
    arrow: Any = sys.modules.get("pyarrow")
    kinds: Any = getattr(arrow, "Buffer", ())
    return isinstance(value, kinds) and bool(getattr(value, "is_cpu", True))


def is_copy_on_write(pandas: Any) -> bool:  # noqa: ANN401
    """Whether pandas copies before it writes to shared memory."""
    if int(pandas.__version__.split(".")[0]) >= 3:
        return True
    return pandas.get_option("mode.copy_on_write") is True


def protect(value: Any, unshared: set[int]) -> None:  # noqa: ANN401
    """Note the memory of a frame or series as not shared, where pandas copies before it writes."""
    pandas = sys.modules["pandas"]
    if is_copy_on_write(pandas):
        for block in value._mgr.blocks:
            _note(block.values, unshared)


def _note(values: Any, unshared: set[int]) -> None:  # noqa: ANN401
    unshared.add(id(values))
    inner = getattr(values, "_ndarray", None)
    if inner is not None:
        unshared.add(id(inner))


def _parts_of_frame(pandas: Any, value: Any, unshared: set[int]) -> list[object]:  # noqa: ANN401
    protect(value, unshared)
    flags = bool(value.flags.allows_duplicate_labels)
    own = [value.attrs, flags, value.index]
    if isinstance(value, pandas.Series):
        return [*own, value.name, value._values]
    blocks: list[object] = []
    for block in value._mgr.blocks:
        blocks += [block.mgr_locs.as_array.tolist(), block.values]
    return [*own, value.columns, *blocks]


def _of_subclass(value: Any) -> list[object]:  # noqa: ANN401
    """What a class of the notebook keeps beside the columns: what it lists in ``_metadata``, and other attributes."""
    names = [name for name in value._metadata if getattr(value, name, None) is not None]
    other = sorted(set(vars(value)) - _OF_PANDAS - set(value._metadata))
    return [part for name in (*names, *other) for part in (name, getattr(value, name))]


def _parts_of_index(pandas: Any, value: Any, unshared: set[int]) -> list[object]:  # noqa: ANN401
    names = list(value.names)
    if isinstance(value, pandas.RangeIndex):
        return [names, value.start, value.stop, value.step]
    if isinstance(value, pandas.MultiIndex):
        return [names, *value.levels, *value.codes]
    _note(value._data, unshared)  # an index never changes, so its memory is nobody's to share
    return [names, str(getattr(value, "freqstr", "")), value._data]
