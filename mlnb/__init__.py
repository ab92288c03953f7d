"""mlnb: a notebook you can trust.

Importing this package costs milliseconds: the areas (``mlnb.order``, ``mlnb.snapshots``, ``mlnb.models``, ``mlnb.features``,
``mlnb.jobs``, ``mlnb.envs``) are imported when they are first named.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mlnb.core.version import __version__

if TYPE_CHECKING:
    from mlnb import envs, features, jobs, models, order, snapshots
    from mlnb.features import feature_view


__all__ = ["__version__", "envs", "feature_view", "features", "jobs", "models", "order", "secret", "snapshots"]

_AREAS = ("envs", "features", "jobs", "models", "order", "snapshots")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562 has no narrower type
    if name in _AREAS:
        return importlib.import_module(f"mlnb.{name}")
    if name == "feature_view":
        return importlib.import_module("mlnb.features").feature_view
    raise AttributeError(f"module 'mlnb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def secret(name: str) -> str:
    """The value of the secret called `name`; it is masked from then on in everything mlnb writes.

    Raises:
        SecretNotFound: no secret of that name is set; the hint says how to set it.
    """
    from mlnb.core import secrets

    return secrets.get(name)


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython is not imported here
    """Start the kernel half in `shell` (``%load_ext mlnb``). Never raises: the user's cells survive us."""
    from mlnb.kernel import extension

    extension.load(shell)


def unload_ipython_extension(shell: Any) -> None:  # noqa: ANN401
    """Stop the kernel half in `shell` and take out everything it had put in."""
    from mlnb.kernel import extension

    extension.unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "mlnb"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "mlnb.server.app"}]


def _load_jupyter_server_extension(server: Any) -> None:  # noqa: ANN401
    from mlnb.server.app import _load_jupyter_server_extension as load

    load(server)
