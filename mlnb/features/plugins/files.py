"""Files as sources of features: Parquet and CSV, and folders of Parquet files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.features.errors import SourceMissing

if TYPE_CHECKING:
    import pandas as pd


class FileSource:
    """A file or a folder of Parquet files.

    Args:
        address: path, absolute or relative to `folder`; ``file://`` in front is allowed.
        folder: where a relative path starts.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self.path = (folder / Path(address.removeprefix("file://")).expanduser()).absolute()

    def read(self, limit: int | None = None) -> pd.DataFrame:
        """The data, or its first `limit` rows.

        Raises:
            SourceMissing: there is no such file, or it is not Parquet or CSV.
        """
        from mlnb.features.tables import read_table

        return read_table(self.path, limit)

    def state(self) -> str:
        """The sizes and times of the files: another text when the data has changed.

        Raises:
            SourceMissing: there is no such file.
        """
        newest = max(stat.st_mtime_ns for stat in self._stats())
        return f"{newest}:{sum(stat.st_size for stat in self._stats())}:{len(self._stats())}"

    def updated_at(self) -> datetime | None:
        """When the newest file was last written, UTC.

        Raises:
            SourceMissing: there is no such file.
        """
        return datetime.fromtimestamp(max(stat.st_mtime for stat in self._stats()), UTC)

    def _stats(self) -> list[os.stat_result]:
        try:
            if not self.path.is_dir():
                return [self.path.stat()]
            found = [file.stat() for file in sorted(self.path.rglob("*")) if file.is_file()]
            return found or [self.path.stat()]
        except OSError as error:
            raise SourceMissing(
                f"there is no file {self.path}", "Is the path relative to the folder of the defining file?"
            ) from error
