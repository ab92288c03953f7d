"""The tables of models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_models"
down_revision = "0003_snapshots"


def upgrade() -> None:
    op.create_table(
        "model_runs",
        sa.Column("run_id", sa.String(255), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("experiment", sa.Text),
        sa.Column("notebook", sa.Text, index=True),
        sa.Column("job_id", sa.String(64), index=True),
        sa.Column("snapshot_id", sa.String(64), index=True),
    )
