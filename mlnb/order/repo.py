"""Certificates in the database."""

from __future__ import annotations

import json

import sqlalchemy as sa

from mlnb.core.clock import iso_from_datetime
from mlnb.core.wire import dumps, from_wire
from mlnb.order.types import Certificate
from mlnb.store.core_tables import current_user
from mlnb.store.database import Database, metadata

order_certificates = sa.Table(
    "order_certificates",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("notebook", sa.Text, nullable=False, index=True),
    sa.Column("notebook_digest", sa.String(64), nullable=False, index=True),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)


class CertificateRepo:
    """Where certificates are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, certificate: Certificate) -> None:
        """Keep `certificate`."""
        row = {
            "id": certificate.id,
            "owner": current_user(),
            "notebook": certificate.notebook,
            "notebook_digest": certificate.notebook_digest,
            "verdict": certificate.verdict,
            "created_at": iso_from_datetime(certificate.created_at),
            "document": dumps(certificate),
        }
        with self._database.transaction() as connection:
            connection.execute(order_certificates.insert().values(row))

    def get(self, certificate_id: str) -> Certificate | None:
        """The certificate, or None."""
        query = sa.select(order_certificates.c.document).where(
            order_certificates.c.id == certificate_id, order_certificates.c.owner == current_user()
        )
        with self._database.reading() as connection:
            text: str | None = connection.execute(query).scalar()
        return None if text is None else from_wire(Certificate, json.loads(text))

    def of(self, notebook: str, source_digest: str, notebook_id: str | None) -> list[Certificate]:
        """The certificates of a notebook, the latest first.

        Args:
            notebook: its path.
            source_digest: digest of its code.
            notebook_id: its own identity, or None; certificates of the same code and identity count wherever it lay then.
        """
        columns = order_certificates.c
        query = (
            sa.select(columns.document)
            .where(
                columns.owner == current_user(),
                sa.or_(columns.notebook == notebook, columns.notebook_digest == source_digest),
            )
            .order_by(columns.created_at.desc(), columns.id.desc())
        )
        with self._database.reading() as connection:
            texts = list(connection.execute(query).scalars())
        found = [from_wire(Certificate, json.loads(text)) for text in texts]
        return [one for one in found if one.notebook == notebook or (notebook_id and one.notebook_id == notebook_id)]
