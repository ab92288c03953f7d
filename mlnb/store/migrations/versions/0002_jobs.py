"""The tables of jobs."""

from __future__ import annotations

revision = "0002_jobs"
down_revision = "0001_core"


def upgrade() -> None:
    pass
