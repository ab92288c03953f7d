"""What features need from outside."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


class FeatureSource(Protocol):
    """Data that features are made from. Plug-ins of ``mlnb.feature_sources``, named by the scheme of their addresses.

    A plug-in is called with ``(address, folder)``: what the author wrote, and the folder that a relative path starts from.
    """

    def read(self, limit: int | None = None) -> pd.DataFrame:
        """The data, or its first `limit` rows.

        Raises:
            SourceMissing: it is not there or cannot be read; the message names it.
        """

    def state(self) -> str:
        """A short text that is another one when the data has changed; empty when that cannot be told.

        Raises:
            SourceMissing: the data is not there.
        """

    def updated_at(self) -> datetime | None:
        """When the data was last written, UTC; None when that cannot be told.

        Raises:
            SourceMissing: the data is not there.
        """


class SourceOpener(Protocol):
    """How a source is found by its address."""

    def __call__(self, address: str, folder: Path) -> FeatureSource:
        """The source at `address`.

        Raises:
            NotFound: no plug-in is named by the scheme of `address`.
        """
