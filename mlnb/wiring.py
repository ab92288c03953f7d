"""The composition root of server and command line: the one file that knows all parts. It takes no decisions.

Each property builds one area's service on first use from plain settings, the stores, and what the area's ports ask for.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.config import Settings

if TYPE_CHECKING:
    from traitlets.config import Config

    from mlnb.envs.service import EnvsService
    from mlnb.store.blobs import BlobStore
    from mlnb.store.core_tables import Notebooks, Outbox
    from mlnb.store.database import Database


class Wiring:
    """Everything built from one set of settings; built piece by piece, when first asked for.

    Args:
        settings: where each part takes its plain values from.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """mlnb's database."""
        from mlnb.store.database import Database

        return Database(self.settings.database_url(), synchronous=self.settings.get("store.synchronous"))

    @cached_property
    def blobs(self) -> BlobStore:
        """The blob store."""
        from mlnb.store.blobs import FsspecBlobStore

        return FsspecBlobStore(self.settings.blobs_url())

    @cached_property
    def outbox(self) -> Outbox:
        """Where services publish their events."""
        from mlnb.store.core_tables import Outbox

        return Outbox(self.database)

    @cached_property
    def notebooks(self) -> Notebooks:
        """Which notebook is which."""
        from mlnb.store.core_tables import Notebooks

        return Notebooks(self.database)

    @cached_property
    def envs(self) -> EnvsService:
        """Environments."""
        from mlnb.envs.service import EnvsService

        return EnvsService()


def build_services(config: Config | None = None, folder: Path | None = None) -> Wiring:
    """The services for this process (entry point ``mlnb.services``).

    Args:
        config: the configuration of the Jupyter application, when there is one.
        folder: whose project's ``mlnb.toml`` applies; the current folder when None.
    """
    return Wiring(Settings(config, folder))
