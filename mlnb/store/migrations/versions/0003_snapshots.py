"""The index of snapshots. The files are the truth; these rows can be made from them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_snapshots"
down_revision = "0002_jobs"


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("notebook", sa.Text, index=True),
        sa.Column("notebook_id", sa.String(64), index=True),
        sa.Column("project", sa.Text),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("listing", sa.Text, nullable=False),
    )
