"""Listening to what is written to a stream, where it gathers, so that a cell that prints a million times is not held up a million times."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any, Protocol

from mlnb.kernel.order_doors import hide_frames_of

Note = Callable[[object], None]
"""Told of each piece of text, or of its bytes, in order."""


class Listener(Protocol):
    """Tells of what is written to one stream, from its making to `stop`. The stream stays the same object."""

    def drain(self) -> None:
        """Tell of all that was written so far."""

    def stop(self) -> None:
        """Tell of the rest, and take out what was put in."""


def listen(stream: Any, note: Note) -> Listener | None:  # noqa: ANN401 - whatever stands for the standard output
    """Begin to tell `note` of what is written to `stream`; None where that cannot be heard."""
    if isinstance(getattr(stream, "_buffers", None), dict) and {"_buffer_lock", "_rotate_buffers"} <= set(dir(stream)):
        return _OfKernel(stream, note)
    with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it: what is written to it will say so
        if type(stream) is io.TextIOWrapper and type(stream.buffer) is io.BufferedWriter:
            return _OfFile(stream, note)
    with contextlib.suppress(AttributeError):
        return _OfAny(stream, note)
    return None


class _OfKernel:
    """A stream of ipykernel's: text gathers in buffers, one for each request, which are exchanged when they are sent."""

    def __init__(self, stream: Any, note: Note) -> None:  # noqa: ANN401 - untyped by its library
        self._stream, self._note, self._lock = stream, note, stream._buffer_lock
        with self._lock:
            self._known = {key: buffer.tell() for key, buffer in stream._buffers.items()}  # from before
            self._exchange = stream._rotate_buffers
            stream._rotate_buffers = self._exchanging

    def _exchanging(self) -> Any:  # noqa: ANN401 - as the stream's own
        with self._lock:
            self.drain()
            self._known.clear()
            return self._exchange()

    def drain(self) -> None:
        with self._lock:
            for key, buffer in self._stream._buffers.items():
                text, known = buffer.getvalue(), self._known.get(key, 0)
                if len(text) > known:
                    self._note(text[known:])
                    self._known[key] = len(text)

    def stop(self) -> None:
        with self._lock:
            self.drain()
            if vars(self._stream).get("_rotate_buffers") == self._exchanging:
                del self._stream._rotate_buffers


class _OfFile:
    """A file or terminal: text gathers in the stream, and its bytes go on many at a time."""

    def __init__(self, stream: io.TextIOWrapper, note: Note) -> None:
        stream.flush()  # what is from before
        self._stream, self._buffer = stream, stream.buffer
        write = self._buffer.write

        def noting(data: Any) -> Any:  # noqa: ANN401 - as the function's
            note(bytes(data))
            return write(data)

        hide_frames_of(noting)
        self._noting = noting
        self._buffer.write = noting  # type: ignore[method-assign]  # this one object's

    def drain(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def stop(self) -> None:
        self.drain()
        if vars(self._buffer).get("write") is self._noting:
            del self._buffer.write


class _OfAny:
    """Any other stream: each call is heard."""

    def __init__(self, stream: Any, note: Note) -> None:  # noqa: ANN401 - whatever stands for the standard output
        write = stream.write

        def noting(text: str) -> Any:  # noqa: ANN401 - as the function's
            note(text)
            return write(text)

        hide_frames_of(noting)
        stream.write = noting
        self._stream = stream

    def drain(self) -> None:
        """Nothing waits."""

    def stop(self) -> None:
        if "write" in getattr(self._stream, "__dict__", {}):
            del self._stream.write
