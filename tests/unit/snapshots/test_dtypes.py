"""A dtype is told as numpy tells it, however often it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from mlnb.snapshots.plugins.arrays import text_of

NOTED = np.dtype("i4", metadata={"unit": "m"})
DTYPES = [
    *(np.dtype(text) for text in ("i4", ">i4", "f8", "q", "l", "U5", "S3", "M8[ns]", "M8[3D]", "m8", "?", "c16", "O")),
    NOTED,
    np.dtype([("a", "i4"), ("b", "f8", (2,))]),
    np.dtype([("a", NOTED)]),
    np.dtype([("a", "i4")]),
    np.dtype([("a", [("b", NOTED)])]),
    np.dtype([(("title", "a"), "i4")]),
    np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"]}),
    np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"]}, align=True),
    np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8]}),
    np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8], "itemsize": 24}),
    np.dtype(("i4", (2,))),
]


@pytest.mark.parametrize("order", [1, -1])
def test_a_dtype_is_told_as_numpy_tells_it(order):
    for dtype in DTYPES[::order] * 2:
        assert text_of(dtype) == repr(dtype)
