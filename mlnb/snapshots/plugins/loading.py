"""From a manifest back to values: first every byte is read and verified, then the codecs load, part by part."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mlnb.core.errors import Damaged
from mlnb.core.records import dataclass, field
from mlnb.snapshots.errors import NeedsConsent
from mlnb.snapshots.plugins import cautious, pickled, rebuild
from mlnb.snapshots.plugins.haste import eager, without_collecting
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.ports import Codec
from mlnb.snapshots.types import Component, Manifest

_THREADS = min(4, max(2, os.cpu_count() or 1))
_BATCH_BYTES = 4 << 20
_GONE = object()


@dataclass(frozen=True)
class Content:
    """The verified bytes of one component."""

    component: Component
    stream: bytearray
    buffers: list[memoryview]


@dataclass
class Loaded:
    """Values that came back, and names that did not, with the reason."""

    values: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def read_contents(
    manifest: Manifest, blobs: Path, components: Collection[Component], meanwhile: Callable[[], object] = lambda: None
) -> list[Content]:
    """The bytes of `components`, all verified before anybody uses one of them.

    Args:
        manifest: of the snapshot.
        blobs: where the packs are.
        components: which.
        meanwhile: called here while threads read.

    Raises:
        Damaged: something is gone or changed; the message names the variables.
    """
    contents = [_room_for(component, manifest) for component in components]
    places: dict[int, list[memoryview]] = {}
    for content in contents:
        for number, place in _places(content, manifest):
            places.setdefault(number, []).append(place)
    with (
        PackReader(blobs) as reader,
        ThreadPoolExecutor(_THREADS, thread_name_prefix="mlnb-read") as pool,
        eager(),
        without_collecting(),
    ):
        reads = [pool.submit(_read, reader, manifest, batch, places) for batch in _batches(manifest, places)]
        meanwhile()
        damaged = {number: error for read in reads for number, error in read.result().items()}
    for content in contents if damaged else ():
        for number, _ in _places(content, manifest):
            if number in damaged:
                error, names = damaged[number], ", ".join(content.component.names) or f"the {content.component.codec}"
                raise Damaged(
                    f"{manifest.id}: the saved value of {names} is damaged: {error.message}", error.hint
                ) from error
    return contents


def _room_for(component: Component, manifest: Manifest) -> Content:
    stream = bytearray(sum(manifest.chunks[number].size_bytes for number in component.stream))
    return Content(component, stream, [rebuild.memory(buffer.size_bytes) for buffer in component.buffers])


def _places(content: Content, manifest: Manifest) -> Iterator[tuple[int, memoryview]]:
    """Where the bytes of each chunk of `content` go."""
    blocks = zip(content.component.buffers, content.buffers, strict=True)
    for numbers, memory in (
        (content.component.stream, memoryview(content.stream)),
        *((buffer.chunks, memory) for buffer, memory in blocks),
    ):
        start = 0
        for number in numbers:
            end = start + manifest.chunks[number].size_bytes
            yield number, memory[start:end]
            start = end


def _batches(manifest: Manifest, numbers: Iterable[int]) -> Iterator[list[int]]:
    """The chunks `numbers` as they lie on the disk, so many at a time as a thread reads in one go."""
    batch: list[int] = []
    size = 0
    for number in sorted(numbers, key=lambda one: (manifest.chunks[one].pack, manifest.chunks[one].offset)):
        batch.append(number)
        size += manifest.chunks[number].size_bytes
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(
    reader: PackReader, manifest: Manifest, numbers: Sequence[int], places: Mapping[int, Sequence[memoryview]]
) -> dict[int, Damaged]:
    """Read chunks to their places; those that are damaged, with what is wrong."""
    damaged: dict[int, Damaged] = {}
    for number in numbers:
        first, *others = places[number]
        try:
            reader.read_into(manifest.chunks[number], first)
        except Damaged as error:
            damaged[number] = error
            continue
        for other in others:  # two frames on the same columns: read once
            other[:] = first
    return damaged


def load(
    contents: Collection[Content],
    codec_named: Callable[[str], Codec],
    state: rebuild.Loading,
    *,
    is_cautious: bool = False,
) -> Loaded:
    """The values of `contents`. A component that cannot be loaded is named with the reason; the others are.

    Loading may run the notebook's own code, which looks for modules and other variables in the namespace: what is loaded already stands
    there meanwhile. What fails is tried again after the others; at the end the namespace is as it was.

    Args:
        contents: verified.
        codec_named: gives the codec of a name.
        state: what the restore knows.
        is_cautious: read them as data; what names code is not loaded (see `cautious`).
    """
    loaded = Loaded()
    waiting = sorted(contents, key=lambda one: (_has_code(one), one.component.names))
    before: dict[str, Any] = {}
    try:
        with without_collecting():
            while waiting:
                failed = [one for one in waiting if not _load_one(one, codec_named, state, loaded, is_cautious, before)]
                if is_cautious or len(failed) == len(waiting):
                    break
                waiting = failed
    finally:
        _put_back(state.namespace, before)
    return loaded


def _has_code(content: Content) -> bool:
    """Whether loading it may run code of the notebook: such are loaded last, when what the code reads is there."""
    return any(name in content.stream for name in (b"function", b"skeleton"))


def _load_one(
    content: Content,
    codec_named: Callable[[str], Codec],
    state: rebuild.Loading,
    loaded: Loaded,
    is_cautious: bool,
    before: dict[str, Any],
) -> bool:
    """Whether `content` could be loaded; its values are in `loaded` then, and in the namespace, which held `before`."""
    names = content.component.names
    try:
        with rebuild.loading(state):
            buffers = [
                memory.toreadonly() if buffer.is_readonly else memory
                for buffer, memory in zip(content.component.buffers, content.buffers, strict=True)
            ]
            codec = codec_named(content.component.codec)
            load_it = (lambda *given: cautious.load(codec, *given)) if is_cautious else codec.load
            values: Mapping[str, Any] = load_it(content.stream, buffers)
            found = {name: values[name] for name in names}
    except NeedsConsent as error:
        loaded.failed.update(dict.fromkeys(names, f"it is not loaded without your consent: {error.message}"))
        return False
    except Exception as error:  # noqa: BLE001 - loading runs the objects' own code
        loaded.failed.update(dict.fromkeys(names, f"it could not be loaded here: {pickled.reason_from_error(error)}"))
        return False
    loaded.values.update(found)
    for name, value in found.items():
        loaded.failed.pop(name, None)
        if not is_cautious:
            before.setdefault(name, state.namespace.get(name, _GONE))
            state.namespace[name] = value
    return True


def _put_back(namespace: dict[str, Any], before: Mapping[str, Any]) -> None:
    for name, value in before.items():
        if value is _GONE:
            namespace.pop(name, None)
        else:
            namespace[name] = value
