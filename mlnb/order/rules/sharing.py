"""Which names share changeable objects in a run from top to bottom, told from how they shared them in earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlnb.order.rules.traces import Seen, Trace

Token = tuple[object, ...]
"""Stands for one object of a run from top to bottom, which need never have existed."""
Shape = tuple[tuple[Token, int], ...]


class Sharing:
    """The objects that the names hold after the cells so far.

    Args:
        start: changeable objects of the names that a fresh kernel has.
    """

    def __init__(self, start: Mapping[str, tuple[Seen, ...]]) -> None:
        self._shapes: dict[str, Shape] = {}
        self._holders: dict[Token, set[str]] = {}
        for name, seen in start.items():
            self._set(name, tuple((("start", identity), place) for identity, place in seen))

    def pairing(self, trace: Trace) -> dict[int, Token] | None:
        """Objects of the run paired with those expected here, or None where the two are not shared in the same way."""
        pairs: dict[int, Token] = {}
        used: dict[Token, int] = {}
        for name, seen in trace.shared_before.items():
            shape = self._shapes.get(name, ())
            if len(shape) != len(seen):
                return None
            for (identity, place), (token, expected_place) in zip(seen, shape, strict=True):
                if (
                    place != expected_place
                    or pairs.setdefault(identity, token) != token
                    or used.setdefault(token, identity) != identity
                ):
                    return None
        return pairs

    def fits(self, trace: Trace) -> bool:
        """Whether the names shared objects as they do here, as far as that decides what the run did."""
        if not trace.shared_before:
            return True
        pairs = self.pairing(trace)
        if pairs is None:
            return False
        changed = (pairs[identity] for identity in trace.mutated if identity in pairs)
        return all(self._holders.get(token, set()) <= trace.shared_before.keys() for token in changed)

    def take(self, trace: Trace, cell_id: str, place: int, pairs: Mapping[int, Token]) -> None:
        """Take over what the run, which fits, of the cell at `place` left."""
        for name in trace.outputs:
            if not name.startswith("@"):
                seen = trace.shared_after.get(name, ())
                self._set(name, tuple((pairs.get(i, (cell_id, place, i)), where) for i, where in seen))

    def forget(self, name: str) -> None:
        """Nothing is known of what `name` holds."""
        for token, _ in self._shapes.pop(name, ()):
            self._holders[token].discard(name)

    def partners(self, names: Iterable[str]) -> set[str]:
        """The names that share an object with one of `names`."""
        tokens = {token for name in names for token, _ in self._shapes.get(name, ())}
        return {name for token in tokens for name in self._holders[token]}

    def _set(self, name: str, shape: Shape) -> None:
        self.forget(name)
        self._shapes[name] = shape
        for token, _ in shape:
            self._holders.setdefault(token, set()).add(name)
