"""Arrays, frames and series: their shape, a summary, and the first elements in which two of them differ.

numpy, pandas and others are met when a value of theirs was loaded; none is imported from here.
"""

from __future__ import annotations

import sys
from typing import Any

from mlnb.snapshots.differences import Place

_WIDTH = 60
_MOST_COLUMNS = 200
_MOST_ELEMENTS = 50_000_000


def looks(value: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """Shape and summary of an array, frame, series, Arrow table or tensor; None for anything else."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        columns = [f"{name}: {dtype}" for name, dtype in list(zip(value.columns, value.dtypes, strict=True))[:8]]
        more = ", …" if value.shape[1] > 8 else ""
        return f"{value.shape[0]} x {value.shape[1]}", ", ".join(columns) + more
    if pandas is not None and isinstance(value, pandas.Series | pandas.Index):
        return f"{len(value)}", f"{value.dtype}, {_figures(value.to_numpy())}"
    if numpy is not None and isinstance(value, numpy.ndarray):
        return " x ".join(map(str, value.shape)) or "scalar", f"{value.dtype}, {_figures(value)}"
    as_frame = _as_known(value)
    return looks(as_frame) if as_frame is not None else None


def places(before: Any, after: Any, most: int) -> tuple[list[Place], int] | None:  # noqa: ANN401
    """The first `most` places where two values of one type differ, and how many there are; None for other values."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(before, pandas.DataFrame):
        return _in_frames(before, after, most)
    if pandas is not None and isinstance(before, pandas.Series):
        return _in_series(before, after, most)
    if pandas is not None and isinstance(before, pandas.Index):
        return _in_arrays(before.to_numpy(), after.to_numpy(), most)
    if numpy is not None and isinstance(before, numpy.ndarray):
        return _in_arrays(before, after, most)
    one, two = _as_known(before), _as_known(after)
    return places(one, two, most) if one is not None and two is not None and type(one) is type(two) else None


def _as_known(value: Any) -> Any:  # noqa: ANN401
    """The value as a frame or an array, where that takes little; else None."""
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    if root == "pyarrow" and kind.__name__ in ("Table", "RecordBatch"):
        return value.to_pandas()
    if root == "polars" and kind.__name__ in ("DataFrame", "Series"):
        return value.to_pandas() if kind.__name__ == "DataFrame" and "pandas" in sys.modules else value.to_numpy()
    if root == "torch" and hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    if root == "scipy" and hasattr(value, "toarray") and value.shape[0] * value.shape[-1] <= _MOST_ELEMENTS:
        return value.toarray()
    return None


def _figures(array: Any) -> str:  # noqa: ANN401
    numpy: Any = sys.modules["numpy"]
    if array.size == 0:
        return "empty"
    if array.dtype.kind in "iuf":
        with numpy.errstate(all="ignore"):
            holes = int(numpy.isnan(array).sum()) if array.dtype.kind == "f" else 0
            if holes == array.size:
                return "nothing but NaN"
            least, mean, most = numpy.nanmin(array), numpy.nanmean(array), numpy.nanmax(array)
        return f"{_number(least)} to {_number(most)}, mean {_number(mean)}" + (f", {holes} NaN" if holes else "")
    if array.dtype.kind == "b":
        return f"{int(array.sum())} true"
    first = ", ".join(_text(one) for one in array.ravel()[:3])
    return first + (", …" if array.size > 3 else "")


def _in_arrays(before: Any, after: Any, most: int) -> tuple[list[Place], int]:  # noqa: ANN401
    found = []
    if before.dtype != after.dtype:
        found.append(Place("dtype", str(before.dtype), str(after.dtype)))
    if before.shape != after.shape:
        found.append(Place("shape", _shape(before), _shape(after)))
        if before.ndim != after.ndim or before.ndim == 0:
            return found[:most], len(found)
        common = tuple(slice(min(one, two)) for one, two in zip(before.shape, after.shape, strict=True))
        before, after = before[common], after[common]
    if before.dtype.names or after.dtype.names or before.size > _MOST_ELEMENTS:
        return found[:most], max(len(found), 1)
    numpy: Any = sys.modules["numpy"]
    at = numpy.argwhere(_differs(before, after))
    for position in at[: max(0, most - len(found))]:
        where = tuple(int(one) for one in position)
        found.append(Place(f"[{', '.join(map(str, where))}]", _text(before[where]), _text(after[where])))
    return found[:most], len(at) + (before.dtype != after.dtype) + any(one.where == "shape" for one in found)


def _in_frames(before: Any, after: Any, most: int) -> tuple[list[Place], int]:  # noqa: ANN401
    found: list[Place] = []
    total = 0
    if not (before.columns.is_unique and after.columns.is_unique):
        return [Place("columns", _text(list(before.columns)), _text(list(after.columns)))][:most], 1
    dtypes = [frame.dtypes.astype(str).to_dict() for frame in (before, after)]
    names = [*before.columns, *(name for name in after.columns if name not in dtypes[0])]
    found += [
        Place(f"column {name!r}", dtypes[0].get(name), dtypes[1].get(name))
        for name in names
        if name not in dtypes[0] or name not in dtypes[1]
    ]
    common = [name for name in before.columns if name in dtypes[1]]
    found += [
        Place(f"dtype of column {name!r}", dtypes[0][name], dtypes[1][name])
        for name in common
        if dtypes[0][name] != dtypes[1][name]
    ]
    one, two, rows = _aligned(before, after)
    found += rows
    total = len(found)
    for name in common[:_MOST_COLUMNS]:
        shown, count = _cells(one[name], two[name], most - len(found), f", column {name!r}")
        found += shown
        total += count
    return found[:most], max(total, 1)


def _in_series(before: Any, after: Any, most: int) -> tuple[list[Place], int]:  # noqa: ANN401
    found = []
    if before.dtype != after.dtype:
        found.append(Place("dtype", str(before.dtype), str(after.dtype)))
    if before.name != after.name:
        found.append(Place("name", _text(before.name), _text(after.name)))
    one, two, rows = _aligned(before, after)
    found += rows
    shown, count = _cells(one, two, most - len(found), "")
    return [*found, *shown][:most], max(len(found) + count, 1)


def _aligned(before: Any, after: Any) -> tuple[Any, Any, list[Place]]:  # noqa: ANN401
    """Both with the rows that both have, by their labels where these are unique, else by position; and rows that came and went."""
    if before.index.equals(after.index):
        return before, after, []
    if not (before.index.is_unique and after.index.is_unique):
        count = min(len(before), len(after))
        return before.iloc[:count], after.iloc[:count], [Place("rows", str(len(before)), str(len(after)))]
    gone, new = before.index.difference(after.index, sort=False), after.index.difference(before.index, sort=False)
    rows = [Place(f"{len(gone)} rows, {_labels(gone)}", "there", None)] if len(gone) else []
    rows += [Place(f"{len(new)} rows, {_labels(new)}", None, "there")] if len(new) else []
    both = before.index.intersection(after.index, sort=False)
    if not rows:
        rows = [Place("order of rows", _labels(before.index), _labels(after.index))]
    return before.loc[both], after.loc[both], rows


def _cells(before: Any, after: Any, most: int, column: str) -> tuple[list[Place], int]:  # noqa: ANN401
    numpy: Any = sys.modules["numpy"]
    one, two = before.to_numpy(), after.to_numpy()
    at = numpy.flatnonzero(_differs(one, two))
    shown = [
        Place(f"row {_text(before.index[int(n)])}{column}", _text(one[n]), _text(two[n])) for n in at[: max(0, most)]
    ]
    return shown, len(at)


def _differs(before: Any, after: Any) -> Any:  # noqa: ANN401
    """Element by element; what is missing in both is the same."""
    numpy: Any = sys.modules["numpy"]
    if before.dtype.kind in "OV" or after.dtype.kind in "OV":
        pairs = zip(before.ravel(), after.ravel(), strict=True)
        return numpy.array([_is_other(one, two) for one, two in pairs], dtype=bool).reshape(before.shape)
    found = numpy.asarray(before != after)
    if found.shape != before.shape:  # types that do not compare
        return numpy.ones(before.shape, dtype=bool)
    for kinds in ("fc", "mM"):
        if before.dtype.kind in kinds and after.dtype.kind in kinds:
            missing = numpy.isnan if kinds == "fc" else numpy.isnat
            found &= ~(missing(before) & missing(after))
    return found


def _is_other(one: Any, two: Any) -> bool:  # noqa: ANN401
    if one is two:
        return False
    if type(one) is not type(two):
        return True
    try:
        return not (one == two or (one != one and two != two))
    except Exception:  # noqa: BLE001 - its own comparing
        return _text(one) != _text(two)


def _labels(index: Any) -> str:  # noqa: ANN401
    return ", ".join(_text(one) for one in index[:3]) + (", …" if len(index) > 3 else "")


def _shape(array: Any) -> str:  # noqa: ANN401
    return " x ".join(map(str, array.shape)) or "scalar"


def _number(value: Any) -> str:  # noqa: ANN401
    return f"{value:.6g}"


def _text(value: Any) -> str:  # noqa: ANN401
    value = value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") and value.size == 1 else value
    text = repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
