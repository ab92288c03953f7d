"""Memory is put into large pages, so that copies of the process are made sooner; what is in it stays."""

from __future__ import annotations

import mmap
import random
import sys

import pytest

from mlnb.snapshots.plugins.huge_pages import HugePages, areas

_SMAPS = """\
7f0000100000-7f0000900000 rw-p 00000000 00:00 0
Size:               8192 kB
Anonymous:          8000 kB
AnonHugePages:         0 kB
7f0001000000-7f0001800000 rw-p 00000000 00:00 0
Anonymous:          8192 kB
AnonHugePages:      8192 kB
7f0002000000-7f0004000000 rw-p 00000000 00:00 0
Anonymous:          2048 kB
AnonHugePages:         0 kB
7f0005000000-7f0005800000 rw-p 00000000 00:00 0                          [heap]
Anonymous:          7000 kB
AnonHugePages:      2048 kB
7f0006000000-7f0006800000 rw-p 00000000 fe:00 1234                       /usr/lib/lib of somebody.so
Anonymous:          8192 kB
AnonHugePages:         0 kB
7f0007000000-7f0007800000 rw-s 00000000 00:00 0
Anonymous:          8192 kB
AnonHugePages:         0 kB
7f0008001000-7f00081ff000 rw-p 00000000 00:00 0
Anonymous:          2040 kB
AnonHugePages:         0 kB
"""


def test_only_own_memory_that_is_filled_with_small_pages_counts():
    assert list(areas(_SMAPS)) == [(0x7F0000200000, 0x7F0000800000), (0x7F0005000000, 0x7F0005800000)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="large pages are put together on Linux only")
def test_what_is_in_memory_stays():
    content = random.Random(7).randbytes(16 << 20)
    with mmap.mmap(-1, len(content), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        memory[:] = content
        memory.madvise(mmap.MADV_HUGEPAGE)
        pages = HugePages()
        assert pages.collapse() >= 0
        assert memory[:] == content
        assert pages.collapse() >= 0
