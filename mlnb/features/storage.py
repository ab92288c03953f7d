"""What of the features is stored, and where: one Parquet file per version, with a sample beside it."""

# The engines (pandas, Arrow) are imported by what needs them: listing does not.
# ruff: noqa: PLC0415
from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.core.clock import Clock
from mlnb.core.errors import MlnbError
from mlnb.core.events import Event, EventSink
from mlnb.core.files import locked, store_error
from mlnb.core.home import home
from mlnb.features.definition import definition_of
from mlnb.features.errors import DefinitionGone
from mlnb.features.ports import SourceOpener
from mlnb.features.repo import FeatureRepo
from mlnb.features.rules import makes
from mlnb.features.types import FeatureView, Freshness, Materialized, Preview

if TYPE_CHECKING:
    from mlnb.features.results import Stored

Function = Callable[..., object]


class FeatureStorage:
    """The stored features: computed, found, previewed, and how fresh they are.

    Args:
        repo: the catalogue's rows.
        events: where changes are told.
        open_source: how a source is found.
        clock: tells the time.
    """

    def __init__(self, repo: FeatureRepo, events: EventSink, open_source: SourceOpener, clock: Clock) -> None:
        self._repo = repo
        self._events = events
        self._open_source = open_source
        self._clock = clock
        self._live: dict[str, Function] = {}

    def remember(self, name: str, function: Function) -> None:
        """`function` of this process makes the view `name`: it need not be found in a file."""
        self._live[name] = function

    def preview(self, view: FeatureView, rows: int) -> Preview | None:
        """The first rows of what is stored of `view`, else of its sample; None when neither is there."""
        from mlnb.features.showing import preview_of

        for file, of in ((self.file(view), "materialized"), (self.sample_file(view), "sample")):
            if file.is_file():
                return preview_of(file, rows, of)  # type: ignore[arg-type]
        return None

    def with_freshness(self, found: Sequence[FeatureView]) -> list[FeatureView]:
        """`found`, each with how new its data is."""
        stored = self._repo.stored([view.name for view in found])
        return [self._fresh(view, stored.get((view.name, view.version))) for view in found]

    def _fresh(self, view: FeatureView, stored: Materialized | None) -> FeatureView:
        if stored is not None and self.file(view).is_file():
            if stored.newest_event_at is not None:
                freshness = Freshness(stored.newest_event_at, "event_time", "materialized")
            else:
                freshness = Freshness(stored.materialized_at, "file_time", "materialized")
            return replace(view, materialized_at=stored.materialized_at, freshness=freshness)
        try:
            at = self._open_source(view.source, Path(view.folder)).updated_at()
        except MlnbError:
            return view
        return view if at is None else replace(view, freshness=Freshness(at, "file_time", "source"))

    def materialize(self, view: FeatureView) -> Materialized:
        """Compute `view` on its whole source and store it. What was stored before stays until then.

        Raises:
            DefinitionGone: the code it was registered with is not there any more.
            SourceMissing: the data it is made from is not there.
            FunctionFailed: its function raised.
            ColumnMissing: a key or time column is not in the result.
            OutputInvalid: the result is not a table of keys, times and features.
            StoreUnavailable: the result cannot be written.
        """
        target = self.file(view)
        with locked(features_folder() / view.name / f".{view.version}.lock"):
            stored = self._compute(view, target)
        done = Materialized(
            view=view.name,
            version=view.version,
            rows=stored.rows,
            duplicates=stored.duplicates,
            size_bytes=stored.size_bytes,
            path=str(target),
            newest_event_at=stored.newest_event_at,
            source_state=stored.source_state,
            materialized_at=self._clock(),
        )
        self._repo.record(done)
        self._events.publish(
            Event("features_changed", view.name, {"version": view.version, "change": "materialized"}, self._clock())
        )
        return done

    def _compute(self, view: FeatureView, target: Path) -> Stored:
        from mlnb.features.code import code_of
        from mlnb.features.compute import compute
        from mlnb.features.process import compute_from_file

        function = self._live.get(view.name)
        definition = definition_of(function)
        if function is not None and definition is not None and makes(definition, code_of(function), view):
            return compute(function, definition, Path(view.folder), target)
        if view.file is None:
            raise DefinitionGone(
                f"{view.name} (version {view.version}) was defined in a notebook that is not running it now",
                "Run its cell and register it there, or move the function to a .py file and apply that.",
            )
        return compute_from_file(Path(view.file), view, target)

    def current_file(self, view: FeatureView) -> Path:
        """Where the view's features stand, computed now when they are missing or their source has changed.

        When they cannot be computed any more, what was stored before is answered, with a warning.

        Raises:
            MlnbError: as `materialize`, when nothing is stored.
        """
        target = self.file(view)
        stored = self._repo.stored([view.name]).get((view.name, view.version))
        if stored is None or not target.is_file():
            return Path(self.materialize(view).path)
        try:
            if self._open_source(view.source, Path(view.folder)).state() != stored.source_state:
                self.materialize(view)
        except MlnbError as error:
            warnings.warn(
                f"{view.name} is read as it was computed at {stored.materialized_at:%Y-%m-%d %H:%M} UTC: {error.message}",
                stacklevel=3,
            )
        return target

    def file(self, view: FeatureView) -> Path:
        """Where the features of this version are stored, or will be."""
        return features_folder() / view.name / f"{view.version}.parquet"

    def sample_file(self, view: FeatureView) -> Path:
        """Where a few rows of this version are kept from when it was registered."""
        return features_folder() / view.name / f"{view.version}.sample.parquet"


def features_folder() -> Path:
    """The folder of all stored features."""
    return home() / "features"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on the disk of the features, gone afterwards.

    Raises:
        StoreUnavailable: the disk is full, read-only or not ours to write.
    """
    folder = features_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=folder, prefix=".samples-")
    except OSError as error:
        raise store_error(folder, error) from error
    with temporary as path:
        yield Path(path)
