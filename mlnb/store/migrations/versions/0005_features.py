"""The tables of features."""

from __future__ import annotations

revision = "0005_features"
down_revision = "0004_models"


def upgrade() -> None:
    pass
