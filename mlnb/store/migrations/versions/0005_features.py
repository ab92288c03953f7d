"""The tables of features: views, their versions, what of them is stored; and the search index where SQLite has one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_features"
down_revision = "0004_models"


def upgrade() -> None:
    op.create_table(
        "feature_views",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_table(
        "feature_view_versions",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
    )
    op.create_table(
        "feature_materializations",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("stored", sa.Text, nullable=False),
    )
    if _has_trigrams():
        op.execute("create virtual table feature_search using fts5(name, fields, words, tokenize = 'trigram')")


def _has_trigrams() -> bool:
    """Whether this SQLite has FTS5 with the trigram tokenizer (3.34 and newer, where it was compiled in)."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return False
    version = tuple(
        int(part) for part in str(connection.exec_driver_sql("select sqlite_version()").scalar_one()).split(".")
    )
    options = {row[0] for row in connection.exec_driver_sql("pragma compile_options")}
    return version >= (3, 34) and "ENABLE_FTS5" in options
