"""What a cell shows: a digest of its standard output, rich output, result and error. Standard error does not count:
progress bars and once-only warnings would make every second run look different."""

from __future__ import annotations

import re
import sys
from typing import Any

import xxhash

from mlnb.kernel.order_doors import hide_frames_of

_ADDRESS = re.compile(rb"0x[0-9a-fA-F]{6,}")
_PARTS_LIMIT = 20_000  # pieces of text kept before they are digested


class DisplayWatch:
    """Notes what is written between `start` and `stop`, by shadowing two methods on the objects themselves.

    The objects stay the same objects, so code that keeps a reference to ``sys.stdout`` notices nothing.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._parts: list[object] = []
        self._hasher = xxhash.xxh3_128()
        self._shown = False
        self._stdout: Any = None
        self._publisher: Any = None

    def start(self) -> None:
        """Begin to note."""
        self._parts = []
        self._hasher.reset()
        self._shown = False
        stream: Any = sys.stdout
        publisher = self._shell.display_pub
        write, publish = stream.write, publisher.publish
        parts, note, digest = self._parts, self._parts.append, self._digest

        def noting_write(text: str) -> Any:  # noqa: ANN401 - untyped by its library
            note(text)  # and nothing more: a cell may print a million times
            if len(parts) > _PARTS_LIMIT:
                digest()
            return write(text)

        def noting_publish(*args: Any, **given: Any) -> Any:  # noqa: ANN401 - untyped by its library
            data = given.get("data", args[0] if args else {})
            note(repr(sorted(data.items())) if isinstance(data, dict) else "?")
            return publish(*args, **given)

        hide_frames_of(noting_write)
        hide_frames_of(noting_publish)

        try:
            stream.write = noting_write
            self._stdout = stream
        except AttributeError:  # a stream that cannot be shadowed: its text does not count
            self._stdout = None
        publisher.publish = noting_publish
        self._publisher = publisher

    def stop(self) -> str:
        """Stop noting; the digest of what was noted."""
        for holder, name in ((self._stdout, "write"), (self._publisher, "publish")):
            if holder is not None and name in getattr(holder, "__dict__", {}):
                delattr(holder, name)
        self._stdout = self._publisher = None
        self._digest()
        return self._hasher.hexdigest() if self._shown else ""

    def _digest(self) -> None:
        text = "".join([part if isinstance(part, str) else "?" for part in self._parts])
        self._parts.clear()
        if text:
            self._shown = True
            self._hasher.update(_ADDRESS.sub(b"0x", text.encode("utf-8", "surrogatepass")))
