"""What a cell shows: a digest of its standard output, rich output, result and error. Standard error does not count:
progress bars and once-only warnings would make every second run look different."""

from __future__ import annotations

import re
import sys
from typing import Any

import xxhash

_ADDRESS = re.compile(rb"0x[0-9a-fA-F]{6,}")


class DisplayWatch:
    """Notes what is written between `start` and `stop`, by shadowing two methods on the objects themselves.

    The objects stay the same objects, so code that keeps a reference to ``sys.stdout`` notices nothing.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._parts: list[bytes] = []
        self._stdout: Any = None
        self._publisher: Any = None

    def start(self) -> None:
        """Begin to note."""
        self._parts = []
        stream: Any = sys.stdout
        publisher = self._shell.display_pub
        write, publish, parts = stream.write, publisher.publish, self._parts

        def noting_write(text: str) -> Any:  # noqa: ANN401 - untyped by its library
            parts.append(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b"?")
            return write(text)

        def noting_publish(*args: Any, **given: Any) -> Any:  # noqa: ANN401 - untyped by its library
            data = given.get("data", args[0] if args else {})
            parts.append(
                repr(sorted(data.items())).encode("utf-8", "surrogatepass") if isinstance(data, dict) else b"?"
            )
            return publish(*args, **given)

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
        text, self._parts = b"\0".join([b"".join(self._parts)]), []
        return xxhash.xxh3_128_hexdigest(_ADDRESS.sub(b"0x", text)) if text else ""
