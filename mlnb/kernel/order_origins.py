"""Where objects that cannot be looked into come from: the code that made them and the code that may have changed them since.

Two such objects with the same origin are taken for equal: the same code ran on the same inputs. That holds as far as the code does
not depend on what mlnb cannot see, which is why cells that differ only in such values are ``unknown`` and not ``stale``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlnb.kernel.order_names import Names
from mlnb.kernel.order_values import Print
from mlnb.kernel.order_world import digest


def name_origins(
    lineage: dict[int, str], seed: str, after: Mapping[str, Print], before: Iterable[Print], at_risk: Iterable[Print]
) -> None:
    """Give every blind object in `after` its origin.

    Args:
        lineage: origin by identity; changed in place.
        seed: names the run that just ended: its code and its inputs.
        after: prints, by name, that have blind objects now.
        before: prints of everything the run could reach, from before it.
        at_risk: those of them that it may have changed.
    """
    counts = {identity: count for known in before for identity, count in known.blind}
    touched = {identity for known in at_risk for identity, _ in known.blind}
    done: set[int] = set()
    for name in sorted(after):
        for place, (identity, count) in enumerate(after[name].blind):
            if identity in done:
                continue
            done.add(identity)
            if identity not in counts or identity not in lineage:
                lineage[identity] = digest(("made", seed, name, place))
            elif _is_changed(identity, count, counts[identity], touched):
                lineage[identity] = digest(("changed", lineage[identity], seed))


def _is_changed(identity: int, count: str, before: str, touched: set[int]) -> bool:
    """An object that counts its changes is believed; another counts as changed when the run may have changed it."""
    return count != before if count else identity in touched


def look_at_all(names: Names, known_changed: set[str], number: int) -> tuple[set[str], set[str]]:
    """Look at every value that can change in place, because something other than a watched cell may have changed some.

    Args:
        names: the names of the shell; their prints and the origins are brought up to date.
        known_changed: names that were looked at just now.
        number: of the last run; names the moment.

    Returns:
        The names whose value changed, or may have; and those of which only that can be said.
    """
    lineage = names.context.lineage
    old = {
        name: known
        for name, known in names.prints.items()
        if name not in known_changed and (known.objects or known.blind)
    }
    counts = {identity: count for known in old.values() for identity, count in known.blind}
    for name in old:
        names.look(name)
    changed = {name for name, known in old.items() if names.digest(name) != known.digest}
    blind = {name: names.prints[name].blind for name in old if name in names.prints and names.prints[name].blind}
    for identity, count in {one for found in blind.values() for one in found}:
        if not count or counts.get(identity) != count:
            lineage[identity] = digest(("touched", lineage.get(identity, ""), number))
    for name in blind:
        names.look(name)
    doubtful = {name for name in blind if name not in changed and names.digest(name) != old[name].digest}
    return changed | doubtful, doubtful


def forget_dead(lineage: dict[int, str], prints: Iterable[Print]) -> None:
    """Drop the origins of objects that no name reaches: their identities will be given to others."""
    alive = {identity for known in prints for identity, _ in known.blind}
    for identity in set(lineage) - alive:
        del lineage[identity]
