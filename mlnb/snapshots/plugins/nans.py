"""Which NaN is which: a NaN equals nothing, so that lists and dicts find it by its identity alone (``nan in values``, ``counts[nan]``).

pickle writes the value of a float and forgets which object it was. Where a stream has one, it is written again with a number for each.
"""

from __future__ import annotations

import importlib
import math
import re
import struct
import sys
from typing import Any

from mlnb.core.errors import Damaged

_BINFLOAT = re.compile(rb"G[\x7f\xff][\xf0-\xff]")  # also found in texts by chance; then nothing is lost but time
_MATH, _NUMPY = -1, -2


def may_be_in(stream: bytes) -> bool:
    """Whether a NaN or an infinity may have been written to `stream`."""
    return _BINFLOAT.search(stream) is not None


class Numbering:
    """Numbers for the NaNs of one stream."""

    def __init__(self) -> None:
        numpy_nan = getattr(sys.modules.get("numpy"), "nan", math.nan)
        self._numbers = {id(numpy_nan): _NUMPY, id(math.nan): _MATH}
        self._kept: list[float] = []  # so that no identity is used twice

    def of(self, item: object) -> tuple[str, int, bytes] | None:
        """What stands for `item` in the stream when it is a NaN, else None."""
        if type(item) is not float or item == item:  # only a NaN differs from itself
            return None
        number = self._numbers.get(id(item))
        if number is None:
            number = self._numbers[id(item)] = len(self._kept)
            self._kept.append(item)
        return "nan", number, struct.pack(">d", item)


class Numbered:
    """The NaNs of a stream that is loaded, by number. What it is given is data, whoever wrote it."""

    def __init__(self) -> None:
        self._found: dict[int, float] = {}

    def of(self, what: Any) -> float:  # noqa: ANN401 - from the stream
        """The NaN that `what` stands for.

        Raises:
            Damaged: it stands for none.
        """
        if isinstance(what, tuple) and len(what) == 3 and what[0] == "nan" and type(what[1]) is int:
            if what[1] == _MATH:
                return math.nan
            if what[1] == _NUMPY:
                return _of_numpy()
            if isinstance(what[2], bytes) and len(what[2]) == 8:
                value: float = struct.unpack(">d", what[2])[0]
                return self._found.setdefault(what[1], value)
        raise Damaged("a value refers to something that mlnb did not write", "See `mlnb snapshot verify`.")


def _of_numpy() -> float:
    try:
        found: float = importlib.import_module("numpy").nan
    except ImportError:
        return math.nan  # there is none of numpy's to be told from here
    return found
