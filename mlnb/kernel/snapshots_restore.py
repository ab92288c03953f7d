"""Restoring into a live namespace: everything is read, verified and loaded aside, then put in place in one step."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from mlnb.core.clock import utc_now
from mlnb.core.errors import NotTrusted
from mlnb.core.records import dataclass, field, replace
from mlnb.kernel.snapshots_recompute import run_again
from mlnb.kernel.snapshots_shelf import Live, Shelf, look
from mlnb.kernel.snapshots_taken import TakenSnapshot
from mlnb.snapshots.plugins import functions, rebuild
from mlnb.snapshots.plugins.capture import class_version
from mlnb.snapshots.plugins.codecs import codec_named
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.haste import in_haste
from mlnb.snapshots.plugins.loading import Loaded, load, read_contents
from mlnb.snapshots.plugins.pickled import reason_from_error
from mlnb.snapshots.plugins.process import CODEC, ProcessState, digest_of_state
from mlnb.snapshots.plugins.taking import Found
from mlnb.snapshots.plugins.writing import SnapshotWriter
from mlnb.snapshots.rules import recompute
from mlnb.snapshots.rules.recompute import RanCell
from mlnb.snapshots.types import Component, Manifest, Restored, Variable

_GONE = object()
_LOOKED_AT_AS_FAST = 4  # bytes of memory beside each byte of stream


@dataclass(frozen=True)
class Wish:
    """What the user wants back.

    Attributes:
        names: which variables, None for all.
        is_cautious: nobody said the snapshot may be trusted: only what can be read as data is loaded.
        recompute: run cells again for what was not saved, where they can only give the same.
        held: values that no snapshot can hold and that are still alive, by name; they are put back as they are.
    """

    names: Sequence[str] | None = None
    is_cautious: bool = False
    recompute: bool = False
    held: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kernel:
    """What a restore works with.

    Attributes:
        namespace: the shell's.
        names: which names in it are variables of the user.
        files: where the snapshot lies.
        writer: learns what is stored.
        process: sets what no variable holds.
        take_before: begins to keep the state as it is now; given a manifest where that is known to be still the state.
        runs: the cell runs of a manifest, with their sources where they are known.
        shelf: what earlier restores replaced and is still in memory.
    """

    namespace: dict[str, Any]
    names: Callable[[], Sequence[str]]
    files: SnapshotFiles
    writer: SnapshotWriter
    process: ProcessState
    take_before: Callable[[str, Manifest | None], TakenSnapshot]
    runs: Callable[[Manifest], Sequence[RanCell]]
    shelf: Shelf = field(default_factory=Shelf)


@dataclass(frozen=True)
class Done:
    """A restore that is done.

    Attributes:
        lost: the values it replaced that no snapshot can hold, by name.
        same: a snapshot that was stored already and holds the state before too; empty: there is none.
    """

    restored: Restored
    lost: Mapping[str, Any]
    same: str = ""


@dataclass(frozen=True)
class Before:
    """The state before a restore: the snapshot that keeps it, and what was found."""

    id: str
    found: Found


def restore(kernel: Kernel, manifest: Manifest, wish: Wish) -> Done:
    """Put the variables of `manifest` into the kernel's namespace, as far as `wish` says.

    Raises:
        Damaged: something was changed on disk; nothing was loaded.
        NotTrusted: the wish is cautious, and nothing of what it names can be read as data.
        StoreUnavailable: the state before could not be kept; nothing was changed.
    """
    live = _look(kernel, manifest)
    known = (kernel.shelf.reached, kernel.writer.latest)
    same = next((one for one in known if one and live.is_state_of(one)), None) or _nothing(kernel)
    before: TakenSnapshot | None = None
    try:
        with in_haste():
            before = kernel.take_before(manifest.id, same)
            found = before.taking.found.result()
            is_stored = same is not None and found.variables is same.variables
            if not is_stored:  # else only the record of it is yet to be written
                before.taking.written.result()
            done = _restore(kernel, manifest, wish, live, Before(before.id, found))
            return replace(done, same=same.id if is_stored and same is not None else "")
    except BaseException:
        if before is not None:
            _forget(kernel, before)
        raise


def _restore(kernel: Kernel, manifest: Manifest, wish: Wish, live: Live, kept: Before) -> Done:
    namespace, names = kernel.namespace, wish.names
    wanted = set(manifest.variables if names is None else names)
    components = [component for component in manifest.components if wanted.intersection(component.names)]
    if names is None:
        components += [component for component in manifest.components if component.codec == CODEC]
    same = [component for component in components if live.parts.get(component.digest) == component.names]
    shelved = _from_shelf(kernel, manifest, [component for component in components if component not in same], wish)
    missing = [part for part in components if part not in same and not shelved.keys() & part.names]
    loaded, state = _load(kernel, manifest, wish, wanted, missing)
    fresh = {name: value for name, value in {**loaded.values, **shelved}.items() if name in wanted}
    untouched = {name for component in same for name in component.names if name in wanted}
    if wish.is_cautious and not fresh and not untouched:
        reason = next(iter(loaded.failed.values()), "it holds no values")
        raise NotTrusted(f"nothing of {manifest.id} was loaded: {reason}", "If you trust who made it, say so: --trust.")
    fresh.update({name: wish.held[name] for name in wanted - set(fresh) - untouched if name in wish.held})
    if wish.recompute:
        again, failed = _recompute(kernel, manifest, wanted - set(fresh) - untouched)
        fresh.update(again)
        loaded.failed.update(failed)
    else:
        again = {}
    before = kept.found.variables
    removed = sorted(_removable(before, manifest)) if names is None else []
    lost = {
        name: namespace[name]
        for name in fresh
        if name in namespace and name in before and before[name].state != "saved"
    }
    old = {name: namespace[name] for name in [*fresh, *removed] if name in namespace}
    _swap(namespace, fresh, removed)
    _to_shelf(kernel, kept.found, live, old)
    if not wish.is_cautious:  # a foreign manifest could say that its bytes are some value of this user
        kernel.writer.known.learn(manifest)
        kernel.shelf.reached = manifest if names is None else None
    set_parts = () if state is None else kernel.process.restore(state)
    back = {*fresh, *untouched}
    recomputed = {name for name in back if name in again or manifest.variables[name].state == "recompute"}
    return Done(
        Restored(
            id=manifest.id,
            restored=tuple(sorted(back - recomputed)),
            recomputed=tuple(sorted(recomputed)),
            not_restored=_not_restored(manifest, wanted - back, loaded, namespace),
            removed=tuple(removed),
            undo=kept.id,
            process=set_parts,
        ),
        lost,
    )


def _load(
    kernel: Kernel, manifest: Manifest, wish: Wish, wanted: Collection[str], components: Sequence[Component]
) -> tuple[Loaded, bytes | None]:
    """The values of `components`, loaded aside, and the state of the process, where that is among them."""
    imports = (lambda: None) if wish.is_cautious else (lambda: _import_for(manifest, wanted))
    contents = read_contents(manifest, kernel.files.blobs, components, imports)
    classes = {} if wish.names is None else _live_classes(kernel.namespace)
    state = [bytes(content.stream) for content in contents if content.component.codec == CODEC]
    values = [content for content in contents if content.component.codec != CODEC]
    how = rebuild.Loading(kernel.namespace, classes, python=manifest.python)
    return load(values, codec_named, how, is_cautious=wish.is_cautious), state[0] if state else None


def _forget(kernel: Kernel, before: TakenSnapshot) -> None:
    """Nothing was changed, so the state before is no state of its own that anybody would look for."""
    with contextlib.suppress(Exception):
        before.taking.written.result()
        kernel.files.discard(before.id)
        kernel.writer.known.forget()  # its packs may go with it


def _recompute(kernel: Kernel, manifest: Manifest, names: set[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values of `names` from running cells again, and for the others why not, with the cells that make them."""
    values: dict[str, Any] = {}
    failed: dict[str, str] = {}
    groups: dict[tuple[RanCell, ...], set[str]] = {}
    runs = kernel.runs(manifest)
    for name in sorted(names):
        found = recompute.recipe(name, runs)
        if found.why_not:
            made_by = f"cell runs {recompute.orders(found)} make it, but " if found.runs else ""
            failed[name] = f"it is not computed again: {made_by}{found.why_not}"
        else:
            groups.setdefault(found.runs, set()).add(name)
    for cells, together in groups.items():
        try:
            values.update(run_again(kernel.namespace, cells, together))
        except Exception as error:  # noqa: BLE001 - the cells are the user's code
            reason = f"cell runs {', '.join(str(cell.order) for cell in cells)} were run again, but {reason_from_error(error)}"
            failed.update(dict.fromkeys(together, reason))
    return values, failed


def _look(kernel: Kernel, manifest: Manifest) -> Live:
    """The variables as they are now; nobody looks where none of `manifest` is there."""
    if not any(name in kernel.namespace for name in manifest.variables):
        return Live()
    return look(kernel.namespace, kernel.names(), kernel.process.capture())


def _from_shelf(kernel: Kernel, manifest: Manifest, components: Sequence[Component], wish: Wish) -> dict[str, Any]:
    """Values of `components` that are still in memory as they were saved. Chosen variables come with the classes that are alive.

    To look whether they are takes longer than to load them where they are many small objects rather than memory.
    """
    found: dict[str, Any] = {}
    if wish.names is None and not wish.is_cautious:
        for component in components:
            objects = sum(manifest.chunks[number].size_bytes for number in component.stream)
            if _LOOKED_AT_AS_FAST * objects < sum(buffer.size_bytes for buffer in component.buffers):
                found.update(kernel.shelf.take(component, kernel.namespace) or {})
    return found


def _to_shelf(kernel: Kernel, kept: Found, live: Live, old: Mapping[str, Any]) -> None:
    """Remember the values that were replaced, as far as they were saved as they were: undo puts them back."""
    for digest, names in kept.parts.items():
        if names and live.parts.get(digest) == names and old.keys() >= set(names):
            size = sum(kept.variables[name].size_bytes for name in names)
            kernel.shelf.put(digest, {name: old[name] for name in names}, size)


def _nothing(kernel: Kernel) -> Manifest | None:
    """The state of a kernel that has no variables, as a snapshot of it would say; None where it has some."""
    if kernel.names():
        return None
    state = Component((), CODEC, digest_of_state(kernel.process.capture()), (), ())
    return Manifest("", utc_now(), "", None, "", "", True, "", None, "", "", components=(state,))


def _import_for(manifest: Manifest, names: Collection[str]) -> None:
    """Import the libraries that the values need, as loading them would."""
    for library in {manifest.variables[name].type.rpartition(".")[0] for name in names}:
        with contextlib.suppress(Exception):  # loading says what is wrong
            if library:
                importlib.import_module(library)


def _live_classes(namespace: dict[str, Any]) -> dict[str, type]:
    kinds = {value if isinstance(value, type) else type(value) for value in list(namespace.values())}
    return {class_version(kind, namespace): kind for kind in kinds if functions.is_by_value(kind)}


def _removable(before: Mapping[str, Variable], manifest: Manifest) -> set[str]:
    """What the snapshot did not have and can be brought back; what cannot is never destroyed."""
    saved = {name for name, variable in before.items() if variable.state == "saved"}
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
