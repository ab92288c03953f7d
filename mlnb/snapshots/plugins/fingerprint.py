"""What a value is, as a digest: equal while the value is unchanged, different when anything in it changed."""

from __future__ import annotations

from mlnb.snapshots.plugins.visits import BY_TYPE
from mlnb.snapshots.plugins.visits_objects import visit_other
from mlnb.snapshots.plugins.walk import Print, Session, Walk, type_name

__all__ = ["Print", "Session", "fingerprint", "type_name"]


def fingerprint(value: object, session: Session) -> Print:
    """The digest of `value` and what it shares. Never raises for anything that `value` is."""
    return Walk(session, BY_TYPE, visit_other).run(value)
