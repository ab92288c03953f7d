"""What all areas share: notebooks, the outbox of events, cursors of the spool."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_core"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notebooks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("path", sa.Text, nullable=False, index=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("parent", sa.String(64)),
        sa.Column("seen_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "spool_cursors",
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("position_bytes", sa.BigInteger, nullable=False),
    )
