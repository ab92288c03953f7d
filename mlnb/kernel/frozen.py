"""Brings the values of cells tagged ``frozen`` into a new kernel, from snapshots of the notebook, without running the cells."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core.errors import MlnbError
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.frozen_values import choose

if TYPE_CHECKING:
    from mlnb.kernel.snapshots import KernelSnapshots


def call(arguments_json: str) -> str:
    """`thaw` for runners, which can only evaluate an expression: ``{"restored": {...}}`` or ``{"missing": {cell id: why}}``."""
    arguments = json.loads(arguments_json)
    try:
        root = arguments.get("values")
        return json.dumps(thaw(Path(arguments["notebook"]), arguments["needs"], Path(root) if root else None))
    except MlnbError as error:
        return json.dumps({"missing": {"": f"{error.message}. {error.hint}"}})


def thaw(notebook: Path, needs: Sequence[Mapping[str, Any]], root: Path | None = None) -> dict[str, dict[str, str]]:
    """Set the names that frozen cells define, all of them or none.

    Args:
        notebook: the absolute path of the notebook whose snapshots count.
        needs: of each frozen cell what `mlnb.order.rules.frozen.FrozenNeed` has, as JSON values.
        root: the store that came with a job; the user's own snapshots when None.

    Returns:
        ``restored``: the snapshot that each cell's names came from, or ``missing``: why they could not be had.

    Raises:
        Damaged, NotTrusted: a snapshot was changed on disk; nothing was set.
    """
    files = SnapshotFiles(root)
    choice = choose(files, notebook, needs)
    if choice.missing:
        return {"missing": choice.missing}
    chosen = {cell_id: manifest.id for cell_id, manifest in choice.found.items()}
    order = _order()
    with _snapshots(root) as snapshots:
        for need in needs:
            with order.standing_in(need["id"], need["source"]) if order is not None else contextlib.nullcontext():
                done = snapshots.restore(chosen[need["id"]], need["names"])
            if done.undo:  # there was nothing worth keeping in a kernel that has run no cell
                shutil.rmtree(files.folder / done.undo, ignore_errors=True)
            if done.not_restored:
                name, why = next(iter(done.not_restored.items()))
                return {"missing": {need["id"]: f"`{name}` did not come back from {chosen[need['id']]}: {why}"}}
    return {"restored": chosen}


def _shell() -> Any:  # noqa: ANN401 - untyped by its library
    from IPython.core.getipython import get_ipython  # noqa: PLC0415 - only in a kernel

    return get_ipython()


def _order() -> Any:  # noqa: ANN401 - this kernel's `KernelOrder`, or None where that is not loaded
    return getattr(getattr(_shell(), "_mlnb_loaded", None), "order", None)


@contextlib.contextmanager
def _snapshots(root: Path | None) -> Iterator[KernelSnapshots]:
    """This kernel's own, or ones for the store at `root`, which is not the place for what this kernel takes later."""
    shell = _shell()
    own = getattr(getattr(shell, "_mlnb_loaded", None), "snapshots", None)
    if root is None and own is not None:
        yield own
        return
    from mlnb.kernel.snapshots import KernelSnapshots  # noqa: PLC0415 - only then

    lent = KernelSnapshots(shell, link=lambda _snapshot_id: None, files=SnapshotFiles(root))
    try:
        yield lent
    finally:
        lent.close()
