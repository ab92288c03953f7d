"""The feature catalogue: define, find, look at, compute and read.

The decorator needs the standard library only; everything else asks the service in use and loads its engines when called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlnb.core import current
from mlnb.features.definition import feature_view

if TYPE_CHECKING:
    import builtins

    import pandas as pd

    from mlnb.features.types import FeatureView, FeatureViewDetail, Materialized

__all__ = ["feature_view", "get", "list", "materialize", "preview", "register", "search", "show"]


def register(*functions: Callable[..., object]) -> builtins.list[FeatureView]:
    """Put decorated functions into the catalogue. A changed definition is a new version; the same one changes nothing.

    Raises:
        DefinitionInvalid: one is not decorated, or its source cannot be found.
        SourceMissing: the data of one is not there.
        FunctionFailed: one raised on the first rows of its source.
        ColumnMissing: a key or time column is not in what one returned.
        OutputInvalid: one returned no table of keys, times and features.
    """
    return [*current.service("features").register(*functions).views]


def materialize(view: str) -> Materialized:
    """Compute the newest version of a view on its whole source and store it.

    Raises:
        ViewNotFound: there is no such view.
        DefinitionGone: the code it was registered with is not there any more.
        SourceMissing: its data is not there.
        FunctionFailed: its function raised.
    """
    done: Materialized = current.service("features").materialize(view)
    return done


def get(
    entities: pd.DataFrame | Sequence[Mapping[str, object]], features: Sequence[str], timestamp: str | None = None
) -> pd.DataFrame:
    """Every row of `entities`, in its order, with `features` as they were known at each row's time.

    Args:
        entities: a frame, or rows, with the key columns of the views asked for.
        features: ``"spend:total_7d"``, ``"spend"`` for all of a view, ``"spend@1:total_7d"`` for an older version.
        timestamp: column of `entities` with the moment to look back from; None: now.

    Raises:
        ViewNotFound: there is no such view or version.
        FeatureNotFound: the view has no such feature.
        ColumnMissing: a key or the time column is not in `entities`.
        EntitiesInvalid: a key has another kind of type than in the view, or the times are none.
    """
    frame: pd.DataFrame = current.service("features").get(entities, features, timestamp)
    return frame


def search(text: str, limit: int = 50) -> builtins.list[FeatureView]:
    """The views that have the words of `text` in their names, features, descriptions, owners, entities, sources or tags."""
    return [*current.service("features").list(text, limit).views]


def show(view: str, rows: int | None = None, version: int | None = None) -> FeatureViewDetail:
    """A view with its history and a preview.

    Raises:
        ViewNotFound: there is no such view or version.
    """
    detail: FeatureViewDetail = current.service("features").show(view, rows, version)
    return detail


def preview(function: Callable[..., object], rows: int = 5) -> pd.DataFrame:
    """What a decorated function makes of the first rows of its source; nothing is registered or stored.

    Raises:
        DefinitionInvalid: it is not decorated.
        SourceMissing: its data is not there.
        FunctionFailed: it raised.
        ColumnMissing: a key or time column is not in what it returned.
        OutputInvalid: it returned no table of keys, times and features.
    """
    frame: pd.DataFrame = current.service("features").try_function(function, rows)
    return frame


def list(limit: int = 50) -> builtins.list[FeatureView]:
    """The newest version of each view, by name."""
    return [*current.service("features").list("", limit).views]
