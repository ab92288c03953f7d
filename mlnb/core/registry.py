"""Plug-ins by entry point: found by name, imported on use. The built-ins come through the same door."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mlnb.core.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from importlib import metadata


@functools.cache
def _entry_points(group: str) -> dict[str, metadata.EntryPoint]:
    from importlib import metadata  # noqa: PLC0415 - 0.01 s, on first use of a plug-in

    return {point.name: point for point in metadata.entry_points(group=group)}


def names(group: str) -> list[str]:
    """The names of all plug-ins of `group` (such as ``mlnb.executors``), sorted. Imports none of them."""
    return sorted(_entry_points(group))


def load(group: str, name: str) -> Any:  # noqa: ANN401 - the caller knows the port
    """The object that the plug-in `name` of `group` points to, imported now.

    Raises:
        NotFound: there is no such plug-in; the hint lists those there are.
        Unavailable: it exists but cannot be imported; the message says why.
    """
    point = _entry_points(group).get(name)
    kind = group.removeprefix("mlnb.").replace("_", " ").removesuffix("s")
    if point is None:
        raise NotFound(f"there is no {kind} named {name!r}", f"Known: {', '.join(names(group)) or 'none'}.")
    try:
        return point.load()
    except ImportError as error:
        package = point.dist.name if point.dist else "the package that provides it"
        raise Unavailable(f"the {kind} {name!r} cannot be loaded: {error}", f"Install {package} again.") from error
