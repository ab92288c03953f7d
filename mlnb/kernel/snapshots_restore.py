"""Restoring into a live namespace: everything is read, verified and loaded aside, then put in place in one step."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from mlnb.snapshots.plugins import functions, rebuild
from mlnb.snapshots.plugins.capture import class_version
from mlnb.snapshots.plugins.codecs import codec_named
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.loading import Loaded, load, read_contents
from mlnb.snapshots.plugins.process import CODEC, ProcessState
from mlnb.snapshots.plugins.taking import Taking
from mlnb.snapshots.plugins.writing import SnapshotWriter
from mlnb.snapshots.types import Component, Manifest, Restored

_GONE = object()


def restore(
    namespace: dict[str, Any],
    manifest: Manifest,
    names: Sequence[str] | None,
    files: SnapshotFiles,
    writer: SnapshotWriter,
    process: ProcessState,
    take_before: Callable[[str], Taking],
) -> Restored:
    """Put the variables of `manifest` (or `names` of them) into `namespace`.

    Args:
        namespace: the shell's.
        manifest: verified and this user's own.
        names: which variables, None for all.
        files: where the snapshot lies.
        writer: learns what is stored.
        process: sets what no variable holds.
        take_before: begins to keep the state as it is now.

    Raises:
        Damaged: something was changed on disk; nothing was loaded.
        StoreUnavailable: the state before could not be kept; nothing was changed.
    """
    wanted = set(manifest.variables if names is None else names)
    components = [component for component in manifest.components if wanted.intersection(component.names)]
    if names is None:
        components += [component for component in manifest.components if component.codec == CODEC]
    before = take_before(manifest.id)
    same = _unchanged(components, namespace, before)
    contents = read_contents(
        manifest,
        files.blobs,
        [component for component in components if component not in same],
        lambda: _import_for(manifest, wanted),
    )
    live = {} if names is None else _live_classes(namespace)
    state = [content.stream for content in contents if content.component.codec == CODEC]
    contents = [content for content in contents if content.component.codec != CODEC]
    loaded = load(contents, codec_named, rebuild.Loading(namespace, live, python=manifest.python))
    fresh = {name: value for name, value in loaded.values.items() if name in wanted}
    kept = before.written.result()
    removed = sorted(_removable(kept, manifest)) if names is None else []
    _swap(namespace, fresh, removed)
    writer.known.learn(manifest)
    set_parts = process.restore(bytes(state[0])) if state else ()
    untouched = {name for component in same for name in component.names if name in wanted}
    back = {*fresh, *untouched}
    return Restored(
        id=manifest.id,
        restored=tuple(sorted(name for name in back if manifest.variables[name].state == "saved")),
        recomputed=tuple(sorted(name for name in back if manifest.variables[name].state == "recompute")),
        not_restored=_not_restored(manifest, wanted - back, loaded, namespace),
        removed=tuple(removed),
        undo=kept.id,
        process=set_parts,
    )


def _unchanged(components: Sequence[Component], namespace: dict[str, Any], before: Taking) -> list[Component]:
    """Those of `components` whose variables still are as they were; nobody is asked where none of them is there."""
    if not any(name in namespace for component in components for name in component.names):
        return []
    now = before.found.result().parts
    return [component for component in components if now.get(component.digest) == component.names]


def _import_for(manifest: Manifest, names: set[str]) -> None:
    """Import the libraries that the values need, as loading them would."""
    for library in {manifest.variables[name].type.rpartition(".")[0] for name in names}:
        with contextlib.suppress(Exception):  # loading says what is wrong
            if library:
                importlib.import_module(library)


def _live_classes(namespace: dict[str, Any]) -> dict[str, type]:
    kinds = {value if isinstance(value, type) else type(value) for value in list(namespace.values())}
    return {class_version(kind, namespace): kind for kind in kinds if functions.is_by_value(kind)}


def _removable(before: Manifest, manifest: Manifest) -> set[str]:
    """What the snapshot did not have and can be brought back; what cannot is never destroyed."""
    saved = {name for name, variable in before.variables.items() if variable.state == "saved"}
    return saved - set(manifest.variables)


def _not_restored(manifest: Manifest, wanted: set[str], loaded: Loaded, namespace: dict[str, Any]) -> dict[str, str]:
    reasons = {
        name: variable.reason
        for name, variable in manifest.variables.items()
        if name in wanted and variable.state != "saved"
    }
    reasons.update({name: reason for name, reason in loaded.failed.items() if name in wanted})
    return {
        name: f"{reason}; it is left as it is" if name in namespace else reason
        for name, reason in sorted(reasons.items())
    }


def _swap(namespace: dict[str, Any], fresh: dict[str, Any], removed: Sequence[str]) -> None:
    old = {name: namespace.get(name, _GONE) for name in [*fresh, *removed]}
    try:
        namespace.update(fresh)
        for name in removed:
            namespace.pop(name, None)
    except BaseException:  # an interrupt in between: the old state stays
        for name, value in old.items():
            if value is _GONE:
                namespace.pop(name, None)
            else:
                namespace[name] = value
        raise
