"""Brings the values of cells tagged ``frozen`` into a new kernel, from the snapshots of the notebook, without running the cells."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.types import Manifest

_OF_JOBS = ("end of job-", "end of run-")


def call(arguments_json: str) -> str:
    """`thaw` for runners, which can only evaluate an expression: ``{"restored": {...}}`` or ``{"missing": {cell id: why}}``."""
    arguments = json.loads(arguments_json)
    try:
        return json.dumps(thaw(Path(arguments["notebook"]), arguments["needs"]))
    except MlnbError as error:
        return json.dumps({"missing": {"": f"{error.message}. {error.hint}"}})


def thaw(notebook: Path, needs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Set the names that frozen cells define, all of them or none.

    Args:
        notebook: the absolute path of the notebook whose snapshots count.
        needs: of each frozen cell what `mlnb.order.rules.frozen.FrozenNeed` has, as JSON values.

    Returns:
        ``restored``: the snapshot that each cell's names came from, or ``missing``: why they could not be had.

    Raises:
        Damaged, NotTrusted: a snapshot was changed on disk; nothing was set.
    """
    files = SnapshotFiles()
    manifests = _manifests(files, notebook)
    chosen: dict[str, str] = {}
    missing: dict[str, str] = {}
    for need in needs:
        fitting = next((one.id for one in manifests if _holds(one, need)), None)
        if fitting is None:
            missing[need["id"]] = _why_none(manifests, need)
        else:
            chosen[need["id"]] = fitting
    if missing:
        return {"missing": missing}
    snapshots, order = _services()
    for need in needs:
        with order.standing_in(need["id"], need["source"]) if order is not None else contextlib.nullcontext():
            done = snapshots.restore(chosen[need["id"]], need["names"])
        if done.undo:  # there was nothing worth keeping in a kernel that has run no cell
            shutil.rmtree(files.folder / done.undo, ignore_errors=True)
        if done.not_restored:
            name, why = next(iter(done.not_restored.items()))
            return {"missing": {need["id"]: f"`{name}` did not come back from {chosen[need['id']]}: {why}"}}
    return {"restored": chosen}


def _services() -> tuple[Any, Any]:
    """The snapshots of this kernel, and its order, or None where that is not loaded."""
    from IPython.core.getipython import get_ipython  # noqa: PLC0415 - only in a kernel

    shell = get_ipython()
    loaded = getattr(shell, "_mlnb_loaded", None)
    if loaded is not None and loaded.snapshots is not None:
        return loaded.snapshots, loaded.order
    from mlnb.kernel.snapshots import KernelSnapshots  # noqa: PLC0415 - where the kernel half is switched off

    return KernelSnapshots(shell), None


def _manifests(files: SnapshotFiles, notebook: Path) -> list[Manifest]:
    """The snapshots of the notebook's own kernels, the latest first; those of jobs had other parameters."""
    found = []
    for snapshot_id in files.ids():
        try:
            manifest = files.read(snapshot_id)
        except MlnbError:
            continue  # damaged, or somebody else's
        is_own = manifest.has_kernel and not manifest.reason.startswith(_OF_JOBS)
        if is_own and manifest.notebook and Path(manifest.notebook) == notebook:
            found.append(manifest)
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def _holds(manifest: Manifest, need: Mapping[str, Any]) -> bool:
    """Whether the snapshot has the names as the frozen cell, as it is now, left them."""
    return _last_run(manifest, need) is not None and not _changed_by(manifest, need) and not _unsaved(manifest, need)


def _last_run(manifest: Manifest, need: Mapping[str, Any]) -> int | None:
    orders = [run.order for run in manifest.cell_runs if run.source_digest == need["digest"] and run.succeeded]
    return max(orders, default=None)


def _changed_by(manifest: Manifest, need: Mapping[str, Any]) -> bool:
    last = _last_run(manifest, need)
    after = {run.source_digest for run in manifest.cell_runs if last is not None and run.order > last}
    return bool(after - {*need["harmless"], need["digest"]})


def _unsaved(manifest: Manifest, need: Mapping[str, Any]) -> list[str]:
    have = {name for name, variable in manifest.variables.items() if variable.state == "saved"}
    return [name for name in need["names"] if name not in have]


def _why_none(manifests: Sequence[Manifest], need: Mapping[str, Any]) -> str:
    ran = [one for one in manifests if _last_run(one, need) is not None]
    words = ", ".join(f"`{name}`" for name in need["names"])
    if not manifests:
        return f"there is no snapshot of this notebook that holds {words}"
    if not ran:
        return f"in no snapshot of this notebook had the cell run as it is now, so none holds {words}"
    unsaved = _unsaved(ran[0], need)
    if unsaved:
        return f"`{unsaved[0]}` is not in the snapshot {ran[0].id}"
    return f"in every snapshot other cells may have changed {words} after the cell ran"
