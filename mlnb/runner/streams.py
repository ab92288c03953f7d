"""What a cell prints, as whole lines: a kernel sends its streams by the clock, so a message may well end in the middle of one."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST = 8192
_LONGEST_S = 5.0


class WholeLines:
    """Joins what was cut. A log is read by lines, and a secret that is cut in two would not be found by who masks it.

    A line that is still open is passed on when it has `_LONGEST` characters, when its first part is `_LONGEST_S` old (a row of
    dots that grows for an hour is to be seen), and at the end of the cell. A carriage return, with which progress bars are
    drawn, ends a line too.

    Args:
        tell: called with the stream's name and its text.
        clock: seconds.
    """

    def __init__(self, tell: Callable[[str, str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}

    def take(self, stream: str, text: str) -> None:
        """Pass on what of `text` is whole, and what was kept before it."""
        now = self._clock()
        before, since = self._open.pop(stream, ("", now))
        text = before + text
        end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1  # "\r" may be half of "\r\n"
        whole, rest = text[:end], text[end:]
        if whole:
            since = now
        if len(rest) >= _LONGEST or now - since > _LONGEST_S:
            whole, rest = text, ""
        if whole:
            self._tell(stream, whole)
        if rest:
            self._open[stream] = (rest, since)

    def end(self) -> None:
        """Pass on what is open: the cell has ended."""
        for stream, (rest, _) in self._open.items():
            self._tell(stream, rest)
        self._open.clear()
