"""Where state rests: one database (SQLAlchemy, migrated by Alembic) and content-addressed blobs (fsspec)."""
