"""The catalogue in the database: views, their versions, what of them is stored, and the search over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from mlnb.core.clock import datetime_from_iso, iso_from_datetime
from mlnb.core.home import project_of
from mlnb.core.wire import dumps, from_wire
from mlnb.features.rules import LEAST_SIMILARITY, registered, similarity, terms_of
from mlnb.features.types import Change, FeatureView, Materialized, ViewVersion
from mlnb.store.core_tables import current_user
from mlnb.store.database import Database, metadata

views = sa.Table(
    "feature_views",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)
versions = sa.Table(
    "feature_view_versions",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("code_hash", sa.String(64), nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
)
materializations = sa.Table(
    "feature_materializations",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("stored", sa.Text, nullable=False),
)
_LATEST = sa.and_(views.c.name == versions.c.name, views.c.version == versions.c.version)
# A hit in the name counts most, then one in a feature's name.
_SEARCH = sa.text(
    "select name from feature_search where feature_search match :match "
    "order by bm25(feature_search, 10.0, 6.0, 1.0), name"
)


class FeatureRepo:
    """The catalogue's rows, in and out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, candidates: Sequence[FeatureView]) -> list[tuple[FeatureView, Change]]:
        """Put `candidates` into the catalogue, all or none; each comes back as it now stands there, with what that changed."""
        with self._database.transaction() as connection:
            searchable = _is_searchable(connection)
            return [_register(connection, candidate, searchable) for candidate in candidates]

    def view(self, name: str, version: int | None = None) -> FeatureView | None:
        """The view of that name and version (None: the newest), or None."""
        query = sa.select(versions.c.definition).where(versions.c.name == name)
        query = (
            query.select_from(versions.join(views, _LATEST))
            if version is None
            else query.where(versions.c.version == version)
        )
        with self._database.reading() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else _view(text)

    def history(self, name: str) -> list[ViewVersion]:
        """All versions of a view, newest first."""
        query = sa.select(versions).where(versions.c.name == name).order_by(versions.c.version.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            ViewVersion(row["version"], row["code_hash"], row["owner"], datetime_from_iso(row["created_at"]))
            for row in rows
        ]

    def page(self, after: str, limit: int) -> tuple[list[FeatureView], int]:
        """At most `limit` views whose names sort behind `after`, by name; and how many there are in all."""
        query = (
            sa.select(versions.c.definition).select_from(versions.join(views, _LATEST))
            .where(views.c.name > after).order_by(views.c.name).limit(limit)
        )  # fmt: skip
        with self._database.reading() as connection:
            total = int(connection.execute(sa.select(sa.func.count()).select_from(views)).scalar_one())
            return [_view(text) for text in connection.execute(query).scalars()], total

    def search(self, text: str, start: int, limit: int) -> tuple[list[FeatureView], int]:
        """At most `limit` views that have every word of `text` somewhere, best first, from position `start` on; and how many.

        When there are none, those that have words like them: a typo does not hide a feature.
        """
        terms = terms_of(text)
        if not terms:
            return [], 0
        with self._database.reading() as connection:
            searchable = _is_searchable(connection)
            names = _matching(connection, terms, searchable) or _resembling(connection, terms)
            wanted = names[start : start + limit]
            query = sa.select(versions.c.name, versions.c.definition).select_from(versions.join(views, _LATEST))
            found = {name: _view(text) for name, text in connection.execute(query.where(views.c.name.in_(wanted)))}
        return [found[name] for name in wanted], len(names)

    def record(self, stored: Materialized) -> None:
        """Record that a version is stored."""
        row = {"owner": current_user(), "stored": dumps(stored)}
        same = sa.and_(materializations.c.name == stored.view, materializations.c.version == stored.version)
        with self._database.transaction() as connection:
            if not connection.execute(materializations.update().where(same).values(row)).rowcount:
                connection.execute(materializations.insert().values(name=stored.view, version=stored.version, **row))

    def stored(self, names: Sequence[str]) -> dict[tuple[str, int], Materialized]:
        """What is stored of the views of these names, by name and version."""
        query = sa.select(materializations.c.stored).where(materializations.c.name.in_(names))
        with self._database.reading() as connection:
            found = [from_wire(Materialized, json.loads(text)) for text in connection.execute(query).scalars()]
        return {(one.view, one.version): one for one in found}


def _register(connection: sa.Connection, candidate: FeatureView, searchable: bool) -> tuple[FeatureView, Change]:
    query = (
        sa.select(versions.c.definition)
        .select_from(versions.join(views, _LATEST))
        .where(views.c.name == candidate.name)
    )
    latest = connection.execute(query).scalar()
    view, change = registered(None if latest is None else _view(latest), candidate)
    if change == "unchanged":
        return view, change
    same_version = sa.and_(versions.c.name == view.name, versions.c.version == view.version)
    connection.execute(versions.delete().where(same_version))
    row = {"name": view.name, "version": view.version, "owner": view.owner}
    at = iso_from_datetime(view.created_at)
    connection.execute(versions.insert().values(**row, created_at=at, code_hash=view.code_hash, definition=dumps(view)))
    connection.execute(views.delete().where(views.c.name == view.name))
    words = _words(view)
    project = str(project_of(Path(view.folder)))
    connection.execute(
        views.insert().values(**row, project=project, words=f"{view.name} {_fields(view)} {words}".lower())
    )
    if searchable:
        connection.execute(sa.text("delete from feature_search where name = :name"), {"name": view.name})
        connection.execute(
            sa.text("insert into feature_search(name, fields, words) values (:name, :fields, :words)"),
            {"name": view.name, "fields": _fields(view), "words": words},
        )
    return view, change


def _view(text: str) -> FeatureView:
    return from_wire(FeatureView, json.loads(text))


def _fields(view: FeatureView) -> str:
    return " ".join(field.name for field in view.fields)


def _words(view: FeatureView) -> str:
    tags = " ".join(f"{key} {value}" for key, value in view.tags.items())
    return " ".join((view.description, view.owner, view.entity.name, view.source, tags))


def _is_searchable(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite" and bool(
        connection.execute(sa.text("select 1 from sqlite_master where name = 'feature_search'")).scalar()
    )


def _matching(connection: sa.Connection, terms: Sequence[str], searchable: bool) -> list[str]:
    """Names of the views that have every term, best first."""
    long = [term for term in terms if len(term) >= 3]  # the index knows runs of three characters
    if searchable and long:
        match = " AND ".join(f'"{term}"' for term in long)
        names = list(connection.execute(_SEARCH, {"match": match}).scalars())
        short = [term for term in terms if term not in long]
        return _having(connection, short, names) if short else names
    return _having(connection, terms, None)


def _having(connection: sa.Connection, terms: Sequence[str], among: list[str] | None) -> list[str]:
    query = sa.select(views.c.name).order_by(views.c.name)
    for term in terms:
        query = query.where(views.c.words.contains(term, autoescape=True))
    found = list(connection.execute(query).scalars())
    return found if among is None else [name for name in among if name in set(found)]


def _resembling(connection: sa.Connection, terms: Sequence[str]) -> list[str]:
    """Names of the views that have a word like every term, most alike first."""
    words_of = {
        name: set(terms_of(words)) for name, words in connection.execute(sa.select(views.c.name, views.c.words))
    }
    scores = dict.fromkeys(words_of, 1.0)
    for term in terms:
        likeness = {word: similarity(term, word) for word in set().union(*words_of.values())}
        for name, words in words_of.items():
            scores[name] = min(scores[name], max((likeness[word] for word in words), default=0.0))
    return sorted(
        (name for name, score in scores.items() if score >= LEAST_SIMILARITY), key=lambda name: (-scores[name], name)
    )
