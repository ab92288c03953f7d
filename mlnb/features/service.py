"""What can be done with features: define, find, look at, compute and read."""

# The engines (pandas, DuckDB, Arrow) are imported by the verbs that need them: listing and searching do not.
# ruff: noqa: PLC0415
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.core.clock import Clock, utc_now
from mlnb.core.events import Event, EventSink
from mlnb.core.files import store_error
from mlnb.features.code import code_hash
from mlnb.features.definition import definition_of
from mlnb.features.errors import SourceMissing, ViewNotFound
from mlnb.features.ports import SourceOpener
from mlnb.features.repo import FeatureRepo
from mlnb.features.rules import column_names, cursor_from, features_of, position_from, reference_from_text
from mlnb.features.storage import FeatureStorage, scratch_folder
from mlnb.features.types import (
    Applied,
    Entity,
    FeatureView,
    FeatureViewDetail,
    FeatureViewPage,
    Materialized,
    Preview,
)
from mlnb.store.core_tables import current_user

if TYPE_CHECKING:
    import pandas as pd

    from mlnb.features.results import Described

Function = Callable[..., object]


class FeaturesService:
    """The feature catalogue and the features themselves.

    Args:
        repo: the catalogue's rows.
        events: where changes are told.
        open_source: how a source is found.
        preview_rows: rows of a preview when the caller does not say.
        clock: tells the time.
    """

    def __init__(
        self,
        repo: FeatureRepo,
        events: EventSink,
        open_source: SourceOpener,
        preview_rows: int = 5,
        clock: Clock = utc_now,
    ) -> None:
        self._repo = repo
        self._events = events
        self._preview_rows = preview_rows
        self._clock = clock
        self._storage = FeatureStorage(repo, events, open_source, clock)

    # ---- define ---------------------------------------------------------------------------------------------------

    def apply(self, file: Path) -> Applied:
        """Register every feature view that the Python file `file` defines, all or none. Its code runs in a process of its own.

        Raises:
            SourceMissing: `file`, or the data of a definition, is not there.
            FunctionFailed: the file cannot be imported, or a function raised.
            DefinitionInvalid: it defines no feature view, or one wrongly.
            ColumnMissing: a key or time column is not in what a function returned.
            OutputInvalid: a function returned no table of keys, times and features.
        """
        from mlnb.features.process import describe_file

        with scratch_folder() as samples:
            return self._registered(describe_file(file.absolute(), samples), samples)

    def register(self, *functions: Function) -> Applied:
        """Register decorated functions of this process, all or none.

        Raises:
            MlnbError: as `apply`.
        """
        from mlnb.features.compute import describe

        with scratch_folder() as samples:
            described = []
            for function in functions:
                definition = definition_of(function)
                name = definition.name if definition else "undecorated"
                described.append(describe(function, samples / f"{name}.parquet"))
            applied = self._registered(described, samples)
        for one, function in zip(described, functions, strict=True):
            self._storage.remember(one.definition.name, function)
        return applied

    def _registered(self, described: Sequence[Described], samples: Path) -> Applied:
        results = self._repo.register([self._view_from(one) for one in described])
        for view, change in results:
            sample = self._storage.sample_file(view)
            try:
                sample.parent.mkdir(parents=True, exist_ok=True)
                (samples / f"{view.name}.parquet").replace(sample)
            except OSError as error:
                raise store_error(sample, error) from error
            if change != "unchanged":
                self._events.publish(
                    Event("features_changed", view.name, {"version": view.version, "change": change}, self._clock())
                )
        views = self._storage.with_freshness([view for view, _ in results])
        return Applied(tuple(views), {view.name: change for view, change in results})

    def _view_from(self, described: Described) -> FeatureView:
        definition = described.definition
        return FeatureView(
            name=definition.name,
            version=0,
            owner=definition.owner or current_user(),
            description=definition.description,
            entity=Entity(", ".join(definition.entity), definition.entity),
            source=definition.source,
            timestamp=definition.timestamp,
            created=described.tried.created,
            ttl_s=definition.ttl_s,
            fields=described.tried.fields,
            tags=definition.tags,
            schedule=definition.schedule,
            file=described.file,
            folder=described.folder,
            code=described.code,
            code_hash=code_hash(described.code),
            created_at=self._clock(),
        )

    # ---- find -----------------------------------------------------------------------------------------------------

    def list(self, search: str = "", limit: int = 50, cursor: str | None = None) -> FeatureViewPage:
        """The newest version of each view: by name, or, for a `search`, those that match it, best first.

        Args:
            search: words to find in names, features, descriptions, owners, entities, sources and tags; a typo is forgiven.
            limit: views on a page.
            cursor: of the page before.

        Raises:
            BadInput: the cursor is not valid.
        """
        if search.strip():
            start = position_from(cursor) if cursor else 0
            first = start if isinstance(start, int) else 0
            found, total = self._repo.search(search, first, limit)
            end = first + len(found)
            following = cursor_from(end) if found and end < total else None
        else:
            found, total = self._repo.page(str(position_from(cursor)) if cursor else "", limit + 1)
            following = cursor_from(found[limit - 1].name) if len(found) > limit else None
            found = found[:limit]
        return FeatureViewPage(tuple(self._storage.with_freshness(found)), total, following)

    def view(self, name: str, version: int | None = None) -> FeatureView:
        """The view of that name, in its newest version or in the one asked for.

        Raises:
            ViewNotFound: there is none.
        """
        view = self._repo.view(name, version)
        if view is None:
            if version is not None and self._repo.view(name) is not None:
                known = ", ".join(str(one.version) for one in self._repo.history(name))
                raise ViewNotFound(f"the feature view {name} has no version {version}", f"It has: {known}.")
            near = [one.name for one in self._repo.search(name, 0, 3)[0]]
            hint = f"Did you mean {' or '.join(near)}?" if near else "See `mlnb features list`."
            raise ViewNotFound(f"there is no feature view {name!r}", hint)
        return self._storage.with_freshness([view])[0]

    def show(self, name: str, rows: int | None = None, version: int | None = None) -> FeatureViewDetail:
        """The view with its history and a preview of `rows` rows. Nothing is computed for it.

        Raises:
            ViewNotFound: there is no such view.
        """
        view = self.view(name, version)
        return FeatureViewDetail(
            view, tuple(self._repo.history(name)), self._storage.preview(view, rows or self._preview_rows)
        )

    def preview(self, name: str, rows: int | None = None) -> Preview:
        """The first rows of the view as stored, or of the sample kept when it was registered.

        Raises:
            ViewNotFound: there is no such view.
            SourceMissing: neither is there any more.
        """
        view = self.view(name)
        preview = self._storage.preview(view, rows or self._preview_rows)
        if preview is None:
            raise SourceMissing(f"nothing of {name} is stored", f"Compute it: mlnb features materialize {name}.")
        return preview

    # ---- compute and read -----------------------------------------------------------------------------------------

    def materialize(self, name: str) -> Materialized:
        """Compute the newest version of the view on its whole source and store it. What was stored before stays until then.

        Raises:
            ViewNotFound: there is no such view.
            DefinitionGone: the code it was registered with is not there any more.
            SourceMissing: the data it is made from is not there.
            FunctionFailed: its function raised.
            ColumnMissing: a key or time column is not in the result.
            OutputInvalid: the result is not a table of keys, times and features.
            StoreUnavailable: the result cannot be written.
        """
        return self._storage.materialize(self.view(name))

    def get(
        self,
        entities: pd.DataFrame | Sequence[Mapping[str, object]],
        features: Sequence[str],
        timestamp: str | None = None,
    ) -> pd.DataFrame:
        """The rows of `entities`, all and in their order, with `features` as they were known at each row's time.

        A view that is not stored yet, or whose source has changed since, is computed first.

        Args:
            entities: a frame (or rows) with the key columns of every view that is asked for.
            features: ``view:feature``, ``view`` for all its features, ``view@2:feature`` for an older version.
            timestamp: column of `entities` with the moment to look back from; times without a zone are taken as UTC. None: now.

        Returns:
            A new frame with the index of `entities`. A feature is called by its own name, or ``view__feature`` where that is
            not unique; ``.attrs["mlnb_features"]`` lists the exact ``view@version:feature``.

        Raises:
            ViewNotFound: there is no such view or version.
            FeatureNotFound: the view has no such feature.
            ColumnMissing: a key or the time column is not in `entities`.
            EntitiesInvalid: a key has another kind of type than in the view, or the times are none.
            MlnbError: as `materialize`, for a view that is not stored.
        """
        import pandas as pd

        from mlnb.features.point_in_time import read_at

        frame = entities if isinstance(entities, pd.DataFrame) else pd.DataFrame([dict(row) for row in entities])
        references = [reference_from_text(one) for one in features]
        groups: dict[tuple[str, int | None], list[str]] = {}
        views: dict[tuple[str, int | None], FeatureView] = {}
        for reference in references:
            key = (reference.view, reference.version)
            if key not in views:
                views[key] = self.view(*key)
                groups[key] = features_of(views[key], [one for one in references if (one.view, one.version) == key])
        wanted = [(view.name, feature) for key, view in views.items() for feature in groups[key]]
        names = column_names(wanted, [str(column) for column in frame.columns])
        now = self._clock()
        found: dict[str, pd.Series] = {}
        for key, view in views.items():
            for series in read_at(self._storage.current_file(view), view, groups[key], frame, timestamp, now):
                found[names[view.name, str(series.name)]] = series
        result = pd.concat([frame, pd.DataFrame(found, index=frame.index)], axis=1)
        result.attrs["mlnb_features"] = [
            f"{v.name}@{v.version}:{one}" for key, v in views.items() for one in groups[key]
        ]
        return result

    def get_from_file(self, entities: Path, features: Sequence[str], timestamp: str | None = None) -> pd.DataFrame:
        """`get` for the rows of a Parquet or CSV file.

        Raises:
            SourceMissing: there is no such file.
            MlnbError: as `get`.
        """
        from mlnb.features.tables import read_table

        return self.get(read_table(entities), features, timestamp)

    def try_function(self, function: Function, rows: int | None = None) -> pd.DataFrame:
        """The first rows of what a decorated function makes of the first rows of its source; nothing is registered or stored.

        Raises:
            MlnbError: as `register`.
        """
        from mlnb.features.compute import try_rows

        return try_rows(function, rows or self._preview_rows)
