"""Large trees of plain lists, dicts and tuples, looked at as a whole: C code walks them, many times as fast as a visit to each.

A tree here holds no container twice, and beside them nothing but numbers, texts, bytes and None. Whether something is one depends on
nothing but what it holds and what was met before it, so that an equal value always gets an equal digest.
"""

from __future__ import annotations

import gc
import marshal
from typing import Any

from mlnb.snapshots.plugins.walk import ATOMS, MARSHAL, Walk

LEAST = 64
"""A smaller container is visited as ever: on the way down of something that is no tree, nothing is tried again and again."""
_BRANCHES = frozenset({list, dict, tuple})
_MOST_LEVELS = 200
_AT_ONCE = 4096
_MOST_WASTED = 1_000_000


def visit_tree(walk: Walk, item: Any) -> bool:  # noqa: ANN401
    """Take `item`, a list, tuple or dict that was just met, in as a whole; false, and nothing done, when it is no tree."""
    if walk.wasted > _MOST_WASTED:
        return False
    branches = _branches(walk, item)
    if branches is None:
        return False
    walk.take_in(branches)
    walk.feed(b"t%d;" % len(item))
    parts = list(item.items()) if type(item) is dict else item
    for start in range(0, len(parts), _AT_ONCE):
        walk.feed(marshal.dumps(parts[start : start + _AT_ONCE], MARSHAL))
    return True


def _branches(walk: Walk, root: Any) -> list[object] | None:  # noqa: ANN401
    """All containers below `root`; None when something else is there, or one of them is met twice."""
    found: list[object] = []
    met = {id(root), id(walk.session.namespace)}
    level: list[object] = [root]
    looked_at = 0
    for _ in range(_MOST_LEVELS):
        below = gc.get_referents(*level)  # of a dict whose keys are all texts it gives the values alone
        looked_at += len(below)
        kinds = set(map(type, below))
        if not kinds <= ATOMS | _BRANCHES:
            break
        level = [] if kinds <= ATOMS else [one for one in below if type(one) in _BRANCHES]
        if not level:
            return found
        numbers = set(map(id, level))
        if len(numbers) < len(level) or not met.isdisjoint(numbers) or walk.has_met(numbers):
            break
        met |= numbers
        found += level
    walk.wasted += looked_at
    return None
