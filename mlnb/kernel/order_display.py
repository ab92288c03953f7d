"""What a cell shows: a digest of its standard output, rich output, result and error. Standard error does not count:
progress bars and once-only warnings would make every second run look different."""

from __future__ import annotations

import re
import sys
import threading
from typing import Any, Final

import xxhash

from mlnb.kernel.order_doors import hide_frames_of
from mlnb.kernel.order_streams import Listener, listen

_ADDRESS: Final = re.compile(rb"0x[0-9a-fA-F]{6,}")
_PIECES_LIMIT: Final = 20_000  # kept before they are digested
_BYTES_LIMIT: Final = 1 << 20
_LINE_LIMIT: Final = 1 << 24  # of a line that does not end, which is digested in parts
_WAIT_S: Final = 5.0


class DisplayWatch:
    """Notes what is shown between `start` and `stop`.

    Streams and the publisher stay the same objects, so code that keeps a reference to ``sys.stdout`` notices nothing.

    Args:
        shell: an IPython InteractiveShell.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._rest = b""
        self._hasher = xxhash.xxh3_128()
        self._is_digesting = threading.Lock()  # a kernel sends text in a thread of its own
        self._shown = False
        self._listener: Listener | None = None
        self._publisher: Any = None

    def start(self) -> None:
        """Begin to note."""
        self._pieces, self._rest, self._waiting_bytes = [], b"", 0
        self._hasher.reset()
        self._shown = False
        self._listener = listener = listen(sys.stdout, self._note)
        publisher = self._shell.display_pub
        publish, note = publisher.publish, self._note

        def noting_publish(*args: Any, **given: Any) -> Any:  # noqa: ANN401 - untyped by its library
            if listener is not None:
                listener.drain()  # what was written before is shown before
            data = given.get("data", args[0] if args else {})
            note(repr(sorted(data.items())) if isinstance(data, dict) else "?")
            return publish(*args, **given)

        hide_frames_of(noting_publish)
        publisher.publish = noting_publish
        self._publisher = publisher

    def stop(self) -> str:
        """Stop noting; the digest of what was noted."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()
        if "publish" in getattr(self._publisher, "__dict__", {}):
            del self._publisher.publish
        self._publisher = None
        self._digest(_WAIT_S, is_last=True)
        return self._hasher.hexdigest() if self._shown else ""

    def _note(self, piece: object) -> None:
        text = str.encode(piece, "utf-8", "surrogatepass") if isinstance(piece, str) else piece
        data = text if isinstance(text, bytes) else b"?"
        self._pieces.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _BYTES_LIMIT or len(self._pieces) > _PIECES_LIMIT:
            self._digest(0.0)

    def _digest(self, wait_s: float, *, is_last: bool = False) -> None:
        """Digest whole lines, so that it does not matter in which pieces the text came; at last everything."""
        if not self._is_digesting.acquire(timeout=wait_s):
            return
        try:
            count = len(self._pieces)
            text = self._rest + b"".join(self._pieces[:count])
            del self._pieces[:count]
            self._waiting_bytes = 0
            end = len(text) if is_last or len(text) > _LINE_LIMIT else text.rfind(b"\n") + 1
            text, self._rest = text[:end], text[end:]
            if text:
                self._shown = True
                self._hasher.update(_ADDRESS.sub(b"0x", text))
        finally:
            self._is_digesting.release()
