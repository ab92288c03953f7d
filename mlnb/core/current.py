"""The service in use for each area.

The plain functions in each area's ``__init__`` ask here. ``mlnb.server`` and ``mlnb.cli`` fill the slot through ``mlnb.wiring``;
the kernel and the runner put in the kernel half's services. An area nobody has filled is composed on first use through the
entry point ``mlnb.services``, which is present wherever mlnb is installed with its dependencies.
"""

from __future__ import annotations

from typing import Any

from mlnb.core import registry
from mlnb.core.errors import MlnbError, NotInstalled

_filled: dict[str, object] = {}
_composed: object | None = None


def fill(area: str, service: object) -> None:
    """Make `service` the one in use for `area` in this process, until `clear`."""
    _filled[area] = service


def compose(services: object) -> None:
    """Use `services` (a composition root: one attribute per area) for every area that is not filled by itself."""
    global _composed
    _composed = services


def clear(area: str | None = None) -> None:
    """Forget the service of `area`, or of all areas and the composition root."""
    global _composed
    if area is None:
        _filled.clear()
        _composed = None
    else:
        _filled.pop(area, None)


def service(area: str) -> Any:  # noqa: ANN401 - each area's __init__ narrows its own
    """The service in use for `area`.

    Raises:
        NotInstalled: only the kernel half of mlnb is installed here and it does not offer this area.
    """
    return _filled[area] if area in _filled else composed(area)


def composed(area: str) -> Any:  # noqa: ANN401 - as `service`
    """The service of the composition root for `area`, also where another one is in use: a kernel has snapshots of its own.

    Raises:
        NotInstalled: only the kernel half of mlnb is installed here.
    """
    if _composed is None:
        compose(_build())
    try:
        return getattr(_composed, area)
    except ModuleNotFoundError as error:
        raise _only_kernel_half(error) from error


def _build() -> object:
    try:
        build = registry.load("mlnb.services", "default")
    except (MlnbError, ImportError) as error:
        raise _only_kernel_half(error) from error
    built: object = build()  # what it refuses, such as a setting that is not valid, is said as it is
    return built


def _only_kernel_half(error: Exception) -> NotInstalled:
    return NotInstalled(
        f"this environment has only the kernel half of mlnb ({error})", "Install the whole: pip install mlnb."
    )
