"""The tables of snapshots."""

from __future__ import annotations

revision = "0003_snapshots"
down_revision = "0002_jobs"


def upgrade() -> None:
    pass
