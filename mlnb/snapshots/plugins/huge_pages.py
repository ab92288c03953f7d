"""Makes the next copy of this process cheap: memory in a few large pages is copied sooner than in many small ones.

``fork`` copies one table entry for each page, so 200 MB of small objects cost a notebook four milliseconds for tens of thousands of them.
Linux can put 512 small pages that lie side by side into one large page (``madvise(MADV_COLLAPSE)``, Linux 6.1 and later). Contents and
addresses stay; whoever writes to a page meanwhile waits for a fraction of a millisecond.
"""

from __future__ import annotations

import ctypes
import errno
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_LARGE = 2 << 20
_LEAST_SMALL_KB = 1024
_LEAST_FILLED = 0.5
_MADV_COLLAPSE = 25
_AREA = re.compile(r"(?P<low>[0-9a-f]+)-(?P<high>[0-9a-f]+) (?P<rights>\S+) \S+ \S+ \S+\s*(?P<name>.*)")
_OWN = ("", "[heap]")


class HugePages:
    """Puts the memory of this process into large pages, where the system knows how."""

    def __init__(self) -> None:
        self._is_possible = sys.platform.startswith("linux")

    def collapse(self) -> int:
        """Do it, in a thread that has time; the size, in bytes, of the areas that were put together."""
        if not self._is_possible:
            return 0
        done, refused = 0, 0
        try:
            advise = ctypes.CDLL(None, use_errno=True).madvise
            advise.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
            for low, high in list(areas(Path("/proc/self/smaps").read_text())):
                if advise(low, high - low, _MADV_COLLAPSE) == 0:
                    done += high - low
                elif ctypes.get_errno() == errno.EINVAL:  # not for this area, or an older system
                    refused += 1
        except (OSError, AttributeError):
            self._is_possible = False
        if refused and not done:
            self._is_possible = False
        return done


def areas(smaps: str) -> Iterator[tuple[int, int]]:
    """Bounds, each a multiple of the size of a large page, of the areas that consist of many small pages.

    Args:
        smaps: as ``/proc/PID/smaps`` has it.
    """
    low = high = anonymous = 0
    for line in smaps.splitlines():
        area = _AREA.fullmatch(line)
        if area:
            is_own = area["rights"] == "rw-p" and area["name"] in _OWN
            low, high = (int(area["low"], 16), int(area["high"], 16)) if is_own else (0, 0)
        elif line.startswith("Anonymous:"):
            anonymous = int(line.split()[1])
        elif line.startswith("AnonHugePages:"):
            small_kb = anonymous - int(line.split()[1])
            first, last = -(-low // _LARGE) * _LARGE, high // _LARGE * _LARGE
            if small_kb >= _LEAST_SMALL_KB and anonymous * 1024 >= _LEAST_FILLED * (high - low) and first < last:
                yield first, last
