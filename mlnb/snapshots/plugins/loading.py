"""From a manifest back to values: first every byte is read and verified, then the codecs load, part by part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlnb.core.errors import Damaged
from mlnb.snapshots.plugins import pickled, rebuild
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.ports import Codec
from mlnb.snapshots.types import Component, Manifest


@dataclass(frozen=True)
class Content:
    """The verified bytes of one component."""

    component: Component
    stream: bytes
    buffers: list[memoryview]


@dataclass
class Loaded:
    """Values that came back, and names that did not, with the reason."""

    values: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def read_contents(manifest: Manifest, blobs: Path, components: Collection[Component]) -> list[Content]:
    """The bytes of `components`, all verified before anybody uses one of them.

    Raises:
        Damaged: something is gone or changed; the message names the variables.
    """
    contents = []
    with PackReader(blobs) as reader:
        for component in components:
            try:
                stream = b"".join(reader.read(manifest.chunks[number]) for number in component.stream)
                buffers = []
                for buffer in component.buffers:
                    memory = memoryview(rebuild.Memory(buffer.size_bytes))
                    start = 0
                    for number in buffer.chunks:
                        chunk = manifest.chunks[number]
                        reader.read_into(chunk, memory[start : start + chunk.size_bytes])
                        start += chunk.size_bytes
                    buffers.append(memory.toreadonly() if buffer.is_readonly else memory)
            except Damaged as error:
                names = ", ".join(component.names)
                raise Damaged(
                    f"{manifest.id}: the saved value of {names} is damaged: {error.message}", error.hint
                ) from error
            contents.append(Content(component, stream, buffers))
    return contents


def load(contents: Collection[Content], codec_named: Callable[[str], Codec], state: rebuild.Loading) -> Loaded:
    """The values of `contents`. A component that cannot be loaded is named with the reason; the others are."""
    loaded = Loaded()
    for content in sorted(contents, key=lambda one: one.component.names):
        names = content.component.names
        try:
            with rebuild.loading(state):
                values: Mapping[str, Any] = codec_named(content.component.codec).load(content.stream, content.buffers)
                loaded.values.update({name: values[name] for name in names})
        except Exception as error:  # noqa: BLE001 - loading runs the objects' own code
            loaded.failed.update(
                dict.fromkeys(names, f"it could not be loaded here: {pickled.reason_from_error(error)}")
            )
    return loaded
