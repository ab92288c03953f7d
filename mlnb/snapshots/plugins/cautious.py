"""Reading a saved stream as data: plain Python values and arrays come out, and nothing that the stream names is ever called.

For snapshots that nobody trusts yet. Where an ordinary load would look up a function or class, this one knows a closed list (arrays of
numbers, texts and moments, and what they stand on) and has a stand-in of its own for each; anything else ends the reading.
"""

from __future__ import annotations

import importlib
import io
import pickle
import re
from collections.abc import Sequence
from typing import Any

from mlnb.snapshots.errors import NeedsConsent
from mlnb.snapshots.plugins import credentials, nans, rebuild
from mlnb.snapshots.plugins.arrays import PLAIN_KINDS
from mlnb.snapshots.plugins.pickled import PickleCodec
from mlnb.snapshots.ports import Codec

_REBUILD = rebuild.__name__
_DTYPE = re.compile(r"[biufcmMSU][0-9]{0,8}")


def is_data(codec: Codec) -> bool:
    """Whether `codec` says of itself that what it loads runs no code: then its values need no consent."""
    return bool(getattr(codec, "is_data", False))


def why_not(codec: Codec, stream: bytes | bytearray, count: int) -> str:
    """Why the values in `stream` cannot be had without consent; empty: they can.

    Args:
        codec: the one that saved them.
        stream: verified.
        count: how many buffers it refers to; they are not needed to tell.
    """
    if is_data(codec):
        return ""
    if not isinstance(codec, PickleCodec):
        return f"the plug-in {codec.name} loads it, which may run code"
    try:
        _Reader(stream, [b""] * count, is_trial=True).load()
    except NeedsConsent as error:
        return error.message
    except Exception:  # noqa: BLE001 - whatever a stream from elsewhere provokes
        return "it is not in a form that can be read without running code"
    return ""


def load(codec: Codec, stream: bytes | bytearray, buffers: Sequence[memoryview]) -> dict[str, Any]:
    """The values in `stream`, read as data.

    Raises:
        NeedsConsent: it names code.
        Exception: it is in no form that can be read.
    """
    if is_data(codec):
        return codec.load(stream, buffers)
    if not isinstance(codec, PickleCodec):
        raise NeedsConsent(f"the plug-in {codec.name} loads it, which may run code")
    values: dict[str, Any] = _Reader(stream, buffers, is_trial=False).load()
    return values


class _Reader(pickle.Unpickler):
    def __init__(self, stream: bytes | bytearray, buffers: Sequence[Any], *, is_trial: bool) -> None:
        super().__init__(io.BytesIO(stream), buffers=buffers)
        self._is_trial = is_trial
        self._nans = nans.Numbered()

    def persistent_load(self, pid: Any) -> float:  # noqa: ANN401 - pickle's
        if isinstance(pid, tuple) and pid[:1] == (credentials.TAG,):
            raise NeedsConsent("it takes a credential from this computer")
        return self._nans.of(pid)

    def find_class(self, module_name: str, global_name: str) -> Any:  # noqa: ANN401 - pickle's
        known = {
            (_REBUILD, "array"): _Trial if self._is_trial else _Array,
            (_REBUILD, "view"): _Trial if self._is_trial else _View,
            ("numpy", "dtype"): _DtypeMaker,
            ("builtins", "bytearray"): _Bytes,
            ("builtins", "complex"): _Complex,
        }
        kind = known.get((module_name, global_name))
        if kind is None:
            raise NeedsConsent(f"loading it may run code ({module_name}.{global_name})")
        return kind()


class _Closed:
    """What the stream gets in place of a function: it can be called as its kind allows, and cannot be changed."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise NeedsConsent("it changes what it should only call")

    def __setstate__(self, state: object) -> None:
        raise NeedsConsent("it changes what it should only call")


class _Trial(_Closed):
    __slots__ = ()

    def __call__(self, *_: object) -> object:
        return object()


class _Array(_Closed):
    __slots__ = ()

    def __call__(self, memory: Any, dtype: Any, *shape: Any) -> Any:  # noqa: ANN401 - from the stream
        return rebuild.array(memory, _numpy_dtype(dtype), *shape)


class _View(_Closed):
    __slots__ = ()

    def __call__(self, owner: Any, offset: Any, dtype: Any, *shape: Any) -> Any:  # noqa: ANN401 - from the stream
        return rebuild.view(owner, offset, _numpy_dtype(dtype), *shape)


class _Bytes(_Closed):
    __slots__ = ()

    def __call__(self, *content: Any) -> bytearray:  # noqa: ANN401 - from the stream
        if content and not isinstance(content[0], bytes | memoryview):
            raise NeedsConsent("it is a bytearray of a kind that is not known")
        return bytearray(*content[:1])


class _Complex(_Closed):
    __slots__ = ()

    def __call__(self, real: float, imaginary: float) -> complex:
        return complex(real, imaginary)


class _DtypeMaker(_Closed):
    __slots__ = ()

    def __call__(self, text: Any, *_: object) -> _Dtype:  # noqa: ANN401 - from the stream
        return _Dtype(text)


class _Dtype:
    """What the stream says a dtype is; it becomes one only when it is plain."""

    def __init__(self, text: Any) -> None:  # noqa: ANN401 - from the stream
        if not isinstance(text, str) or not _DTYPE.fullmatch(text):
            raise NeedsConsent("it is an array of a kind that is not known")
        self.text = text
        self.order = "|"

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401 - from the stream
        is_plain = isinstance(state, tuple) and len(state) >= 5 and state[2:5] == (None, None, None)
        if not is_plain or state[1] not in ("<", ">", "|", "="):
            raise NeedsConsent("it is an array of a kind that is not known")
        self.order = state[1]
        unit = state[8] if len(state) > 8 else None  # of moments and spans: ({}, (b'ns', 1, 1, 1))
        if unit is not None:
            name, count = unit[1][0], unit[1][1]
            if not isinstance(name, bytes) or not name.isalpha() or len(name) > 8 or type(count) is not int:
                raise NeedsConsent("it is an array of a kind that is not known")
            self.text += f"[{count}{name.decode()}]"


def _numpy_dtype(said: Any) -> Any:  # noqa: ANN401 - numpy is met when there is something for it
    if not isinstance(said, _Dtype):
        raise NeedsConsent("it is an array of a kind that is not known")
    dtype = importlib.import_module("numpy").dtype(said.text).newbyteorder(said.order)
    if dtype.hasobject or dtype.kind not in PLAIN_KINDS:
        raise NeedsConsent("it is an array of a kind that is not known")
    return dtype
