"""What taking snapshots needs, imported beforehand, so that no copy of the process has to import it for itself alone.

A copy cannot be made while a library is being imported (see `copies.why_not`). So the libraries are imported one after the other, the small
ones first, and between two of them a cell that waits for its copy gets its turn.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable

from mlnb.snapshots.plugins import copies

_TURN_S = 0.002
_LIBRARIES = (
    "multiprocessing.context",
    "multiprocessing.connection",
    "multiprocessing.shared_memory",
    "concurrent.futures.process",
    "cloudpickle",
    "mlnb.snapshots.plugins.walk",
    "mlnb.snapshots.plugins.rebuild_standard",
    "mlnb.snapshots.plugins.recipes_standard",
    "mlnb.snapshots.plugins.recipes",
    "mlnb.snapshots.plugins.arrays",
    "mlnb.snapshots.plugins.pickled",
    "mlnb.snapshots.plugins.fingerprint",
    "mlnb.snapshots.plugins.capture",
    "mlnb.snapshots.plugins.around",
    "mlnb.envs.capture",
)


def warm_up(prepare: Callable[[], object]) -> None:
    """Import what a copy needs, find the codecs, and `prepare`. Call it in a thread of its own; a second time it costs next to nothing."""
    for name in _LIBRARIES:
        with copies.importing, contextlib.suppress(ImportError):  # whoever needs it says what is wrong
            importlib.import_module(name)
        time.sleep(_TURN_S)
    with copies.importing:
        from mlnb.snapshots.plugins.codecs import codecs

        codecs()  # looks at every package that is installed, once for each process
    prepare()
