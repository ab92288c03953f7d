"""What a value is, as a digest: equal while the value is unchanged, different when anything in it changed."""

from __future__ import annotations

from collections.abc import Mapping

from mlnb.snapshots.plugins.visits import BY_TYPE
from mlnb.snapshots.plugins.visits_objects import visit_other
from mlnb.snapshots.plugins.walk import Print, Session, Walk, type_name
from mlnb.snapshots.rules import claimed_twice

__all__ = ["Print", "Session", "claim_values", "fingerprint", "sharing", "type_name"]


def fingerprint(value: object, session: Session) -> Print:
    """The digest of `value` and what it shares. Never raises for anything that `value` is."""
    return Walk(session, BY_TYPE, visit_other).run(value)


def claim_values(prints: Mapping[str, Print], values: Mapping[str, object]) -> None:
    """An object that never changes is claimed by who holds it where it is the value of a variable, so that ``a is b`` stays true."""
    roots = {id(value) for value in values.values()}
    for found in prints.values():
        found.claims.update({identity: found.values[identity] for identity in roots & found.values.keys()})


def sharing(group: tuple[str, ...], prints: Mapping[str, Print], *, of_values: bool = False) -> bytes:
    """Which object of one variable is which object of another.

    Args:
        group: the variables.
        prints: what their walks found.
        of_values: tell only where the value of one variable is found in another. What libraries share deep inside differs from a
            fresh object to a loaded one without meaning anything.
    """
    where: dict[int, list[tuple[int, int]]] = {}
    twice = claimed_twice([prints[name].claims.keys() for name in group])
    for position, name in enumerate(group):
        claims = prints[name].claims
        for identity in twice & claims.keys():
            where.setdefault(identity, []).append((position, claims[identity]))
    shared = {tuple(places) for places in where.values()}  # an array and its memory are told once
    if of_values:
        shared = {places for places in shared if any(number == 0 for _, number in places)}
    return repr(sorted(shared)).encode()
