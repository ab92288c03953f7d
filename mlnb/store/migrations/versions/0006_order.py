"""The tables of order."""

from __future__ import annotations

revision = "0006_order"
down_revision = "0005_features"


def upgrade() -> None:
    pass
