"""The tables of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_jobs"
down_revision = "0001_core"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False, index=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("notebook", sa.Text, nullable=False),
        sa.Column("notebook_id", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("executor", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("submitted_at", sa.String(32), nullable=False),
        sa.Column("started_at", sa.String(32)),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("failed_cell", sa.Text),
        sa.Column("output", sa.Text),
        sa.Column("run_id", sa.String(64)),
        sa.Column("snapshot_id", sa.String(64)),
        sa.Column("env_id", sa.String(80)),
        sa.Column("image", sa.Text),
        sa.Column("resources", sa.Text, nullable=False),
        sa.Column("timeout_s", sa.Float),
        sa.Column("retries", sa.Integer, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("kernel", sa.String(255), nullable=False),
        sa.Column("interpreter", sa.Text, nullable=False),
        sa.Column("cwd", sa.Text, nullable=False),
        sa.Column("cells_done", sa.Integer, nullable=False),
        sa.Column("cells_total", sa.Integer, nullable=False),
        sa.Column("is_cancelling", sa.Boolean, nullable=False),
        sa.Column("is_taken", sa.Boolean, nullable=False),
        sa.Column("is_delivered", sa.Boolean, nullable=False),
    )
    op.create_table(
        "job_attempts",
        sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ref", sa.Text),
        sa.Column("exit_code", sa.Integer),
        sa.Column("started_at", sa.String(32)),
        sa.Column("ended_at", sa.String(32)),
    )
