"""Which names shared changeable objects when a run began, as far as that decides what the run did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mlnb.kernel.order_values import Print
from mlnb.order.rules.traces import Fingerprint, Key, Seen

if TYPE_CHECKING:
    from mlnb.kernel.order_trace import Begun

# Words of code that can tell one object from another that looks the same.
_IDENTITY: Final = frozenset({
    "is", "is_", "is_not", "id", "deepcopy", "pickle", "cloudpickle", "shares_memory", "may_share_memory",
})  # fmt: skip


def sharing_of(
    begun: Begun, prints: Mapping[str, Print], outputs: Mapping[Key, Fingerprint]
) -> tuple[dict[str, tuple[Seen, ...]], frozenset[int], dict[str, tuple[Seen, ...]]]:
    """The objects of names before, as far as it decides what the run changed, handed on or told apart; those it may have changed;
    the objects of the names that it set.

    Args:
        begun: the run, with the prints of all names before it.
        prints: of all names after it.
        outputs: what it set or changed.
    """
    code, before = begun.code, begun.prints
    mutated: set[int] = set()
    for name in begun.looked_at:
        known = before.get(name)
        if known is None or not known.objects:
            continue
        now = prints.get(name)
        moved = name in outputs and name not in code.sure and (now is None or now.root == known.root)
        if moved or (name in code.binds and name in code.at_risk and name in begun.reach.names):
            own_definition = {known.root} & known.definitions
            mutated |= (known.object_ids - known.definitions) | own_definition
    mutated -= _as_before(begun, prints, outputs) if mutated else set()
    after = {name: prints[name].objects for name in outputs if name in prints and prints[name].objects}
    told_apart = _told_apart(begun)
    handed_on = {identity for name in after for identity in prints[name].object_ids}
    if not mutated and not handed_on and not told_apart:
        return {}, frozenset(), after
    shared = {
        name: known.objects
        for name, known in before.items()
        if known.objects
        and (
            not known.object_ids.isdisjoint(mutated)
            or name in told_apart
            or (name in begun.reach.names and not known.object_ids.isdisjoint(handed_on))
        )
    }
    return shared, frozenset(mutated), after


def _as_before(begun: Begun, prints: Mapping[str, Print], outputs: Mapping[Key, Fingerprint]) -> set[int]:
    """Objects that were not changed, since a name that reaches them, and can be looked into, looks as before."""
    found: set[int] = set()
    for name in begun.looked_at - outputs.keys():
        known = begun.prints.get(name)
        if (
            known is not None
            and known.objects
            and not known.blind
            and name in prints
            and prints[name].root == known.root
        ):
            found |= known.object_ids
    return found


def _told_apart(begun: Begun) -> set[str]:
    """Names of which it matters whether they hold one object or several that look the same."""
    before, names = begun.prints, begun.reach.names
    if begun.reach.words & _IDENTITY:
        found = {name for name in names if name in before and before[name].objects}
    else:
        found = {name for name in names if name in before and before[name].personal}
    return found if len(found) > 1 else set()
