"""What a snapshot is without a value that was purged from it, and with the rest of its bytes elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mlnb.snapshots.types import Buffer, Chunk, Component, Document, Manifest, Variable

Place = tuple[str, int]
"""Where a chunk lies: its pack and the offset in it."""


def tombstone(by: str, at: datetime, why: str) -> str:
    """What stands in place of a purged value: who, when, why."""
    return f"purged by {by} on {at:%Y-%m-%d %H:%M} UTC" + (f": {why}" if why else "")


def place_of(chunk: Chunk) -> Place:
    """Where `chunk` lies."""
    return chunk.pack, chunk.offset


def without(manifest: Manifest, name: str, mark: str) -> tuple[Manifest, tuple[str, ...]]:
    """`manifest` without the value of `name`, for which `mark` stands, and the names that had to go along.

    Variables that share objects with it are saved together with it; what they hold of it cannot be told apart.
    """
    gone = [component for component in manifest.components if name in component.names]
    along = tuple(sorted({one for component in gone for one in component.names} - {name}))
    variables = dict(manifest.variables)
    if name in variables:
        variables[name] = _buried(variables[name], mark)
    for other in along:
        variables[other] = _buried(variables[other], f"it shared objects with {name}, which was {mark}")
    kept = [component for component in manifest.components if name not in component.names]
    return _with_components(replace(manifest, variables=variables), kept), along


def with_stream(manifest: Manifest, component: Component, chunk: Chunk, digest: str) -> Manifest:
    """`manifest` with `chunk` as the stream of its `component`, which is called `digest` from now on."""
    whole = replace(manifest, chunks=(*manifest.chunks, chunk))
    other = replace(component, stream=(len(manifest.chunks),), digest=digest)
    return _with_components(whole, [other if one is component else one for one in manifest.components])


def _with_components(manifest: Manifest, components: Sequence[Component]) -> Manifest:
    """`manifest` with `components` alone, and the chunks that they refer to."""
    numbers = sorted({number for component in components for number in numbers_of(component)})
    position = {number: place for place, number in enumerate(numbers)}
    return replace(
        manifest,
        components=tuple(_renumbered(component, position) for component in components),
        chunks=tuple(manifest.chunks[number] for number in numbers),
    )


def moved(manifest: Manifest, places: Mapping[Place, Chunk]) -> Manifest:
    """`manifest` with each chunk where `places` says that it lies now."""
    return replace(manifest, chunks=tuple(places.get(place_of(chunk), chunk) for chunk in manifest.chunks))


def moved_document(document: Document, places: Mapping[Place, Chunk]) -> Document:
    """`document` with each chunk where `places` says that it lies now."""
    chunks = tuple(places.get(place_of(chunk), chunk) for chunk in document.chunks)
    return replace(document, parts=chunks) if document.parts else replace(document, content=chunks[0])


def numbers_of(component: Component) -> tuple[int, ...]:
    """The positions in the manifest's list of chunks that `component` refers to."""
    return (*component.stream, *(number for buffer in component.buffers for number in buffer.chunks))


def _buried(variable: Variable, reason: str) -> Variable:
    return replace(variable, state="not_restorable", size_bytes=0, digest="", reason=reason)


def _renumbered(component: Component, position: Mapping[int, int]) -> Component:
    return replace(
        component,
        stream=tuple(position[number] for number in component.stream),
        buffers=tuple(
            Buffer(one.size_bytes, one.is_readonly, tuple(position[number] for number in one.chunks))
            for one in component.buffers
        ),
    )
