"""Describes any value in text that is equal for equal content in any process. It shares no code with what it is to judge."""

from __future__ import annotations

import hashlib
import io
import random
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, range, type(None), type(...), type(NotImplemented))
_CLASS_NOISE = {
    "__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__", "__slotnames__",
    "__annotations_cache__", "__annotate_func__",
}  # fmt: skip
_PART_LIMIT = 100_000


def without_addresses(text: str) -> str:
    return _ADDRESS.sub("0x", text)


def description(value: Any) -> str:
    """A digest of the content of `value`, aliases within it included."""
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        for part in _Description().of(value):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    except Exception as error:
        digest.update(f"{type(value).__qualname__} {type(error).__name__}".encode())
    return digest.hexdigest()[:16]


class _Description:
    def __init__(self) -> None:
        self.met: dict[int, int] = {}
        self.alive: list[object] = []

    def of(self, value: Any) -> Iterator[str]:
        kind = type(value)
        if kind in _PLAIN:
            yield f"{kind.__name__} {without_addresses(repr(value))}"
            return
        if id(value) in self.met:
            yield f"as {self.met[id(value)]}"
            return
        self.met[id(value)] = len(self.met)
        self.alive.append(value)
        if len(self.met) > _PART_LIMIT:
            raise OverflowError
        yield from self._compound(value, kind)

    def _compound(self, value: Any, kind: type) -> Iterator[str]:
        if kind in (list, tuple):
            yield f"{kind.__name__} {len(value)}"
            yield from self._each(list(value))
        elif kind in (set, frozenset):
            yield f"{kind.__name__} {sorted(description(item) for item in value)}"
        elif isinstance(value, dict):
            yield f"dict {kind.__qualname__} {len(value)}"
            yield from self._each([part for pair in list(value.items()) for part in pair])
            if kind.__module__ == "__main__":
                yield from self.of(vars(value))
        elif isinstance(value, (types.FunctionType, types.MethodType, type, property, staticmethod, classmethod)):
            yield from self._code(value)
        elif isinstance(value, types.ModuleType):
            yield f"module {value.__name__}"
            if (getattr(value, "__file__", None) or "").startswith(_folder()):
                yield from self.of(
                    {name: item for name, item in sorted(vars(value).items()) if not name.startswith("__")}
                )
        elif isinstance(value, (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)):
            yield from self._generator(value)
        elif isinstance(value, BaseException):
            yield f"exception {kind.__qualname__}"
            yield from self.of(value.args)
        else:
            yield from self._of_library(value, kind)

    def _each(self, items: list[Any]) -> Iterator[str]:
        for item in items:
            yield from self.of(item)

    def _code(self, value: Any) -> Iterator[str]:
        if isinstance(value, types.MethodType):
            yield "method"
            yield from self._each([value.__func__, value.__self__])
        elif isinstance(value, property):
            yield from self._each([value.fget, value.fset, value.fdel])
        elif isinstance(value, (staticmethod, classmethod)):
            yield type(value).__name__
            yield from self.of(value.__func__)
        elif isinstance(value, type):
            yield f"class {value.__qualname__}"
            if value.__module__ == "__main__":
                yield from self._each(list(value.__bases__))
                for name, item in sorted(vars(value).items()):
                    if name not in _CLASS_NOISE and not name.startswith("_abc"):
                        yield name
                        yield from self.of(item)
        else:
            yield f"function {value.__qualname__}"
            yield from self._program(value.__code__)
            yield from self._each([value.__defaults__, value.__kwdefaults__, dict(value.__dict__)])
            for cell in value.__closure__ or ():
                try:
                    yield from self.of(cell.cell_contents)
                except ValueError:
                    yield "empty"

    def _program(self, code: types.CodeType) -> Iterator[str]:
        yield repr((code.co_name, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount))
        for constant in code.co_consts:
            yield from self._program(constant) if isinstance(constant, types.CodeType) else self.of(constant)

    def _generator(self, value: Any) -> Iterator[str]:
        prefix = {types.GeneratorType: "gi", types.CoroutineType: "cr"}.get(type(value), "ag")
        frame = getattr(value, f"{prefix}_frame")
        yield f"generator {value.__qualname__} {frame.f_lasti if frame else None}"
        if frame and frame.f_code.co_name != "<module>":
            yield from self.of(dict(frame.f_locals))

    def _of_library(self, value: Any, kind: type) -> Iterator[str]:
        home = (kind.__module__ or "").split(".")[0]
        if home == "numpy" and kind.__name__ == "ndarray":
            yield f"array {value.dtype} {value.shape} {value.flags.writeable}"
            yield from self.of(value.ravel().tolist() if value.dtype.hasobject else value.tobytes())
        elif home == "numpy" and hasattr(value, "bit_generator"):
            yield f"generator {value.bit_generator.state}"
        elif home == "pandas" and kind.__name__ in ("DataFrame", "Series"):
            yield f"{value.attrs}"
            yield f"{kind.__name__} {value.dtypes.to_dict() if kind.__name__ == 'DataFrame' else (value.name, value.dtype)}"
            yield from self._each(
                [value.to_dict("list") if kind.__name__ == "DataFrame" else value.tolist(), value.index.tolist()]
            )
        elif isinstance(value, (io.StringIO, io.BytesIO)):
            yield f"memory file {value.closed}"
            yield from self.of(None if value.closed else (value.getvalue(), value.tell()))
        elif isinstance(value, io.IOBase):
            yield f"file {getattr(value, 'name', '')} {value.closed} {None if value.closed or not value.seekable() else value.tell()}"
        elif home == "sqlite3" and hasattr(value, "iterdump"):
            yield f"database {list(value.iterdump())} {value.in_transaction}"
        elif isinstance(value, random.Random):
            yield f"random {hash(value.getstate())}"
        elif kind.__name__ == "_lru_cache_wrapper":
            yield f"cache {tuple(value.cache_info())}"
            yield from self.of(value.__wrapped__)
        else:
            yield from self._by_parts(value, kind)

    def _by_parts(self, value: Any, kind: type) -> Iterator[str]:
        yield f"a {kind.__module__}.{kind.__qualname__}"
        try:
            parts = value.__reduce_ex__(2)
        except Exception:
            attributes = getattr(value, "__dict__", None)
            yield from self.of(dict(attributes)) if attributes else iter([without_addresses(repr(value))])
            return
        if isinstance(parts, str):
            yield parts
            return
        yield from self._each(list(parts[1:3]))
        for part in parts[3:5]:
            if part is not None:
                yield from self.of(list(part))


def _folder() -> str:
    return sys.modules["os"].getcwd()
