"""The tables of models."""

from __future__ import annotations

revision = "0004_models"
down_revision = "0003_snapshots"


def upgrade() -> None:
    pass
