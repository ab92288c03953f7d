"""What a run from top to bottom has for every key after the cells so far."""

from __future__ import annotations

from mlnb.order.rules.judgement import Expected
from mlnb.order.rules.traces import ABSENT, Cell, Key, Knowledge, all_of, family_of, history_digest, members_of


class Expectation:
    """Begins with what a fresh kernel has.

    Args:
        knowledge: what the kernel knows.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self.values: dict[Key, Expected] = {}
        self._families: dict[Key, dict[Key, None]] = {}
        self._counted: dict[Key, Expected] = {}
        self._above: list[str] = []
        self._typed: list[str] = []

    @property
    def place(self) -> int:
        """How many cells with code there were so far."""
        return len(self._above)

    def passed(self, cell: Cell) -> None:
        """`cell` is above from now on."""
        self._above.append(cell.digest)
        self._typed.append(cell.text)

    def members(self, key: Key) -> tuple[Key, ...]:
        """The keys that an ``@all:`` key counts, as far as cells set them."""
        return tuple(self._families.get(members_of(key)[0], ()))

    def is_start_of_varying(self, key: Key) -> bool:
        """Whether `key` is still as each kernel begins, with something else each time."""
        return key in self._knowledge.varying_start and key not in self.values

    def of(self, key: Key) -> Expected:
        """What the cells so far leave for `key`."""
        if key == "@history":
            return Expected(history_digest(self._above))
        if key.startswith("@history text"):
            back = key.partition(":")[2]
            return Expected(history_digest(self._typed[-int(back) :] if back else self._typed))
        if key.startswith("@all:"):
            if key not in self._counted:
                self._counted[key] = self._expect_all(key)
            return self._counted[key]
        found = self.values.get(key)
        if found is not None:
            return found
        if key in self._knowledge.varying_start:
            return Expected("", None, "random numbers without a seed")
        return Expected(self._knowledge.start.get(key, ABSENT))

    def _expect_all(self, key: Key) -> Expected:
        family, excluded = members_of(key)
        known = {member: self.values[member] for member in self._families.get(family, ()) if member not in excluded}
        for expected in known.values():
            if expected.value is None:
                return expected
        values = {
            member: expected.value
            for member, expected in known.items()
            if expected.value is not None and expected.value != self._knowledge.start.get(member, ABSENT)
        }
        last = known[next(reversed(values))] if values else Expected(None)
        varying = next((expected.varying for expected in known.values() if expected.varying), "")
        return Expected(all_of(family, values)[1], last.by, varying)

    def set(self, key: Key, expected: Expected) -> None:
        """The last cell leaves `expected` for `key`."""
        self.values[key] = expected
        if family := family_of(key):
            self._families.setdefault(family, {})[key] = None
            self._counted.clear()
