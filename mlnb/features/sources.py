"""How a source is found: the scheme of its address names the plug-in; a plain path is a file."""

from __future__ import annotations

from pathlib import Path

from mlnb.core import registry
from mlnb.features.ports import FeatureSource


def open_source(address: str, folder: Path) -> FeatureSource:
    """The source at `address`, as the author of a feature view wrote it.

    Args:
        address: a path, or ``scheme://...``.
        folder: where a relative path starts.

    Raises:
        NotFound: no plug-in is named by the scheme.
        Unavailable: the plug-in cannot be imported.
    """
    scheme = address.partition("://")[0] if "://" in address else "file"
    source: FeatureSource = registry.load("mlnb.feature_sources", scheme)(address, folder)
    return source
