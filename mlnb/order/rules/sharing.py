"""Which names share changeable objects in a run from top to bottom, told from how they shared them in earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlnb.order.rules.traces import Cell, Key, Seen, Trace, is_name

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
        self._groups: dict[str, set[Token]] = {}  # names that perhaps share something, by what may have made them
        self._members: dict[Token, set[str]] = {}  # of a group: names of which no more is known
        self._objects: dict[Token, set[Token]] = {}  # of a group: what these may hold
        self._groups_of_objects: dict[Token, set[Token]] = {}
        self._likely: set[Token] = set()
        for name, seen in start.items():
            self._set(name, tuple((("start", identity), place) for identity, place in seen))

    def pairing(self, trace: Trace) -> dict[int, Token] | None:
        """Objects of the run paired with those expected here, or None where the two are not shared in the same way."""
        pairs, conflict = self._pair(trace)
        return None if conflict else pairs

    def _pair(self, trace: Trace) -> tuple[dict[int, Token], set[str]]:
        """The pairs, and the first names that keep the rest from being paired."""
        pairs: dict[int, Token] = {}
        used: dict[Token, int] = {}
        for name, seen in trace.shared_before.items():
            shape = self._shapes.get(name, ())
            if len(shape) != len(seen):
                return pairs, {name}
            for (identity, place), (token, expected_place) in zip(seen, shape, strict=True):
                if (
                    place != expected_place
                    or pairs.setdefault(identity, token) != token
                    or used.setdefault(token, identity) != identity
                ):
                    return pairs, {name, *self._others(trace, identity), *self._holders.get(token, ())}
        return pairs, set()

    @staticmethod
    def _others(trace: Trace, identity: int) -> set[str]:
        return {name for name, seen in trace.shared_before.items() if any(identity == one for one, _ in seen)}

    def conflict(self, trace: Trace) -> set[str]:
        """Names that are shared otherwise than when the run began, where that decides what it did; empty when it fits."""
        pairs, found = self._pair(trace)
        if found:
            return found
        for identity in trace.mutated & pairs.keys():
            holders = self._holders.get(pairs[identity], set())
            groups = self._groups_of_objects.get(pairs[identity], set()) & self._likely
            holders = holders.union(*(self._members[group] for group in groups))
            if not holders <= trace.shared_before.keys():
                found |= holders
        return found

    def fits(self, trace: Trace) -> bool:
        """Whether the names shared objects as they do here, as far as that decides what the run did."""
        return not trace.shared_before or not self.conflict(trace)

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
        for group in self._groups.pop(name, ()):
            self._members[group].discard(name)

    def forget_made(self, cell: Cell, touched: Iterable[Key]) -> None:
        """Nothing is known of what `cell` left in `touched`, but that objects of names that it hands on may be in it."""
        names = {key for key in touched if is_name(key)}
        # after opaque code nothing is known of any name anyway
        sources = set() if cell.opaque else cell.handed_on | (names - cell.sure)
        held = {source: {token for token, _ in shape} for source in sources if (shape := self._shapes.get(source))}
        for name in names:
            self.forget(name)
        for source, tokens in held.items():
            group: Token = (cell.id, source)
            self._members[group] = set(names)
            self._objects[group] = tokens
            for name in names:
                self._groups.setdefault(name, set()).add(group)
            for token in tokens:
                self._groups_of_objects.setdefault(token, set()).add(group)
            if source in cell.aliased:
                self._likely.add(group)

    def partners(self, names: Iterable[str], *, perhaps: bool = True, likely: bool = False) -> set[str]:
        """The names that share an object with one of `names`.

        Args:
            names: any names.
            perhaps: with those that perhaps do, since a cell of which it is not known what it leaves may have made them of one another.
            likely: of these only those that a cell made by giving a value another name.
        """
        tokens = self._tokens(names)
        if perhaps:
            groups = {group for token in tokens for group in self._groups_of_objects.get(token, ())}
            groups |= {group for name in names for group in self._groups.get(name, ())}
            groups = groups & self._likely if likely else groups
            members = {name for group in groups for name in self._members[group]}
            tokens |= self._tokens(members)
            tokens |= {token for group in groups for token in self._objects[group]}
        else:
            members = set()
        return members | {name for token in tokens for name in self._holders.get(token, ())}

    def _tokens(self, names: Iterable[str]) -> set[Token]:
        return {token for name in names for token, _ in self._shapes.get(name, ())}

    def _set(self, name: str, shape: Shape) -> None:
        self.forget(name)
        self._shapes[name] = shape
        for token, _ in shape:
            self._holders.setdefault(token, set()).add(name)
