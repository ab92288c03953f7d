"""The tables of order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_order"
down_revision = "0005_features"


def upgrade() -> None:
    op.create_table(
        "order_certificates",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("notebook", sa.Text, nullable=False, index=True),
        sa.Column("notebook_digest", sa.String(64), nullable=False, index=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
